/* Labels, statesets, info and units. */
#include "sdk/world.h"

#include "page/labels.h"
#include "page/names.h"
#include "page/ucum.h"

#include <stdio.h>
#include <string.h>

#define LONG_65 "12345678901234567890123456789012345678901234567890123456789012345"

static struct fast_metric *with(struct fast_metric *metric, const char *name, const char *value)
{
	const struct fast_label label = {name, value};
	struct fast_metric *series = NULL;

	assert_ok(fast_metric_with(metric, &label, 1, &series));
	return series;
}

static void labels_in_any_order_are_one_series(void **state)
{
	struct world *world = *state;
	struct fast_metric *frames = world_metric(world, "frames", FAST_METRIC_COUNTER);
	const struct fast_label one[] = {{"zone", "a"}, {"camera", "left eye"}};
	const struct fast_label other[] = {{"camera", "left eye"}, {"zone", "a"}};
	struct fast_metric *first = NULL;
	struct fast_metric *second = NULL;

	assert_ok(fast_metric_with(frames, one, 2, &first));
	assert_ok(fast_metric_with(frames, other, 2, &second));
	assert_ptr_equal(first, second);
	assert_ptr_not_equal(first, frames);
	assert_string_equal("camera=\"left eye\",zone=\"a\"", metric_info(first)->labels);
	fast_metric_inc(first);
	fast_metric_add(frames, 5);
	assert_int_equal(1, world_read(world, first).count);
	assert_int_equal(5, world_read(world, frames).count);
	assert_status(FAST_INVALID_ARGUMENT, fast_metric_with(first, one, 1, &second));
	assert_error(world->plugin,
		     "metric \"frames\" has the labels camera=\"left eye\",zone=\"a\" "
		     "already; bind all at once");
}

static void a_wrong_label_is_refused_with_what_would_be_right(void **state)
{
	static const struct {
		struct fast_label label;
		const char *error;
	} cases[] = {
		{{"Camera", "a"},
		 "metric \"m\": a label's name of 6 bytes; use [a-z_][a-z0-9_]*, at most 32"},
		{{"1st", "a"},
		 "metric \"m\": a label's name of 3 bytes; use [a-z_][a-z0-9_]*, at most 32"},
		{{NULL, "a"},
		 "metric \"m\": a label's name of 0 bytes; use [a-z_][a-z0-9_]*, at most 32"},
		{{"plugin", "a"},
		 "metric \"m\": label \"plugin\" is fastd's own; choose another name"},
		{{"__x", "a"}, "metric \"m\": label \"__x\" is fastd's own; choose another name"},
		{{"x", ""}, "metric \"m\": label \"x\" has a value of 0 bytes; use 1 to 64"},
		{{"x", LONG_65}, "metric \"m\": label \"x\" has a value of 65 bytes; use 1 to 64"},
		{{"x", "a\"b"},
		 "metric \"m\": label \"x\": its value is not UTF-8, or has a control character or "
		 "one of \"\\*?["},
		{{"x", "\xff"},
		 "metric \"m\": label \"x\": its value is not UTF-8, or has a control character or "
		 "one of \"\\*?["},
	};
	struct world *world = *state;
	struct fast_metric *metric = world_metric(world, "m", FAST_METRIC_COUNTER);
	const struct fast_label twice[] = {{"x", "a"}, {"x", "b"}};
	struct fast_metric *out = NULL;

	for (size_t i = 0; i < FAST_TEST_COUNT(cases); i++) {
		assert_status(FAST_INVALID_ARGUMENT,
			      fast_metric_with(metric, &cases[i].label, 1, &out));
		assert_error(world->plugin, cases[i].error);
	}
	assert_status(FAST_INVALID_ARGUMENT, fast_metric_with(metric, twice, 2, &out));
	assert_status(FAST_INVALID_ARGUMENT, fast_metric_with(metric, twice, 0, &out));
	assert_status(FAST_INVALID_ARGUMENT, fast_metric_with(metric, twice, 9, &out));
	assert_null(out);
	assert_int_equal(1, world->plugin->metric_count);
}

/* fastd checks again what it is told. */
static void a_text_of_labels_is_taken_only_as_it_is_written(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
		{"", true},
		{"a=\"x\"", true},
		{"a=\"x=\",b=\"}{\"", true},
		{FAST_LABELS_OVERFLOW, true},
		{"b=\"x\",a=\"y\"", false},
		{"a=\"x\",a=\"y\"", false},
		{"a=\"x\",", false},
		{"a=\"x", false},
		{"a=x", false},
		{"=\"x\"", false},
		{"a=\"x\"b=\"y\"", false},
		{"le=\"1\"", false},
		{"overflow=\"false\"", false},
		{"a=\"1\",b=\"1\",c=\"1\",d=\"1\",e=\"1\",f=\"1\",g=\"1\",h=\"1\",i=\"1\"", false},
	};
	char reason[FAST_REASON_BYTES];

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(cases); i++) {
		assert_int_equal(cases[i].good, fast_labels_check("m", cases[i].text, reason,
								  sizeof reason) == FAST_OK);
	}
}

static void too_many_series_share_one_that_says_so(void **state)
{
	struct world *world = *state;
	struct fast_metric *frames = world_metric(world, "frames", FAST_METRIC_COUNTER);
	struct fast_metric *folded;
	char value[16];

	for (int i = 0; i < FAST_METRIC_SERIES_MAX; i++) {
		(void)snprintf(value, sizeof value, "%d", i);
		fast_metric_inc(with(frames, "id", value));
	}
	folded = with(frames, "id", "one more");
	assert_ptr_equal(folded, with(frames, "id", "and another"));
	assert_string_equal(FAST_LABELS_OVERFLOW, metric_info(folded)->labels);
	assert_string_equal("id=\"7\"", metric_info(with(frames, "id", "7"))->labels);
	fast_metric_add(folded, 2);
	assert_int_equal(2, world_read(world, folded).count);
	assert_int_equal(
		2, world_read(world, world_metric(world, "fast.series_folded", FAST_METRIC_COUNTER))
			   .count);
}

