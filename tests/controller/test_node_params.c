/* Knobs of real plugins: what is set reaches them, and is remembered. */
#include "controller/node_world.h"

#include "daemon/change.h"

#include <fast/plugin.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static void a_set_reaches_the_plugin_and_is_seen_to_be_applied(void **state)
{
	struct world world;
	struct fast_plugin *plugin;
	struct fast_param *param;
	struct node_param seen;
	struct node_result result;
	char audit[512];

	(void)state;
	world_init(&world);
	plugin = world_plugin(&world, "cam");
	param = plugin_int_param(plugin, "quality", 7);
	seen = world_param_wait(&world, "cam", "quality", NODE_PARAM_UNSET);
	assert_int_equal(7, seen.desired.u.integer);
	result = world_set(&world, "cam", "quality", value_int(9), 0);
	assert_ok(result.status);
	assert_int_equal(1, result.revision);
	assert_true(world_param(&world, "cam", "quality", &seen));
	assert_int_equal(9, seen.desired.u.integer);
	assert_int_equal(7, seen.effective.u.integer);
	assert_int_equal(9, fast_param_get_int(param));
	seen = world_param_wait(&world, "cam", "quality", NODE_PARAM_APPLIED);
	assert_int_equal(9, seen.effective.u.integer);
	assert_int_equal(1, seen.effective_revision);
	assert_string_equal("set quality 7>9 ok;", world_audit(&world, "cam", audit, sizeof audit));
	fast_plugin_close(plugin);
	world_fini(&world);
}

/* Reads a knob as fast as it can. */
struct reader {
	struct fast_param *param;
	int64_t expected;
	int stop;  /* atomic */
	int wrong; /* atomic: another value was seen */
};

static void *reader_run(void *arg)
{
	struct reader *reader = arg;

	while (!__atomic_load_n(&reader->stop, __ATOMIC_RELAXED)) {
		if (fast_param_get_int(reader->param) != reader->expected) {
			__atomic_store_n(&reader->wrong, 1, __ATOMIC_RELAXED);
		}
	}
	return NULL;
}

static void a_restart_of_the_node_changes_nothing_for_the_plugin(void **state)
{
	struct world world;
	struct fast_plugin *plugin;
	struct fast_metric *frames;
	struct reader reader = {.expected = 9};
	struct node_param seen;
	struct node_metric metric;
	pthread_t thread;
	char audit[512];

	(void)state;
	world_init(&world);
	plugin = world_plugin(&world, "cam");
	frames = plugin_metric_of(plugin, "frames", FAST_METRIC_COUNTER);
	for (int i = 0; i < 20; i++) {
		char name[16];
		(void)snprintf(name, sizeof name, "other%d", i);
		(void)plugin_int_param(plugin, name, 1);
	}
	reader.param = plugin_int_param(plugin, "quality", 7);
	fast_metric_add(frames, 1000000);
	(void)world_metric_wait(&world, "cam", "frames", 1000000);
	(void)world_param_wait(&world, "cam", "quality", NODE_PARAM_UNSET);
	assert_ok(world_set(&world, "cam", "quality", value_int(9), 0).status);
	assert_int_equal(9, fast_param_get_int(reader.param));
	assert_int_equal(0, pthread_create(&thread, NULL, reader_run, &reader));
	for (int i = 0; i < 3; i++) {
		world_restart(&world);
		metric = world_metric_wait(&world, "cam", "frames", 1000000);
		assert_true(metric.rate_window < 1 && metric.rate_instant < 1);
		seen = world_param_wait(&world, "cam", "quality", NODE_PARAM_APPLIED);
		assert_int_equal(9, seen.desired.u.integer);
		assert_int_equal(9, seen.effective.u.integer);
		assert_int_equal(1, seen.revision);
		assert_string_equal("tester", seen.actor);
	}
	__atomic_store_n(&reader.stop, 1, __ATOMIC_RELAXED);
	assert_int_equal(0, pthread_join(thread, NULL));
	assert_int_equal(0, reader.wrong); /* not for a moment */
	assert_int_equal(2, world_set(&world, "cam", "quality", value_int(8), 0).revision);
	assert_string_equal("set quality 7>9 ok;set quality 9>8 ok;",
			    world_audit(&world, "cam", audit, sizeof audit));
	fast_plugin_close(plugin);
	world_fini(&world);
}

