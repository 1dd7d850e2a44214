/* sdk/exemplar_world.h - what the tests of exemplars share. */
#ifndef SDK_EXEMPLAR_WORLD_H
#define SDK_EXEMPLAR_WORLD_H

#include "sdk/world.h"

#include <fast/exemplar.h>

#define NS_PER_MS INT64_C(1000000)
#define TIME      (INT64_C(1520879607) * 1000 * NS_PER_MS)

static inline struct fast_exemplar exemplar_of(const struct fast_label *labels, size_t count,
					       int64_t time)
{
	return (struct fast_exemplar){
		.size = sizeof(struct fast_exemplar),
		.labels = labels,
		.label_count = count,
		.time_unix_ns = time,
	};
}

/* Observes with the label trace_id. */
static inline enum fast_status observe(struct fast_metric *metric, double value,
				       const char *trace_id, int64_t time)
{
	const struct fast_label label = {"trace_id", trace_id};
	const struct fast_exemplar exemplar = exemplar_of(&label, 1, time);

	return fast_metric_observe_exemplar(metric, value, &exemplar);
}

static inline uint32_t offset_of(const struct fast_metric *metric)
{
	return metric_info(metric)->exemplars_offset;
}

/* The slot for this value, as fastd reads it. */
static inline enum fast_status read_at(const struct world *world, const struct fast_metric *metric,
				       double value, struct fast_exemplar_reading *out)
{
	size_t slot = fast_page_exemplar_slot(metric_kind(metric), value);

	return fast_page_view_exemplar(world->view, offset_of(metric), slot, 0, out);
}

static inline void assert_trace(const struct world *world, const struct fast_metric *metric,
				double value, const char *trace_id)
{
	struct fast_exemplar_reading reading;
	struct fast_label label;
	size_t at = 0;

	assert_ok(read_at(world, metric, value, &reading));
	assert_true(fast_exemplar_next(reading.text.u.chars, reading.text.bytes, &at, &label));
	assert_string_equal("trace_id", label.name);
	assert_string_equal(trace_id, label.value);
	assert_false(fast_exemplar_next(reading.text.u.chars, reading.text.bytes, &at, &label));
}

#endif
