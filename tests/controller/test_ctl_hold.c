/* `fastctl hold` as it is built, against a daemon whose plugin lives in real time. */
#include "tests/controller/fake_fastd.h"
#include "tests/support/harness.h"

#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS_MAX 10000
#define TABLE       "res,fps,acc\n1080,12,0.92\n720,26,0.89\n360,80,0.80\n"

struct world {
	struct fake_fastd fake;
	struct fastctl_child child;
	struct told told;
	char table[96];
	char line[256];
};

static int world_begin(void **state)
{
	struct world *world = calloc(1, sizeof *world);
	FILE *file;

	assert_non_null(world);
	fake_fastd_open(&world->fake);
	snprintf(world->table, sizeof world->table, "%s/table.csv", world->fake.dir);
	file = fopen(world->table, "w");
	assert_non_null(file);
	fputs(TABLE, file);
	assert_int_equal(0, fclose(file));
	*state = world;
	return 0;
}

static int world_end(void **state)
{
	struct world *world = *state;

	fake_fastd_close(&world->fake);
	pthread_mutex_destroy(&world->fake.lock);
	unlink(world->table);
	rmdir(world->fake.dir);
	free(world);
	return 0;
}

static void hold_start(struct world *world, const char *options)
{
	snprintf(world->line, sizeof world->line,
		 "hold 'fps >= 20' --maximize acc --table %s --ttl 1000 --json %s", world->table,
		 options);
	fastctl_start(&world->fake, &world->child, world->line);
}

static void assert_ended(struct world *world, int code, const char *err)
{
	fastctl_wait(&world->child, &world->told);
	if (world->told.code != code || strstr(world->told.err, err) == NULL) {
		fail_msg("ended with %d, wrote:\n%s\nand:\n%s", world->told.code, world->told.out,
			 world->told.err);
	}
}

/* Waits until a count of the fake daemon's, a member of its state, has come to a bound. */
static void wait_for(struct world *world, size_t member, unsigned bound)
{
	const struct timespec poll_interval = {.tv_nsec = 10000000};
	unsigned count = 0;

	for (int waited_ms = 0; count < bound && waited_ms < WAIT_MS_MAX; waited_ms += 10) {
		struct fake_state seen;

		nanosleep(&poll_interval, NULL);
		seen = fake_seen(&world->fake);
		memcpy(&count, (const char *)&seen + member, sizeof count);
	}
	assert_true(count >= bound);
}

/* A number in the last decision that was printed. */
static double last_told(const struct world *world, const char *key)
{
	const char *line = world->told.out, *next;
	double number;
	json_t *json;

	while ((next = strchr(line, '\n')) != NULL && next[1] != '\0') {
		line = next + 1;
	}
	json = json_loads(line, 0, NULL);
	assert_non_null(json);
	number = json_number_value(json_object_get(json, key));
	json_decref(json);
	return number;
}

static void it_meets_the_goal_by_mixing(void **state)
{
	struct world *world = *state;

	hold_start(world, "--for 3");
	assert_ended(world, 0, "");
	assert_int_equal(1, fake_seen(&world->fake).claims);
	assert_int_equal(1, fake_seen(&world->fake).releases);
	assert_int_equal(0, fake_seen(&world->fake).reverts);
	assert_int_equal(0, fake_seen(&world->fake).sets_without_lease);
	assert_true(fake_seen(&world->fake).renewals >= 3);
	assert_true(fake_seen(&world->fake).sets >= 3);
	assert_true(fabs(last_told(world, "base") - 1) < 0.15);
	assert_true(last_told(world, "rate") >= 17);
	assert_true(fabs(last_told(world, "share") - 9 / 14.0) < 0.35);
}

static void it_follows_a_machine_that_slows_down(void **state)
{
	struct world *world = *state;

	hold_start(world, "--for 4");
	wait_for(world, offsetof(struct fake_state, sets), 2);
	fake_set(&world->fake, slowness, 0.5);
	assert_ended(world, 0, "");
	assert_true(fabs(last_told(world, "base") - 0.5) < 0.1);
	assert_true(last_told(world, "rate") >= 16);
}

static void it_learns_and_writes_the_table(void **state)
{
	struct world *world = *state;
	double rates[3] = {0};
	FILE *file;

	hold_start(world, "--learn --learn-ms 500 --for 1");
	assert_ended(world, 0, "learned 3 of 3: res=360 fps=");
	assert_int_equal(0, fake_seen(&world->fake).reverts);
	file = fopen(world->table, "r");
	assert_non_null(file);
	assert_int_equal(3, fscanf(file, "res,fps,acc\n1080,%lf,0.92\n720,%lf,0.89\n360,%lf,0.8\n",
				   &rates[0], &rates[1], &rates[2]));
	fclose(file);
	for (size_t i = 0; i < FAKE_SETTINGS; i++) {
		assert_true(fabs(rates[i] / fake_rates[i] - 1) < 0.1);
	}
}

