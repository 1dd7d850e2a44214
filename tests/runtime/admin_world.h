/* runtime/admin_world.h - a world whose server is seen through Admin. */
#ifndef FAST_TEST_ADMIN_WORLD_H
#define FAST_TEST_ADMIN_WORLD_H

#include "services_world.h"

#include <fast/v1/admin.pb-c.h>

#define ECHO  "testing.v1.Probe/Echo"
#define READ  "testing.v1.Probe/Read"
#define WATCH "testing.v1.Probe/Watch"

extern struct world world;
extern struct answer answer; /* of the newest question */

/* Around each test: Admin answers everybody, and a connection may have four open calls. */
int setup(void **state);
/* All as by default. */
int setup_default(void **state);
void setup_with(const struct fast_server_options *options);
int teardown(void **state);
#define admin_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* Each asks; the answer lives until the next question. */
const Fast__V1__AdminStatsResponse *stats(void);
const Fast__V1__AdminCallsResponse *calls(void);
const Fast__V1__AdminConnectionsResponse *connections(void);

/* Answers the call that was kept as the at-th. */
void answer_kept(unsigned at);

#endif
