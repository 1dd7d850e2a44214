/* The node's clocks, alone in this file: a test that defines its own gets those instead. */
#include "node_impl.h"

#include <time.h>

#define NS_PER_S INT64_C(1000000000)

static int64_t clock_read(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t node_now_ns(void)
{
	return clock_read(CLOCK_MONOTONIC);
}

int64_t node_now_unix_ns(void)
{
	return clock_read(CLOCK_REALTIME);
}
