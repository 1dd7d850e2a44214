#include "cli/hold_law.h"

#include <assert.h>
#include <math.h>

#define NANOSECONDS 1e9

/* The filter's idea of the world, as shares of the base speed. */
#define DRIFT_PER_SECOND 0.05 /* how far it wanders in a second, one sigma */
#define NOISE_PER_STEP   0.10 /* of one beat */
#define NOISE_PER_SAMPLE 0.03 /* of one observation, however much it covers: the table's error */
#define FIRST_DEVIATION  0.50
/* An observation this many sigmas off is a step in the world, not noise. Falling short is believed
 * at once; running fast only when seen twice, since a burst after a pause looks the same. */
#define SURPRISE_SIGMAS  3.0
#define SURPRISES_NEEDED 2
#define BASE_MIN         1e-3
/* Observations shorter than this much progress say little. */
#define STEPS_MIN       2.0
#define ESTIMATE_NS_MAX 1000000000

/* Longest step that is reckoned with when a switch waits for its end. */
#define LAG_SECONDS_MAX 1.0

/* A stay shorter than this is not worth a switch. */
#define STAY_NS_MIN 60000000
/* What one cycle lacked is made good in the next, up to this much. What it had too much is not
 * taken off: the next second would fall short for it. */
#define CARRY_SHARE_MAX 0.05
#define CARRY_STEPS_MAX 1.5
/* Changes of the base beyond this make the running cycle's mix void. */
#define MIX_BASE_CHANGE 0.15

static double seconds_between(int64_t from_ns, int64_t to_ns)
{
	return to_ns > from_ns ? (double)(to_ns - from_ns) / NANOSECONDS : 0;
}

static double law_speed(const struct hold_law *law, size_t point)
{
	return law->hull->points[point].speed;
}

static int64_t law_cycle_ns(const struct hold_law *law)
{
	return law->options.cycle_ns > 0 ? law->options.cycle_ns
					 : HOLD_LAW_CYCLE_MS_DEFAULT * INT64_C(1000000);
}

double hold_law_target(const struct hold_law *law)
{
	return law->options.goal * (1 + law->options.margin);
}

/* Counts what a base of 1 would have done until now, through a change of configuration. */
static void law_expect(struct hold_law *law, int64_t now_ns)
{
	if (law->point != law->next && now_ns >= law->change_ns) {
		law->expected +=
			law_speed(law, law->point) * seconds_between(law->seen_ns, law->change_ns);
		law->seen_ns = law->change_ns > law->seen_ns ? law->change_ns : law->seen_ns;
		law->point = law->next;
	}
	law->expected += law_speed(law, law->point) * seconds_between(law->seen_ns, now_ns);
	law->seen_ns = now_ns > law->seen_ns ? now_ns : law->seen_ns;
}

static void law_begin_estimate(struct hold_law *law, int64_t now_ns)
{
	law->progress = 0;
	law->expected = 0;
	law->blur = 0;
	law->estimated_ns = now_ns;
}

static void law_jump(struct hold_law *law, double seen, double noise)
{
	law->base = fmax(seen, BASE_MIN);
	law->variance = noise;
	law->surprises = 0;
}

/* One step of the filter over what was gathered since the last one. */
static void law_estimate(struct hold_law *law, int64_t now_ns)
{
	double step = law->options.quantum;
	double elapsed = seconds_between(law->estimated_ns, now_ns);
	double seen = law->progress / law->expected;
	double drift = DRIFT_PER_SECOND * law->base;
	double steps = step > 0 ? fmax(law->base * law->expected / step, 1) : 1;
	double sample = NOISE_PER_SAMPLE * law->base;
	double beat = NOISE_PER_STEP * law->base;
	/* Where the first and the last step fell between two observations is not known. */
	double rounding = step / law->expected;
	double blur = law->base * law->base * law->blur / (law->expected * law->expected);
	double noise = rounding * rounding / 6 + beat * beat / steps + sample * sample + blur;
	double surprise, gain;

	law->variance += drift * drift * elapsed;
	surprise = (seen - law->base) / sqrt(law->variance + noise);
	if (surprise < -SURPRISE_SIGMAS) {
		law_jump(law, seen, noise);
		return;
	}
	if (surprise > SURPRISE_SIGMAS) {
		if (++law->surprises >= SURPRISES_NEEDED) {
			law_jump(law, seen, noise);
		}
		return;
	}
	law->surprises = 0;
	gain = law->variance / (law->variance + noise);
	law->base = fmax(law->base + gain * (seen - law->base), BASE_MIN);
	law->variance *= 1 - gain;
}

/* Begins a cycle; what the last one lacked goes on its account. */
static void law_begin_cycle(struct hold_law *law, int64_t now_ns, double lacked)
{
	double wanted = hold_law_target(law) * (double)law_cycle_ns(law) / NANOSECONDS;
	double most = fmax(CARRY_SHARE_MAX * wanted, CARRY_STEPS_MAX * law->options.quantum);

	law->needed = wanted + fmin(fmax(lacked, 0), most);
	law->made = 0;
	law->made_ns = now_ns;
	law->cycle_start_ns = now_ns;
	law->mix_base = law->base;
	law->mix = hull_mix_for(law->hull,
				law->needed * NANOSECONDS / (double)law_cycle_ns(law) / law->base);
}

