/* Rates and distributions between two samples of a series. */
#include "window_impl.h"

#include "page/page.h"

#include <math.h>
#include <stdlib.h>

#define NS_PER_MS 1000000
#define NS_PER_S  1e9

/* Looks first where the time should be: each sample that is looked at in vain has to come from
 * memory. */
uint32_t level_reach(const struct series *series, size_t level_index, int64_t time_ns)
{
	const struct window_level *level = &series->levels[level_index];
	uint32_t age = 0;

	if (level->count == 0) {
		return 0;
	}
	double back = (double)(level_at(level, 0)->time_ns - time_ns) /
		      level_spacing_ns(series, level_index);
	if (back > 0) {
		age = (uint32_t)lround(fmin(back, level->count - 1));
	}
	while (age < level->count && level_at(level, age)->time_ns > time_ns) {
		age++;
	}
	while (age > 0 && level_at(level, age - 1)->time_ns <= time_ns) {
		age--;
	}
	return age;
}

/* The sample whose distance from the newest is closest to window_ns, of the finest level that goes
 * so far back; the newest itself when it is the only one. */
static const struct sample *window_begin(const struct series *series, int64_t window_ns)
{
	const struct sample *newest = series_newest(series);
	const struct sample *best = newest;

	for (size_t i = 0; i < WINDOW_LEVELS; i++) {
		const struct window_level *level = &series->levels[i];
		uint32_t reach = level_reach(series, i, newest->time_ns - window_ns);

		for (uint32_t age = reach > 0 ? reach - 1 : 0; age <= reach && age < level->count;
		     age++) {
			const struct sample *sample = level_at(level, age);
			int64_t length = newest->time_ns - sample->time_ns;
			int64_t length_best = newest->time_ns - best->time_ns;

			if (length > 0 &&
			    (length_best == 0 ||
			     llabs(length - window_ns) < llabs(length_best - window_ns))) {
				best = sample;
			}
		}
		if (reach < level->count) {
			break;
		}
	}
	return best;
}

/* Honest when no beat comes: the interval under way is at least as long as its age. */
static double instant_rate(const struct series *series, const struct sample *newest)
{
	double age_s =
		newest->last_ns == 0 ? 0 : (double)(newest->time_ns - newest->last_ns) / NS_PER_S;
	double interval_s = fmax(series->interval_s, age_s);

	return series->interval_s > 0 ? 1 / interval_s : 0;
}

/* Values of a bucket, between its bounds; those of the zero bucket are 0 here. */
static double bound_below(size_t bucket)
{
	return bucket == 0 ? 0 : fast_distribution_bound(bucket - 1);
}

/* A window's least and greatest value: what was least and greatest ever, as far as the outermost
 * buckets allow. It is exact when the window has widened what was there before. */
static void bound_extremes(struct fast_distribution *window, double ever_min, double ever_max)
{
	size_t low = FAST_PAGE_BUCKETS;
	size_t high = 0;
	size_t first;
	size_t end;

	fast_distribution_span(window, &first, &end);
	for (size_t i = first; i < end; i++) {
		if (window->buckets[i] > 0) {
			low = low == FAST_PAGE_BUCKETS ? i : low;
			high = i;
		}
	}
	if (low == FAST_PAGE_BUCKETS) {
		window->max = fmin(ever_max, 0);
	} else if (high == FAST_PAGE_BUCKETS - 1) { /* what lies beyond is in it, too */
		window->max = fmax(ever_max, bound_below(high));
	} else {
		window->max =
			fmin(fmax(ever_max, bound_below(high)), fast_distribution_bound(high));
	}
	if (window->zero > 0) {
		window->min = fmin(ever_min, 0);
	} else {
		window->min = fmin(fmax(ever_min, bound_below(low)), fast_distribution_bound(low));
	}
}

/* Standard deviation, each value taken for the middle of its bucket. */
static double deviation(const struct fast_distribution *window, double mean)
{
	double squares = (double)window->zero * mean * mean;
	size_t first;
	size_t end;

	fast_distribution_span(window, &first, &end);
	for (size_t i = first; i < end; i++) {
		if (window->buckets[i] > 0) {
			double middle = (bound_below(i) + fast_distribution_bound(i)) / 2;
			double off = fmin(fmax(middle, window->min), window->max) - mean;

			squares += (double)window->buckets[i] * off * off;
		}
	}
	return sqrt(squares / (double)window->count);
}

static void summarize_distribution(const struct series *series, const struct sample *begin,
				   const struct sample *end, struct node_window *out)
{
	struct fast_distribution newer;
	struct fast_distribution older;
	double ever_min;
	double ever_max;

	if (begin->sketch == NULL || end->sketch == NULL ||
	    sketch_count(begin->sketch) == sketch_count(end->sketch)) {
		return;
	}
	sketch_expand(end->sketch, &newer);
	sketch_expand(begin->sketch, &older);
	ever_min = newer.min;
	ever_max = newer.max;
	fast_distribution_difference(&newer, &older, &newer);
	if (newer.count == 0) {
		return;
	}
	bound_extremes(&newer, ever_min, ever_max);
	out->count = newer.count;
	out->mean = newer.sum / (double)newer.count;
	out->min = newer.min;
	out->max = newer.max;
	out->std = deviation(&newer, out->mean);
	out->p50 = fast_distribution_quantile(&newer, 0.50);
	out->p95 = fast_distribution_quantile(&newer, 0.95);
	out->p99 = fast_distribution_quantile(&newer, 0.99);
	distribution_ends(series, begin, end, out);
}

void series_compare(const struct series *series, const struct sample *begin,
		    const struct sample *end, struct window_summary *out)
{
	int64_t length_ns = end->time_ns - begin->time_ns;
	int64_t life_ns = end->time_ns - series->created_ns;

	*out = (struct window_summary){
		.window_ms = (uint32_t)((length_ns + NS_PER_MS / 2) / NS_PER_MS),
		.revision_first = begin->revision,
		.revision_last = end->revision,
	};
	if (series->kind == FAST_METRIC_COUNTER || series->kind == FAST_METRIC_HEARTBEAT) {
		double grown = (double)(end->count - begin->count);
		out->rate_window = length_ns > 0 ? grown / ((double)length_ns / NS_PER_S) : 0;
		out->rate_global =
			life_ns > 0 ? (double)end->count / ((double)life_ns / NS_PER_S) : 0;
	}
	if (series->kind == FAST_METRIC_GAUGE) {
		gauge_summarize(series, begin, end, &out->window);
	} else {
		summarize_distribution(series, begin, end, &out->window);
	}
}

void series_summarize(const struct series *series, uint32_t window_ms, struct window_summary *out)
{
	const struct sample *newest = series_newest(series);

	*out = (struct window_summary){0};
	if (series->frozen != NULL) {
		*out = *series->frozen;
	} else if (newest != NULL) {
		series_compare(series, window_begin(series, (int64_t)window_ms * NS_PER_MS), newest,
			       out);
		if (series->kind == FAST_METRIC_HEARTBEAT) {
			out->rate_instant = instant_rate(series, newest);
		}
	}
}
