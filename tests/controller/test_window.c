/* Rates and summaries over windows, from readings at given times. */
#include "support/harness.h"

#include "daemon/window.h"

#include "support/fault_alloc.h"

#include <math.h>
#include <string.h>

#define MS    INT64_C(1000000)
#define S     INT64_C(1000000000)
#define EPOCH (1700000000 * S) /* Unix time at monotonic 0 */

/* A series and its clock. */
struct fixture {
	struct series series;
	struct sketch_budget budget;
	struct fast_cell_reading reading;
	int64_t now_ns;
	uint64_t revision;
};

static void fixture_init(struct fixture *fixture, enum fast_metric_kind kind, uint32_t tick_ms)
{
	*fixture = (struct fixture){.budget.bytes_max = 64u << 20, .reading.kind = kind};
	assert_ok(series_init(&fixture->series, kind, tick_ms, 0, EPOCH));
}

static void fixture_fini(struct fixture *fixture)
{
	series_fini(&fixture->series, &fixture->budget);
	assert_int_equal(0, fixture->budget.bytes);
}

/* Time passes, and the cell is read. */
static void read_after(struct fixture *fixture, int64_t ns)
{
	fixture->now_ns += ns;
	series_add(&fixture->series, &fixture->reading, fixture->now_ns, EPOCH + fixture->now_ns,
		   fixture->revision, &fixture->budget);
}

static void beat(struct fixture *fixture, int64_t at_ns)
{
	fixture->reading.count++;
	fixture->reading.work += 1;
	fixture->reading.last_ns = at_ns;
}

static struct window_summary summary_of(const struct fixture *fixture, uint32_t window_ms)
{
	struct window_summary summary;

	series_summarize(&fixture->series, window_ms, &summary);
	return summary;
}

static void near(double expected, double value)
{
	assert_true(fabs(expected - value) <= 1e-6 * fmax(1, fabs(expected)));
}

static void the_first_sample_is_only_a_baseline(void **state)
{
	struct fixture fixture;
	struct window_summary summary;

	(void)state;
	fixture_init(&fixture, FAST_METRIC_COUNTER, 100);
	assert_null(series_newest(&fixture.series));
	fixture.reading.count = 1000000;
	read_after(&fixture, 100 * S);
	summary = summary_of(&fixture, 1000);
	near(0, summary.rate_window);
	near(10000, summary.rate_global);
	assert_int_equal(0, summary.window_ms);
	fixture_fini(&fixture);
}

static void a_window_says_how_long_it_is(void **state)
{
	struct fixture fixture;
	struct window_summary summary;

	(void)state;
	fixture_init(&fixture, FAST_METRIC_COUNTER, 100);
	for (int i = 0; i < 1000; i++) {
		fixture.reading.count += 5;
		read_after(&fixture, 100 * MS);
		summary = summary_of(&fixture, 1000);
		assert_int_equal(i < 10 ? i * 100 : 1000, summary.window_ms);
		near(i == 0 ? 0 : 50, summary.rate_window);
	}
	assert_int_equal(100, summary_of(&fixture, 10).window_ms);
	assert_in_range(summary_of(&fixture, 5000).window_ms, 4500, 5500);
	assert_in_range(summary_of(&fixture, 30000).window_ms, 27500, 32500);
	assert_in_range(summary_of(&fixture, 60000).window_ms, 57500, 62500);
	near(50, summary_of(&fixture, 60000).rate_window);
	assert_true(summary_of(&fixture, 3600000).window_ms <= WINDOW_LONG_MS + 10000);
	fixture_fini(&fixture);
}

static void a_counter_that_goes_back_is_a_reset(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture, FAST_METRIC_COUNTER, 100);
	fixture.reading.count = 1000;
	read_after(&fixture, 1 * S);
	fixture.reading.count = 10;
	read_after(&fixture, 1 * S);
	near(0, summary_of(&fixture, 1000).rate_window);
	assert_int_equal(EPOCH + 2 * S, fixture.series.created_unix_ns);
	fixture.reading.count = 20;
	read_after(&fixture, 1 * S);
	near(10, summary_of(&fixture, 1000).rate_window);
	near(20, summary_of(&fixture, 1000).rate_global);
	fixture_fini(&fixture);
}

static void a_heartbeat_has_three_rates(void **state)
{
	struct fixture fixture;
	struct window_summary summary;

	(void)state;
	fixture_init(&fixture, FAST_METRIC_HEARTBEAT, 100);
	/* 10 s at 25 Hz, then 2 s at 50 Hz. */
	for (int64_t t = 0; t < 10 * S; t += 100 * MS) {
		for (int64_t at = t; at < t + 100 * MS; at += 20 * MS) {
			if (at % (40 * MS) == 0) {
				beat(&fixture, at + 1);
			}
		}
		read_after(&fixture, 100 * MS);
	}
	summary = summary_of(&fixture, 1000);
	near(25, summary.rate_instant);
	near(25, summary.rate_window);
	near(25, summary.rate_global);
	for (int64_t t = 10 * S; t < 12 * S; t += 100 * MS) {
		for (int64_t at = t; at < t + 100 * MS; at += 20 * MS) {
			beat(&fixture, at + 1);
		}
		read_after(&fixture, 100 * MS);
	}
	summary = summary_of(&fixture, 1000);
	near(50, summary.rate_instant);
	near(50, summary.rate_window);
	near(350.0 / 12, summary.rate_global);
	fixture_fini(&fixture);
}

