#include "spans.h"

#define NS_PER_S 1e9

void spans_add(struct spans *spans, int64_t span_ns, int64_t now_ns)
{
	int64_t age_ns = now_ns - spans->begin_ns;

	if (age_ns >= SPANS_MAX_NS) {
		spans->before_max_ns = age_ns < 2 * SPANS_MAX_NS ? spans->newest_max_ns : 0;
		spans->newest_max_ns = 0;
		spans->begin_ns = now_ns;
	}
	spans->count++;
	spans->total_ns += span_ns;
	if (span_ns > spans->newest_max_ns) {
		spans->newest_max_ns = span_ns;
	}
}

double spans_max(const struct spans *spans, int64_t now_ns)
{
	int64_t age_ns = now_ns - spans->begin_ns;
	int64_t max_ns = spans->newest_max_ns;

	if (age_ns >= 2 * SPANS_MAX_NS) {
		return 0;
	}
	if (age_ns < SPANS_MAX_NS && spans->before_max_ns > max_ns) {
		max_ns = spans->before_max_ns;
	}
	return (double)max_ns / NS_PER_S;
}
