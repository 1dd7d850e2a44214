/* Distributions over windows, whatever the tick: what is kept is shared, copied or written anew as
 * suits it, and always tells what was. */
#include "support/harness.h"

#include "daemon/window.h"

#include "page/distribution.h"

#include "support/fault_alloc.h"

#define MS    INT64_C(1000000)
#define S     INT64_C(1000000000)
#define EPOCH (1700000000 * S) /* Unix time at monotonic 0 */

static const uint32_t ticks_ms[] = {10, 33, 66, 67, 68, 99, 100, 250, 1000};

#define TICKS (sizeof ticks_ms / sizeof ticks_ms[0])

struct fixture {
	struct series series;
	struct sketch_budget budget;
	struct fast_cell_reading reading;
	int64_t now_ns;
};

static void fixture_init(struct fixture *fixture, uint32_t tick_ms)
{
	*fixture = (struct fixture){.budget.bytes_max = 64u << 20,
				    .reading.kind = FAST_METRIC_HISTOGRAM};
	assert_ok(series_init(&fixture->series, FAST_METRIC_HISTOGRAM, tick_ms, 0, EPOCH));
}

static void fixture_fini(struct fixture *fixture)
{
	series_fini(&fixture->series, &fixture->budget);
	assert_int_equal(0, fixture->budget.bytes);
}

/* The next of the values 1, 2, 3 ... */
static void observe(struct fixture *fixture)
{
	struct fast_distribution *all = &fixture->reading.distribution;
	uint32_t bucket = fast_page_bucket((double)++all->count);

	all->buckets[bucket]++;
	all->octaves |= UINT64_C(1) << bucket / 8;
	all->sum += (double)all->count;
	all->min = 1;
	all->max = (double)all->count;
	fixture->reading.count++;
}

static void read_after(struct fixture *fixture, int64_t ns)
{
	fixture->now_ns += ns;
	/* What the sampler does before. */
	series_prefetch(&fixture->series);
	series_prefetch_samples(&fixture->series, fixture->now_ns);
	series_prefetch_window(&fixture->series, WINDOW_DEFAULT_MS, fixture->now_ns);
	series_prefetch_sketch(&fixture->series, fixture->now_ns);
	series_prefetch_window_sketch(&fixture->series, WINDOW_DEFAULT_MS, fixture->now_ns);
	assert_false(series_add(&fixture->series, &fixture->reading, fixture->now_ns,
				EPOCH + fixture->now_ns, 0, &fixture->budget));
}

/* Its sketch is of its own moment. */
static void sample_check(const struct sample *sample, void *arg)
{
	static struct fast_distribution all;
	uint64_t count = 0;

	(void)arg;
	assert_non_null(sample->sketch);
	sketch_expand(sample->sketch, &all);
	assert_int_equal(sample->count, all.count);
	assert_true(all.sum == (double)all.count * (double)(all.count + 1) / 2);
	for (size_t i = 0; i < 512; i++) {
		count += all.buckets[i];
	}
	assert_int_equal(all.count, count);
}

static void each_sample_keeps_what_was(void **state)
{
	(void)state;
	for (size_t i = 0; i < TICKS; i++) {
		struct fixture fixture;

		fixture_init(&fixture, ticks_ms[i]);
		while (fixture.now_ns < 100 * S) {
			observe(&fixture);
			read_after(&fixture, ticks_ms[i] * MS);
			if (fixture.reading.count % 64 == 0) {
				series_each(&fixture.series, 0, sample_check, NULL);
			}
		}
		series_each(&fixture.series, 0, sample_check, NULL);
		fixture_fini(&fixture);
	}
}

static void a_window_tells_what_was_first_and_last_in_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < TICKS; i++) {
		struct fixture fixture;
		struct window_summary summary;

		fixture_init(&fixture, ticks_ms[i]);
		while (fixture.now_ns < 20 * S) {
			observe(&fixture);
			read_after(&fixture, ticks_ms[i] * MS);
		}
		for (uint32_t window_ms = 1000; window_ms <= 16000; window_ms *= 4) {
			double newest = (double)fixture.reading.count;
			double first;

			series_summarize(&fixture.series, window_ms, &summary);
			first = newest - (double)summary.window.count + 1;
			assert_int_equal((summary.window_ms + ticks_ms[i] / 2) / ticks_ms[i],
					 summary.window.count);
			/* Means of what came until the nearest sample that is kept. */
			assert_true(summary.window.first >= first &&
				    summary.window.first <= (first + newest) / 2);
			assert_true(summary.window.last <= newest &&
				    summary.window.last >= (first + newest) / 2);
		}
		fixture_fini(&fixture);
	}
}

static void an_idle_distribution_costs_the_same_at_any_tick(void **state)
{
	(void)state;
	for (size_t i = 0; i < TICKS; i++) {
		struct fixture fixture;
		size_t bytes;

		fixture_init(&fixture, ticks_ms[i]);
		observe(&fixture);
		read_after(&fixture, ticks_ms[i] * MS);
		bytes = fixture.budget.bytes;
		for (int n = 0; n < 1000; n++) {
			read_after(&fixture, ticks_ms[i] * MS);
		}
		assert_int_equal(bytes, fixture.budget.bytes);
		fixture_fini(&fixture);
	}
}

static void a_sketch_that_finds_no_memory_is_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < TICKS; i++) {
		for (int n = 0; n < 200; n++) {
			struct fixture fixture;

			fixture_init(&fixture, ticks_ms[i]);
			fault_alloc_after(n);
			while (fixture.now_ns < 20 * S) {
				observe(&fixture);
				read_after(&fixture, ticks_ms[i] * MS);
			}
			fault_alloc_after(-1);
			assert_int_equal(fixture.reading.count,
					 series_newest(&fixture.series)->count);
			fixture_fini(&fixture);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_sample_keeps_what_was),
		cmocka_unit_test(a_window_tells_what_was_first_and_last_in_it),
		cmocka_unit_test(an_idle_distribution_costs_the_same_at_any_tick),
		cmocka_unit_test(a_sketch_that_finds_no_memory_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
