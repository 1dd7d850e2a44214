/* Leases that end with the process that holds them. */
#include "controller/knob_world.h"

#include <dirent.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const quality[] = {"quality"};

/* A claim of "quality", to be changed and made. */
static struct node_claim claim_of(const char *actor)
{
	return (struct node_claim){.plugin = "cam",
				   .params = quality,
				   .count = 1,
				   .terms = {.ttl_ms = 60000,
					     .on_loss = NODE_ON_LOSS_REVERT,
					     .notice_ms = NODE_NOTICE_MS_MIN},
				   .actor = actor};
}

static struct node_result claim(struct knob_world *fixture, const struct node_claim *claim)
{
	struct outcome outcome = {0};

	node_claim(fixture->world.node, claim, outcome_done, &outcome);
	return outcome_wait(&outcome);
}

static struct node_result renew(struct knob_world *fixture, const struct node_lease_key *key)
{
	struct outcome outcome = {0};

	node_renew(fixture->world.node, key, outcome_done, &outcome);
	return outcome_wait(&outcome);
}

/* Who is waited for to hold "quality". */
struct wanted {
	struct knob_world *fixture;
	const char *owner;
};

static bool has_owner(void *arg)
{
	const struct wanted *wanted = arg;
	struct node_param param;

	return world_param(&wanted->fixture->world, "cam", "quality", &param) &&
	       strcmp(param.lease_owner, wanted->owner) == 0;
}

static void wait_owner(struct knob_world *fixture, const char *owner)
{
	struct wanted wanted = {.fixture = fixture, .owner = owner};

	wait_until(has_owner, &wanted);
}

/* A process that does nothing until it is killed. */
static pid_t process_start(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;) {
			(void)pause();
		}
	}
	assert_true(pid > 0);
	return pid;
}

static void process_kill(pid_t pid)
{
	assert_int_equal(0, kill(pid, SIGKILL));
	assert_int_equal(pid, waitpid(pid, NULL, 0));
}

static void the_end_of_the_claiming_process_ends_its_lease(void **state)
{
	struct knob_world fixture;
	struct node_claim tied = claim_of("clerk");
	struct node_result held;
	pid_t pid = process_start();

	(void)state;
	knob_world_init(&fixture);
	tied.pid = (uint32_t)pid;
	held = claim(&fixture, &tied);
	assert_ok(held.status);
	assert_ok(knob_set(&fixture, 9, held.lease_id).status);
	assert_int_equal(9, fast_param_get_int(fixture.quality));
	process_kill(pid);
	knob_wait(fixture.quality, 7); /* long before its minute is over */
	wait_owner(&fixture, "");
	/* Nobody is left to hold it. */
	assert_status(FAST_CANCELLED, claim(&fixture, &tied).status);
	tied.terms.outlive_process = true;
	assert_ok(claim(&fixture, &tied).status);
	knob_world_fini(&fixture);
}

/* Descriptors of processes, of the node in this one: one for each plugin and for each tied lease.
 */
static int pidfds(void)
{
	DIR *folder = opendir("/proc/self/fd");
	const struct dirent *entry;
	char target[64];
	int count = 0;

	assert_non_null(folder);
	while ((entry = readdir(folder)) != NULL) {
		ssize_t length =
			readlinkat(dirfd(folder), entry->d_name, target, sizeof target - 1);

		target[length > 0 ? length : 0] = '\0';
		count += strstr(target, "pidfd") != NULL;
	}
	(void)closedir(folder);
	return count;
}

static bool has_one_tie(void *arg)
{
	return pidfds() == *(int *)arg + 1;
}

static void the_end_of_an_older_process_does_not_concern_who_came_after_it(void **state)
{
	struct knob_world fixture;
	struct node_claim mine = claim_of("clerk");
	struct node_result held;
	struct node_param seen;
	pid_t older = process_start();
	pid_t newer = process_start();
	int before;

	(void)state;
	knob_world_init(&fixture);
	before = pidfds();
	mine.client = "loop-1";
	mine.pid = (uint32_t)older;
	held = claim(&fixture, &mine);
	assert_ok(held.status);
	mine.pid = (uint32_t)newer;
	for (int i = 0; i < 20; i++) {
		assert_int_equal(held.lease_id, claim(&fixture, &mine).lease_id);
	}
	assert_ok(knob_set(&fixture, 9, held.lease_id).status);
	process_kill(older);
	wait_until(has_one_tie, &before); /* of 21 claims */
	assert_true(world_param(&fixture.world, "cam", "quality", &seen));
	assert_int_equal(held.lease_id, seen.lease_id);
	assert_ok(knob_set(&fixture, 10, held.lease_id).status);
	process_kill(newer);
	knob_wait(fixture.quality, 7);
	knob_world_fini(&fixture);
}

static void a_lease_from_before_a_restart_is_tied_again_when_it_is_renewed(void **state)
{
	struct knob_world fixture;
	struct node_claim tied = claim_of("clerk");
	struct node_result held;
	pid_t pid = process_start();
	struct node_lease_key key = {.pid = (uint32_t)pid};

	(void)state;
	knob_world_init(&fixture);
	tied.pid = (uint32_t)pid;
	held = claim(&fixture, &tied);
	assert_ok(knob_set(&fixture, 9, held.lease_id).status);
	world_restart(&fixture.world);
	key.id = held.lease_id;
	assert_ok(renew(&fixture, &key).status);
	process_kill(pid);
	knob_wait(fixture.quality, 7);
	knob_world_fini(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_end_of_the_claiming_process_ends_its_lease),
		cmocka_unit_test(the_end_of_an_older_process_does_not_concern_who_came_after_it),
		cmocka_unit_test(a_lease_from_before_a_restart_is_tied_again_when_it_is_renewed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
