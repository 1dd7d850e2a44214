/* What outlives fastd, and what happens when the disk does not play along. */
#include "support/harness.h"

#include "controller/node_world.h"
#include "daemon/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SKIPPED 77
#define NOBODY 65534

/* A store in a directory of its own. */
struct fixture {
	char dir[64];
	struct store *store;
	bool mounted;
};

static enum fast_status open_at(const char *dir, struct store **out, char *error)
{
	const struct store_options options = {
		.state_dir = dir, .samples_bytes_max = 1u << 20, .samples_age_s_max = 86400};

	return store_open(&options, out, error);
}

static void fixture_open(struct fixture *fixture)
{
	char error[NODE_TEXT_BYTES_MAX];

	assert_ok(open_at(fixture->dir, &fixture->store, error));
	assert_string_equal("", error);
}

static void fixture_init(struct fixture *fixture)
{
	*fixture = (struct fixture){.dir = "/tmp/fastd-store-XXXXXX"};
	assert_non_null(mkdtemp(fixture->dir));
	fixture_open(fixture);
}

static void fixture_fini(struct fixture *fixture)
{
	store_close(fixture->store);
	if (fixture->mounted) {
		assert_int_equal(0, umount(fixture->dir));
	}
	directory_remove(fixture->dir);
}

/* How a job ended. */
struct end {
	int done; /* atomic */
	enum fast_status status;
	char error[NODE_TEXT_BYTES_MAX];
};

static void end_note(enum fast_status status, const char *error, void *arg)
{
	struct end *end = arg;

	end->status = status;
	(void)snprintf(end->error, sizeof end->error, "%s", error);
	__atomic_store_n(&end->done, 1, __ATOMIC_RELEASE);
}

static bool is_done(void *arg)
{
	return __atomic_load_n(&((struct end *)arg)->done, __ATOMIC_ACQUIRE) != 0;
}

static struct store_job *put_job(struct end *end, const char *param, int64_t value,
				 uint64_t revision)
{
	struct store_job *job = store_job_new(2, end_note, end);
	struct store_param *put;
	struct store_revision *newest;

	assert_non_null(job);
	put = &store_job_add(job, STORE_PUT_PARAM)->u.param;
	(void)snprintf(put->instance, sizeof put->instance, "cam");
	(void)snprintf(put->param, sizeof put->param, "%s", param);
	(void)snprintf(put->actor, sizeof put->actor, "tester");
	put->value = value_int(value);
	put->revision = revision;
	newest = &store_job_add(job, STORE_PUT_REVISION)->u.revision;
	(void)snprintf(newest->instance, sizeof newest->instance, "cam");
	newest->revision = revision;
	return job;
}

static enum fast_status put(struct fixture *fixture, const char *param, int64_t value,
			    uint64_t revision, struct end *end)
{
	*end = (struct end){0};
	assert_ok(store_push(fixture->store, put_job(end, param, value, revision)));
	wait_until(is_done, end);
	return end->status;
}

/* What a load has told. */
struct loaded {
	size_t params;
	int64_t newest_value;
	uint64_t revision;
	size_t leases;
	size_t baselines;
	struct store_param param;
	struct store_baseline baseline;
};

static bool note_revision(const struct store_revision *revision, void *arg)
{
	((struct loaded *)arg)->revision = revision->revision;
	return true;
}

static bool note_param(const struct store_param *param, void *arg)
{
	struct loaded *loaded = arg;

	loaded->params++;
	loaded->param = *param;
	if (param->value.u.integer > loaded->newest_value) {
		loaded->newest_value = param->value.u.integer;
	}
	return true;
}

static bool note_lease(const struct store_lease *lease, void *arg)
{
	(void)lease;
	((struct loaded *)arg)->leases++;
	return true;
}

static bool note_baseline(const struct store_baseline *baseline, void *arg)
{
	((struct loaded *)arg)->baselines++;
	((struct loaded *)arg)->baseline = *baseline;
	return true;
}

