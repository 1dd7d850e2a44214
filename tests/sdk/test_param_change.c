/* Waiting for changes, being called back for them, and saying how they went. */
#include "sdk/fake_fastd.h"
#include "sdk/world.h"

#include <fast/param_change.h>

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define WAIT_MS 10000
#define WAITERS 1000
#define STACK   65536

static struct fast_param *int_param(struct world *world, const char *name, enum fast_param_ack ack)
{
	const struct fast_param_spec spec = {
		.size = sizeof spec,
		.name = name,
		.type = FAST_PARAM_INT,
		.min = 0,
		.max = 1000,
		.ack = ack,
	};

	return world_param(world, &spec);
}

static void turn(struct fast_page_view *view, uint32_t slot, uint64_t revision, int64_t integer)
{
	struct fast_page_value value = {.type = FAST_PARAM_INT, .u.integer = integer};

	fast_page_view_set(view, slot, revision, &value);
	fast_page_view_commit(view);
}

static void a_wait_ends_in_time_or_at_once(void **state)
{
	struct world *world = *state;
	struct fast_param *param = int_param(world, "a", FAST_PARAM_ACK_READ);
	uint64_t seen = 0;
	uint64_t all = 0;

	assert_status(FAST_DEADLINE_EXCEEDED, fast_param_wait(param, &seen, 0));
	assert_status(FAST_DEADLINE_EXCEEDED, fast_param_wait(param, &seen, 5));
	assert_status(FAST_DEADLINE_EXCEEDED, fast_plugin_wait_params(world->plugin, &all, 5));
	assert_int_equal(0, seen);
	turn(world->view, 0, 7, 3);
	assert_ok(fast_param_wait(param, &seen, -1));
	assert_int_equal(7, seen);
	assert_ok(fast_plugin_wait_params(world->plugin, &all, -1));
	assert_int_not_equal(0, all);
	assert_status(FAST_DEADLINE_EXCEEDED, fast_param_wait(param, &seen, 0));
	assert_status(FAST_DEADLINE_EXCEEDED, fast_plugin_wait_params(world->plugin, &all, 0));
}

static void a_change_that_is_not_allowed_does_not_make_a_waiter_spin(void **state)
{
	struct world *world = *state;
	struct fast_param *param = int_param(world, "a", FAST_PARAM_ACK_READ);
	uint64_t seen = 0;

	turn(world->view, 0, 1, 4000);
	assert_ok(fast_param_wait(param, &seen, WAIT_MS));
	assert_int_equal(1, seen);
	assert_int_equal(0, fast_param_get_int(param));
	assert_int_equal(0, fast_param_revision(param));
	assert_status(FAST_DEADLINE_EXCEEDED, fast_param_wait(param, &seen, 1));
}

/* Many who wait, for params of their own. */
struct crowd {
	struct fast_param *params[2];
	atomic_int waiting;
	atomic_int woken[2];
	atomic_int lost;
};

struct waiter {
	struct crowd *crowd;
	int which;
	pthread_t thread;
};

static void *waiter_run(void *arg)
{
	struct waiter *waiter = arg;
	struct crowd *crowd = waiter->crowd;
	uint64_t seen = 0;

	atomic_fetch_add(&crowd->waiting, 1);
	if (fast_param_wait(crowd->params[waiter->which], &seen, 6 * WAIT_MS) != FAST_OK) {
		atomic_fetch_add(&crowd->lost, 1);
	}
	atomic_fetch_add(&crowd->woken[waiter->which], 1);
	return NULL;
}

static void crowd_start(struct waiter *waiters, int count)
{
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK);
	for (int i = 0; i < count; i++) {
		assert_int_equal(0, pthread_create(&waiters[i].thread, &attributes, waiter_run,
						   &waiters[i]));
	}
	pthread_attr_destroy(&attributes);
}