void hold_law_init(struct hold_law *law, const struct hull *hull,
		   const struct hold_law_options *options, size_t point, int64_t now_ns)
{
	assert(hull->count > 0);
	assert(point < hull->count);
	assert(options->goal > 0);
	assert(options->margin >= 0);

	*law = (struct hold_law){.options = *options,
				 .hull = hull,
				 .base = 1,
				 .variance = FIRST_DEVIATION * FIRST_DEVIATION,
				 .point = point,
				 .next = point};
	hold_law_resume(law, now_ns);
}

void hold_law_resume(struct hold_law *law, int64_t now_ns)
{
	law->point = law->next;
	law->seen_ns = now_ns;
	law_begin_estimate(law, now_ns);
	law_begin_cycle(law, now_ns, 0);
}

void hold_law_switched(struct hold_law *law, size_t point, int64_t now_ns)
{
	double step_s, error;

	assert(point < law->hull->count);
	law_expect(law, now_ns);
	if (law->point == law->next) {
		/* The step under way is finished in the old configuration: half of one is left, on
		 * average, and anything from none to all of it. */
		step_s = law->options.quantum / (law->base * law_speed(law, law->point));
		step_s = fmin(step_s, LAG_SECONDS_MAX);
		law->change_ns = now_ns + (int64_t)(step_s / 2 * NANOSECONDS);
		error = step_s * (law_speed(law, point) - law_speed(law, law->point));
		law->blur += error * error / 12;
	}
	law->next = point;
}

/* Moves the change to where the plugin was seen to make it. */
static void law_take(struct hold_law *law, bool taken, int64_t now_ns)
{
	if (law->point == law->next) {
		return;
	}
	if (!taken && law->change_ns < now_ns) {
		law->change_ns = now_ns;
	} else if (taken && law->change_ns > now_ns) {
		law->change_ns = law->seen_ns + (now_ns - law->seen_ns) / 2;
	}
}

void hold_law_observe(struct hold_law *law, double progress, bool taken, int64_t now_ns)
{
	law_take(law, taken, now_ns);
	law_expect(law, now_ns);
	law->progress += progress;
	law->made += progress;
	law->made_ns = now_ns;

	if (now_ns - law->estimated_ns < HOLD_LAW_DECIDE_MS * INT64_C(1000000)) {
		return;
	}
	if (fmax(law->base * law->expected, law->progress) < STEPS_MIN * law->options.quantum &&
	    now_ns - law->estimated_ns < ESTIMATE_NS_MAX) {
		return;
	}
	if (law->expected > 0) {
		law_estimate(law, now_ns);
	}
	law_begin_estimate(law, now_ns);
}

/* Time that the rest of the cycle should spend in the fast point, in nanoseconds. */
static double law_fast_time(const struct hold_law *law, double left_ns, int64_t now_ns)
{
	double fast = law->base * law_speed(law, law->mix.fast);
	double slow = law->base * law_speed(law, law->mix.slow);
	double now = law->base * law_speed(law, law->next);
	double made = law->made + now * seconds_between(law->made_ns, now_ns);
	double lacking = law->needed - made - slow * left_ns / NANOSECONDS;

	if (law->mix.fast == law->mix.slow) {
		return 0;
	}
	return fmin(fmax(lacking / (fast - slow) * NANOSECONDS, 0), left_ns);
}

struct hold_decision hold_law_decide(struct hold_law *law, int64_t now_ns)
{
	int64_t cycle_ns = law_cycle_ns(law);
	struct hold_decision decision = {.point = law->mix.slow};
	double left_ns, fast_ns, stay_ns, least_ns;
	bool in_fast;

	if (now_ns >= law->cycle_start_ns + cycle_ns) {
		law_begin_cycle(law, now_ns, law->needed - law->made);
	} else if (fabs(law->base / law->mix_base - 1) > MIX_BASE_CHANGE) {
		law_begin_cycle(law, now_ns, 0);
	}
	decision.reachable = law->base * law_speed(law, law->hull->count - 1) >= law->options.goal;

	left_ns = (double)(law->cycle_start_ns + cycle_ns - now_ns);
	fast_ns = law_fast_time(law, left_ns, now_ns);
	stay_ns = fmin(STAY_NS_MIN, (double)cycle_ns / 8);
	in_fast = law->next == law->mix.fast;
	/* At the start of a cycle half a stay is rounded up; once slow, only a whole one is worth
	 * the way back. */
	least_ns = in_fast || law->made_ns == law->cycle_start_ns ? stay_ns / 2 : stay_ns;
	decision.wake_ns = law->cycle_start_ns + cycle_ns;
	if (fast_ns > least_ns) {
		decision.point = law->mix.fast;
		if (left_ns - fast_ns > stay_ns) {
			decision.wake_ns = now_ns + (int64_t)fmax(fast_ns, stay_ns);
		}
	}
	return decision;
}