static struct loaded load(struct fixture *fixture)
{
	struct loaded loaded = {0};
	const struct store_visitor visitor = {.revision = note_revision,
					      .param = note_param,
					      .lease = note_lease,
					      .baseline = note_baseline,
					      .arg = &loaded};

	assert_ok(store_load(fixture->store, &visitor));
	return loaded;
}

static void reopen(struct fixture *fixture)
{
	store_close(fixture->store);
	fixture->store = NULL;
	fixture_open(fixture);
}

static void what_was_committed_is_there_after_reopening(void **state)
{
	struct fixture fixture;
	struct loaded loaded;
	struct end end;

	(void)state;
	fixture_init(&fixture);
	assert_int_equal(0, load(&fixture).params);
	assert_ok(store_start(fixture.store));
	assert_ok(put(&fixture, "quality", 5, 1, &end));
	assert_ok(put(&fixture, "quality", 6, 2, &end));
	assert_ok(put(&fixture, "size", 4, 3, &end));
	reopen(&fixture);
	loaded = load(&fixture);
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
		{.type = FAST_PARAM_STRING, .string = "stra\xc3\x9f"
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
		reopen(&fixture);
		assert_true(is_done(&end)); /* closing writes what was pushed */
		assert_ok(end.status);
		loaded = load(&fixture);
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
	(void)load(&fixture);
	assert_ok(store_start(fixture.store));
	id = store_lease_id_next(fixture.store);
	assert_non_null(job);
	lease = &store_job_add(job, STORE_PUT_LEASE)->u.lease;
	lease->id = id;
	lease->ttl_ms = 1000;
	lease->on_loss = NODE_ON_LOSS_REVERT;
	baseline = &store_job_add(job, STORE_PUT_BASELINE)->u.baseline;
	baseline->lease_id = id;
	(void)snprintf(baseline->param, sizeof baseline->param, "quality");
	job->durable = true;
	assert_ok(store_push(fixture.store, job));
	reopen(&fixture);
	loaded = load(&fixture);
	assert_int_equal(1, loaded.leases);
	assert_int_equal(1, loaded.baselines);
	assert_false(loaded.baseline.has_value);
	assert_string_equal("quality", loaded.baseline.param);
	assert_ok(store_start(fixture.store));
	job = store_job_new(1, end_note, &end);
	assert_non_null(job);
	store_job_add(job, STORE_DELETE_LEASE)->u.lease.id = id;
	assert_ok(store_push(fixture.store, job));
	reopen(&fixture);
	loaded = load(&fixture);
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
	assert_status(FAST_FAILED_PRECONDITION, open_at(fixture.dir, &second, error));
	(void)snprintf(expected, sizeof expected,
		       "state directory %s is in use by another fastd (pid %d)", fixture.dir,
		       (int)getpid());
	assert_string_equal(expected, error);
	assert_null(second);
	fixture_fini(&fixture);
}

/* Writes over part of the database. */
static void spoil(const struct fixture *fixture, off_t offset, size_t count)
{
	char path[96];
	char garbage[4096];
	int fd;

	memset(garbage, 0x5a, sizeof garbage);
	(void)snprintf(path, sizeof path, "%s/fastd.db", fixture->dir);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal((ssize_t)count, pwrite(fd, garbage, count, offset));
	(void)close(fd);
}

static int count_set_aside(const char *dir)
{
	char command[128];
	char line[16] = "";
	FILE *pipe;

	(void)snprintf(command, sizeof command, "ls %s | grep -c 'fastd.db.corrupt-[0-9]*$'", dir);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	(void)fgets(line, sizeof line, pipe);
	(void)pclose(pipe);
	return atoi(line);
}

static void a_broken_database_is_set_aside(void **state)
{
	const off_t offsets[] = {0, 100, 4096, 8192};

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(offsets); i++) {
		struct fixture fixture;
		struct end end;

		fixture_init(&fixture);
		assert_ok(store_start(fixture.store));
		assert_ok(put(&fixture, "quality", 5, 1, &end));
		store_close(fixture.store);
		fixture.store = NULL;
		spoil(&fixture, offsets[i], 3000);
		fixture_open(&fixture);
		assert_int_equal(0, load(&fixture).params);
		assert_int_equal(1, count_set_aside(fixture.dir));
		assert_ok(store_start(fixture.store));
		assert_ok(put(&fixture, "quality", 6, 1, &end));
		fixture_fini(&fixture);
	}
}

