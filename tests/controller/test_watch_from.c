/* A watch of knobs that goes on from a revision, and what it says when it can't. */
#include "daemon/watch.h"
#include "tests/controller/fake_node.h"
#include "tests/controller/fake_runtime.h"
#include "tests/support/harness.h"

#include <fast/v1/param.pb-c.h>
#include <stdlib.h>

#define EPOCH 77

struct world {
	struct node node;
	struct watch *watch;
	struct fast_call call;
};

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof *world);

	if (world == NULL) {
		return -1;
	}
	fake_node_init(&world->node);
	fake_node_add_plugin(&world->node, "cam");
	fake_node_add_param(&world->node, "cam", "res", 1);
	world->node.status.epoch = EPOCH;
	fake_call_init(&world->call);
	*state = world;
	return watch_open(&world->node, NULL, &world->watch) == FAST_OK ? 0 : -1;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	fake_call_cancel(&world->call);
	(void)fake_call_wait_end(&world->call);
	watch_stop(world->watch);
	watch_close(world->watch);
	fake_node_fini(&world->node);
	fake_call_fini(&world->call);
	free(world);
	return 0;
}

/* The knob changes so often, and with it the plugin's revision, which was 17. */
static void change(struct world *world, int times)
{
	for (int i = 0; i < times; i++) {
		fake_node_change(&world->node, &world->node.params[0], i);
	}
	pthread_mutex_lock(&world->node.lock);
	world->node.plugins[0].revision = world->node.params[0].revision;
	pthread_mutex_unlock(&world->node.lock);
}

static void watch_from(struct world *world, uint64_t revision, uint64_t epoch)
{
	const struct watch_start start = {.plugin = "cam",
					  .has_from_revision = true,
					  .from_revision = revision,
					  .epoch = epoch};

	assert_ok(watch_add_params(world->watch, &world->call, &start));
}

static void assert_item(struct world *world, size_t i, Fast__V1__ParamWatchKind kind,
			uint64_t revision)
{
	const Fast__V1__ParamWatchResponse *item;

	assert_true(fake_call_wait_items(&world->call, i + 1));
	item = (const Fast__V1__ParamWatchResponse *)world->call.items[i];
	assert_int_equal(kind, item->kind);
	assert_int_equal(revision, item->revision);
	assert_int_equal(EPOCH, item->epoch);
}

static uint64_t sequence_of(struct world *world, size_t i)
{
	assert_true(fake_call_wait_items(&world->call, i + 1));
	return ((const Fast__V1__ParamWatchResponse *)world->call.items[i])->sequence;
}

#define CHANGE FAST__V1__PARAM_WATCH_KIND__PARAM_WATCH_KIND_CHANGE
#define STATE  FAST__V1__PARAM_WATCH_KIND__PARAM_WATCH_KIND_STATE
#define GAP    FAST__V1__PARAM_WATCH_KIND__PARAM_WATCH_KIND_GAP
#define ENDED  FAST__V1__PARAM_WATCH_KIND__PARAM_WATCH_KIND_ENDED

static void changes_after_the_revision_are_replayed(void **state)
{
	struct world *world = *state;

	change(world, 4); /* 18 to 21 */
	watch_from(world, 19, EPOCH);
	assert_item(world, 0, CHANGE, 19); /* what happened at it may come again */
	assert_item(world, 1, CHANGE, 20);
	assert_item(world, 2, CHANGE, 21);
	change(world, 1);
	assert_item(world, 3, CHANGE, 22);
}

static void who_has_it_all_gets_what_comes(void **state)
{
	struct world *world = *state;

	watch_from(world, 17, EPOCH);
	change(world, 1);
	assert_item(world, 0, CHANGE, 18);
}

static void another_epoch_is_a_gap(void **state)
{
	struct world *world = *state;

	change(world, 4);
	watch_from(world, 19, EPOCH + 1);
	assert_item(world, 0, GAP, 0);
	assert_item(world, 1, STATE, 21);
	change(world, 1);
	assert_item(world, 2, CHANGE, 22);
}

static void a_revision_that_is_too_old_is_a_gap(void **state)
{
	struct world *world = *state;

	change(world, 2 * WATCH_CHANGES_MAX);
	watch_from(world, 19, EPOCH);
	assert_item(world, 0, GAP, 0);
	assert_item(world, 1, STATE, 17 + 2 * WATCH_CHANGES_MAX);
}

