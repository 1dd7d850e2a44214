/* Samples of the past: found by name and time, and bounded. */
#include "controller/store_world.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void push_slot(struct fixture *fixture, enum store_level level, int64_t slot, size_t count)
{
	struct store_samples *samples = store_samples_new(level, slot);
	int64_t second = slot * store_level_seconds[level];

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

static void push_second(struct fixture *fixture, int64_t second, size_t count)
{
	push_slot(fixture, STORE_SECONDS, second, count);
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

static enum fast_status history_of(struct fixture *fixture, const char *instance,
				   const char *metric, uint32_t limit, struct seen *seen)
{
	const struct store_query query = {.instance = instance, .metric = metric, .limit = limit};

	*seen = (struct seen){0};
	return store_history(fixture->store, &query, sample_see, seen);
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
	assert_ok(history_of(&fixture, "cam", "m3", 1000, &seen));
	assert_int_equal(100, seen.count);
	seen = (struct seen){0};
	assert_ok(history_of(&fixture, "cam", "m3", 10, &seen));
	assert_int_equal(10, seen.count); /* the newest, oldest first */
	assert_true(seen.first > 1089 && seen.last > 1098);
	seen = (struct seen){0};
	assert_ok(store_history(fixture.store,
				&(struct store_query){.instance = "cam",
						      .metric = "m3",
						      .since_unix_ns = INT64_C(1050000000000),
						      .limit = 1000},
				sample_see, &seen));
	assert_int_equal(49, seen.count);
	assert_status(FAST_NOT_FOUND, history_of(&fixture, "cam", "m5", 10, &seen));
	assert_status(FAST_NOT_FOUND, history_of(&fixture, "mic", "m3", 10, &seen));
	fixture_fini(&fixture);
}

/* They are written many at once, and what is left over one by one. */
static void samples_of_any_number_are_all_written(void **state)
{
	static const size_t counts[] = {1, 24, 25, 26, 60};
	struct fixture fixture;
	struct seen seen;

	(void)state;
	fixture_init(&fixture);
	assert_ok(store_start(fixture.store));
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
		push_second(&fixture, 1000 + (int64_t)i, counts[i]);
	}
	fixture_reopen(&fixture);
	for (size_t metric = 0; metric < 60; metric++) {
		size_t expected = 0;
		char name[16];

		for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
			expected += counts[i] > metric;
		}
		(void)snprintf(name, sizeof name, "m%zu", metric);
		assert_ok(history_of(&fixture, "cam", name, 100, &seen));
		assert_int_equal(expected, seen.count);
		assert_true(seen.last == 1004);
	}
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
	assert_ok(history_of(&fixture, "cam", "m3", 1000, &seen));
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
	assert_ok(history_of(&fixture, "cam", "m2", 1000, &seen));
	assert_int_equal(31, seen.count);
	assert_true(seen.first > 1019 && seen.first < 1021);
	fixture_fini(&fixture);
}

/* Of the time before the oldest second, minutes tell; steps leave out what lies between. */
static void minutes_tell_of_the_time_before_the_seconds(void **state)
{
	struct fixture fixture;
	struct seen seen;
	struct store_query query = {.instance = "cam", .metric = "m1", .limit = 1000};

	(void)state;
	fixture_init(&fixture);
	assert_ok(store_start(fixture.store));
	for (int64_t minute = 100; minute < 150; minute++) {
		push_slot(&fixture, STORE_MINUTES, minute, 2);
	}
	for (int64_t second = 8400; second < 9000; second++) { /* minutes 140 to 149 */
		push_second(&fixture, second, 2);
	}
	fixture_reopen(&fixture);
	assert_ok(history_of(&fixture, "cam", "m1", 1000, &seen));
	assert_int_equal(40 + 600, seen.count);
	assert_true(seen.first > 5999 && seen.first < 6001);
	assert_ok(history_of(&fixture, "cam", "m1", 610, &seen));
	assert_int_equal(610, seen.count);
	seen = (struct seen){0};
	query.step_s = 10;
	assert_ok(store_history(fixture.store, &query, sample_see, &seen));
	assert_int_equal(40 + 60, seen.count);
	seen = (struct seen){0};
	query.step_s = 600;
	assert_ok(store_history(fixture.store, &query, sample_see, &seen));
	assert_int_equal(5, seen.count);
	assert_true(seen.last > 8399 && seen.last < 8401);
	fixture_fini(&fixture);
}

/* The newest 300 s stay; before them, seconds go before minutes. */
static void where_room_is_short_seconds_go_before_minutes(void **state)
{
	struct fixture fixture;
	struct seen seen;
	struct store_query query = {.instance = "cam", .metric = "m1", .step_s = 60, .limit = 1000};

	(void)state;
	fixture_init(&fixture); /* 1 MiB */
	assert_ok(store_start(fixture.store));
	for (int64_t second = 6000; second < 8400; second++) {
		push_second(&fixture, second, 25);
		if (second % 60 == 0) {
			push_slot(&fixture, STORE_MINUTES, second / 60, 25);
		}
	}
	fixture_reopen(&fixture);
	assert_ok(history_of(&fixture, "cam", "m1", 10000, &seen));
	assert_true(seen.first < 6001); /* a minute */
	assert_true(seen.count > 300 && seen.count < 2000);
	seen = (struct seen){0};
	assert_ok(store_history(fixture.store, &query, sample_see, &seen));
	assert_int_equal(40, seen.count);
	/* With more than that, minutes go too. */
	assert_ok(store_start(fixture.store));
	for (int64_t second = 8400; second < 8720; second++) {
		push_second(&fixture, second, 150);
	}
	fixture_reopen(&fixture);
	seen = (struct seen){0};
	assert_ok(store_history(fixture.store, &query, sample_see, &seen));
	assert_true(seen.count < 40);
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
		cmocka_unit_test(samples_of_any_number_are_all_written),
		cmocka_unit_test(samples_are_bounded_by_bytes),
		cmocka_unit_test(samples_are_bounded_by_age),
		cmocka_unit_test(minutes_tell_of_the_time_before_the_seconds),
		cmocka_unit_test(where_room_is_short_seconds_go_before_minutes),
		cmocka_unit_test(samples_beyond_the_queue_are_dropped_and_counted),
		cmocka_unit_test(only_samples_that_were_not_written_count_as_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
