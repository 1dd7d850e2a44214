#include "sdk/world.h"

#include "support/fault_alloc.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static const union fast_param_value modes[] = {
	{.string = "slow"},
	{.string = "medium"},
	{.string = "fast"},
};

/* One param of each type, in slots 0 to 4. */
struct knobs {
	struct fast_param *boolean;
	struct fast_param *integer;
	struct fast_param *number;
	struct fast_param *string;
	struct fast_param *mode;
};

static struct knobs knobs_declare(struct world *world)
{
	const struct fast_param_spec boolean = {
		.size = sizeof boolean,
		.name = "on",
		.type = FAST_PARAM_BOOL,
		.initial.boolean = true,
	};
	const struct fast_param_spec integer = {
		.size = sizeof integer,
		.name = "batch.size",
		.type = FAST_PARAM_INT,
		.initial.integer = 8,
		.min = -1000000,
		.max = 1000000,
	};
	const struct fast_param_spec number = {
		.size = sizeof number,
		.name = "threshold",
		.type = FAST_PARAM_DOUBLE,
		.initial.number = 0.5,
	};
	const struct fast_param_spec string = {
		.size = sizeof string,
		.name = "model",
		.type = FAST_PARAM_STRING,
		.initial.string = "yolo",
	};
	const struct fast_param_spec mode = {
		.size = sizeof mode,
		.name = "mode",
		.type = FAST_PARAM_ENUM,
		.initial.string = "medium",
		.choices = modes,
		.choice_count = FAST_TEST_COUNT(modes),
	};

	return (struct knobs){
		.boolean = world_param(world, &boolean),
		.integer = world_param(world, &integer),
		.number = world_param(world, &number),
		.string = world_param(world, &string),
		.mode = world_param(world, &mode),
	};
}

static void turn_int(struct world *world, uint64_t revision, int64_t integer)
{
	struct fast_page_value value = {.type = FAST_PARAM_INT, .u.integer = integer};

	fast_page_view_set(world->view, 1, revision, &value);
	fast_page_view_commit(world->view);
}

static void turn_text(struct world *world, uint32_t slot, uint64_t revision, const char *text)
{
	struct fast_page_value value = {.type = FAST_PARAM_STRING};

	(void)snprintf(value.string, sizeof value.string, "%s", text);
	fast_page_view_set(world->view, slot, revision, &value);
	fast_page_view_commit(world->view);
}

static void assert_text(struct fast_param *param, const char *expected)
{
	char text[FAST_PARAM_STRING_BYTES_MAX + 1];

	fast_param_get_string(param, text);
	assert_string_equal(text, expected);
}

static void a_param_has_its_initial_value_until_it_is_turned(void **state)
{
	struct knobs knobs = knobs_declare(*state);

	assert_true(fast_param_get_bool(knobs.boolean));
	assert_int_equal(8, fast_param_get_int(knobs.integer));
	assert_true(fast_param_get_double(knobs.number) == 0.5);
	assert_text(knobs.string, "yolo");
	assert_text(knobs.mode, "medium");
	assert_int_equal(1, fast_param_get_choice(knobs.mode));
	assert_int_equal(0, fast_param_revision(knobs.mode));
}