/* Every second of them waits for the other knob and goes on sleeping when the first is turned. */
static void a_thousand_waiters_wake_each_other(void **state)
{
	struct world *world = *state;
	struct waiter *waiters = calloc(WAITERS, sizeof *waiters);
	struct crowd crowd = {
		.params = {int_param(world, "a", FAST_PARAM_ACK_READ),
			   int_param(world, "b", FAST_PARAM_ACK_READ)},
	};

	assert_non_null(waiters);
	for (int i = 0; i < WAITERS; i++) {
		waiters[i] = (struct waiter){.crowd = &crowd, .which = i % 2};
	}
	crowd_start(waiters, WAITERS);
	while (atomic_load(&crowd.waiting) < WAITERS) {
		sched_yield();
	}
	turn(world->view, 0, 1, 1);
	for (int i = 0; i < WAITERS; i += 2) {
		pthread_join(waiters[i].thread, NULL);
	}
	assert_int_equal(WAITERS / 2, atomic_load(&crowd.woken[0]));
	assert_int_equal(0, atomic_load(&crowd.woken[1]));
	turn(world->view, 1, 2, 1);
	for (int i = 1; i < WAITERS; i += 2) {
		pthread_join(waiters[i].thread, NULL);
	}
	assert_int_equal(0, atomic_load(&crowd.lost));
	free(waiters);
}

/* fastd dies between the change and its wake: the plugin sees it go, and looks. */
static void a_waiter_is_not_lost_with_fastd(void **state)
{
	char *path = fake_path_new();
	struct fake_fastd *fastd = fake_fastd_start(path, FAKE_ANSWERS, "x");
	struct fast_plugin_options options = {.size = sizeof options, .socket = path};
	struct world world = {0};
	struct crowd crowd = {0};
	struct waiter waiter = {.crowd = &crowd};

	(void)state;
	assert_ok(fast_plugin_open("bird", &options, &world.plugin));
	crowd.params[0] = int_param(&world, "a", FAST_PARAM_ACK_READ);
	fake_fastd_await(fastd, params, 1);
	crowd_start(&waiter, 1);
	while (atomic_load(&crowd.waiting) < 1) {
		sched_yield();
	}
	/* As fast_page_view_commit(), cut short: the bank is in force, the word not yet set. */
	unsigned char *base = mmap(NULL, FAST_PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
				   world.plugin->map.fd, 0);
	assert_ptr_not_equal(MAP_FAILED, base);
	struct fast_page_params *region = (void *)(base + FAST_PAGE_A_OFFSET);
	region->bank[1][0].revision = 5;
	__atomic_store_n(&region->generation, 1, __ATOMIC_RELEASE);
	fake_fastd_stop(fastd);
	pthread_join(waiter.thread, NULL);
	assert_int_equal(0, atomic_load(&crowd.lost));
	assert_int_equal(0, munmap(base, FAST_PAGE_BYTES));
	fast_plugin_close(world.plugin);
	fake_path_free(path);
}

static void an_explicit_param_is_acknowledged_when_it_is_applied(void **state)
{
	struct world *world = *state;
	struct fast_param *param = int_param(world, "a", FAST_PARAM_ACK_EXPLICIT);

	turn(world->view, 0, 1, 5);
	assert_int_equal(5, fast_param_get_int(param));
	assert_int_equal(0, fast_page_view_ack(world->view, 0));
	fast_param_applied(param, fast_param_revision(param));
	assert_int_equal(1, fast_page_view_ack(world->view, 0));
}

static void a_spec_of_an_older_header_is_acknowledged_by_reading(void **state)
{
	struct world *world = *state;
	struct fast_param_spec spec = {
		.size = offsetof(struct fast_param_spec, ack),
		.name = "a",
		.type = FAST_PARAM_INT,
		.ack = FAST_PARAM_ACK_EXPLICIT, /* beyond its end */
	};
	struct fast_param *param = world_param(world, &spec);

	turn(world->view, 0, 1, 5);
	assert_int_equal(5, fast_param_get_int(param));
	assert_int_equal(1, fast_page_view_ack(world->view, 0));
}

