/* What a plugin asks for beyond its thousand metrics. */
#include "sdk/world.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Which knows no threads in a forked child. */
#ifdef __SANITIZE_THREAD__
#define IS_TSAN true
#else
#define IS_TSAN false
#endif

static struct fast_metric *first; /* of those that fill the plugin */

static int full_setup(void **state)
{
	struct world *world;
	char name[16];

	if (world_setup(state) != 0) {
		return -1;
	}
	world = *state;
	for (int i = 0; i < FAST_PLUGIN_METRICS_MAX; i++) {
		(void)snprintf(name, sizeof name, "m%d", i);
		struct fast_metric *metric = world_metric(world, name, FAST_METRIC_COUNTER);
		first = i == 0 ? metric : first;
	}
	return 0;
}

static struct fast_metric *declared(struct world *world, const char *name,
				    enum fast_metric_kind kind)
{
	struct fast_metric *metric = world_metric(world, name, kind);

	world_view_grow(world);
	return metric;
}

static void assert_called(const char *name, const struct fast_metric *metric)
{
	assert_string_equal(name, metric_info(metric)->name);
	assert_string_equal(FAST_LABELS_OVERFLOW, metric_info(metric)->labels);
}

static void what_exceeds_shares_a_marked_series_of_its_kind(void **state)
{
	static const struct {
		enum fast_metric_kind kind;
		const char *name;
	} kinds[] = {
		{FAST_METRIC_COUNTER, "fast.overflow_counter"},
		{FAST_METRIC_GAUGE, "fast.overflow_gauge"},
		{FAST_METRIC_HISTOGRAM, "fast.overflow_histogram"},
		{FAST_METRIC_TIMER, "fast.overflow_timer"},
		{FAST_METRIC_HEARTBEAT, "fast.overflow_heartbeat"},
	};
	struct world *world = *state;
	char sentence[512];

	for (size_t i = 0; i < FAST_TEST_COUNT(kinds); i++) {
		struct fast_metric *one = declared(world, "one", kinds[i].kind);

		assert_called(kinds[i].name, one);
		assert_int_equal(kinds[i].kind, metric_kind(one));
		assert_ptr_equal(one, declared(world, "two", kinds[i].kind));
	}
	fast_metric_add(declared(world, "one", FAST_METRIC_COUNTER), 3);
	fast_metric_inc(declared(world, "two", FAST_METRIC_COUNTER));
	assert_int_equal(4, world_read(world, declared(world, "any", FAST_METRIC_COUNTER)).count);
	fast_plugin_error(world->plugin, sentence, sizeof sentence);
	assert_string_equal("metric \"any\": the plugin has 1000 metrics already, the most there "
			    "can be; what it counts goes to fast.overflow_*{overflow=\"true\"}",
			    sentence);
	assert_int_equal(
		13, world_read(world, declared(world, "fast.series_folded", FAST_METRIC_COUNTER))
			    .count);
	fast_metric_inc(first); /* those that were there are what they were */
	assert_ptr_equal(first, declared(world, "m0", FAST_METRIC_COUNTER));
	assert_int_equal(1, world_read(world, first).count);
}

static void the_log_tells_the_author(void **state)
{
	struct world *world = *state;

	log_capture();
	(void)declared(world, "one", FAST_METRIC_COUNTER);
	assert_int_equal(1, log_count());
}

static void one_without_a_kind_goes_where_its_verb_belongs(void **state)
{
	struct world *world = *state;
	struct fast_metric *any = declared(world, "any", FAST_METRIC_UNDECLARED);
	struct fast_metric *series = NULL;
	const struct fast_label label = {"side", "left"};

	fast_metric_inc(any); /* a heartbeat */
	fast_metric_add(any, 5);
	fast_metric_set(any, 2.5);
	fast_metric_observe(any, 7);
	fast_metric_observe_since(any, fast_metric_now());
	fast_metric_beat(any, 2);
	fast_metric_state(any, 0, true); /* nothing has states here */
	assert_int_equal(FAST_METRIC_UNDECLARED, metric_kind(any));
	assert_int_equal(5, world_read(world, declared(world, "x", FAST_METRIC_COUNTER)).count);
	assert_int_equal(2, world_read(world, declared(world, "x", FAST_METRIC_HEARTBEAT)).count);
	assert_float_equal(2.5, world_read(world, declared(world, "x", FAST_METRIC_GAUGE)).value,
			   0);
	assert_int_equal(1, world_read(world, declared(world, "x", FAST_METRIC_HISTOGRAM)).count);
	assert_int_equal(1, world_read(world, declared(world, "x", FAST_METRIC_TIMER)).count);
	assert_ok(fast_metric_with(any, &label, 1, &series));
	assert_ptr_equal(any, series);
}

static void a_series_for_which_there_is_no_slot_goes_there_too(void **state)
{
	struct world *world = *state;
	const struct fast_label label = {"side", "left"};
	struct fast_metric *series = NULL;

	assert_ok(fast_metric_with(first, &label, 1, &series));
	assert_called("fast.overflow_counter", series);
	assert_int_equal(
		1, world_read(world, declared(world, "fast.series_folded", FAST_METRIC_COUNTER))
			   .count);
}

static void facts_and_states_are_refused(void **state)
{
	static const char *const states[] = {"on", "off"};
	struct world *world = *state;
	const struct fast_metric_spec specs[] = {
		{.size = sizeof specs[0], .name = "facts", .kind = FAST_METRIC_INFO},
		{.size = sizeof specs[0],
		 .name = "states",
		 .kind = FAST_METRIC_STATESET,
		 .states = states,
		 .state_count = 2},
	};
	struct fast_metric *metric = NULL;

	for (size_t i = 0; i < FAST_TEST_COUNT(specs); i++) {
		assert_status(FAST_RESOURCE_EXHAUSTED,
			      fast_plugin_metric(world->plugin, &specs[i], &metric));
		assert_null(metric);
	}
}

static void a_forked_child_has_its_own(void **state)
{
	struct world *world = *state;
	struct fast_metric *more = declared(world, "more", FAST_METRIC_COUNTER);
	struct fast_metric *any = declared(world, "any", FAST_METRIC_UNDECLARED);
	int status = 0;
	pid_t child;

	if (IS_TSAN) {
		skip();
	}
	fast_metric_add(more, 5);
	child = fork();
	if (child == 0) {
		fast_metric_add(any, 2);
		fast_metric_inc(more);
		_exit(*fast_metric_counter(more) == 3 ? 0 : 1);
	}
	assert_int_equal(child, waitpid(child, &status, 0));
	assert_int_equal(0, status);
	assert_int_equal(5, world_read(world, more).count);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, full_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_exceeds_shares_a_marked_series_of_its_kind),
		TEST(the_log_tells_the_author),
		TEST(one_without_a_kind_goes_where_its_verb_belongs),
		TEST(a_series_for_which_there_is_no_slot_goes_there_too),
		TEST(facts_and_states_are_refused),
		TEST(a_forked_child_has_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
