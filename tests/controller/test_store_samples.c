/* Samples of the past: found by name and time, and bounded. */
#include "controller/store_world.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void push_second(struct fixture *fixture, int64_t second, size_t count)
{
	struct store_samples *samples = store_samples_new(second);

	assert_non_null(samples);
	for (size_t i = 0; i < count; i++) {
		struct store_sample *sample = store_samples_add(samples);
		struct store_series *series = store_samples_add_series(samples);
		assert_non_null(sample);
		assert_non_null(series);
		series->id = i;
		series->kind = FAST_METRIC_GAUGE;
		(void)snprintf(series->instance, sizeof series->instance, "cam");
		(void)snprintf(series->metric, sizeof series->metric, "m%zu", i);
		sample->series = i;
		sample->time_unix_ns = second * 1000000000;
		sample->value = (double)second;
	}
	store_push_samples(fixture->store, samples);
}

/* Samples that came, in order. */
struct seen {
	size_t count;
	double first;
	double last;
};

static void sample_see(const struct store_series *series, const struct store_sample *sample,
		       void *arg)
{
	struct seen *seen = arg;

	assert_int_equal(FAST_METRIC_GAUGE, series->kind);
	if (seen->count == 0) {
		seen->first = sample->value;
	} else {
		assert_true(sample->value > seen->last);
	}
	seen->last = sample->value;
	seen->count++;
}

static void samples_are_found_by_name_and_time(void **state)
{
	struct fixture fixture;
	struct seen seen = {0};

	(void)state;
	fixture_init(&fixture);
	assert_ok(store_start(fixture.store));
	for (int64_t second = 1000; second < 1100; second++) {
		push_second(&fixture, second, 5);
	}
	fixture_reopen(&fixture);
	assert_ok(store_history(fixture.store, "cam", "m3", 0, 1000, sample_see, &seen));
	assert_int_equal(100, seen.count);
	seen = (struct seen){0};
	assert_ok(store_history(fixture.store, "cam", "m3", 0, 10, sample_see, &seen));
	assert_int_equal(10, seen.count); /* the newest, oldest first */
	assert_true(seen.first > 1089 && seen.last > 1098);
	seen = (struct seen){0};
	assert_ok(store_history(fixture.store, "cam", "m3", INT64_C(1050000000000), 1000,
				sample_see, &seen));
	assert_int_equal(49, seen.count);
	assert_status(FAST_NOT_FOUND,
		      store_history(fixture.store, "cam", "m5", 0, 10, sample_see, &seen));
	assert_status(FAST_NOT_FOUND,
		      store_history(fixture.store, "mic", "m3", 0, 10, sample_see, &seen));
	fixture_fini(&fixture);
}

static void samples_are_bounded_by_bytes(void **state)
{
	struct fixture fixture;
	struct seen seen = {0};
	struct stat database;
	char path[96];

	(void)state;
	fixture_init(&fixture); /* 1 MiB */
	assert_ok(store_start(fixture.store));
	for (int64_t second = 1000; second < 1060; second++) {
		push_second(&fixture, second, 1000);
	}
	fixture_reopen(&fixture);
	(void)snprintf(path, sizeof path, "%s/fastd.db", fixture.dir);
	assert_int_equal(0, stat(path, &database));
	assert_true(database.st_size < 3 << 20);
	assert_ok(store_history(fixture.store, "cam", "m3", 0, 1000, sample_see, &seen));
	assert_true(seen.count > 3 && seen.count < 60);
	assert_true(seen.last > 1058);
	fixture_fini(&fixture);
}

static void samples_are_bounded_by_age(void **state)
{
	struct fixture fixture;
	struct seen seen = {0};

	(void)state;
	fixture_init(&fixture); /* a day */
	assert_ok(store_start(fixture.store));
	for (int64_t second = 1000; second < 1050; second++) {
		push_second(&fixture, second, 5);
	}
	push_second(&fixture, 1020 + 86400, 3);
	fixture_reopen(&fixture);
	assert_ok(store_history(fixture.store, "cam", "m2", 0, 1000, sample_see, &seen));
	assert_int_equal(31, seen.count);
	assert_true(seen.first > 1019 && seen.first < 1021);
	fixture_fini(&fixture);
}

static void samples_beyond_the_queue_are_dropped_and_counted(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture); /* and not started */
	for (int64_t second = 0; second < 70; second++) {
		push_second(&fixture, second, 1000);
	}
	assert_int_equal(70000 - STORE_SAMPLES_MAX / 1000 * 1000, store_dropped(fixture.store));
	fixture_fini(&fixture);
}

static bool has_dropped(void *arg)
{
	return store_dropped(arg) > 0;
}

static void only_samples_that_were_not_written_count_as_dropped(void **state)
{
	struct fixture fixture;
	char path[96];
	sqlite3 *db;

	(void)state;
	fixture_init(&fixture);
	(void)snprintf(path, sizeof path, "%s/fastd.db", fixture.dir);
	assert_int_equal(SQLITE_OK, sqlite3_open(path, &db));
	assert_int_equal(SQLITE_OK,
			 sqlite3_exec(db,
				      "CREATE TRIGGER no BEFORE INSERT ON samples WHEN NEW.series ="
				      " 4999 BEGIN SELECT RAISE(ABORT, 'not now'); END",
				      NULL, NULL, NULL));
	assert_int_equal(SQLITE_OK, sqlite3_close(db));
	push_second(&fixture, 1000, 5000);
	assert_ok(store_start(fixture.store));
	wait_until(has_dropped, fixture.store);
	assert_int_equal(1000, store_dropped(fixture.store)); /* 2000 go into a transaction */
	fixture_fini(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_are_found_by_name_and_time),
		cmocka_unit_test(samples_are_bounded_by_bytes),
		cmocka_unit_test(samples_are_bounded_by_age),
		cmocka_unit_test(samples_beyond_the_queue_are_dropped_and_counted),
		cmocka_unit_test(only_samples_that_were_not_written_count_as_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
