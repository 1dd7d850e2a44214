/* Bounds outrank everybody, and outlive the node. */
#include "controller/knob_world.h"

#include <stdio.h>
#include <string.h>

static void a_bound_outranks_every_set_and_tells_the_nearest_value(void **state)
{
	struct knob_world fixture;
	struct node_bound narrow = bound_at_most(50);
	struct node_result result;

	(void)state;
	knob_world_init(&fixture);
	assert_ok(knob_bound(&fixture, &narrow).status);
	result = knob_set(&fixture, 90, 0);
	assert_status(FAST_OUT_OF_RANGE, result.status);
	assert_string_equal("param \"quality\": 90 is outside the operator's bounds; they allow 0 "
			    "to 50",
			    result.text);
	assert_true(result.has_nearest);
	assert_int_equal(50, result.nearest.u.integer);
	result = knob_set(&fixture, 2000, 0); /* outside its declaration too */
	assert_status(FAST_OUT_OF_RANGE, result.status);
	assert_int_equal(50, result.nearest.u.integer);
	assert_ok(knob_set(&fixture, 50, 0).status);
	assert_ok(world_set(&fixture.world, "cam", "size", value_int(90), 0).status);
	world_restart(&fixture.world);
	(void)world_param_wait(&fixture.world, "cam", "quality", NODE_PARAM_APPLYING);
	assert_status(FAST_OUT_OF_RANGE, knob_set(&fixture, 51, 0).status);
	assert_ok(knob_unbound(&fixture).status);
	assert_status(FAST_NOT_FOUND, knob_unbound(&fixture).status);
	assert_ok(knob_set(&fixture, 51, 0).status);
	knob_world_fini(&fixture);
}

static void what_is_outside_a_new_bound_is_brought_inside(void **state)
{
	struct knob_world fixture;
	struct node_bound narrow = bound_at_most(50);
	struct node_bound least = {
		.plugin = "cam", .param = "size", .has_min = true, .min = 10, .actor = "operator"};

	(void)state;
	knob_world_init(&fixture);
	assert_ok(knob_set(&fixture, 90, 0).status);
	assert_int_equal(90, fast_param_get_int(fixture.quality));
	assert_ok(knob_bound(&fixture, &narrow).status);
	knob_wait(fixture.quality, 50);
	assert_string_equal("operator", knob_now(&fixture).actor);
	assert_ok(knob_bound(&fixture, &least).status); /* even what nobody has set */
	knob_wait(fixture.size, 10);
	knob_world_fini(&fixture);
}

static void a_plugin_that_comes_later_is_bounded_too(void **state)
{
	struct knob_world fixture;
	struct node_bound least = {.plugin = "late*",
				   .param = "quality",
				   .has_min = true,
				   .min = 10,
				   .actor = "operator"};
	struct fast_plugin *late;
	struct fast_param *param;

	(void)state;
	knob_world_init(&fixture);
	assert_ok(knob_bound(&fixture, &least).status);
	late = world_plugin(&fixture.world, "late_one");
	param = plugin_int_param(late, "quality", 7);
	knob_wait(param, 10);
	fast_plugin_close(late);
	knob_world_fini(&fixture);
}

static void a_revert_ends_inside_the_bounds(void **state)
{
	struct knob_world fixture;
	struct node_bound narrow = bound_at_most(50);
	struct node_result held;

	(void)state;
	knob_world_init(&fixture);
	assert_ok(knob_set(&fixture, 90, 0).status);
	held = world_claim(&fixture.world, "cam", "quality", 3000, NODE_ON_LOSS_REVERT, "holder");
	assert_ok(knob_set(&fixture, 20, held.lease_id).status);
	assert_ok(knob_bound(&fixture, &narrow).status);
	assert_int_equal(20, fast_param_get_int(fixture.quality));
	knob_wait(fixture.quality, 50); /* as near to 90 as may be */
	knob_world_fini(&fixture);
}