static void a_database_of_a_newer_fastd_is_left_alone(void **state)
{
	struct fixture fixture;
	struct store *store = NULL;
	char error[NODE_TEXT_BYTES_MAX];
	char command[160];

	(void)state;
	fixture_init(&fixture);
	store_close(fixture.store);
	fixture.store = NULL;
	/* The schema's version stands at byte 60 of the file. */
	(void)snprintf(command, sizeof command,
		       "printf '\\000\\000\\000\\011' | dd of=%s/fastd.db bs=1 seek=60 "
		       "conv=notrunc status=none",
		       fixture.dir);
	assert_int_equal(0, system(command));
	assert_status(FAST_FAILED_PRECONDITION, open_at(fixture.dir, &store, error));
	assert_non_null(strstr(error, "newer fastd"));
	assert_int_equal(0, count_set_aside(fixture.dir));
	fixture_fini(&fixture);
}

/* Opens as somebody who may not write there; in a child, whose exit status tells. */
static int open_as_nobody(const char *dir, const char *expected)
{
	char error[NODE_TEXT_BYTES_MAX] = "";
	struct store *store = NULL;

	if (getuid() == 0 && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0)) {
		return SKIPPED;
	}
	if (open_at(dir, &store, error) != FAST_UNAVAILABLE) {
		return 1;
	}
	return strstr(error, expected) != NULL ? 0 : 2;
}

static void a_directory_that_is_not_writable_is_told(void **state)
{
	char dir[] = "/tmp/fastd-store-XXXXXX";
	int wait_status;
	pid_t child;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(0, chmod(dir, 0555));
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		_exit(open_as_nobody(dir, "is not writable: Permission denied"));
	}
	assert_int_equal(child, waitpid(child, &wait_status, 0));
	assert_true(WIFEXITED(wait_status));
	assert_true(WEXITSTATUS(wait_status) == 0 || WEXITSTATUS(wait_status) == SKIPPED);
	(void)rmdir(dir);
}

static void a_directory_that_cannot_be_made_is_told(void **state)
{
	struct store *store = NULL;
	char error[NODE_TEXT_BYTES_MAX];

	(void)state;
	assert_status(FAST_UNAVAILABLE, open_at("/proc/none/fastd", &store, error));
	assert_string_equal("state directory /proc/none/fastd can't be made: No such file or "
			    "directory",
			    error);
}

