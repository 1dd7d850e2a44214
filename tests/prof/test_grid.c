#include "prof/grid.h"
#include "tests/support/fault_alloc.h"
#include "tests/support/harness.h"

#include <string.h>

/* res: 1, 0.5, 0.25; level: 0..100 without step; on: bool; label: any; fixed: read-only. */
struct world {
	Fast__V1__ParamValue values[3];
	Fast__V1__ParamValue *choices[3];
	Fast__V1__ParamRange range;
	Fast__V1__ParamSpec specs[5];
	Fast__V1__ParamState states[5];
	Fast__V1__ParamState *pointers[5];
	Fast__V1__ParamListResponse list;
	struct table table;
	char left_out[GRID_ERROR_BYTES_MAX];
	char error[GRID_ERROR_BYTES_MAX];
};

static void world_init(struct world *world)
{
	static const double numbers[] = {1, 0.5, 0.25};
	static char *const names[] = {"res", "level", "on", "label", "fixed"};
	static const Fast__V1__ParamType types[] = {
		FAST__V1__PARAM_TYPE__PARAM_TYPE_DOUBLE, FAST__V1__PARAM_TYPE__PARAM_TYPE_DOUBLE,
		FAST__V1__PARAM_TYPE__PARAM_TYPE_BOOL, FAST__V1__PARAM_TYPE__PARAM_TYPE_STRING,
		FAST__V1__PARAM_TYPE__PARAM_TYPE_INT};

	*world = (struct world){0};
	fast__v1__param_range__init(&world->range);
	world->range.max = 100;
	fast__v1__param_list_response__init(&world->list);
	for (size_t i = 0; i < 5; i++) {
		fast__v1__param_spec__init(&world->specs[i]);
		fast__v1__param_state__init(&world->states[i]);
		world->specs[i].name = names[i];
		world->specs[i].type = types[i];
		world->states[i].spec = &world->specs[i];
		world->pointers[i] = &world->states[i];
	}
	for (size_t i = 0; i < 3; i++) {
		fast__v1__param_value__init(&world->values[i]);
		world->values[i].kind_case = FAST__V1__PARAM_VALUE__KIND_DOUBLE_VALUE;
		world->values[i].double_value = numbers[i];
		world->choices[i] = &world->values[i];
	}
	world->specs[0].choices = world->choices;
	world->specs[0].n_choices = 3;
	world->specs[1].range = &world->range;
	world->specs[4].read_only = true;
	world->list.params = world->pointers;
	world->list.n_params = 5;
}

static enum fast_status build(struct world *world, const struct grid_options *options)
{
	return grid_build(&world->list, options, &world->table, world->left_out, world->error);
}

static void an_exhaustive_grid_has_every_combination(void **state)
{
	const struct grid_options options = {.points = 5};
	struct world world;

	(void)state;
	world_init(&world);
	assert_ok(build(&world, &options));
	assert_int_equal(3, world.table.column_count);
	assert_int_equal(3 * 5 * 2, world.table.row_count);
	assert_string_equal("25", table_cell(&world.table, 2, 1));
	assert_string_equal("false", table_cell(&world.table, 0, 2));
	assert_string_equal("true", table_cell(&world.table, 1, 2));
	assert_non_null(strstr(world.left_out, "label (any value)"));
	assert_non_null(strstr(world.left_out, "fixed (read-only)"));
	table_fini(&world.table);
}

static void endpoints_take_first_and_last_of_each(void **state)
{
	const struct grid_options options = {.points = 5, .strategy = GRID_ENDPOINTS};
	struct world world;

	(void)state;
	world_init(&world);
	assert_ok(build(&world, &options));
	assert_int_equal(8, world.table.row_count);
	assert_string_equal("0.25", table_cell(&world.table, 7, 0));
	assert_string_equal("100", table_cell(&world.table, 7, 1));
	table_fini(&world.table);
}

static void a_selective_grid_keeps_a_share_with_both_ends(void **state)
{
	struct grid_options options = {.points = 5};
	struct world world;

	(void)state;
	world_init(&world);
	assert_true(grid_strategy_parse("selective:20%", &options));
	assert_ok(build(&world, &options));
	assert_int_equal(6, world.table.row_count);
	assert_string_equal("1", table_cell(&world.table, 0, 0));
	assert_string_equal("0.25", table_cell(&world.table, 5, 0));
	assert_string_equal("100", table_cell(&world.table, 5, 1));
	table_fini(&world.table);
}

static void narrowing_takes_these_values_only(void **state)
{
	static const char *const narrow[] = {"res=0.5", "level=1,2,3", "label=a,b"};
	const struct grid_options options = {.points = 5, .narrow = narrow, .narrow_count = 3};
	struct world world;

	(void)state;
	world_init(&world);
	assert_ok(build(&world, &options));
	assert_int_equal(4, world.table.column_count);
	assert_int_equal(1 * 3 * 2 * 2, world.table.row_count);
	table_fini(&world.table);
}

static void what_cannot_be_visited_is_refused_with_advice(void **state)
{
	static const char *const nobody[] = {"size=1"};
	static const char *const wrong[] = {"res=big"};
	struct grid_options options = {.points = 5, .narrow = nobody, .narrow_count = 1};
	struct world world;

	(void)state;
	world_init(&world);
	assert_status(FAST_INVALID_ARGUMENT, build(&world, &options));
	assert_non_null(strstr(world.error, "no knob 'size'"));
	options.narrow = wrong;
	assert_status(FAST_INVALID_ARGUMENT, build(&world, &options));
	assert_non_null(strstr(world.error, "res takes a number"));
	options.narrow_count = 0;
	options.points = 64;
	world.specs[2].type = FAST__V1__PARAM_TYPE__PARAM_TYPE_DOUBLE;
	world.specs[2].range = &world.range;
	assert_status(FAST_RESOURCE_EXHAUSTED, build(&world, &options));
	assert_non_null(strstr(world.error, "--strategy"));
}

static void strategies_are_read_and_nonsense_is_not(void **state)
{
	static const char *const wrong[] = {
		"", "all", "selective:", "selective:0%", "selective:20", "selective:101%"};
	struct grid_options options;

	(void)state;
	assert_true(grid_strategy_parse("exhaustive", &options));
	assert_int_equal(GRID_EXHAUSTIVE, options.strategy);
	assert_true(grid_strategy_parse("endpoints", &options));
	assert_int_equal(GRID_ENDPOINTS, options.strategy);
	for (size_t i = 0; i < FAST_TEST_COUNT(wrong); i++) {
		assert_false(grid_strategy_parse(wrong[i], &options));
	}
}

static void build_survives_each_allocation_failure(void **state)
{
	const struct grid_options options = {.points = 5, .strategy = GRID_SELECTIVE, .share = 0.5};
	struct world world;
	int n = 0;

	(void)state;
	world_init(&world);
	for (;;) {
		enum fast_status status;

		fault_alloc_after(n++);
		status = build(&world, &options);
		if (!fault_alloc_fired()) {
			assert_ok(status);
			break;
		}
		table_fini(&world.table);
	}
	fault_alloc_after(-1);
	assert_true(n > 3);
	table_fini(&world.table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exhaustive_grid_has_every_combination),
		cmocka_unit_test(endpoints_take_first_and_last_of_each),
		cmocka_unit_test(a_selective_grid_keeps_a_share_with_both_ends),
		cmocka_unit_test(narrowing_takes_these_values_only),
		cmocka_unit_test(what_cannot_be_visited_is_refused_with_advice),
		cmocka_unit_test(strategies_are_read_and_nonsense_is_not),
		cmocka_unit_test(build_survives_each_allocation_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
