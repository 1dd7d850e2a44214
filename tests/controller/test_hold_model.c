#include "cli/hold_model.h"
#include "tests/support/harness.h"

#include <string.h>

/* A plugin with an int of choices, a bool, a ranged int and a free double. */
struct world {
	Fast__V1__ParamSpec specs[4];
	Fast__V1__ParamState states[4];
	Fast__V1__ParamState *list[4];
	Fast__V1__ParamValue choices[3];
	Fast__V1__ParamValue *choice_list[3];
	Fast__V1__ParamValue skip_now;
	Fast__V1__ParamRange range;
	Fast__V1__ParamListResponse params;
	struct hold_wish wish;
	struct hold_model model;
	struct table table;
	char error[HOLD_ERROR_BYTES_MAX];
};

static int world_begin(void **state)
{
	static const char *const names[] = {"res", "flip", "skip", "gain"};
	static struct world world;

	world = (struct world){.params = FAST__V1__PARAM_LIST_RESPONSE__INIT,
			       .range = FAST__V1__PARAM_RANGE__INIT,
			       .skip_now = FAST__V1__PARAM_VALUE__INIT,
			       .wish = {.goal = {.metric = "fps", .bound = 24}, .merit = "acc"}};
	for (size_t i = 0; i < 4; i++) {
		fast__v1__param_spec__init(&world.specs[i]);
		fast__v1__param_state__init(&world.states[i]);
		world.specs[i].name = (char *)names[i];
		world.specs[i].type = (Fast__V1__ParamType[]){
			FAST__V1__PARAM_TYPE__PARAM_TYPE_INT, FAST__V1__PARAM_TYPE__PARAM_TYPE_BOOL,
			FAST__V1__PARAM_TYPE__PARAM_TYPE_INT,
			FAST__V1__PARAM_TYPE__PARAM_TYPE_DOUBLE}[i];
		world.states[i].spec = &world.specs[i];
		world.list[i] = &world.states[i];
	}
	for (size_t i = 0; i < 3; i++) {
		fast__v1__param_value__init(&world.choices[i]);
		world.choices[i].kind_case = FAST__V1__PARAM_VALUE__KIND_INT_VALUE;
		world.choices[i].int_value = (int64_t[]){360, 720, 1080}[i];
		world.choice_list[i] = &world.choices[i];
	}
	world.specs[0].choices = world.choice_list;
	world.specs[0].n_choices = 3;
	world.range.max = 4;
	world.range.step = 2;
	world.specs[2].range = &world.range;
	world.skip_now.kind_case = FAST__V1__PARAM_VALUE__KIND_INT_VALUE;
	world.skip_now.int_value = 2;
	world.states[2].desired = &world.skip_now;
	world.params.params = world.list;
	world.params.n_params = 4;
	*state = &world;
	return 0;
}

static int world_end(void **state)
{
	struct world *world = *state;

	hold_model_fini(&world->model);
	table_fini(&world->table);
	return 0;
}

static void world_table(struct world *world, const char *text)
{
	FILE *file = fmemopen((char *)text, strlen(text), "r");

	assert_ok(table_read(&world->table, file, world->error));
	fclose(file);
}

static void the_grid_has_every_combination(void **state)
{
	struct world *world = *state;

	assert_ok(
		hold_model_choose(&world->model, &world->wish, NULL, &world->params, world->error));
	assert_int_equal(3, world->model.knob_count); /* gain's values cannot be counted */
	assert_ok(hold_model_grid(&world->model, &world->wish, &world->params, world->error));
	assert_int_equal(3 * 2 * 3, world->model.table.row_count);
	assert_string_equal("360", table_cell(&world->model.table, 0, 0));
	assert_string_equal("false", table_cell(&world->model.table, 0, 1));
	assert_string_equal("2", table_cell(&world->model.table, 1, 2));
	assert_string_equal("1080", table_cell(&world->model.table, 17, 0));
	assert_string_equal("fps", table_name(&world->model.table, 3));
	assert_string_equal("acc", table_name(&world->model.table, 4));
}

static void only_the_named_knobs_are_turned(void **state)
{
	struct world *world = *state;

	world->wish.knobs = "skip,res";
	assert_ok(
		hold_model_choose(&world->model, &world->wish, NULL, &world->params, world->error));
	assert_int_equal(2, world->model.knob_count);
	world->wish.knobs = "res,zoom";
	assert_status(FAST_INVALID_ARGUMENT, hold_model_choose(&world->model, &world->wish, NULL,
							       &world->params, world->error));
	assert_string_equal("the plugin has no param 'zoom'", world->error);
	world->wish.knobs = "gain";
	assert_status(FAST_INVALID_ARGUMENT, hold_model_choose(&world->model, &world->wish, NULL,
							       &world->params, world->error));
	assert_non_null(strstr(world->error, "'gain' has neither choices nor a range"));
}

