#include "cli/hold_meter.h"
#include "tests/support/harness.h"

#include <math.h>
#include <stdlib.h>

#define MS     INT64_C(1000000)
#define SECOND INT64_C(1000000000)
#define EPOCH  (INT64_C(1700000000) * SECOND)

static const struct goal at_least = {.metric = "x", .bound = 24};
static const struct goal at_most = {.metric = "x", .at_most = true, .bound = 0.04};

static Fast__V1__Sample sample_of(Fast__V1__MetricKind kind, int64_t ms, uint64_t count)
{
	Fast__V1__Sample sample = FAST__V1__SAMPLE__INIT;

	sample.kind = kind;
	sample.time_unix_ns = EPOCH + ms * MS;
	sample.count = count;
	return sample;
}

static void beats_are_counted_between_samples(void **state)
{
	Fast__V1__Sample first = sample_of(FAST__V1__METRIC_KIND__METRIC_KIND_HEARTBEAT, 0, 100);
	Fast__V1__Sample second = sample_of(first.kind, 250, 106);
	struct hold_meter meter;
	struct hold_step step;

	(void)state;
	hold_meter_init(&meter, &at_least);
	assert_false(hold_meter_take(&meter, &first, 5 * SECOND, &step));
	assert_true(hold_meter_take(&meter, &second, 5 * SECOND + 250 * MS, &step));
	assert_float_equal(6, step.progress, 0);
	assert_float_equal(0.25, step.seconds, 1e-9);
	assert_true(step.now_ns == 5 * SECOND + 250 * MS);
	assert_float_equal(24, hold_meter_speed(&meter, step.now_ns), 1e-6);
	assert_false(hold_meter_take(&meter, &second, 6 * SECOND, &step)); /* seen before */
}

static void a_counter_that_goes_back_began_anew(void **state)
{
	Fast__V1__Sample sample = sample_of(FAST__V1__METRIC_KIND__METRIC_KIND_COUNTER, 0, 1000);
	struct hold_meter meter;
	struct hold_step step;

	(void)state;
	hold_meter_init(&meter, &at_least);
	assert_false(hold_meter_take(&meter, &sample, SECOND, &step));
	sample = sample_of(sample.kind, 100, 3);
	assert_true(hold_meter_take(&meter, &sample, SECOND + 100 * MS, &step));
	assert_float_equal(3, step.progress, 0);
}

static void the_mean_of_a_timer_is_turned_into_a_speed(void **state)
{
	Fast__V1__Sample sample = sample_of(FAST__V1__METRIC_KIND__METRIC_KIND_TIMER, 0, 10);
	struct hold_meter meter;
	struct hold_step step;

	(void)state;
	hold_meter_init(&meter, &at_most);
	sample.sum = 1;
	assert_false(hold_meter_take(&meter, &sample, SECOND, &step));
	sample = sample_of(sample.kind, 100, 10); /* nothing observed: the next covers this time */
	sample.sum = 1;
	assert_false(hold_meter_take(&meter, &sample, SECOND + 100 * MS, &step));
	sample = sample_of(sample.kind, 200, 14);
	sample.sum = 1.2;
	assert_true(hold_meter_take(&meter, &sample, SECOND + 200 * MS, &step));
	assert_float_equal(0.2, step.seconds, 1e-9);
	assert_float_equal(20, (step.progress / step.seconds), 1e-6);
}

static void a_gauge_lasts_until_the_next_sample(void **state)
{
	Fast__V1__Sample sample = sample_of(FAST__V1__METRIC_KIND__METRIC_KIND_GAUGE, 0, 0);
	struct hold_meter meter;
	struct hold_step step;

	(void)state;
	hold_meter_init(&meter, &at_least);
	sample.value = 30;
	assert_false(hold_meter_take(&meter, &sample, SECOND, &step));
	sample.time_unix_ns += 500 * MS;
	assert_true(hold_meter_take(&meter, &sample, SECOND + 500 * MS, &step));
	assert_float_equal(15, step.progress, 1e-9);
	sample.time_unix_ns += 500 * MS;
	sample.value = NAN;
	assert_false(hold_meter_take(&meter, &sample, 2 * SECOND, &step));
}

static void stale_samples_say_nothing(void **state)
{
	Fast__V1__Sample sample = sample_of(FAST__V1__METRIC_KIND__METRIC_KIND_HEARTBEAT, 0, 1);
	struct hold_meter meter;
	struct hold_step step;

	(void)state;
	hold_meter_init(&meter, &at_least);
	assert_false(hold_meter_take(&meter, &sample, SECOND, &step));
	sample = sample_of(sample.kind, 100, 1);
	sample.stale = true;
	assert_false(hold_meter_take(&meter, &sample, SECOND + 100 * MS, &step));
	sample = sample_of(sample.kind, 200, 6);
	assert_true(hold_meter_take(&meter, &sample, SECOND + 200 * MS, &step));
	assert_float_equal(0.2, step.seconds, 1e-9);
}

/* Items that the daemon's host took at even times reach us late now and then. */
static void late_items_keep_their_own_times(void **state)
{
	struct hold_meter meter;
	struct hold_step step;

	(void)state;
	hold_meter_init(&meter, &at_least);
	for (int i = 0; i <= 100; i++) {
		Fast__V1__Sample sample = sample_of(FAST__V1__METRIC_KIND__METRIC_KIND_HEARTBEAT,
						    50 * i, (uint64_t)i);
		int64_t delay = i % 7 == 3 ? 30 * MS : 1 * MS;
		int64_t now = SECOND + 50 * i * MS + delay;

		if (hold_meter_take(&meter, &sample, now, &step)) {
			assert_true(llabs(step.now_ns - (SECOND + 50 * i * MS + 1 * MS)) < 2 * MS);
		}
	}
}

static void the_speed_is_that_of_the_last_second(void **state)
{
	Fast__V1__Sample sample;
	struct hold_meter meter;
	struct hold_step step;

	(void)state;
	hold_meter_init(&meter, &at_least);
	for (int i = 0; i <= 3000; i++) { /* a sample a millisecond, 100 and then 200 a second */
		uint64_t count = i < 1500 ? (uint64_t)i / 10 : (uint64_t)(150 + (i - 1500) / 5);

		sample = sample_of(FAST__V1__METRIC_KIND__METRIC_KIND_HEARTBEAT, i, count);
		(void)hold_meter_take(&meter, &sample, SECOND + i * MS, &step);
	}
	assert_float_equal(200, hold_meter_speed(&meter, SECOND + 3000 * MS), 3);
	assert_float_equal(0, hold_meter_speed(&meter, SECOND + 9000 * MS), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(beats_are_counted_between_samples),
		cmocka_unit_test(a_counter_that_goes_back_began_anew),
		cmocka_unit_test(the_mean_of_a_timer_is_turned_into_a_speed),
		cmocka_unit_test(a_gauge_lasts_until_the_next_sample),
		cmocka_unit_test(stale_samples_say_nothing),
		cmocka_unit_test(late_items_keep_their_own_times),
		cmocka_unit_test(the_speed_is_that_of_the_last_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