static void a_knob_can_be_pinned(void **state)
{
	struct knob_world fixture;
	const struct fast_page_value only = value_int(33);
	const struct node_bound pin = {.plugin = "*",
				       .param = "quality",
				       .choices = &only,
				       .choice_count = 1,
				       .actor = "operator"};
	struct node_result result;

	(void)state;
	knob_world_init(&fixture);
	assert_ok(knob_bound(&fixture, &pin).status);
	knob_wait(fixture.quality, 33);
	result = knob_set(&fixture, 34, 0);
	assert_status(FAST_OUT_OF_RANGE, result.status);
	assert_non_null(strstr(result.text, "they allow only 33"));
	assert_int_equal(33, result.nearest.u.integer);
	knob_world_fini(&fixture);
}

static void bounds_that_make_no_sense_are_refused(void **state)
{
	struct knob_world fixture;
	struct node_bound crossed = bound_at_most(1);
	struct node_bound empty = {.plugin = "*", .param = "quality", .actor = "operator"};
	struct node_bound nameless = bound_at_most(1);

	(void)state;
	knob_world_init(&fixture);
	crossed.has_min = true;
	crossed.min = 2;
	assert_status(FAST_INVALID_ARGUMENT, knob_bound(&fixture, &crossed).status);
	assert_status(FAST_INVALID_ARGUMENT, knob_bound(&fixture, &empty).status);
	nameless.param = "";
	assert_status(FAST_INVALID_ARGUMENT, knob_bound(&fixture, &nameless).status);
	nameless = bound_at_most(1);
	nameless.plugin = "";
	assert_status(FAST_INVALID_ARGUMENT, knob_bound(&fixture, &nameless).status);
	knob_world_fini(&fixture);
}

/* Bounds that leave nothing refuse every set and move nothing. */
static void contradicting_bounds_allow_nothing(void **state)
{
	struct knob_world fixture;
	struct node_bound high = bound_at_most(20);
	struct node_bound low = {.plugin = "cam",
				 .param = "quality",
				 .has_min = true,
				 .min = 30,
				 .actor = "operator"};
	struct node_result result;

	(void)state;
	knob_world_init(&fixture);
	assert_ok(knob_bound(&fixture, &high).status);
	assert_ok(knob_bound(&fixture, &low).status);
	result = knob_set(&fixture, 25, 0);
	assert_status(FAST_OUT_OF_RANGE, result.status);
	assert_non_null(strstr(result.text, "they allow nothing"));
	assert_false(result.has_nearest);
	assert_int_equal(7, fast_param_get_int(fixture.quality));
	knob_world_fini(&fixture);
}

/* Their greatest values, one after another. */
static void add_max(const struct node_bound *bound, void *arg)
{
	char *told = arg;

	assert_true(bound->has_max);
	(void)sprintf(told + strlen(told), "%g ", bound->max);
}

static void the_bounds_of_a_plugin_are_told_and_no_others(void **state)
{
	static const struct {
		const char *instance;
		const char *told;
	} kinds[] = {
		{NULL, "10 20 30 "}, {"", "10 20 30 "}, {"cam", "10 20 "},
		{"cam-2", "10 "},    {"mic", "30 "},    {"c*", "10 "}, /* a name, not a glob */
		{"other", ""},
	};
	struct knob_world fixture;
	struct node_bound bound = bound_at_most(10);

	(void)state;
	knob_world_init(&fixture);
	bound.plugin = "c*";
	assert_ok(knob_bound(&fixture, &bound).status);
	bound.plugin = "cam";
	bound.max = 20;
	assert_ok(knob_bound(&fixture, &bound).status);
	bound.plugin = "mic";
	bound.max = 30;
	assert_ok(knob_bound(&fixture, &bound).status);
	for (size_t i = 0; i < FAST_TEST_COUNT(kinds); i++) {
		char told[32] = "";

		node_each_bound(fixture.world.node, kinds[i].instance, add_max, told);
		assert_string_equal(kinds[i].told, told);
	}
	knob_world_fini(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bound_outranks_every_set_and_tells_the_nearest_value),
		cmocka_unit_test(what_is_outside_a_new_bound_is_brought_inside),
		cmocka_unit_test(a_plugin_that_comes_later_is_bounded_too),
		cmocka_unit_test(a_revert_ends_inside_the_bounds),
		cmocka_unit_test(a_knob_can_be_pinned),
		cmocka_unit_test(bounds_that_make_no_sense_are_refused),
		cmocka_unit_test(contradicting_bounds_allow_nothing),
		cmocka_unit_test(the_bounds_of_a_plugin_are_told_and_no_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