static void revisions_go_on_when_the_store_was_lost(void **state)
{
	struct world world;
	struct fast_plugin *plugin;
	struct fast_param *param;
	struct node_param seen;

	(void)state;
	world_init(&world);
	plugin = world_plugin(&world, "cam");
	param = plugin_int_param(plugin, "quality", 7);
	(void)world_param_wait(&world, "cam", "quality", NODE_PARAM_UNSET);
	for (int i = 1; i <= 5; i++) {
		assert_int_equal(i, world_set(&world, "cam", "quality", value_int(i), 0).revision);
	}
	assert_int_equal(5, fast_param_get_int(param));
	node_close(world.node);
	directory_remove(world.dir);
	world.node = NULL;
	world_restart(&world);
	seen = world_param_wait(&world, "cam", "quality", NODE_PARAM_UNSET);
	assert_int_equal(7, seen.desired.u.integer);
	assert_ok(fast_plugin_wait_attached(plugin, WORLD_WAIT_MS));
	assert_int_equal(6, world_set(&world, "cam", "quality", value_int(3), 0).revision);
	seen = world_param_wait(&world, "cam", "quality", NODE_PARAM_APPLYING);
	assert_int_equal(3, fast_param_get_int(param));
	(void)world_param_wait(&world, "cam", "quality", NODE_PARAM_APPLIED);
	fast_plugin_close(plugin);
	world_fini(&world);
}

static void a_kept_value_that_is_no_longer_allowed_is_not_applied(void **state)
{
	struct world world;
	struct fast_plugin *plugin;
	struct fast_param *param;
	struct node_param seen;
	const struct fast_param_spec narrow = {.size = sizeof narrow,
					       .name = "quality",
					       .type = FAST_PARAM_INT,
					       .initial.integer = 2,
					       .min = 0,
					       .max = 5};

	(void)state;
	world_init(&world);
	plugin = world_plugin(&world, "cam");
	(void)plugin_int_param(plugin, "quality", 7);
	(void)world_param_wait(&world, "cam", "quality", NODE_PARAM_UNSET);
	assert_ok(world_set(&world, "cam", "quality", value_int(9), 0).status);
	fast_plugin_close(plugin);
	world_plugin_wait(&world, "cam", false);
	seen = world_param_wait(&world, "cam", "quality", NODE_PARAM_PENDING);
	assert_false(seen.live);
	assert_status(FAST_FAILED_PRECONDITION,
		      world_set(&world, "cam", "quality", value_int(9), 0).status);
	plugin = world_plugin(&world, "cam");
	assert_ok(fast_plugin_param(plugin, &narrow, &param));
	seen = world_param_wait(&world, "cam", "quality", NODE_PARAM_FAILED);
	assert_int_equal(9, seen.desired.u.integer);
	assert_int_equal(2, seen.effective.u.integer);
	assert_int_equal(2, fast_param_get_int(param));
	assert_ok(world_set(&world, "cam", "quality", value_int(4), 0).status);
	assert_int_equal(4, fast_param_get_int(param));
	(void)world_param_wait(&world, "cam", "quality", NODE_PARAM_APPLIED);
	fast_plugin_close(plugin);
	world_fini(&world);
}

