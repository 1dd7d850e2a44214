#include "seconds.h"

#include <string.h>

#define NS_PER_S INT64_C(1000000000)

static void step_add(struct seconds *seconds, int64_t until_ns)
{
	if (seconds->step_count == SECONDS_STEPS_MAX) { /* the oldest is forgotten */
		seconds->step_count--;
		memmove(&seconds->steps[0], &seconds->steps[1],
			seconds->step_count * sizeof seconds->steps[0]);
	}
	seconds->steps[seconds->step_count].until_ns = until_ns;
	seconds->steps[seconds->step_count].offset = seconds->offset;
	seconds->step_count++;
}

int64_t seconds_now(struct seconds *seconds, int64_t now_unix_ns, int64_t now_ns)
{
	int64_t second = now_unix_ns / NS_PER_S + seconds->offset;

	if (second < seconds->newest) {
		step_add(seconds, now_ns);
		seconds->offset += seconds->newest + 1 - second;
		second = seconds->newest + 1;
	}
	seconds->newest = second;
	return second;
}

int64_t seconds_at(const struct seconds *seconds, int64_t unix_ns, int64_t time_ns)
{
	int64_t second = unix_ns / NS_PER_S;

	for (size_t i = 0; i < seconds->step_count; i++) {
		if (time_ns < seconds->steps[i].until_ns) {
			return second + seconds->steps[i].offset;
		}
	}
	return second + seconds->offset;
}
