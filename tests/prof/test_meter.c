#include "prof/meter.h"
#include "tests/support/harness.h"

#include <string.h>

#define SECOND INT64_C(1000000000)

struct world {
	struct profile profile;
	struct meter meter;
	Fast__V1__Sample sample;
	Fast__V1__WindowSummary window;
	Fast__V1__Sample *samples[1];
	Fast__V1__MetricWatchResponse item;
};

static struct world world; /* large */

static void world_open(const char *metric, Fast__V1__MetricKind kind)
{
	memset(&world, 0, sizeof world);
	assert_ok(profile_begin(&world.profile, 1));
	meter_begin(&world.meter, 7, 1.0);
	fast__v1__sample__init(&world.sample);
	fast__v1__window_summary__init(&world.window);
	fast__v1__metric_watch_response__init(&world.item);
	world.sample.metric = (char *)metric;
	world.sample.kind = kind;
	world.sample.revision_first = 7;
	world.sample.revision_last = 7;
	world.samples[0] = &world.sample;
	world.item.samples = world.samples;
	world.item.n_samples = 1;
}

static void take(double seconds, uint64_t count, double sum, double value)
{
	world.sample.time_unix_ns = (int64_t)(seconds * 1e9) + SECOND;
	world.sample.count = count;
	world.sample.sum = sum;
	world.sample.value = value;
	meter_take(&world.meter, &world.item, &world.profile, world.profile.settings, 0);
}

static const struct series *series(const char *name)
{
	return profile_find(world.profile.settings, name);
}

static void beats_become_rates_over_whole_steps(void **state)
{
	(void)state;
	world_open("fps", FAST__V1__METRIC_KIND__METRIC_KIND_HEARTBEAT);
	take(0, 100, 0, 0);
	take(0.5, 110, 0, 0);
	take(1.0, 125, 0, 0);
	take(2.0, 155, 0, 0);
	assert_int_equal(2, series("fps")->count);
	assert_float_equal(series("fps")->points[0].value, 25, 1e-6);
	assert_float_equal(series("fps")->points[1].value, 30, 1e-6);
	assert_string_equal("Hz", series("fps")->unit);
	assert_int_equal(55, world.meter.beats);
	assert_float_equal(27.5, world.meter.rate, 1e-9);
	profile_fini(&world.profile);
}

static void a_window_of_another_revision_is_left_out(void **state)
{
	(void)state;
	world_open("fps", FAST__V1__METRIC_KIND__METRIC_KIND_HEARTBEAT);
	take(0, 0, 0, 0);
	world.sample.revision_first = 6;
	take(1, 1000, 0, 0);
	world.sample.revision_first = 7;
	take(2, 1010, 0, 0);
	assert_int_equal(1, series("fps")->count);
	assert_int_equal(1, series("fps")->mixed);
	assert_float_equal(series("fps")->points[0].value, 10, 1e-6);
	profile_fini(&world.profile);
}

static void a_timer_gives_the_mean_of_what_came_between(void **state)
{
	(void)state;
	world_open("latency", FAST__V1__METRIC_KIND__METRIC_KIND_TIMER);
	take(0, 10, 1.0, 0);
	take(0.1, 14, 1.8, 0);
	take(0.2, 14, 1.8, 0); /* nothing in between says nothing */
	assert_int_equal(1, series("latency")->count);
	assert_float_equal(series("latency")->points[0].value, 0.2, 1e-6);
	assert_float_equal(series("latency")->points[0].weight, 4, 0);
	profile_fini(&world.profile);
}

static void a_counter_that_begins_anew_is_not_a_huge_rate(void **state)
{
	(void)state;
	world_open("frames", FAST__V1__METRIC_KIND__METRIC_KIND_COUNTER);
	take(0, 100, 0, 0);
	take(1, 5, 0, 0);
	take(2, 15, 0, 0);
	assert_int_equal(1, series("frames")->count);
	assert_float_equal(series("frames")->points[0].value, 10, 1e-6);
	profile_fini(&world.profile);
}

static void stale_and_repeated_samples_say_nothing(void **state)
{
	(void)state;
	world_open("acc", FAST__V1__METRIC_KIND__METRIC_KIND_GAUGE);
	take(0, 0, 0, 0.5);
	take(0, 0, 0, 0.6);
	world.sample.stale = true;
	take(1, 0, 0, 0.7);
	assert_null(series("acc"));
	world.sample.stale = false;
	take(2, 0, 0, 0.8);
	assert_int_equal(1, series("acc")->count);
	profile_fini(&world.profile);
}

static void windows_give_the_quantiles_of_single_observations(void **state)
{
	(void)state;
	world_open("fps{side=\"left\"}", FAST__V1__METRIC_KIND__METRIC_KIND_HEARTBEAT);
	world.window.count = 10;
	world.window.mean = 0.1;
	world.window.p50 = 0.08;
	world.window.p99 = 0.3;
	world.sample.window = &world.window;
	meter_take_windows(&world.meter, &world.item, world.profile.settings);
	world.sample.revision_first = 6; /* this one is mixed */
	world.window.p99 = 9;
	meter_take_windows(&world.meter, &world.item, world.profile.settings);
	assert_ok(profile_finish(&world.profile));
	assert_int_equal(10, series("fps.interval{side=\"left\"}")->observations);
	assert_float_equal(series("fps.interval{side=\"left\"}")->stats.p99, 0.3, 1e-6);
	assert_float_equal(series("fps.interval{side=\"left\"}")->stats.mean, 0.1, 1e-6);
	profile_fini(&world.profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(beats_become_rates_over_whole_steps),
		cmocka_unit_test(a_window_of_another_revision_is_left_out),
		cmocka_unit_test(a_timer_gives_the_mean_of_what_came_between),
		cmocka_unit_test(a_counter_that_begins_anew_is_not_a_huge_rate),
		cmocka_unit_test(stale_and_repeated_samples_say_nothing),
		cmocka_unit_test(windows_give_the_quantiles_of_single_observations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