static void a_get_gives_the_value_set_last_and_acknowledges_it(void **state)
{
	struct world *world = *state;
	struct knobs knobs = knobs_declare(world);
	struct fast_page_value off = {.type = FAST_PARAM_BOOL, .u.boolean = false};
	struct fast_page_value number = {.type = FAST_PARAM_DOUBLE, .u.number = -2.25};

	fast_page_view_set(world->view, 0, 1, &off);
	fast_page_view_set(world->view, 2, 2, &number);
	fast_page_view_commit(world->view);
	turn_int(world, 3, -7);
	turn_text(world, 3, 4, "0123456789012345678901234567890123456789012345678901234567890123");
	turn_text(world, 4, 5, "fast");
	assert_int_equal(0, fast_page_view_ack(world->view, 1)); /* nobody has read yet */

	assert_false(fast_param_get_bool(knobs.boolean));
	assert_true(fast_param_get_double(knobs.number) == -2.25);
	assert_int_equal(-7, fast_param_get_int(knobs.integer));
	assert_text(knobs.string,
		    "0123456789012345678901234567890123456789012345678901234567890123");
	assert_int_equal(2, fast_param_get_choice(knobs.mode));
	assert_text(knobs.mode, "fast");
	for (uint32_t slot = 0; slot < 5; slot++) {
		static const uint64_t revisions[] = {1, 3 - 1, 3, 4, 5};
		static const uint32_t slots[] = {0, 2, 1, 3, 4};

		assert_int_equal(revisions[slot], fast_page_view_ack(world->view, slots[slot]));
	}
	assert_int_equal(5, fast_param_revision(knobs.mode));
	assert_int_equal(-7, fast_param_get_int(knobs.integer)); /* and again, the short way */
	assert_text(knobs.mode, "fast");
}

static void a_param_that_fastd_takes_back_has_its_initial_value(void **state)
{
	struct world *world = *state;
	struct knobs knobs = knobs_declare(world);

	turn_text(world, 4, 5, "fast");
	turn_int(world, 6, 100);
	assert_int_equal(2, fast_param_get_choice(knobs.mode));
	assert_int_equal(100, fast_param_get_int(knobs.integer));
	turn_text(world, 4, 0, "");
	turn_int(world, 0, 0);
	assert_int_equal(1, fast_param_get_choice(knobs.mode));
	assert_text(knobs.mode, "medium");
	assert_int_equal(8, fast_param_get_int(knobs.integer));
	assert_int_equal(0, fast_param_revision(knobs.integer));
	assert_int_equal(0, fast_page_view_ack(world->view, 1));
}

/* A fastd that has lost its store begins to count again. */
static void a_revision_used_again_gives_the_new_value(void **state)
{
	struct world *world = *state;
	struct knobs knobs = knobs_declare(world);

	turn_int(world, 1, 100);
	turn_text(world, 4, 2, "slow");
	assert_int_equal(100, fast_param_get_int(knobs.integer));
	assert_int_equal(0, fast_param_get_choice(knobs.mode));
	turn_int(world, 1, 200);
	turn_text(world, 4, 2, "fast");
	assert_int_equal(200, fast_param_get_int(knobs.integer));
	assert_int_equal(2, fast_param_get_choice(knobs.mode));
}

static void a_choice_that_was_read_often_changes_all_the_same(void **state)
{
	struct world *world = *state;
	struct knobs knobs = knobs_declare(world);
	uint64_t revision = 0;

	for (size_t round = 0; round < 6; round++) {
		turn_text(world, 4, ++revision, modes[round % 3].string);
		turn_int(world, revision, 1); /* and another param's change leaves it */
		for (int i = 0; i < 3; i++) {
			assert_int_equal(round % 3, fast_param_get_choice(knobs.mode));
			assert_int_equal(revision, fast_param_revision(knobs.mode));
		}
		assert_int_equal(revision, fast_page_view_ack(world->view, 4));
	}
}

static void an_impossible_value_leaves_the_last_good_one_and_is_reported_once(void **state)
{
	struct world *world = *state;
	struct knobs knobs = knobs_declare(world);

	turn_text(world, 4, 1, "fast");
	turn_int(world, 2, 5);
	assert_int_equal(2, fast_param_get_choice(knobs.mode));
	assert_int_equal(5, fast_param_get_int(knobs.integer));

	turn_text(world, 4, 3, "warp");
	turn_int(world, 4, 2000000);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(2, fast_param_get_choice(knobs.mode));
		assert_text(knobs.mode, "fast");
		assert_int_equal(5, fast_param_get_int(knobs.integer));
	}
	assert_int_equal(2, log_count());
	assert_string_equal("param \"batch.size\": revision 4 is not an allowed value; the last "
			    "good one is kept",
			    log_last());
	assert_int_equal(1, fast_page_view_ack(world->view, 4)); /* not acknowledged */
	assert_int_equal(2, fast_page_view_ack(world->view, 1));
	turn_int(world, 5, 6);
	assert_int_equal(6, fast_param_get_int(knobs.integer));
}