static void a_knob_that_is_not_read_times_out_and_may_be_applied_later(void **state)
{
	struct world world;
	struct fast_plugin *plugin;
	struct fast_param *param;

	(void)state;
	world_init(&world);
	plugin = world_plugin(&world, "cam");
	param = plugin_int_param(plugin, "quality", 7);
	(void)world_param_wait(&world, "cam", "quality", NODE_PARAM_UNSET);
	assert_ok(world_set(&world, "cam", "quality", value_int(9), 0).status);
	(void)world_param_wait(&world, "cam", "quality", NODE_PARAM_APPLYING);
	(void)world_param_wait(&world, "cam", "quality", NODE_PARAM_TIMEOUT);
	assert_int_equal(9, fast_param_get_int(param));
	(void)world_param_wait(&world, "cam", "quality", NODE_PARAM_APPLIED);
	fast_plugin_close(plugin);
	world_fini(&world);
}

/* Sets two knobs at once. */
static struct node_result set_two(struct world *world, const char *second, int64_t a, int64_t b,
				  const uint64_t *if_revision, bool dry_run)
{
	struct outcome outcome = {0};
	struct node_assignment assignments[2] = {{.param = "a", .value = value_int(a)},
						 {.value = value_int(b)}};
	const struct node_set set = {.plugin = "cam",
				     .assignments = assignments,
				     .count = 2,
				     .has_if_revision = if_revision != NULL,
				     .if_revision = if_revision != NULL ? *if_revision : 0,
				     .dry_run = dry_run,
				     .actor = "tester"};

	(void)snprintf(assignments[1].param, sizeof assignments[1].param, "%s", second);
	node_set(world->node, &set, outcome_done, &outcome);
	return outcome_wait(&outcome);
}

static void a_batch_is_all_or_nothing(void **state)
{
	struct world world;
	struct fast_plugin *plugin;
	struct fast_param *a;
	struct fast_param *b;
	struct node_result result;
	const uint64_t old = 0;
	const uint64_t newest = 1;
	char audit[1200];

	(void)state;
	world_init(&world);
	plugin = world_plugin(&world, "cam");
	a = plugin_int_param(plugin, "a", 1);
	b = plugin_int_param(plugin, "b", 2);
	(void)world_param_wait(&world, "cam", "b", NODE_PARAM_UNSET);
	result = set_two(&world, "b", 10, 2000, NULL, false);
	assert_status(FAST_OUT_OF_RANGE, result.status);
	assert_string_equal("b", result.refused_param);
	assert_true(result.has_nearest);
	assert_int_equal(1000, result.nearest.u.integer);
	assert_status(FAST_NOT_FOUND, set_two(&world, "c", 10, 20, NULL, false).status);
	assert_status(FAST_INVALID_ARGUMENT, set_two(&world, "a", 10, 20, NULL, false).status);
	assert_ok(set_two(&world, "b", 10, 20, NULL, true).status);
	assert_int_equal(1, fast_param_get_int(a));
	assert_int_equal(2, fast_param_get_int(b));
	result = set_two(&world, "b", 10, 20, &old, false);
	assert_ok(result.status);
	assert_int_equal(1, result.revision);
	assert_int_equal(10, fast_param_get_int(a));
	assert_int_equal(20, fast_param_get_int(b));
	result = set_two(&world, "b", 11, 21, &old, false);
	assert_status(FAST_ABORTED, result.status);
	assert_int_equal(1, result.revision);
	assert_ok(set_two(&world, "b", 11, 21, &newest, false).status);
	assert_string_equal("set a >10 param \"b\": 2000 is not allowed; it takes 0 to 1000;"
			    "set b >2000 param \"b\": 2000 is not allowed; it takes 0 to 1000;"
			    "set a >10 plugin \"cam\" has no param \"c\";"
			    "set a >10 param \"a\" is set twice; set it once;"
			    "set a >20 param \"a\" is set twice; set it once;"
			    "set a 1>10 ok;set b 2>20 ok;"
			    "set a >11 the newest revision of \"cam\" is 1, not 0;"
			    "set b >21 the newest revision of \"cam\" is 1, not 0;"
			    "set a 10>11 ok;set b 20>21 ok;",
			    world_audit(&world, "cam", audit, sizeof audit));
	fast_plugin_close(plugin);
	world_fini(&world);
}

