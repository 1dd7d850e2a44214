/* runtime/flow_real.h - testing.v1.Flow over a real socket or within the process, with handlers on
 * workers. */
#ifndef FAST_TEST_FLOW_REAL_H
#define FAST_TEST_FLOW_REAL_H

#include "support/harness.h"

#include "gate.h"
#include <fast/client.h>
#include <fast/server.h>
#include <fast/stream.h>
#include <testing/v1/flow.fast.h>

#define FLOW_REAL_KEPT 4

struct flow_real {
	char folder[64];
	char endpoint[96];
	struct fast_server *server;
	struct fast_client *client;
	bool blocks;         /* the item function waits for release */
	bool keeps;          /* the handler of Sum sets no item function */
	struct gate entered; /* once per item function begun */
	struct gate left;    /* once per item that was summed */
	struct gate handled; /* once per call kept */
	struct gate release; /* lets all that wait go on */
	struct gate gone;    /* once per caller that has gone */
	struct fast_call *kept[FLOW_REAL_KEPT];
};

extern struct flow_real ipc;
/* "ipc" unless a test's main says "inproc". */
extern const char *flow_real_transport;

/* Around each test. */
int flow_real_setup(void **state);
int flow_real_teardown(void **state);
#define flow_real_test(name)                                                                       \
	cmocka_unit_test_setup_teardown(name, flow_real_setup, flow_real_teardown)

/* Another server; options may be NULL. */
void flow_real_serve(const struct fast_server_options *options);

/* What a call of Sum has so far. */
struct total {
	uint64_t sum;
	uint64_t count;
};

/* What Sum does with an item; arg: a struct total, which it frees after the last one. */
void flow_real_sum_item(struct fast_call *call, enum fast_status status,
			const Testing__V1__FlowNumber *item, void *arg);

/* Sends 1 to count, waiting for credit. False: it was stopped. */
bool flow_real_put_all(struct fast_stream *stream, uint64_t count);

#endif