static void a_goal_out_of_reach_ends_with_4(void **state)
{
	struct world *world = *state;

	fake_set(&world->fake, slowness, 0.1);
	hold_start(world, "--for 3");
	assert_ended(world, 4, "fps >= 20 is out of reach: the fastest configuration");
	assert_non_null(strstr(world->told.err, "was out of reach for"));
	assert_int_equal(2, fake_seen(&world->fake).setting);
}

static void knobs_held_by_another_are_refused_with_the_name(void **state)
{
	struct world *world = *state;

	fake_set(&world->fake, held_by_other, true);
	hold_start(world, "--for 3");
	assert_ended(world, 1, "held by uid 7 pid 8 (another)");
	assert_int_equal(0, fake_seen(&world->fake).sets);
}

static void a_claim_that_another_took_ends_with_4(void **state)
{
	struct world *world = *state;

	hold_start(world, "--for 20");
	wait_for(world, offsetof(struct fake_state, sets), 1);
	fake_set(&world->fake, held_by_other, true);
	assert_ended(world, 4,
		     "the claim is lost: uid 7 pid 8 (another) holds the knobs of camera");
}

static void it_comes_back_when_the_daemon_does(void **state)
{
	struct world *world = *state;

	hold_start(world, "--for 4");
	wait_for(world, offsetof(struct fake_state, sets), 2);
	fake_fastd_close(&world->fake);
	fake_set(&world->fake, lease, 0);
	fake_fastd_open(&world->fake);
	wait_for(world, offsetof(struct fake_state, claims), 2);
	assert_ended(world, 0, "");
	assert_string_equal("", world->told.err);
	assert_int_equal(2, fake_seen(&world->fake).claims);
	assert_int_equal(1, fake_seen(&world->fake).releases);
	assert_true(fabs(last_told(world, "base") - 1) < 0.15);
}

static void its_patience_has_an_end(void **state)
{
	struct world *world = *state;

	hold_start(world, "--patience 1");
	wait_for(world, offsetof(struct fake_state, sets), 1);
	fake_fastd_close(&world->fake);
	assert_ended(world, 4, "for 1 s there was no way back");
	fake_fastd_open(&world->fake);
}

static void an_interrupt_gives_the_knobs_back(void **state)
{
	struct world *world = *state;

	hold_start(world, "");
	wait_for(world, offsetof(struct fake_state, sets), 1);
	kill(world->child.pid, SIGTERM);
	assert_ended(world, 0, "");
	assert_int_equal(1, fake_seen(&world->fake).releases);
	assert_int_equal(0, fake_seen(&world->fake).reverts);
	hold_start(world, "--revert");
	wait_for(world, offsetof(struct fake_state, claims), 2);
	kill(world->child.pid, SIGINT);
	assert_ended(world, 0, "");
	assert_int_equal(1, fake_seen(&world->fake).reverts);
}

static void learning_that_is_cut_short_puts_the_knobs_back(void **state)
{
	struct world *world = *state;

	hold_start(world, "--learn");
	wait_for(world, offsetof(struct fake_state, sets), 2);
	assert_int_equal(1, fake_seen(&world->fake).setting);
	kill(world->child.pid, SIGINT);
	assert_ended(world, 0, "learning visits 3 settings of camera, which takes about 5 s");
	assert_non_null(strstr(world->told.err, "the knobs go back to where they were"));
	assert_int_equal(1, fake_seen(&world->fake).reverts);
}

static void a_plugin_that_does_not_read_its_knobs_cannot_be_learned(void **state)
{
	struct world *world = *state;

	fake_set(&world->fake, late, true);
	hold_start(world, "--learn");
	assert_ended(world, 1, "camera has not read its knobs for 5 s");
	assert_int_equal(1, fake_seen(&world->fake).releases);
	assert_int_equal(1, fake_seen(&world->fake).reverts);
}

int main(void)
{
#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)
	const struct CMUnitTest tests[] = {
		WORLD_TEST(it_meets_the_goal_by_mixing),
		WORLD_TEST(it_follows_a_machine_that_slows_down),
		WORLD_TEST(it_learns_and_writes_the_table),
		WORLD_TEST(a_goal_out_of_reach_ends_with_4),
		WORLD_TEST(knobs_held_by_another_are_refused_with_the_name),
		WORLD_TEST(a_claim_that_another_took_ends_with_4),
		WORLD_TEST(it_comes_back_when_the_daemon_does),
		WORLD_TEST(its_patience_has_an_end),
		WORLD_TEST(an_interrupt_gives_the_knobs_back),
		WORLD_TEST(learning_that_is_cut_short_puts_the_knobs_back),
		WORLD_TEST(a_plugin_that_does_not_read_its_knobs_cannot_be_learned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