static void a_watch_of_all_plugins_goes_on_after_a_sequence_number(void **state)
{
	struct world *world = *state;
	const struct watch_start start = {
		.plugin = "*", .has_after_sequence = true, .after_sequence = 2, .epoch = EPOCH};

	fake_node_add_param(&world->node, "mic", "gain", 1);
	change(world, 2); /* of cam, to 18 and 19 */
	fake_node_change(&world->node, &world->node.params[1], 5);
	fake_node_end(&world->node, "cam", 19);
	assert_ok(watch_add_params(world->watch, &world->call, &start));
	assert_item(world, 0, CHANGE, 18); /* mic's first, at its revision 18 */
	assert_int_equal(3, sequence_of(world, 0));
	assert_item(world, 1, ENDED, 19);
	assert_int_equal(4, sequence_of(world, 1));
	change(world, 1);
	assert_item(world, 2, CHANGE, 20);
	assert_int_equal(5, sequence_of(world, 2));
	assert_int_equal(5, watch_sequence(world->watch));
}

/* Whoever goes on after a state before the last would miss the rest. */
static void only_the_last_state_has_a_sequence_number(void **state)
{
	struct world *world = *state;

	fake_node_add_param(&world->node, "mic", "gain", 1);
	change(world, 3);
	assert_ok(
		watch_add_params(world->watch, &world->call, &(struct watch_start){.plugin = ""}));
	assert_item(world, 0, STATE, 20);
	assert_int_equal(0, sequence_of(world, 0));
	assert_item(world, 1, STATE, 17);
	assert_int_equal(3, sequence_of(world, 1));
}

/* The call ends, and is there for another watch. */
static void end_watch(struct world *world)
{
	fake_call_cancel(&world->call);
	assert_true(fake_call_wait_end(&world->call));
	fake_call_fini(&world->call);
	fake_call_init(&world->call);
}

static void a_sequence_number_that_is_too_old_or_of_another_epoch_is_a_gap(void **state)
{
	static const struct watch_start starts[] = {
		{.plugin = "", .has_after_sequence = true, .after_sequence = 1, .epoch = EPOCH},
		{.plugin = "", .has_after_sequence = true, .after_sequence = 1, .epoch = 1},
		{.plugin = "", .has_after_sequence = true, .after_sequence = 9999, .epoch = 1},
	};
	struct world *world = *state;

	assert_ok(watch_add_params(world->watch, &world->call, &starts[0]));
	for (size_t i = 0; i < 2 * WATCH_CHANGES_MAX; i++) { /* none is lost on the way */
		change(world, 1);
		assert_true(fake_call_wait_items(&world->call, i));
	}
	for (size_t i = 0; i < FAST_TEST_COUNT(starts); i++) {
		end_watch(world);
		assert_ok(watch_add_params(world->watch, &world->call, &starts[i]));
		assert_item(world, 0, GAP, 0);
		assert_int_equal(0, sequence_of(world, 0));
		assert_item(world, 1, STATE, 17 + 2 * WATCH_CHANGES_MAX);
		assert_int_equal(2 * WATCH_CHANGES_MAX, sequence_of(world, 1));
	}
}

static void a_watch_tells_when_a_plugin_ends(void **state)
{
	struct world *world = *state;
	const Fast__V1__ParamWatchResponse *item;

	assert_ok(watch_add_params(world->watch, &world->call,
				   &(struct watch_start){.plugin = "c*"}));
	assert_item(world, 0, STATE, 17);
	fake_node_end(&world->node, "mic", 3); /* another one */
	fake_node_end(&world->node, "cam", 17);
	assert_item(world, 1, ENDED, 17);
	item = (const Fast__V1__ParamWatchResponse *)world->call.items[1];
	assert_string_equal("cam", item->plugin);
	assert_null(item->param);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(changes_after_the_revision_are_replayed),
		TEST(who_has_it_all_gets_what_comes),
		TEST(another_epoch_is_a_gap),
		TEST(a_revision_that_is_too_old_is_a_gap),
		TEST(a_watch_of_all_plugins_goes_on_after_a_sequence_number),
		TEST(only_the_last_state_has_a_sequence_number),
		TEST(a_sequence_number_that_is_too_old_or_of_another_epoch_is_a_gap),
		TEST(a_watch_tells_when_a_plugin_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
