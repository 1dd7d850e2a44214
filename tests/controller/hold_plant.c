#include "tests/controller/hold_plant.h"

#include <math.h>

static double plant_random(struct plant *plant)
{
	plant->seed = plant->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (double)(plant->seed >> 11) / 9007199254740992.0;
}

static double plant_normal(struct plant *plant)
{
	double sum = 0;

	for (int i = 0; i < 12; i++) {
		sum += plant_random(plant);
	}
	return sum - 6;
}

static bool plant_is_slow(const struct plant *plant, int64_t now_ns)
{
	int64_t phase = now_ns % plant->period_ns;

	return phase >= plant->period_ns / 3 && phase < plant->period_ns / 3 * 2;
}

static double plant_factor(const struct plant *plant, int64_t now_ns)
{
	return plant_is_slow(plant, now_ns) ? plant->slow_factor : 1;
}

void plant_init(struct plant *plant)
{
	static const double heights[] = {1080, 900, 720, 540, 360};
	static const double models[] = {1.0, 0.7, 0.45, 0.3};
	static const double losses[] = {0, 0.03, 0.08, 0.16};

	*plant = (struct plant){
		.noise = 0.06, .slow_factor = 0.4, .period_ns = 60 * SECOND, .seed = 7};
	for (size_t i = 0; i < CONFIGS; i++) {
		double height = heights[i / 4];

		plant->cost[i] = 0.1 * models[i % 4] * height * height / (1080 * 1080) + 0.0005;
		plant->merit[i] = 0.92 - losses[i % 4] - 0.25 * pow((1080 - height) / 1080, 2);
	}
}

void plant_hull(const struct plant *plant, struct hull *hull)
{
	hull->count = CONFIGS;
	for (size_t i = 0; i < CONFIGS; i++) {
		hull->points[i] = (struct hull_point){1 / plant->cost[i], plant->merit[i], i};
	}
	hull_build(hull);
}

/* Time of the frame that begins now. */
static int64_t plant_frame(struct plant *plant, size_t config, int64_t now_ns)
{
	double noise = exp(plant->noise * plant_normal(plant));

	return (int64_t)(plant->cost[config] * noise / plant_factor(plant, now_ns) *
			 (double)SECOND);
}

void plant_run(struct plant *plant, const struct hull *hull, struct hold_law *law, int seconds,
	       int64_t sample_ns, struct outcome *out)
{
	size_t wanted = hull->points[law->next].config, config = wanted;
	int64_t now = 1;
	int64_t frame_end = plant_frame(plant, config, now);
	int64_t sample_next = sample_ns, wake = now;
	unsigned fresh = 0, frames = 0;

	while (now < seconds * SECOND) {
		int64_t next = frame_end < sample_next ? frame_end : sample_next;
		struct hold_decision decision;

		next = wake < next ? wake : next;
		next = next > now ? next : now;
		now = next;
		if (now == frame_end) {
			fresh++;
			frames++;
			out->merit += plant->merit[config];
			out->beats[(now + plant->window_ns) / SECOND]++;
			config = wanted;
			frame_end = now + plant_frame(plant, config, now);
			continue;
		}
		if (now == sample_next) {
			hold_law_observe(law, fresh, config == wanted, now);
			fresh = 0;
			sample_next += sample_ns;
		}
		decision = hold_law_decide(law, now);
		wake = decision.wake_ns > now ? decision.wake_ns : now + MS;
		if (decision.point != law->next) {
			hold_law_switched(law, decision.point, now);
			wanted = hull->points[decision.point].config;
			out->switches++;
		}
	}
	out->merit /= frames;
}

void outcome_judge(struct outcome *out, const struct plant *plant, const struct hull *hull,
		   double target, int seconds)
{
	unsigned reached = 0;
	double work = 0;

	for (int i = 0; i < seconds; i++) {
		double factor = plant_factor(plant, i * SECOND);
		struct hull_mix mix = hull_mix_for(hull, target / factor);
		bool settled = i >= 2;

		for (int back = 1; settled && back <= 2; back++) {
			settled = plant_is_slow(plant, (i - back) * SECOND) ==
				  plant_is_slow(plant, i * SECOND);
		}
		work += hull_mix_speed(hull, &mix) * factor;
		out->oracle += hull_mix_merit(hull, &mix) * hull_mix_speed(hull, &mix) * factor;
		if (settled) {
			out->counted++;
			reached += out->beats[i] >= (unsigned)GOAL;
		}
	}
	out->oracle /= work;
	out->reached = (double)reached / out->counted;
}
