/* Metrics for which a node has no room: they are folded into a marked series of their kind. */
#include "controller/raw_world.h"

#include "daemon/node_impl.h"

#include "page/page.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define OVERFLOW_OF(kind) "fast.overflow_" kind "{overflow=\"true\"}"

/* From now on nothing more fits. */
static void memory_spend(struct node *node)
{
	node_lock(node);
	node->registry.series_budget.bytes_max = node->registry.series_budget.bytes;
	node_unlock(node);
}

/* What is waited for in a metric. */
struct wanted {
	struct world *world;
	const char *name;
	double value;
};

static bool has_value(void *arg)
{
	const struct wanted *wanted = arg;
	struct node_metric metric;

	return world_metric(wanted->world, "cam", wanted->name, &metric) && metric.sampled &&
	       metric.value == wanted->value;
}

static void value_wait(struct world *world, const char *name, double value)
{
	struct wanted wanted = {world, name, value};

	wait_until(has_value, &wanted);
}

static bool has_told(void *arg)
{
	char sentence[512];

	fast_plugin_error(arg, sentence, sizeof sentence);
	return strstr(sentence, "what it counts goes to fast.overflow_counter{overflow=") != NULL;
}

static void counters_are_added_up(void **state)
{
	struct node_metric metric;
	struct fast_metric *kept;
	struct fast_metric *two;
	struct fast_plugin *plugin;
	struct world world;

	(void)state;
	world_init(&world);
	plugin = world_plugin(&world, "cam");
	kept = plugin_metric_of(plugin, "kept", FAST_METRIC_COUNTER);
	(void)world_metric_wait(&world, "cam", "kept", 0);
	memory_spend(world.node);
	fast_metric_add(plugin_metric_of(plugin, "one", FAST_METRIC_COUNTER), 5);
	two = plugin_metric_of(plugin, "two", FAST_METRIC_COUNTER);
	fast_metric_add(two, 7);
	fast_metric_inc(kept);
	metric = world_metric_wait(&world, "cam", OVERFLOW_OF("counter"), 12);
	assert_int_equal(12, metric.count);
	assert_string_equal("overflow=\"true\"", metric.labels);
	assert_int_equal(FAST_METRIC_COUNTER, metric.kind);
	fast_metric_add(two, 100);
	metric = world_metric_wait(&world, "cam", OVERFLOW_OF("counter"), 112);
	assert_int_equal(112, metric.count);
	assert_int_equal(1, world_metric_wait(&world, "cam", "kept", 1).count);
	assert_false(world_metric(&world, "cam", "one", &metric));
	assert_int_equal(2, world_plugin_wait(&world, "cam", true).series_rejected);
	wait_until(has_told, plugin); /* its author knows */
	fast_plugin_close(plugin);
	world_fini(&world);
}

static void the_other_kinds_have_series_of_their_own(void **state)
{
	struct fast_metric *gauges[2];
	struct node_metric metric;
	struct fast_plugin *plugin;
	struct world world;

	(void)state;
	world_init(&world);
	plugin = world_plugin(&world, "cam");
	memory_spend(world.node);
	for (int i = 0; i < 2; i++) {
		char name[16];

		(void)snprintf(name, sizeof name, "h%d", i);
		fast_metric_observe(plugin_metric_of(plugin, name, FAST_METRIC_HISTOGRAM), i + 1);
		(void)snprintf(name, sizeof name, "t%d", i);
		fast_metric_observe(plugin_metric_of(plugin, name, FAST_METRIC_TIMER), 0.5);
		(void)snprintf(name, sizeof name, "b%d", i);
		fast_metric_beat(plugin_metric_of(plugin, name, FAST_METRIC_HEARTBEAT), 3);
		(void)snprintf(name, sizeof name, "g%d", i);
		gauges[i] = plugin_metric_of(plugin, name, FAST_METRIC_GAUGE);
	}
	metric = world_metric_wait(&world, "cam", OVERFLOW_OF("histogram"), 2);
	assert_float_equal(3, metric.sum, 1e-9);
	metric = world_metric_wait(&world, "cam", OVERFLOW_OF("timer"), 2);
	assert_float_equal(1, metric.sum, 1e-9);
	assert_string_equal("s", metric.unit);
	metric = world_metric_wait(&world, "cam", OVERFLOW_OF("heartbeat"), 2);
	assert_float_equal(6, metric.sum, 1e-9);
	assert_true(world_metric(&world, "cam", OVERFLOW_OF("gauge"), &metric));
	for (int i = 0; i < 6; i++) { /* the one that was set last */
		fast_metric_set(gauges[i % 2], i);
		value_wait(&world, OVERFLOW_OF("gauge"), i);
	}
	fast_plugin_close(plugin);
	world_fini(&world);
}

static void facts_are_refused(void **state)
{
	const struct fast_metric_spec spec = {
		.size = sizeof spec, .name = "facts", .kind = FAST_METRIC_INFO};
	struct fast_metric *facts = NULL;
	struct node_metric metric;
	struct fast_plugin *plugin;
	struct world world;

	(void)state;
	world_init(&world);
	plugin = world_plugin(&world, "cam");
	memory_spend(world.node);
	assert_ok(fast_plugin_metric(plugin, &spec, &facts));
	fast_metric_inc(plugin_metric_of(plugin, "one", FAST_METRIC_COUNTER));
	(void)world_metric_wait(&world, "cam", OVERFLOW_OF("counter"), 1);
	assert_int_equal(2, world_plugin_wait(&world, "cam", true).series_rejected);
	assert_int_equal(1, world_plugin_wait(&world, "cam", true).metric_count);
	assert_false(world_metric(&world, "cam", "facts", &metric));
	fast_plugin_close(plugin);
	world_fini(&world);
}