/* As no fastd of ours would: straight into the memory. */
static void scribbled_params_never_crash_a_get(void **state)
{
	struct world *world = *state;
	struct knobs knobs = knobs_declare(world);
	unsigned char *base = mmap(NULL, FAST_PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
				   world->plugin->map.fd, 0);
	uint32_t random_state = 1;
	char text[FAST_PARAM_STRING_BYTES_MAX + 1];

	assert_ptr_not_equal(base, MAP_FAILED);
	for (int round = 0; round < 300; round++) {
		for (uint32_t at = FAST_PAGE_A_OFFSET; at < FAST_PAGE_B_OFFSET; at++) {
			random_state = random_state * 1664525 + 1013904223;
			base[at] = round == 0 ? 0xff : (unsigned char)(random_state >> 24);
		}
		int64_t integer = fast_param_get_int(knobs.integer);
		assert_true(integer >= -1000000 && integer <= 1000000);
		(void)fast_param_get_bool(knobs.boolean);
		assert_true(isfinite(fast_param_get_double(knobs.number)));
		fast_param_get_string(knobs.string, text);
		assert_true(strlen(text) <= FAST_PARAM_STRING_BYTES_MAX);
		assert_true(fast_param_get_choice(knobs.mode) < FAST_TEST_COUNT(modes));
	}
	assert_int_equal(0, munmap(base, FAST_PAGE_BYTES));
}

static void the_same_declaration_gives_the_same_param(void **state)
{
	struct world *world = *state;
	struct knobs first = knobs_declare(world);
	struct knobs second = knobs_declare(world);

	assert_memory_equal(&first, &second, sizeof first);
	assert_int_equal(5, world->plugin->param_count);
}

static void more_params_than_slots_are_refused(void **state)
{
	struct world *world = *state;
	char name[16];
	struct fast_param_spec spec = {.size = sizeof spec, .name = name, .type = FAST_PARAM_BOOL};
	struct fast_param *param = NULL;

	for (int i = 0; i < FAST_PLUGIN_PARAMS_MAX; i++) {
		(void)snprintf(name, sizeof name, "p%d", i);
		(void)world_param(world, &spec);
	}
	strcpy(name, "more");
	assert_status(FAST_RESOURCE_EXHAUSTED, fast_plugin_param(world->plugin, &spec, &param));
	assert_null(param);
	assert_error(world->plugin,
		     "param \"more\": the plugin has 128 params already, the most there can be");
}

static void a_declaration_survives_each_allocation_failure(void **state)
{
	struct world *world = *state;
	struct fast_param_spec spec = {.size = sizeof spec, .name = "a", .type = FAST_PARAM_BOOL};
	struct fast_param *param = NULL;
	enum fast_status status;
	int n = 0;

	for (;;) {
		fault_alloc_after(n++);
		status = fast_plugin_param(world->plugin, &spec, &param);
		if (!fault_alloc_fired()) {
			break;
		}
		assert_status(FAST_RESOURCE_EXHAUSTED, status);
		assert_null(param);
		assert_error(world->plugin, "param \"a\": no memory");
	}
	fault_alloc_after(-1);
	assert_ok(status);
	assert_int_equal(2, n);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_param_has_its_initial_value_until_it_is_turned),
		TEST(a_get_gives_the_value_set_last_and_acknowledges_it),
		TEST(a_param_that_fastd_takes_back_has_its_initial_value),
		TEST(a_revision_used_again_gives_the_new_value),
		TEST(a_choice_that_was_read_often_changes_all_the_same),
		TEST(an_impossible_value_leaves_the_last_good_one_and_is_reported_once),
		TEST(scribbled_params_never_crash_a_get),
		TEST(the_same_declaration_gives_the_same_param),
		TEST(more_params_than_slots_are_refused),
		TEST(a_declaration_survives_each_allocation_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