static void the_instant_rate_falls_while_no_beat_comes(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture, FAST_METRIC_HEARTBEAT, 100);
	beat(&fixture, 10 * MS);
	read_after(&fixture, 100 * MS);
	near(0, summary_of(&fixture, 1000).rate_instant); /* one beat has no interval */
	beat(&fixture, 110 * MS);
	read_after(&fixture, 100 * MS);
	near(10, summary_of(&fixture, 1000).rate_instant);
	read_after(&fixture, 10 * MS + 1 * S - 100 * MS); /* a second after the beat is 1.11 s */
	near(1, summary_of(&fixture, 1000).rate_instant);
	read_after(&fixture, 9 * S);
	near(0.1, summary_of(&fixture, 1000).rate_instant);
	fixture_fini(&fixture);
}

static void a_heartbeat_that_lies_about_time_gives_a_finite_rate(void **state)
{
	const int64_t lies[] = {INT64_MAX, 1, 0, 5 * S};
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture, FAST_METRIC_HEARTBEAT, 100);
	for (size_t i = 0; i < 40; i++) {
		beat(&fixture, lies[i % FAST_TEST_COUNT(lies)]);
		fixture.reading.count += i == 20 ? UINT64_MAX / 2 : 0;
		read_after(&fixture, 100 * MS);
		assert_true(isfinite(summary_of(&fixture, 1000).rate_instant));
		assert_true(isfinite(summary_of(&fixture, 1000).rate_window));
		assert_true(summary_of(&fixture, 1000).rate_instant >= 0);
	}
	fixture_fini(&fixture);
}

static void observe(struct fixture *fixture, size_t bucket, uint64_t count, double value)
{
	struct fast_distribution *distribution = &fixture->reading.distribution;

	distribution->buckets[bucket] += count;
	distribution->octaves |= UINT64_C(1) << bucket / 8;
	distribution->count += count;
	distribution->sum += (double)count * value;
	distribution->min = 0.001;
	distribution->max = 100;
	fixture->reading.count = distribution->count;
}

static void a_window_has_its_own_distribution(void **state)
{
	struct fixture fixture;
	struct window_summary summary;
	double slow = fast_distribution_bound(300);
	double fast = fast_distribution_bound(200);

	(void)state;
	fixture_init(&fixture, FAST_METRIC_TIMER, 100);
	for (int i = 0; i < 30; i++) {
		observe(&fixture, 300, 1000, slow);
		read_after(&fixture, 100 * MS);
	}
	for (int i = 0; i < 10; i++) {
		observe(&fixture, 200, 10, fast);
		read_after(&fixture, 100 * MS);
	}
	summary = summary_of(&fixture, 1000);
	assert_int_equal(100, summary.window.count);
	near(fast, summary.window.mean);
	assert_true(summary.window.p50 <= fast && summary.window.p50 > fast * 0.9);
	assert_true(summary.window.p99 <= fast && summary.window.p99 > fast * 0.9);
	summary = summary_of(&fixture, 2000);
	assert_true(summary.window.count > 1000);
	assert_true(summary.window.p95 > 0.9 * slow);
	fixture_fini(&fixture);
}

static void a_window_without_observations_has_none(void **state)
{
	struct fixture fixture;
	struct window_summary summary;

	(void)state;
	fixture_init(&fixture, FAST_METRIC_HISTOGRAM, 100);
	observe(&fixture, 10, 5, 1);
	for (int i = 0; i < 20; i++) {
		read_after(&fixture, 100 * MS);
	}
	summary = summary_of(&fixture, 1000);
	assert_int_equal(0, summary.window.count);
	near(0, summary.window.p99);
	assert_int_equal(1000, summary.window_ms);
	fixture_fini(&fixture);
}

static void an_idle_distribution_is_kept_once(void **state)
{
	struct fixture fixture;
	size_t bytes;

	(void)state;
	fixture_init(&fixture, FAST_METRIC_HISTOGRAM, 100);
	observe(&fixture, 10, 5, 1);
	read_after(&fixture, 100 * MS);
	bytes = fixture.budget.bytes;
	for (int i = 0; i < 1000; i++) {
		read_after(&fixture, 100 * MS);
	}
	assert_int_equal(bytes, fixture.budget.bytes);
	fixture_fini(&fixture);
}

