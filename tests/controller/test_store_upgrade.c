/* A database that an older fastd has made goes on with all that is in it. */
#include "controller/older_store.h"

#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void audit_count(const struct node_audit *entry, void *arg)
{
	assert_string_equal("set", entry->verb);
	++*(int *)arg;
}

static void a_database_of_the_first_schema_is_brought_up_to_date(void **state)
{
	struct fixture fixture = {.dir = "/tmp/fastd-store-XXXXXX"};
	struct loaded loaded;
	struct end end;
	int entries = 0;

	(void)state;
	assert_non_null(mkdtemp(fixture.dir));
	older_make(fixture.dir, 1);
	fixture_open(&fixture);
	for (int round = 0; round < 2; round++) {
		loaded = fixture_load(&fixture);
		assert_int_equal(1, loaded.params);
		assert_int_equal(9, loaded.param.value.u.integer);
		assert_int_equal(17, loaded.revision);
		assert_int_equal(0, loaded.param.expires_unix_ns);
		assert_false(loaded.param.has_back);
		assert_int_equal(1, loaded.leases);
		assert_int_equal(1, loaded.lease.epoch);
		assert_int_equal(5000, loaded.lease.terms.ttl_ms);
		assert_int_equal(NODE_ON_LOSS_DEFAULT, loaded.lease.terms.on_loss);
		assert_string_equal("", loaded.lease.principal);
		assert_int_equal(1, loaded.baselines);
		assert_int_equal(4, loaded.baseline.value.u.integer);
		fixture_reopen(&fixture);
	}
	(void)fixture_load(&fixture);
	assert_int_equal(42, store_lease_id_next(fixture.store));
	assert_ok(store_start(fixture.store));
	assert_ok(fixture_put(&fixture, "quality", 10, 18, &end));
	assert_ok(store_each_audit(fixture.store, "", 0, 10, audit_count, &entries));
	assert_int_equal(1, entries);
	fixture_fini(&fixture);
}

static void sample_count(const struct store_series *series, const struct store_sample *sample,
			 void *arg)
{
	assert_string_equal("s", series->unit);
	assert_int_equal(9, sample->count);
	assert_true(isnan(sample->window.max)); /* it was not known then */
	++*(int *)arg;
}

static void samples_of_an_older_fastd_are_part_of_the_history(void **state)
{
	static const char samples[] =
		"INSERT INTO series VALUES (7, 'cam', 'lag', 's', 4, 1000, 1000);"
		"INSERT INTO seconds VALUES (1000);"
		"INSERT INTO samples VALUES (1000, 7, 1000000000000, 9, 0, 0, 0, 0, 0, 1000, 3, 1,"
		" 1, 1, 1, 0, 0);";
	const struct store_query query = {.instance = "cam", .metric = "lag", .limit = 10};
	struct fixture fixture = {.dir = "/tmp/fastd-store-XXXXXX"};
	char path[128];
	sqlite3 *db = NULL;
	int count = 0;

	(void)state;
	assert_non_null(mkdtemp(fixture.dir));
	older_make(fixture.dir, 1);
	(void)snprintf(path, sizeof path, "%s/fastd.db", fixture.dir);
	assert_int_equal(SQLITE_OK, sqlite3_open(path, &db));
	assert_int_equal(SQLITE_OK, sqlite3_exec(db, samples, NULL, NULL, NULL));
	assert_int_equal(SQLITE_OK, sqlite3_close(db));
	fixture_open(&fixture);
	assert_ok(store_history(fixture.store, &query, sample_count, &count));
	assert_int_equal(1, count);
	(void)fixture_load(&fixture);
	assert_int_equal(1000, store_second_newest(fixture.store));
	fixture_fini(&fixture);
}

static bool bound_count(const struct store_bound *bound, void *arg)
{
	assert_float_equal(50, bound->max, 0);
	++*(size_t *)arg;
	return true;
}

static bool profile_count(const struct store_profile_value *value, void *arg)
{
	assert_int_equal(6, value->value.u.integer);
	++*(size_t *)arg;
	return true;
}

static void minute_count(const struct store_series *series, const struct store_sample *sample,
			 void *arg)
{
	(void)series;
	assert_float_equal(2.5, sample->window.max, 0);
	++*(int *)arg;
}

static void run_count(const struct node_run *run, void *arg)
{
	assert_int_equal(77, run->pid);
	++*(int *)arg;
}

static void event_count(const struct node_event *event, void *arg)
{
	*(int *)arg += strcmp(event->event, "end") == 0;
}

/* What a database of that schema has beyond the first. */
static void assert_later_things(struct store *store, size_t version)
{
	const struct store_query query = {.instance = "cam", .metric = "lag", .limit = 10};
	size_t bounds = 0;
	size_t profiles = 0;
	int minutes = 0;
	int runs = 0;
	int events = 0;
	struct store_visitor visitor = {.bound = bound_count, .arg = &bounds};

	assert_ok(store_load(store, &visitor));
	visitor = (struct store_visitor){.profile = profile_count, .arg = &profiles};
	assert_ok(store_load(store, &visitor));
	assert_int_equal(version >= 2, bounds);
	assert_int_equal(version >= 2, profiles);
	assert_status(version >= 3 ? FAST_OK : FAST_NOT_FOUND,
		      store_history(store, &query, minute_count, &minutes));
	assert_int_equal(version >= 3, minutes);
	assert_ok(store_each_run(store, "", 10, run_count, &runs));
	assert_ok(store_each_event(store, "", 0, 10, event_count, &events));
	assert_int_equal(version >= 4, runs);
	assert_int_equal(version >= 4, events);
}

static void a_database_of_each_older_schema_is_brought_up_to_date(void **state)
{
	(void)state;
	for (size_t version = 1; version <= OLDER_NEWEST; version++) {
		struct fixture fixture = {.dir = "/tmp/fastd-store-XXXXXX"};
		struct loaded loaded;
		struct end end;

		assert_non_null(mkdtemp(fixture.dir));
		older_make(fixture.dir, version);
		for (int round = 0; round < 2; round++) {
			fixture_open(&fixture);
			loaded = fixture_load(&fixture);
			assert_int_equal(9, loaded.param.value.u.integer);
			assert_int_equal(1, loaded.baselines);
			assert_int_equal(version >= 2 ? 3 : 0, loaded.lease.terms.priority);
			assert_later_things(fixture.store, version);
			assert_declarations(fixture.store, (size_t)round);
			assert_ok(store_start(fixture.store));
			assert_ok(fixture_put(&fixture, "quality", 9, 18, &end));
			older_declare(&fixture);
			fixture_close(&fixture);
		}
		assert_int_equal(0, count_set_aside(fixture.dir));
		fixture_fini(&fixture);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_database_of_the_first_schema_is_brought_up_to_date),
		cmocka_unit_test(a_database_of_each_older_schema_is_brought_up_to_date),
		cmocka_unit_test(samples_of_an_older_fastd_are_part_of_the_history),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
