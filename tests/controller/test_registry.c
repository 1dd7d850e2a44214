/* Instance names, and what is remembered of knobs. */
#include "support/harness.h"

#include "daemon/registry.h"

#include "support/fault_alloc.h"

#include <stdio.h>
#include <string.h>

/* Adds a plugin and gives its instance. */
static const char *add(struct registry *registry, const char *name, const char *wanted)
{
	struct plugin *plugin = plugin_new(name);
	struct plugin *replaced;

	assert_non_null(plugin);
	assert_ok(registry_add(registry, plugin, wanted, &replaced));
	plugin_free(replaced, registry);
	return plugin->instance;
}

static void end(struct registry *registry, const char *instance, int64_t when_ns)
{
	struct plugin *plugin = registry_find(registry, instance);

	assert_non_null(plugin);
	plugin->live = false;
	plugin->end_ns = when_ns;
	registry->live_count--;
}

static void a_second_live_plugin_of_a_name_gets_a_number(void **state)
{
	struct registry registry = {0};

	(void)state;
	assert_string_equal("cam", add(&registry, "cam", ""));
	assert_string_equal("cam-2", add(&registry, "cam", ""));
	assert_string_equal("cam-3", add(&registry, "cam", ""));
	end(&registry, "cam-2", 1);
	assert_string_equal("cam-2", add(&registry, "cam", ""));
	end(&registry, "cam", 2);
	assert_string_equal("cam", add(&registry, "cam", ""));
	assert_int_equal(3, registry.count);
	registry_fini(&registry);
}

static void a_plugin_that_comes_back_gets_its_instance_if_it_is_free(void **state)
{
	struct registry registry = {0};

	(void)state;
	assert_string_equal("cam-3", add(&registry, "cam", "cam-3"));
	assert_string_equal("cam", add(&registry, "cam", "cam-3"));
	assert_string_equal("cam-2", add(&registry, "cam", "cam"));
	registry_fini(&registry);
}

static void nobody_gets_the_name_of_another_plugin(void **state)
{
	const char *const wanted[] = {"mic",    "cam-",   "cam-x", "cam-1",
				      "cam-02", "camera", "cam-2x"};
	struct registry registry = {0};

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(wanted); i++) {
		char instance[NODE_INSTANCE_BYTES_MAX + 1];
		registry_choose(&registry, "cam", wanted[i], instance);
		assert_string_equal("cam", instance);
	}
	registry_fini(&registry);
}

static void plugins_are_sorted_by_instance(void **state)
{
	const char *const expected[] = {"a", "b", "b-2", "c"};
	struct registry registry = {0};
	const struct plugin *plugin = NULL;

	(void)state;
	(void)add(&registry, "b", "");
	(void)add(&registry, "c", "");
	(void)add(&registry, "a", "");
	(void)add(&registry, "b", "");
	for (size_t i = 0; i < FAST_TEST_COUNT(expected); i++) {
		plugin = registry_next(&registry, plugin == NULL ? "" : plugin->instance);
		assert_string_equal(expected[i], plugin->instance);
	}
	assert_null(registry_next(&registry, "c"));
	assert_string_equal("b", registry_next(&registry, "aa")->instance);
	registry_fini(&registry);
}

static void ended_plugins_are_forgotten_in_time(void **state)
{
	struct registry registry = {0};

	(void)state;
	(void)add(&registry, "a", "");
	(void)add(&registry, "b", "");
	(void)add(&registry, "c", "");
	end(&registry, "a", 10);
	end(&registry, "b", 20);
	registry_expire(&registry, 15);
	assert_null(registry_find(&registry, "a"));
	assert_non_null(registry_find(&registry, "b"));
	assert_non_null(registry_find(&registry, "c"));
	registry_fini(&registry);
}

static void there_are_limits_to_live_and_to_ended_plugins(void **state)
{
	struct registry registry = {0};
	struct plugin *one_more = plugin_new("one_more");
	struct plugin *replaced;
	char name[32];

	(void)state;
	assert_non_null(one_more);
	for (int i = 0; i < NODE_PLUGINS_MAX; i++) {
		(void)snprintf(name, sizeof name, "p%d", i);
		(void)add(&registry, name, "");
	}
	assert_status(FAST_RESOURCE_EXHAUSTED, registry_add(&registry, one_more, "", &replaced));
	for (int i = 0; i < NODE_PLUGINS_MAX; i++) {
		(void)snprintf(name, sizeof name, "p%d", i);
		end(&registry, name, 100 + i);
	}
	assert_ok(registry_add(&registry, one_more, "", &replaced));
	end(&registry, "one_more", 50);
	registry_expire(&registry, 0);
	assert_null(registry_find(&registry, "one_more")); /* the oldest */
	assert_int_equal(REGISTRY_ENDED_MAX, registry.count);
	registry_fini(&registry);
}