static void a_failure_is_told_and_told_again_to_a_new_fastd(void **state)
{
	char *path = fake_path_new();
	struct fake_fastd *fastd = fake_fastd_start(path, FAKE_ANSWERS, "x");
	struct fast_plugin_options options = {.size = sizeof options, .socket = path};
	struct world world = {0};
	char reason[FAST_PARAM_REASON_BYTES_MAX + 8];

	(void)state;
	memset(reason, 'x', sizeof reason);
	memcpy(reason, "too\nlarge", 9);
	memcpy(reason + FAST_PARAM_REASON_BYTES_MAX - 1, "\xc3\xa4", 3); /* cut within */
	assert_ok(fast_plugin_open("bird", &options, &world.plugin));
	struct fast_param *param = int_param(&world, "a", FAST_PARAM_ACK_EXPLICIT);
	fast_param_failed(param, 4, reason);
	fake_fastd_await(fastd, failures, 1);
	struct fake_told told = fake_fastd_told(fastd);
	assert_string_equal("a", told.last_refused);
	assert_int_equal(4, told.last_refused_revision);
	assert_memory_equal("too largex", told.last_reason, 10);
	fake_fastd_stop(fastd);
	fastd = fake_fastd_start(path, FAKE_ANSWERS, "x");
	fake_fastd_await(fastd, failures, 1);
	fake_fastd_stop(fastd);
	fake_path_free(path);
	fast_plugin_close(world.plugin);
}

/* An older fastd would refuse each one. */
static void an_older_fastd_is_not_told_of_failures(void **state)
{
	char *path = fake_path_new();
	struct fake_fastd *fastd = fake_fastd_start(path, FAKE_IS_OLD, "x");
	struct fast_plugin_options options = {.size = sizeof options, .socket = path};
	struct world world = {0};

	(void)state;
	assert_ok(fast_plugin_open("bird", &options, &world.plugin));
	fast_param_failed(int_param(&world, "a", FAST_PARAM_ACK_READ), 4, NULL);
	assert_ok(fast_plugin_wait_attached(world.plugin, WAIT_MS));
	fast_plugin_close(world.plugin);
	fake_fastd_await(fastd, detaches, 1);
	assert_int_equal(0, fake_fastd_told(fastd).failures);
	fake_fastd_stop(fastd);
	fake_path_free(path);
}

struct called {
	int times;
	int64_t value;
	enum fast_status result;
};

static enum fast_status keep_call(struct fast_param *param, char *reason, void *arg)
{
	struct called *called = arg;

	called->times++;
	called->value = fast_param_get_int(param);
	(void)snprintf(reason, FAST_PARAM_REASON_BYTES_MAX + 1, "no");
	return called->result;
}

static void a_callback_runs_once_per_change_and_acknowledges(void **state)
{
	struct world *world = *state;
	struct fast_param *param = int_param(world, "a", FAST_PARAM_ACK_READ);
	struct fast_param *other = int_param(world, "b", FAST_PARAM_ACK_READ);
	struct called called = {0};

	fast_param_on_change(param, keep_call, &called);
	assert_int_equal(0, fast_plugin_dispatch(world->plugin));
	turn(world->view, 0, 1, 11);
	turn(world->view, 1, 2, 12);
	assert_int_equal(12, fast_param_get_int(other));
	assert_int_equal(1, fast_plugin_dispatch(world->plugin));
	assert_int_equal(0, fast_plugin_dispatch(world->plugin));
	assert_int_equal(1, called.times);
	assert_int_equal(11, called.value);
	assert_int_equal(1, fast_page_view_ack(world->view, 0));

	called.result = FAST_UNAVAILABLE;
	turn(world->view, 0, 3, 13);
	assert_int_equal(1, fast_plugin_dispatch(world->plugin));
	assert_int_equal(1, fast_page_view_ack(world->view, 0));
	assert_int_equal(3, param->failed_revision);
	assert_string_equal("no", param->failed_reason);

	fast_param_on_change(param, NULL, NULL);
	turn(world->view, 0, 4, 14);
	assert_int_equal(0, fast_plugin_dispatch(world->plugin));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_wait_ends_in_time_or_at_once),
		TEST(a_change_that_is_not_allowed_does_not_make_a_waiter_spin),
		TEST(a_thousand_waiters_wake_each_other),
		cmocka_unit_test(a_waiter_is_not_lost_with_fastd),
		TEST(an_explicit_param_is_acknowledged_when_it_is_applied),
		TEST(a_spec_of_an_older_header_is_acknowledged_by_reading),
		cmocka_unit_test(a_failure_is_told_and_told_again_to_a_new_fastd),
		cmocka_unit_test(an_older_fastd_is_not_told_of_failures),
		TEST(a_callback_runs_once_per_change_and_acknowledges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