static void a_table_becomes_a_hull(void **state)
{
	struct world *world = *state;
	Fast__V1__ParamValue value;

	world_table(world,
		    "note,acc,res,fps\na,0.9,1080,10\nb,0.85,720,22\nc,0.5,360,80\nd,0,360,0\n");
	assert_ok(hold_model_choose(&world->model, &world->wish, &world->table, &world->params,
				    world->error));
	assert_int_equal(1, world->model.knob_count);
	assert_ok(hold_model_build(&world->model, &world->wish, &world->table, &world->params,
				   world->error));
	assert_int_equal(3, world->model.hull.count);
	assert_float_equal(22, world->model.hull.points[1].speed, 0);
	hold_model_value(&world->model, world->model.hull.points[0].config, 0, &value);
	assert_int_equal(1080, value.int_value);
}

static void rows_of_other_settings_are_left_out(void **state)
{
	struct world *world = *state;

	world->wish.knobs = "res";
	world_table(world, "res,skip,fps,acc\n1080,0,10,0.9\n1080,2,20,0.8\n360,2,80,0.5\n");
	assert_ok(hold_model_choose(&world->model, &world->wish, &world->table, &world->params,
				    world->error));
	assert_ok(hold_model_build(&world->model, &world->wish, &world->table, &world->params,
				   world->error));
	assert_int_equal(2, world->model.table.row_count);
	assert_float_equal(20, world->model.hull.points[0].speed, 0);
}

static void what_is_wrong_with_a_table_is_said(void **state)
{
	static const struct {
		const char *table;
		const char *error;
	} cases[] = {
		{"res,fps\n1080,10\n", "the table has no column 'acc'"},
		{"res,fps,acc\n1080,ten,0.9\n", "row 1: fps and acc should be numbers"},
		{"res,fps,acc\n1080,1,1\nbig,1,1\n", "row 2: res takes a whole number, not 'big'"},
		{"res,fps,acc\n1080,0,1\n", "no row of the table has a fps greater than 0"},
		{"size,fps,acc\n1080,0,1\n", "no column of the table is a param of the plugin"},
	};
	struct world *world = *state;

	for (size_t i = 0; i < FAST_TEST_COUNT(cases); i++) {
		enum fast_status status;

		world_table(world, cases[i].table);
		status = hold_model_choose(&world->model, &world->wish, &world->table,
					   &world->params, world->error);
		if (status == FAST_OK) {
			status = hold_model_build(&world->model, &world->wish, &world->table,
						  &world->params, world->error);
		}
		assert_status(FAST_INVALID_ARGUMENT, status);
		assert_string_equal(cases[i].error, world->error);
	}
}

static void a_goal_below_prefers_short_times(void **state)
{
	struct world *world = *state;

	world->wish.goal = (struct goal){.metric = "lag", .at_most = true, .bound = 0.04};
	world->wish.merit = "watts";
	world->wish.minimize = true;
	world_table(world, "res,lag,watts\n1080,0.1,5\n720,0.05,7\n360,0.02,15\n");
	assert_ok(hold_model_choose(&world->model, &world->wish, &world->table, &world->params,
				    world->error));
	assert_ok(hold_model_build(&world->model, &world->wish, &world->table, &world->params,
				   world->error));
	assert_float_equal(10, world->model.hull.points[0].speed, 1e-9);
	assert_float_equal(-5, world->model.hull.points[0].merit, 0);
	assert_float_equal(50, world->model.hull.points[world->model.hull.count - 1].speed, 1e-9);
}

static void too_many_combinations_are_refused(void **state)
{
	struct world *world = *state;

	world->range.max = 31;
	world->range.step = 1;
	world->specs[3].range = &world->range; /* gain: 32 values too */
	assert_ok(
		hold_model_choose(&world->model, &world->wish, NULL, &world->params, world->error));
	assert_int_equal(4, world->model.knob_count);
	assert_status(FAST_RESOURCE_EXHAUSTED,
		      hold_model_grid(&world->model, &world->wish, &world->params, world->error));
	assert_non_null(strstr(world->error, "6144 configurations are too many to visit"));
}

int main(void)
{
#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)
	const struct CMUnitTest tests[] = {
		WORLD_TEST(the_grid_has_every_combination),
		WORLD_TEST(only_the_named_knobs_are_turned),
		WORLD_TEST(a_table_becomes_a_hull),
		WORLD_TEST(rows_of_other_settings_are_left_out),
		WORLD_TEST(what_is_wrong_with_a_table_is_said),
		WORLD_TEST(a_goal_below_prefers_short_times),
		WORLD_TEST(too_many_combinations_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