static void a_knob_is_remembered_without_its_plugin(void **state)
{
	struct registry registry = {0};
	struct record *record = registry_record_obtain(&registry, "cam");
	struct kept *kept;

	(void)state;
	assert_non_null(record);
	kept = record_kept_obtain(record, "quality");
	assert_non_null(kept);
	kept->set = true;
	(void)add(&registry, "cam", "");
	assert_ptr_equal(record, registry_find(&registry, "cam")->record);
	(void)add(&registry, "mic", "");
	assert_null(registry_find(&registry, "mic")->record);
	assert_non_null(registry_record_obtain(&registry, "mic"));
	assert_non_null(registry_find(&registry, "mic")->record);
	assert_non_null(record_kept(record, "quality"));
	record_kept_forget(record, "quality");
	assert_null(record_kept(record, "quality"));
	registry_fini(&registry);
}

static void each_allocation_failure_leaves_the_registry_whole(void **state)
{
	(void)state;
	for (int n = 0; n < 8; n++) {
		struct registry registry = {0};
		struct plugin *replaced;
		struct plugin *plugin;

		fault_alloc_after(n);
		plugin = plugin_new("cam");
		if (plugin != NULL && registry_add(&registry, plugin, "", &replaced) != FAST_OK) {
			plugin_free(plugin, &registry);
			plugin = NULL;
		}
		if (plugin != NULL) {
			(void)plugin_metric_room(plugin);
			(void)plugin_param_room(plugin);
		}
		(void)registry_record_obtain(&registry, "cam");
		fault_alloc_after(-1);
		registry_fini(&registry);
	}
}

static void metric_add(struct registry *registry, struct plugin *plugin, size_t *refused)
{
	struct metric *metric = plugin_metric_room(plugin);

	(void)registry;
	assert_non_null(metric);
	if (!metric_charge(plugin, metric, 1u << 20)) {
		++*refused;
		return;
	}
	assert_ok(series_init(&metric->series, FAST_METRIC_COUNTER, 1000, 0, 0));
	plugin->metric_count++;
}

/* However many plugins a user has, they share what one user may take. */
static void a_user_has_one_share_for_all_plugins(void **state)
{
	struct registry registry = {.series_budget.bytes_max = 512u << 20};
	struct fast_cell_reading reading = {.kind = FAST_METRIC_COUNTER};
	struct plugin *plugins[4];
	struct plugin *replaced;
	size_t refused = 0;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		plugins[i] = plugin_new("cam");
		assert_non_null(plugins[i]);
		plugins[i]->uid = i < 3 ? 1000 : 2000;
		assert_ok(registry_add(&registry, plugins[i], "", &replaced));
	}
	for (size_t i = 0; i < 150; i++) {
		metric_add(&registry, plugins[i % 3], &refused);
	}
	assert_int_equal(150 - (SHARE_SERIES_BYTES_MAX >> 20), refused);
	refused = 0;
	metric_add(&registry, plugins[3], &refused);
	assert_int_equal(0, refused); /* others have theirs */
	assert_int_equal(SHARE_SERIES_BYTES_MAX + (1u << 20), registry.series_budget.bytes);
	/* What has ended costs nothing any more. */
	for (size_t i = 0; i < plugins[0]->metric_count; i++) {
		series_add(&plugins[0]->metrics[i].series, &reading, 1, 1, 0,
			   &plugins[0]->sketch_budget);
	}
	plugin_freeze(plugins[0]);
	assert_int_equal(0, plugins[0]->series_budget.bytes);
	metric_add(&registry, plugins[1], &refused);
	assert_int_equal(0, refused);
	registry_fini(&registry);
	assert_int_equal(0, registry.series_budget.bytes);
	assert_null(registry.shares);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_second_live_plugin_of_a_name_gets_a_number),
		cmocka_unit_test(a_plugin_that_comes_back_gets_its_instance_if_it_is_free),
		cmocka_unit_test(nobody_gets_the_name_of_another_plugin),
		cmocka_unit_test(plugins_are_sorted_by_instance),
		cmocka_unit_test(ended_plugins_are_forgotten_in_time),
		cmocka_unit_test(there_are_limits_to_live_and_to_ended_plugins),
		cmocka_unit_test(a_knob_is_remembered_without_its_plugin),
		cmocka_unit_test(each_allocation_failure_leaves_the_registry_whole),
		cmocka_unit_test(a_user_has_one_share_for_all_plugins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