/* The SDK folds those beyond its thousand by itself, and the node takes what it makes of them. */
static void a_plugins_own_overflow_is_a_metric_like_any(void **state)
{
	struct node_metric metric;
	struct fast_plugin *plugin;
	struct world world;
	char name[16];

	(void)state;
	world_init(&world);
	plugin = world_plugin(&world, "cam");
	for (int i = 0; i < FAST_PLUGIN_METRICS_MAX + 10; i++) {
		(void)snprintf(name, sizeof name, "m%d", i);
		fast_metric_inc(plugin_metric_of(plugin, name, FAST_METRIC_COUNTER));
	}
	metric = world_metric_wait(&world, "cam", OVERFLOW_OF("counter"), 10);
	assert_int_equal(10, metric.count);
	assert_int_equal(10, world_metric_wait(&world, "cam", "fast.series_folded", 10).count);
	assert_int_equal(0, world_plugin_wait(&world, "cam", true).series_rejected);
	assert_int_equal(1, world_metric_wait(&world, "cam", "m999", 1).count);

	memory_spend(world.node); /* what the node folds comes to it */
	plugin_metric_of(plugin, "late", FAST_METRIC_GAUGE);
	fast_metric_inc(plugin_metric_of(plugin, "later", FAST_METRIC_COUNTER));
	assert_int_equal(11, world_metric_wait(&world, "cam", OVERFLOW_OF("counter"), 11).count);
	fast_plugin_close(plugin);
	world_fini(&world);
}

/* A page, and a plugin that says what it likes of it. */
static void what_a_late_one_has_counted_before_is_no_jump(void **state)
{
	const uint32_t cells[] = {FAST_PAGE_CELLS_OFFSET, FAST_PAGE_CELLS_OFFSET + 64};
	int page = raw_page();
	unsigned char *bytes =
		mmap(NULL, FAST_PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, page, 0);
	struct node_metric metric;
	struct raw_world raw;

	(void)state;
	assert_true(bytes != MAP_FAILED);
	raw_world_init(&raw);
	memory_spend(raw.world.node);
	*(uint64_t *)(void *)(bytes + cells[0]) = 5;
	*(uint64_t *)(void *)(bytes + cells[1]) = 1000000;
	assert_true(raw_send_attach(raw.fd, "cam", "", page));
	assert_true(raw_receive(raw.fd).attached);
	assert_true(raw_send_metric(raw.fd, "one", FAST_METRIC_COUNTER, cells[0]));
	raw_world_refused(&raw, FAST_RESOURCE_EXHAUSTED,
			  "what it counts goes to fast.overflow_counter{overflow=\"true\"}");
	(void)world_metric_wait(&raw.world, "cam", OVERFLOW_OF("counter"), 5);
	assert_true(raw_send_metric(raw.fd, "two", FAST_METRIC_COUNTER, cells[1]));
	raw_world_refused(&raw, FAST_RESOURCE_EXHAUSTED, "no memory left");
	metric = world_metric_wait(&raw.world, "cam", OVERFLOW_OF("counter"), 1000005);
	assert_float_equal(0, metric.rate_window, 0);
	assert_true(raw_send_metric(raw.fd, "one", FAST_METRIC_COUNTER, cells[0]));
	assert_true(raw_send_metric(raw.fd, "Three", FAST_METRIC_COUNTER, cells[1] + 64));
	raw_world_refused(&raw, FAST_INVALID_ARGUMENT, "Three"); /* "one" again is the same */
	(void)munmap(bytes, FAST_PAGE_BYTES);
	(void)close(page);
	raw_world_fini(&raw);
}

static void a_plugin_is_told_of_each_and_not_ended_for_it(void **state)
{
	struct raw_world raw;
	char name[16];

	(void)state;
	raw_world_init(&raw);
	raw_world_attach(&raw, "cam");
	memory_spend(raw.world.node);
	for (uint32_t i = 0; i < OVERFLOW_CELLS_MAX; i++) {
		(void)snprintf(name, sizeof name, "m%u", i);
		assert_true(raw_send_metric(raw.fd, name, FAST_METRIC_COUNTER,
					    FAST_PAGE_CELLS_OFFSET + 64 * i));
		raw_world_refused(&raw, FAST_RESOURCE_EXHAUSTED, "fast.overflow_counter");
	}
	assert_true(raw_send_metric(raw.fd, "more", FAST_METRIC_COUNTER,
				    FAST_PAGE_CELLS_OFFSET + 64 * OVERFLOW_CELLS_MAX));
	assert_null(strstr(raw_receive(raw.fd).message, "fast.overflow"));
	assert_int_equal(OVERFLOW_CELLS_MAX + 1,
			 world_plugin_wait(&raw.world, "cam", true).series_rejected);
	raw_world_fini(&raw);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counters_are_added_up),
		cmocka_unit_test(the_other_kinds_have_series_of_their_own),
		cmocka_unit_test(facts_are_refused),
		cmocka_unit_test(a_plugins_own_overflow_is_a_metric_like_any),
		cmocka_unit_test(what_a_late_one_has_counted_before_is_no_jump),
		cmocka_unit_test(a_plugin_is_told_of_each_and_not_ended_for_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
