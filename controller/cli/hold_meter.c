#include "cli/hold_meter.h"

#include <math.h>

/* The two clocks drift apart; a smaller difference is taken at once, since it means less delay on
 * the way, and a greater one slowly. */
#define CLOCK_SHARE 64

void hold_meter_init(struct hold_meter *meter, const struct goal *goal)
{
	*meter = (struct hold_meter){.goal = *goal};
}

double hold_meter_quantum(Fast__V1__MetricKind kind)
{
	return kind == FAST__V1__METRIC_KIND__METRIC_KIND_HEARTBEAT ||
			       kind == FAST__V1__METRIC_KIND__METRIC_KIND_COUNTER
		       ? 1
		       : 0;
}

/* Beats or counts: how many more. A counter that goes back began anew. */
static bool meter_count(const struct hold_meter *meter, const Fast__V1__Sample *sample,
			struct hold_step *step)
{
	uint64_t more =
		sample->count >= meter->count ? sample->count - meter->count : sample->count;

	if (!meter->goal.at_most) {
		step->progress = (double)more;
		return true;
	}
	/* The inverse of a rate: only whole steps tell it. */
	step->progress = more > 0 ? step->seconds * step->seconds / (double)more : 0;
	return more > 0;
}

/* A gauge's value, as if it had been so since the last sample. */
static bool meter_value(const struct hold_meter *meter, const Fast__V1__Sample *sample,
			struct hold_step *step)
{
	step->progress = goal_speed(&meter->goal, sample->value) * step->seconds;
	return isfinite(step->progress);
}

/* The mean of what was observed since the last sample. */
static bool meter_mean(const struct hold_meter *meter, const Fast__V1__Sample *sample,
		       struct hold_step *step)
{
	double mean;

	if (sample->count <= meter->count) {
		return false;
	}
	mean = (sample->sum - meter->sum) / (double)(sample->count - meter->count);
	step->progress = goal_speed(&meter->goal, mean) * step->seconds;
	return isfinite(step->progress);
}

static bool meter_step(const struct hold_meter *meter, const Fast__V1__Sample *sample,
		       struct hold_step *step)
{
	switch (sample->kind) {
	case FAST__V1__METRIC_KIND__METRIC_KIND_HEARTBEAT:
	case FAST__V1__METRIC_KIND__METRIC_KIND_COUNTER:
		return meter_count(meter, sample, step);
	case FAST__V1__METRIC_KIND__METRIC_KIND_GAUGE:
		return meter_value(meter, sample, step);
	default:
		return meter_mean(meter, sample, step);
	}
}

static void meter_begin(struct hold_meter *meter, const Fast__V1__Sample *sample)
{
	meter->count = sample->count;
	meter->sum = sample->sum;
	meter->time_unix_ns = sample->time_unix_ns;
}

static void meter_set_clock(struct hold_meter *meter, int64_t offset_ns)
{
	if (!meter->begun || offset_ns < meter->clock_ns) {
		meter->clock_ns = offset_ns;
	} else {
		meter->clock_ns += (offset_ns - meter->clock_ns) / CLOCK_SHARE;
	}
}

static void meter_keep(struct hold_meter *meter, const struct hold_step *step)
{
	struct hold_step *newest = &meter->past[meter->newest];

	/* Samples closer than the window has slots for share one. */
	if (newest->seconds > 0 &&
	    newest->seconds + step->seconds < 2e-9 * HOLD_METER_WINDOW_NS / HOLD_METER_SLOTS) {
		newest->progress += step->progress;
		newest->seconds += step->seconds;
		newest->now_ns = step->now_ns;
		return;
	}
	meter->newest = (meter->newest + 1) % HOLD_METER_SLOTS;
	meter->past[meter->newest] = *step;
}

bool hold_meter_take(struct hold_meter *meter, const Fast__V1__Sample *sample, int64_t now_ns,
		     struct hold_step *step)
{
	int64_t passed_ns = sample->time_unix_ns - meter->time_unix_ns;

	if (sample->stale || (meter->begun && passed_ns <= 0)) {
		return false;
	}
	meter_set_clock(meter, now_ns - sample->time_unix_ns);
	if (!meter->begun) {
		meter->begun = true;
		meter_begin(meter, sample);
		return false;
	}
	*step = (struct hold_step){.seconds = (double)passed_ns / 1e9,
				   .now_ns = sample->time_unix_ns + meter->clock_ns};
	if (!meter_step(meter, sample, step)) {
		return false; /* the next one covers this time too */
	}
	meter_begin(meter, sample);
	meter_keep(meter, step);
	return true;
}

double hold_meter_speed(const struct hold_meter *meter, int64_t now_ns)
{
	double progress = 0, seconds = 0;

	for (size_t i = 0; i < HOLD_METER_SLOTS; i++) {
		const struct hold_step *step = &meter->past[i];

		if (step->seconds > 0 && step->now_ns > now_ns - HOLD_METER_WINDOW_NS) {
			progress += step->progress;
			seconds += step->seconds;
		}
	}
	return seconds > 0 ? progress / seconds : 0;
}
