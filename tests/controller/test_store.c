/* What outlives fastd. */
#include "controller/store_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void what_was_committed_is_there_after_reopening(void **state)
{
	struct fixture fixture;
	struct loaded loaded;
	struct end end;

	(void)state;
	fixture_init(&fixture);
	assert_int_equal(0, fixture_load(&fixture).params);
	assert_ok(store_start(fixture.store));
	assert_ok(fixture_put(&fixture, "quality", 5, 1, &end));
	assert_ok(fixture_put(&fixture, "quality", 6, 2, &end));
	assert_ok(fixture_put(&fixture, "size", 4, 3, &end));
	fixture_reopen(&fixture);
	loaded = fixture_load(&fixture);
	assert_int_equal(2, loaded.params);
	assert_int_equal(6, loaded.newest_value);
	assert_int_equal(3, loaded.revision);
	assert_string_equal("cam", loaded.param.instance);
	assert_string_equal("tester", loaded.param.actor);
	fixture_fini(&fixture);
}

static void each_type_of_value_comes_back_as_it_was(void **state)
{
	const struct fast_page_value values[] = {
		{.type = FAST_PARAM_BOOL, .u.boolean = true},
		{.type = FAST_PARAM_INT, .u.integer = INT64_MIN},
		{.type = FAST_PARAM_DOUBLE, .u.number = 0.1},
		{.type = FAST_PARAM_STRING,
		 .string = "stra\xc3\x9f"
			   "e"},
		{.type = FAST_PARAM_ENUM, .string = ""},
	};

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(values); i++) {
		struct fixture fixture;
		struct loaded loaded;
		struct end end = {0};
		struct store_job *job;

		fixture_init(&fixture);
		assert_ok(store_start(fixture.store));
		job = put_job(&end, "knob", 0, 1);
		job->ops[0].u.param.value = values[i];
		assert_ok(store_push(fixture.store, job));
		fixture_reopen(&fixture);
		assert_true(end_is_done(&end)); /* closing writes what was pushed */
		assert_ok(end.status);
		loaded = fixture_load(&fixture);
		assert_memory_equal(&values[i].u, &loaded.param.value.u, sizeof values[i].u);
		assert_int_equal(values[i].type, loaded.param.value.type);
		assert_string_equal(values[i].string, loaded.param.value.string);
		fixture_fini(&fixture);
	}
}

static void leases_and_their_baselines_are_kept_and_ids_go_on(void **state)
{
	struct fixture fixture;
	struct loaded loaded;
	struct end end = {0};
	struct store_job *job = store_job_new(2, end_note, &end);
	struct store_lease *lease;
	struct store_baseline *baseline;
	uint64_t id;

	(void)state;
	fixture_init(&fixture);
	(void)fixture_load(&fixture);
	assert_ok(store_start(fixture.store));
	id = store_lease_id_next(fixture.store);
	assert_non_null(job);
	lease = &store_job_add(job, STORE_PUT_LEASE)->u.lease;
	lease->id = id;
	lease->terms.ttl_ms = 1000;
	lease->terms.on_loss = NODE_ON_LOSS_REVERT;
	baseline = &store_job_add(job, STORE_PUT_BASELINE)->u.baseline;
	baseline->lease_id = id;
	(void)snprintf(baseline->param, sizeof baseline->param, "quality");
	job->durable = true;
	assert_ok(store_push(fixture.store, job));
	fixture_reopen(&fixture);
	loaded = fixture_load(&fixture);
	assert_int_equal(1, loaded.leases);
	assert_int_equal(1, loaded.baselines);
	assert_false(loaded.baseline.has_value);
	assert_string_equal("quality", loaded.baseline.param);
	assert_ok(store_start(fixture.store));
	job = store_job_new(1, end_note, &end);
	assert_non_null(job);
	store_job_add(job, STORE_DELETE_LEASE)->u.lease.id = id;
	assert_ok(store_push(fixture.store, job));
	fixture_reopen(&fixture);
	loaded = fixture_load(&fixture);
	assert_int_equal(0, loaded.leases);
	assert_int_equal(0, loaded.baselines);
	assert_true(store_lease_id_next(fixture.store) > id);
	fixture_fini(&fixture);
}

static void a_second_store_in_the_same_directory_is_refused(void **state)
{
	struct fixture fixture;
	struct store *second = NULL;
	char error[NODE_TEXT_BYTES_MAX];
	char expected[NODE_TEXT_BYTES_MAX];

	(void)state;
	fixture_init(&fixture);
	assert_status(FAST_FAILED_PRECONDITION, store_open_at(fixture.dir, &second, error));
	(void)snprintf(expected, sizeof expected,
		       "state directory %s is in use by another fastd (pid %d)", fixture.dir,
		       (int)getpid());
	assert_string_equal(expected, error);
	assert_null(second);
	fixture_fini(&fixture);
}

static void a_state_directory_that_is_a_file_is_refused(void **state)
{
	struct store *store = NULL;
	char error[NODE_TEXT_BYTES_MAX];
	char path[] = "/tmp/fastd-test-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_status(FAST_UNAVAILABLE, store_open_at(path, &store, error));
	assert_non_null(strstr(error, "is no directory; give one by --state-dir"));
	assert_null(store);
	(void)close(fd);
	(void)unlink(path);
}

static void a_database_of_a_newer_fastd_is_left_alone(void **state)
{
	struct fixture fixture;
	struct store *store = NULL;
	char error[NODE_TEXT_BYTES_MAX];
	char command[160];

	(void)state;
	fixture_init(&fixture);
	fixture_close(&fixture);
	/* The schema's version stands at byte 60 of the file. */
	(void)snprintf(command, sizeof command,
		       "printf '\\000\\000\\000\\011' | dd of=%s/fastd.db bs=1 seek=60 "
		       "conv=notrunc status=none",
		       fixture.dir);
	assert_int_equal(0, system(command));
	assert_status(FAST_FAILED_PRECONDITION, store_open_at(fixture.dir, &store, error));
	assert_non_null(strstr(error, "newer fastd"));
	assert_int_equal(0, count_set_aside(fixture.dir));
	fixture_fini(&fixture);
}

static void a_full_queue_refuses(void **state)
{
	struct fixture fixture;
	static struct end ends[STORE_JOBS_MAX + 1];
	struct store_job *job;

	(void)state;
	fixture_init(&fixture); /* and not started */
	for (size_t i = 0; i < STORE_JOBS_MAX; i++) {
		assert_ok(store_push(fixture.store, put_job(&ends[i], "quality", 1, i)));
	}
	job = put_job(&ends[STORE_JOBS_MAX], "quality", 1, 1);
	assert_status(FAST_UNAVAILABLE, store_push(fixture.store, job));
	store_job_free(job);
	assert_ok(store_start(fixture.store));
	fixture_reopen(&fixture);
	assert_ok(ends[STORE_JOBS_MAX - 1].status);
	assert_int_equal(1, ends[STORE_JOBS_MAX - 1].done);
	assert_int_equal(STORE_JOBS_MAX - 1, fixture_load(&fixture).revision);
	fixture_fini(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_committed_is_there_after_reopening),
		cmocka_unit_test(each_type_of_value_comes_back_as_it_was),
		cmocka_unit_test(leases_and_their_baselines_are_kept_and_ids_go_on),
		cmocka_unit_test(a_second_store_in_the_same_directory_is_refused),
		cmocka_unit_test(a_state_directory_that_is_a_file_is_refused),
		cmocka_unit_test(a_database_of_a_newer_fastd_is_left_alone),
		cmocka_unit_test(a_full_queue_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