static void the_first_verb_gives_all_series_their_kind(void **state)
{
	struct world *world = *state;
	struct fast_metric *load = world_metric(world, "load", FAST_METRIC_UNDECLARED);
	struct fast_metric *left = with(load, "side", "left");
	struct fast_metric *right = with(load, "side", "right");
	const struct fast_metric_spec spec = {
		.size = sizeof spec, .name = "load", .kind = FAST_METRIC_COUNTER};
	struct fast_metric *out = NULL;

	fast_metric_set(left, 0.5);
	log_capture();
	fast_metric_add(right, 1);
	assert_int_equal(FAST_METRIC_GAUGE, metric_kind(right));
	assert_int_equal(1, log_count());
	assert_status(FAST_ALREADY_EXISTS, fast_plugin_metric(world->plugin, &spec, &out));
	assert_null(out);
}

static void what_was_refused_counts_nowhere(void **state)
{
	struct fast_metric *nowhere = fast_metric_nowhere();
	const struct fast_label label = {"a", "b"};
	struct fast_metric *series = NULL;

	(void)state;
	fast_metric_inc(nowhere);
	fast_metric_add(nowhere, 1);
	fast_metric_set(nowhere, 1);
	fast_metric_observe(nowhere, 1);
	fast_metric_beat(nowhere, 1);
	fast_metric_observe_since(nowhere, 1);
	fast_metric_state(nowhere, 0, true);
	fast_metric_enter(nowhere, 0);
	assert_ok(fast_metric_with(nowhere, &label, 1, &series));
	assert_ptr_equal(nowhere, series);
}

static void a_stateset_has_the_states_that_are_on(void **state)
{
	static const char *const states[] = {"idle", "busy", "failed"};
	struct world *world = *state;
	struct fast_metric_spec spec = {.size = sizeof spec,
					.name = "mode",
					.kind = FAST_METRIC_STATESET,
					.states = states,
					.state_count = 3};
	struct fast_metric *mode = NULL;
	struct fast_metric *out = NULL;

	assert_ok(fast_plugin_metric(world->plugin, &spec, &mode));
	fast_metric_state(mode, 0, true);
	fast_metric_state(mode, 2, true);
	assert_true(world_read(world, mode).value == 5);
	fast_metric_state(mode, 0, false);
	assert_true(world_read(world, mode).value == 4);
	fast_metric_enter(mode, 1);
	assert_true(world_read(world, mode).value == 2);
	fast_metric_state(mode, 3, true);
	fast_metric_enter(mode, 64);
	assert_true(world_read(world, mode).value == 2);
	spec.state_count = 2;
	assert_status(FAST_ALREADY_EXISTS, fast_plugin_metric(world->plugin, &spec, &out));
	spec.name = "other";
	spec.state_count = 0;
	assert_status(FAST_INVALID_ARGUMENT, fast_plugin_metric(world->plugin, &spec, &out));
	spec.state_count = 1;
	spec.kind = FAST_METRIC_GAUGE;
	assert_status(FAST_INVALID_ARGUMENT, fast_plugin_metric(world->plugin, &spec, &out));
	assert_error(world->plugin,
		     "metric \"other\": states on a gauge; only a stateset has them");
	fast_metric_state(world_metric(world, "late", FAST_METRIC_UNDECLARED), 0, true);
}

static void an_info_is_one_and_stays_it(void **state)
{
	struct world *world = *state;
	struct fast_metric *build = world_metric(world, "build", FAST_METRIC_INFO);
	struct fast_metric *series = with(build, "model", "yolo.v8");

	fast_metric_set(series, 7);
	assert_true(world_read(world, series).value == 1);
}

static void a_unit_is_of_ucum(void **state)
{
	static const char *const good[] = {"",      "s",   "ms",     "By",      "KiBy", "MiBy/s",
					   "{x}/s", "1",   "%",      "Cel",     "m/s2", "kg.m/s2",
					   "/min",  "W.h", "10*3",   "(m.s)/A", "dB",   "Hz",
					   "GHz",   "min", "[degF]", "J{cpu}",  "um",   "Pa",
					   "hPa",   "deg", "m-1",    "{frame}"};
	static const char *const bad[] = {"seconds", "fps",  "sec", "s/", "m//s", "(m",    "m)",
					  "{x",      "kmin", "s-",  ".s", "KB",   "bytes", "()"};

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(good); i++) {
		if (!fast_ucum_valid(good[i])) {
			fail_msg("%s is refused", good[i]);
		}
	}
	for (size_t i = 0; i < FAST_TEST_COUNT(bad); i++) {
		if (fast_ucum_valid(bad[i])) {
			fail_msg("%s is taken", bad[i]);
		}
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(labels_in_any_order_are_one_series),
		TEST(a_wrong_label_is_refused_with_what_would_be_right),
		cmocka_unit_test(a_text_of_labels_is_taken_only_as_it_is_written),
		TEST(too_many_series_share_one_that_says_so),
		TEST(the_first_verb_gives_all_series_their_kind),
		cmocka_unit_test(what_was_refused_counts_nowhere),
		TEST(a_stateset_has_the_states_that_are_on),
		TEST(an_info_is_one_and_stays_it),
		cmocka_unit_test(a_unit_is_of_ucum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