/* Sets one knob again and again, beside others who do. */
struct setter {
	struct world *world;
	uint64_t revisions[100];
};

static void *setter_run(void *arg)
{
	struct setter *setter = arg;

	for (int i = 0; i < 100; i++) {
		struct node_result result =
			world_set(setter->world, "cam", "quality", value_int(i), 0);
		setter->revisions[i] = result.status == FAST_OK ? result.revision : 0;
	}
	return NULL;
}

static void *looker_run(void *arg)
{
	struct setter *setter = arg;
	struct node_metric metric;
	struct node_param param;

	for (int i = 0; i < 300; i++) {
		(void)world_metric(setter->world, "c*", "*", &metric);
		(void)world_param(setter->world, "", "", &param);
	}
	return NULL;
}

static void many_threads_set_and_look(void **state)
{
	static bool seen[401];
	static struct setter setters[4];
	struct world world;
	struct fast_plugin *plugin;
	pthread_t threads[5];

	(void)state;
	world_init(&world);
	plugin = world_plugin(&world, "cam");
	(void)plugin_int_param(plugin, "quality", 7);
	(void)plugin_metric_of(plugin, "fps", FAST_METRIC_HEARTBEAT);
	(void)world_param_wait(&world, "cam", "quality", NODE_PARAM_UNSET);
	for (int i = 0; i < 4; i++) {
		setters[i].world = &world;
	}
	for (int i = 0; i < 5; i++) {
		assert_int_equal(0,
				 pthread_create(&threads[i], NULL, i == 4 ? looker_run : setter_run,
						&setters[i % 4]));
	}
	for (int i = 0; i < 5; i++) {
		assert_int_equal(0, pthread_join(threads[i], NULL));
	}
	for (int i = 0; i < 400; i++) {
		uint64_t revision = setters[i / 100].revisions[i % 100];
		assert_in_range(revision, 1, 400);
		assert_false(seen[revision]);
		seen[revision] = true;
	}
	fast_plugin_close(plugin);
	world_fini(&world);
}

static void a_change_that_is_undone_leaves_those_before_it(void **state)
{
	struct world world;
	struct fast_plugin *plugin;
	struct change *first;
	struct change *second;
	const struct record *record;
	struct fast_page_value values[] = {value_int(50), value_int(60)};

	(void)state;
	world_init(&world);
	plugin = world_plugin(&world, "cam");
	(void)plugin_int_param(plugin, "quality", 7);
	(void)world_param_wait(&world, "cam", "quality", NODE_PARAM_UNSET);
	first = change_new(world.node, "cam", "tester", 1, 0);
	second = change_new(world.node, "cam", "tester", 1, 0);
	assert_non_null(first);
	assert_non_null(second);
	node_lock(world.node);
	assert_ok(change_item_add(first, "set", "quality", &values[0]));
	assert_ok(change_item_add(second, "set", "quality", &values[1]));
	record = registry_record(&world.node->registry, "cam");
	assert_int_equal(60, record_newest(record, "quality")->u.integer);
	change_undo(second);
	assert_int_equal(50, record_newest(record, "quality")->u.integer);
	change_undo(first);
	assert_null(record_newest(record, "quality"));
	node_unlock(world.node);
	change_free(second);
	change_free(first);
	fast_plugin_close(plugin);
	world_fini(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_set_reaches_the_plugin_and_is_seen_to_be_applied),
		cmocka_unit_test(a_restart_of_the_node_changes_nothing_for_the_plugin),
		cmocka_unit_test(revisions_go_on_when_the_store_was_lost),
		cmocka_unit_test(a_kept_value_that_is_no_longer_allowed_is_not_applied),
		cmocka_unit_test(a_knob_that_is_not_read_times_out_and_may_be_applied_later),
		cmocka_unit_test(a_batch_is_all_or_nothing),
		cmocka_unit_test(a_change_that_is_undone_leaves_those_before_it),
		cmocka_unit_test(many_threads_set_and_look),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
