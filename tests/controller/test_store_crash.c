/* A process that writes is killed again and again: what it was told to be committed is there. */
#include "support/harness.h"

#include "controller/node_world.h"
#include "daemon/store.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KILLS                  40
#define KILL_AFTER_COMMITS_MAX 60

static enum fast_status store_at(const char *dir, struct store **out)
{
	const struct store_options options = {.state_dir = dir,
					      .samples_bytes_max = 1u << 20,
					      .samples_age_s_max = {86400, 864000}};
	char error[NODE_TEXT_BYTES_MAX];

	return store_open(&options, out, error);
}

/* What the child tells its parent through a pipe: the newest revision that is committed. */
static void commit_tell(enum fast_status status, const char *error, void *arg)
{
	const uint64_t *told = arg;
	ssize_t count = 0;

	(void)error;
	if (status == FAST_OK) {
		count = write((int)told[1], &told[0], sizeof told[0]);
	}
	(void)count; /* the parent may be gone */
}

static void job_fill(struct store_job *job, uint64_t revision)
{
	struct store_param *param = &store_job_add(job, STORE_PUT_PARAM)->u.param;
	struct store_revision *newest = &store_job_add(job, STORE_PUT_REVISION)->u.revision;
	struct store_audit *audit = &store_job_add(job, STORE_PUT_AUDIT)->u.audit;

	(void)snprintf(param->instance, sizeof param->instance, "cam");
	(void)snprintf(param->param, sizeof param->param, "k%d", (int)(revision % 7));
	param->value =
		(struct fast_page_value){.type = FAST_PARAM_INT, .u.integer = (int64_t)revision};
	param->revision = revision;
	(void)snprintf(newest->instance, sizeof newest->instance, "cam");
	newest->revision = revision;
	(void)snprintf(audit->instance, sizeof audit->instance, "cam");
	(void)snprintf(audit->verb, sizeof audit->verb, "set");
	audit->revision = revision;
}

/* The child's life: writes until it is killed. */
static void child_run(const char *dir, uint64_t revision, int told_fd)
{
	struct store *store = NULL;

	if (store_at(dir, &store) != FAST_OK || store_start(store) != FAST_OK) {
		_exit(1);
	}
	for (;;) {
		uint64_t *told = malloc(2 * sizeof *told); /* never freed: it is killed */
		struct store_job *job = told == NULL ? NULL : store_job_new(3, commit_tell, told);

		if (job == NULL) {
			_exit(2);
		}
		told[0] = ++revision;
		told[1] = (uint64_t)told_fd;
		job_fill(job, revision);
		while (store_push(store, job) != FAST_OK) {
			(void)sched_yield();
		}
	}
}

/* Newest value of each knob, and the newest revision. */
struct loaded {
	uint64_t revision;
	uint64_t newest;
	size_t params;
};

static bool note_revision(const struct store_revision *revision, void *arg)
{
	((struct loaded *)arg)->revision = revision->revision;
	return true;
}

static bool note_param(const struct store_param *param, void *arg)
{
	struct loaded *loaded = arg;

	assert_int_equal(param->revision, param->value.u.integer);
	loaded->params++;
	loaded->newest = param->revision > loaded->newest ? param->revision : loaded->newest;
	return true;
}

static bool note_lease(const struct store_lease *lease, void *arg)
{
	(void)lease;
	(void)arg;
	return true;
}

static bool note_baseline(const struct store_baseline *baseline, void *arg)
{
	(void)baseline;
	(void)arg;
	return true;
}

static struct loaded load(const char *dir)
{
	struct loaded loaded = {0};
	const struct store_visitor visitor = {.revision = note_revision,
					      .param = note_param,
					      .lease = note_lease,
					      .baseline = note_baseline,
					      .arg = &loaded};
	struct store *store = NULL;

	assert_ok(store_at(dir, &store));
	assert_ok(store_load(store, &visitor));
	store_close(store);
	return loaded;
}

/* Reads so many words from the child, kills it, and reads what it had still said. */
static uint64_t child_kill(pid_t child, int told_fd, int commits)
{
	uint64_t newest = 0;
	uint64_t told;
	int wait_status;

	for (int i = 0; i < commits; i++) {
		assert_int_equal(sizeof told, read(told_fd, &told, sizeof told));
		newest = told;
	}
	assert_int_equal(0, kill(child, SIGKILL));
	assert_int_equal(child, waitpid(child, &wait_status, 0));
	assert_true(WIFSIGNALED(wait_status));
	while (read(told_fd, &told, sizeof told) == (ssize_t)sizeof told) {
		assert_true(told > newest);
		newest = told;
	}
	return newest;
}

static void nothing_that_was_committed_is_lost_by_a_kill(void **state)
{
	char dir[] = "/tmp/fastd-crash-XXXXXX";
	uint64_t revision = 0;

	(void)state;
	assert_non_null(mkdtemp(dir));
	for (int i = 0; i < KILLS; i++) {
		int pipe_fds[2];
		uint64_t committed;
		struct loaded loaded;
		pid_t child;

		assert_int_equal(0, pipe(pipe_fds));
		child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			(void)close(pipe_fds[0]);
			child_run(dir, revision, pipe_fds[1]);
		}
		(void)close(pipe_fds[1]);
		committed = child_kill(child, pipe_fds[0], 1 + i * 7 % KILL_AFTER_COMMITS_MAX);
		(void)close(pipe_fds[0]);
		loaded = load(dir);
		assert_true(loaded.revision >= committed);
		assert_int_equal(loaded.revision, loaded.newest); /* each job whole */
		revision = loaded.revision;
	}
	directory_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_that_was_committed_is_lost_by_a_kill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