static void a_spent_budget_costs_the_summary_and_nothing_else(void **state)
{
	struct fixture fixture;
	struct window_summary summary;

	(void)state;
	fixture_init(&fixture, FAST_METRIC_HEARTBEAT, 100);
	fixture.budget.bytes_max = 2000;
	for (size_t i = 0; i < 100; i++) {
		observe(&fixture, i * 5, 1, 1);
		beat(&fixture, fixture.now_ns);
		read_after(&fixture, 100 * MS);
		assert_true(fixture.budget.bytes <= 2000);
	}
	summary = summary_of(&fixture, 1000);
	near(10, summary.rate_window);
	assert_int_equal(0, summary.window.count);
	fixture_fini(&fixture);
}

static void revisions_at_both_ends_are_told(void **state)
{
	struct fixture fixture;
	struct window_summary summary;

	(void)state;
	fixture_init(&fixture, FAST_METRIC_GAUGE, 100);
	for (int i = 0; i < 20; i++) {
		fixture.revision = i < 15 ? 7 : 8;
		fixture.reading.value = i;
		read_after(&fixture, 100 * MS);
	}
	summary = summary_of(&fixture, 1000);
	assert_int_equal(7, summary.revision_first);
	assert_int_equal(8, summary.revision_last);
	near(19, series_newest(&fixture.series)->value);
	fixture_fini(&fixture);
}

static void an_ended_series_keeps_its_last_word(void **state)
{
	struct fixture fixture;
	struct window_summary before;
	struct window_summary after;
	struct fast_distribution total;

	(void)state;
	fixture_init(&fixture, FAST_METRIC_TIMER, 100);
	for (int i = 0; i < 20; i++) {
		observe(&fixture, 200, 3, 1);
		read_after(&fixture, 100 * MS);
	}
	before = summary_of(&fixture, WINDOW_DEFAULT_MS);
	series_freeze(&fixture.series, &fixture.budget);
	after = summary_of(&fixture, 5000);
	assert_memory_equal(&before, &after, sizeof before);
	sketch_expand(series_newest(&fixture.series)->sketch, &total);
	assert_int_equal(60, total.count);
	fixture_fini(&fixture);
}

static void sample_note(const struct sample *sample, void *arg)
{
	int64_t *newest_ns = arg;

	assert_true(sample->time_ns > *newest_ns);
	*newest_ns = sample->time_ns;
}

static void samples_are_visited_once_and_in_order(void **state)
{
	struct fixture fixture;
	int64_t newest_ns = 0;

	(void)state;
	fixture_init(&fixture, FAST_METRIC_COUNTER, 10);
	for (int i = 0; i < 10000; i++) {
		read_after(&fixture, 10 * MS);
	}
	series_each(&fixture.series, 0, sample_note, &newest_ns);
	assert_int_equal(100 * S, newest_ns);
	newest_ns = 99 * S;
	series_each(&fixture.series, EPOCH + 99 * S, sample_note, &newest_ns);
	assert_int_equal(100 * S, newest_ns);
	fixture_fini(&fixture);
}

static void allocation_failures_lose_a_summary_at_most(void **state)
{
	(void)state;
	for (int n = 0; n < 12; n++) {
		struct fixture fixture = {.budget.bytes_max = 1u << 20,
					  .reading.kind = FAST_METRIC_TIMER};
		fault_alloc_after(n);
		if (series_init(&fixture.series, FAST_METRIC_TIMER, 100, 0, EPOCH) == FAST_OK) {
			for (size_t i = 0; i < 8; i++) {
				observe(&fixture, 100 + i, 1, 1);
				read_after(&fixture, 100 * MS);
			}
			series_freeze(&fixture.series, &fixture.budget);
			assert_int_equal(8, series_newest(&fixture.series)->count);
		}
		fault_alloc_after(-1);
		fixture_fini(&fixture);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_sample_is_only_a_baseline),
		cmocka_unit_test(a_window_says_how_long_it_is),
		cmocka_unit_test(a_counter_that_goes_back_is_a_reset),
		cmocka_unit_test(a_heartbeat_has_three_rates),
		cmocka_unit_test(the_instant_rate_falls_while_no_beat_comes),
		cmocka_unit_test(a_heartbeat_that_lies_about_time_gives_a_finite_rate),
		cmocka_unit_test(a_window_has_its_own_distribution),
		cmocka_unit_test(a_window_without_observations_has_none),
		cmocka_unit_test(an_idle_distribution_is_kept_once),
		cmocka_unit_test(a_spent_budget_costs_the_summary_and_nothing_else),
		cmocka_unit_test(revisions_at_both_ends_are_told),
		cmocka_unit_test(an_ended_series_keeps_its_last_word),
		cmocka_unit_test(samples_are_visited_once_and_in_order),
		cmocka_unit_test(allocation_failures_lose_a_summary_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
