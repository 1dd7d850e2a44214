/* daemon/spans.h - how often something was done, how long it took, and how long at most. */
#ifndef FASTD_SPANS_H
#define FASTD_SPANS_H

#include <stdint.h>

/* The maximum is that of this time and the one before. */
#define SPANS_MAX_NS INT64_C(60000000000)

/* Zeroed memory is valid. The owner says who guards it. */
struct spans {
	uint64_t count;
	int64_t total_ns;
	int64_t begin_ns; /* of the time whose maximum is being found */
	int64_t newest_max_ns;
	int64_t before_max_ns;
};

/* It took span_ns, and has ended now. */
void spans_add(struct spans *spans, int64_t span_ns, int64_t now_ns);
/* The longest of late, in seconds. */
double spans_max(const struct spans *spans, int64_t now_ns);

#endif