static void fill(const char *dir, bool full)
{
	char path[96];
	char block[4096] = "";
	int fd;

	(void)snprintf(path, sizeof path, "%s/ballast", dir);
	if (!full) {
		assert_int_equal(0, unlink(path));
		return;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	while (write(fd, block, sizeof block) > 0) {
	}
	(void)close(fd);
}

static bool can_write(void *arg)
{
	struct fixture *fixture = arg;
	char error[NODE_TEXT_BYTES_MAX];

	store_error(fixture->store, error);
	return error[0] == '\0';
}

static bool fixture_init_small(struct fixture *fixture)
{
	*fixture = (struct fixture){.dir = "/tmp/fastd-store-XXXXXX"};
	assert_non_null(mkdtemp(fixture->dir));
	if (mount("none", fixture->dir, "tmpfs", 0, "size=512k,mode=0700") != 0) {
		(void)rmdir(fixture->dir);
		return false;
	}
	fixture->mounted = true;
	fixture_open(fixture);
	return true;
}

static void a_full_disk_is_told_and_got_over(void **state)
{
	struct fixture fixture;
	struct end end;
	struct end owed = {0};
	struct store_job *job;
	uint64_t revision = 1;

	(void)state;
	if (!fixture_init_small(&fixture)) {
		skip();
	}
	assert_ok(store_start(fixture.store));
	assert_ok(put(&fixture, "quality", 1, revision, &end));
	fill(fixture.dir, true);
	while (put(&fixture, "quality", (int64_t)revision + 1, revision + 1, &end) == FAST_OK) {
		revision++; /* the log has some room left */
		assert_true(revision < 1000);
	}
	assert_status(FAST_UNAVAILABLE, end.status);
	assert_non_null(strstr(end.error, "full"));
	assert_false(can_write(&fixture));
	job = put_job(&owed, "owed", 7, 2000);
	job->owed = true;
	assert_ok(store_push(fixture.store, job));
	wait_until(is_done, &owed);
	assert_status(FAST_UNAVAILABLE, owed.status);
	fill(fixture.dir, false);
	wait_until(can_write, &fixture);
	assert_ok(put(&fixture, "size", 1, 2001, &end));
	reopen(&fixture);
	assert_int_equal(3, load(&fixture).params);
	fixture_fini(&fixture);
}

static void a_disk_that_is_full_from_the_start_is_waited_for(void **state)
{
	struct fixture fixture;
	struct loaded loaded;
	struct end end;

	(void)state;
	if (!fixture_init_small(&fixture)) {
		skip();
	}
	assert_ok(store_start(fixture.store));
	assert_ok(put(&fixture, "quality", 5, 1, &end));
	store_close(fixture.store);
	fixture.store = NULL;
	fill(fixture.dir, true);
	{
		char error[NODE_TEXT_BYTES_MAX];
		assert_ok(open_at(fixture.dir, &fixture.store, error));
	}
	loaded = load(&fixture); /* reading goes on */
	assert_int_equal(1, loaded.params);
	assert_int_equal(5, loaded.newest_value);
	assert_ok(store_start(fixture.store));
	assert_false(can_write(&fixture));
	assert_status(FAST_UNAVAILABLE, put(&fixture, "quality", 6, 2, &end));
	fill(fixture.dir, false);
	wait_until(can_write, &fixture);
	assert_ok(put(&fixture, "quality", 7, 3, &end));
	reopen(&fixture);
	assert_int_equal(7, load(&fixture).newest_value);
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
	reopen(&fixture);
	assert_ok(ends[STORE_JOBS_MAX - 1].status);
	assert_int_equal(1, ends[STORE_JOBS_MAX - 1].done);
	assert_int_equal(STORE_JOBS_MAX - 1, load(&fixture).revision);
	fixture_fini(&fixture);
}

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
	reopen(&fixture);
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
	reopen(&fixture);
	(void)snprintf(path, sizeof path, "%s/fastd.db", fixture.dir);
	assert_int_equal(0, stat(path, &database));
	assert_true(database.st_size < 3 << 20);
	assert_ok(store_history(fixture.store, "cam", "m3", 0, 1000, sample_see, &seen));
	assert_true(seen.count > 3 && seen.count < 60);
	assert_true(seen.last > 1058);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_committed_is_there_after_reopening),
		cmocka_unit_test(each_type_of_value_comes_back_as_it_was),
		cmocka_unit_test(leases_and_their_baselines_are_kept_and_ids_go_on),
		cmocka_unit_test(a_second_store_in_the_same_directory_is_refused),
		cmocka_unit_test(a_broken_database_is_set_aside),
		cmocka_unit_test(a_database_of_a_newer_fastd_is_left_alone),
		cmocka_unit_test(a_directory_that_is_not_writable_is_told),
		cmocka_unit_test(a_directory_that_cannot_be_made_is_told),
		cmocka_unit_test(a_full_disk_is_told_and_got_over),
		cmocka_unit_test(a_disk_that_is_full_from_the_start_is_waited_for),
		cmocka_unit_test(a_full_queue_refuses),
		cmocka_unit_test(samples_are_found_by_name_and_time),
		cmocka_unit_test(samples_are_bounded_by_bytes),
		cmocka_unit_test(samples_beyond_the_queue_are_dropped_and_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
