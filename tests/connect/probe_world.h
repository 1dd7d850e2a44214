/* connect/probe_world.h - a server of Probe over HTTP on a free port of loopback.
 *
 * Echo and Read answer with the request, and give each header "test-X" back as the header "test-X"
 * and the trailer "test-X-again". A request's text asks for more: "fail" fails with the request as
 * a detail; "wait" is answered only when the call is cancelled; "left" says how many calls wait,
 * and as its text how many were cancelled. Watch sends number items, and then, with the text
 * "wait", nothing until it is cancelled. */
#ifndef FAST_TEST_PROBE_WORLD_H
#define FAST_TEST_PROBE_WORLD_H

#include <fast/connect.h>

#define PROBE_WAIT_MS 20000 /* for what must happen */

struct probe_world;

/* options may be NULL. Gives the world; NULL: it cannot be had. */
struct probe_world *probe_world_open(const struct fast_connect_options *options);
/* Closes HTTP first, while calls may be waiting. NULL is allowed. */
void probe_world_close(struct probe_world *world);

uint16_t probe_world_port(const struct probe_world *world);
/* Calls that have been told to wait, and of them those that were cancelled. Each function waits
 * until there are so many; false: not within PROBE_WAIT_MS. */
bool probe_world_waiting(struct probe_world *world, unsigned count);
bool probe_world_cancelled(struct probe_world *world, unsigned count);

#endif
