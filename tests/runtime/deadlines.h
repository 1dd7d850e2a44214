/* runtime/deadlines.h - calls of every kind to a peer that will never answer: all end in time. */
#ifndef FAST_TEST_DEADLINES_H
#define FAST_TEST_DEADLINES_H

#include "rpc_real.h"

/* What a loaded machine may add to a deadline. */
#define DEADLINES_LATE_MS_MAX 1000

/* Milliseconds on the monotonic clock. */
int64_t deadlines_now_ms(void);

/* Asserts that calls by client, synchronous and asynchronous, of a few bytes and of megabytes, and
 * streams of all kinds end with DEADLINE_EXCEEDED in time, and waits for one item too. */
void deadlines_hold(struct fast_client *client);
/* Asserts that the client closes in time, with calls open that have no deadline: each ends once. */
void deadlines_close(struct fast_client *client);

#endif
