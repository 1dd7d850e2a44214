#include "sdk/world.h"

#include <math.h>
#include <string.h>

#define S       sizeof(struct fast_param_spec)
#define LONG_65 "12345678901234567890123456789012345678901234567890123456789012345"

static const union fast_param_value modes[] = {{.string = "slow"}, {.string = "fast"}};
static const union fast_param_value twice[] = {{.string = "slow"}, {.string = "slow"}};
static const union fast_param_value sizes[] = {{.integer = 1}, {.integer = 4}};
static const union fast_param_value none[] = {{.string = NULL}};
static const union fast_param_value many[FAST_PARAM_CHOICES_MAX + 1];

static const struct {
	struct fast_param_spec spec;
	const char *error; /* NULL: allowed */
} cases[] = {
	{{S, "b", FAST_PARAM_BOOL, {.boolean = true}, NULL, NULL, 0, 0, 0, NULL, 0, 0, 0, 0, 0},
	 NULL},
	{{S, "i", FAST_PARAM_INT, {.integer = 10}, "By", "Help.", 1, 19, 3, NULL, 0, 0, 0, 0, 0},
	 NULL},
	{{S, "d", FAST_PARAM_DOUBLE, {.number = 0.3}, NULL, NULL, 0, 1, 0.1, NULL, 0, 0, 0, 0, 0},
	 NULL},
	{{S, "s", FAST_PARAM_STRING, {.string = ""}, NULL, NULL, 0, 0, 0, NULL, 0, 0, 0, 0, 0},
	 NULL},
	{{S, "t", FAST_PARAM_STRING, {.string = "slow"}, NULL, NULL, 0, 0, 0, modes, 2, 0, 0, 0, 0},
	 NULL},
	{{S, "n", FAST_PARAM_INT, {.integer = 4}, NULL, NULL, 0, 0, 0, sizes, 2, 0, 0, 0, 0}, NULL},
	{{S, "e", FAST_PARAM_ENUM, {.string = "fast"}, NULL, NULL, 0, 0, 0, modes, 2, 0, 0, 0, 0},
	 NULL},
	{{S,
	  "big",
	  FAST_PARAM_INT,
	  {.integer = INT64_MIN},
	  NULL,
	  NULL,
	  0,
	  0,
	  0,
	  NULL,
	  0,
	  0,
	  0,
	  0,
	  0},
	 NULL},

	{{S,
	  "p",
	  FAST_PARAM_BOOL,
	  {.boolean = true},
	  NULL,
	  NULL,
	  0,
	  0,
	  0,
	  NULL,
	  0,
	  0,
	  0,
	  0,
	  3600001},
	 "param \"p\": ack_timeout_ms is 3600001; give at most 3600000"},
	{{8, "p", FAST_PARAM_BOOL, {.boolean = true}, NULL, NULL, 0, 0, 0, NULL, 0, 0, 0, 0, 0},
	 "param spec: size is 8; set it to sizeof(struct fast_param_spec)"},
	{{S, "P", FAST_PARAM_BOOL, {.boolean = true}, NULL, NULL, 0, 0, 0, NULL, 0, 0, 0, 0, 0},
	 "param \"P\": upper case 'P' at byte 0; use [a-z0-9_] parts joined by dots"},
	{{S, "p", 0, {.boolean = true}, NULL, NULL, 0, 0, 0, NULL, 0, 0, 0, 0, 0},
	 "param \"p\": type 0 does not exist; use one of enum fast_param_type"},
	{{S, "p", 6, {.boolean = true}, NULL, NULL, 0, 0, 0, NULL, 0, 0, 0, 0, 0},
	 "param \"p\": type 6 does not exist; use one of enum fast_param_type"},
	{{S, "p", FAST_PARAM_INT, {.integer = 65}, NULL, NULL, 1, 64, 0, NULL, 0, 0, 0, 0, 0},
	 "param \"p\": initial 65 is outside 1 to 64"},
	{{S, "p", FAST_PARAM_INT, {.integer = 5}, NULL, NULL, 1, 64, 3, NULL, 0, 0, 0, 0, 0},
	 "param \"p\": initial 5 is not on a step of 3 from 1"},
	{{S, "p", FAST_PARAM_DOUBLE, {.number = 0.25}, NULL, NULL, 0, 1, 0.1, NULL, 0, 0, 0, 0, 0},
	 "param \"p\": initial 0.25 is not on a step of 0.1 from 0"},
	{{S, "p", FAST_PARAM_INT, {.integer = 5}, NULL, NULL, 9, 1, 0, NULL, 0, 0, 0, 0, 0},
	 "param \"p\": range 9 to 1; max must be above min, or both 0 for no range"},
	{{S, "p", FAST_PARAM_INT, {.integer = 5}, NULL, NULL, 0, 0, 2, NULL, 0, 0, 0, 0, 0},
	 "param \"p\": range 0 to 0; max must be above min, or both 0 for no range"},
	{{S, "p", FAST_PARAM_INT, {.integer = 5}, NULL, NULL, 0, INFINITY, 0, NULL, 0, 0, 0, 0, 0},
	 "param \"p\": range 0 to inf; max must be above min, or both 0 for no range"},
	{{S, "p", FAST_PARAM_INT, {.integer = 5}, NULL, NULL, 1, 9, -1, NULL, 0, 0, 0, 0, 0},
	 "param \"p\": step -1; it must be between 0, for any value, and 8"},
	{{S, "p", FAST_PARAM_BOOL, {.boolean = true}, NULL, NULL, 0, 1, 0, NULL, 0, 0, 0, 0, 0},
	 "param \"p\": a range on a bool; only int and double have one"},
	{{S, "p", FAST_PARAM_DOUBLE, {.number = NAN}, NULL, NULL, 0, 0, 0, NULL, 0, 0, 0, 0, 0},
	 "param \"p\": initial is not a finite number"},
	{{S, "p", FAST_PARAM_STRING, {.string = NULL}, NULL, NULL, 0, 0, 0, NULL, 0, 0, 0, 0, 0},
	 "param \"p\": initial of 0 bytes; a string, at most 64"},
	{{S, "p", FAST_PARAM_STRING, {.string = LONG_65}, NULL, NULL, 0, 0, 0, NULL, 0, 0, 0, 0, 0},
	 "param \"p\": initial of 65 bytes; a string, at most 64"},
	{{S, "p", FAST_PARAM_STRING, {.string = "\xff"}, NULL, NULL, 0, 0, 0, NULL, 0, 0, 0, 0, 0},
	 "param \"p\": initial is not UTF-8"},
	{{S, "p", FAST_PARAM_ENUM, {.string = "slow"}, NULL, NULL, 0, 0, 0, NULL, 0, 0, 0, 0, 0},
	 "param \"p\": an enum without choices; give 1 to 32"},
	{{S, "p", FAST_PARAM_BOOL, {.boolean = true}, NULL, NULL, 0, 0, 0, modes, 2, 0, 0, 0, 0},
	 "param \"p\": choices on a bool; leave them out"},
	{{S, "p", FAST_PARAM_INT, {.integer = 0}, NULL, NULL, 0, 0, 0, many, 33, 0, 0, 0, 0},
	 "param \"p\": 33 choices; give at most 32"},
	{{S, "p", FAST_PARAM_INT, {.integer = 0}, NULL, NULL, 0, 0, 0, NULL, 2, 0, 0, 0, 0},
	 "param \"p\": 2 choices at NULL; give at most 32"},
	{{S, "p", FAST_PARAM_INT, {.integer = 2}, NULL, NULL, 0, 0, 0, sizes, 2, 0, 0, 0, 0},
	 "param \"p\": initial 2 is not among the choices 1, 4"},
	{{S, "p", FAST_PARAM_INT, {.integer = 1}, NULL, NULL, 1, 3, 0, sizes, 2, 0, 0, 0, 0},
	 "param \"p\": choice 4 is outside 1 to 3"},
	{{S, "p", FAST_PARAM_ENUM, {.string = "warp"}, NULL, NULL, 0, 0, 0, modes, 2, 0, 0, 0, 0},
	 "param \"p\": initial \"warp\" is not among the choices \"slow\", \"fast\""},
	{{S, "p", FAST_PARAM_ENUM, {.string = "slow"}, NULL, NULL, 0, 0, 0, twice, 2, 0, 0, 0, 0},
	 "param \"p\": choice \"slow\" is given twice"},
	{{S, "p", FAST_PARAM_ENUM, {.string = "slow"}, NULL, NULL, 0, 0, 0, none, 1, 0, 0, 0, 0},
	 "param \"p\": choice of 0 bytes; a string, at most 64"},
};

static void a_wrong_declaration_is_answered_with_what_would_be_right(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < FAST_TEST_COUNT(cases); i++) {
		struct fast_param *param = NULL;
		enum fast_status status = fast_plugin_param(world->plugin, &cases[i].spec, &param);

		if (cases[i].error == NULL) {
			assert_ok(status);
			assert_non_null(param);
		} else {
			assert_status(FAST_INVALID_ARGUMENT, status);
			assert_null(param);
			assert_error(world->plugin, cases[i].error);
		}
	}
}

static void another_declaration_of_the_same_name_is_refused(void **state)
{
	struct world *world = *state;
	const struct fast_param_spec spec = {
		S, "p", FAST_PARAM_INT, {.integer = 1}, NULL, NULL, 0, 9, 1, NULL, 0, 0, 0, 0, 0};
	struct fast_param_spec others[6];
	struct fast_param *param = NULL;

	for (size_t i = 0; i < FAST_TEST_COUNT(others); i++) {
		others[i] = spec;
	}
	others[0].initial.integer = 2;
	others[1].max = 10;
	others[2].step = 3;
	others[3].unit = "s";
	others[4].help = "Help.";
	others[5].type = FAST_PARAM_DOUBLE;
	others[5].initial.number = 1;
	(void)world_param(world, &spec);
	for (size_t i = 0; i < FAST_TEST_COUNT(others); i++) {
		if (i == 2) {
			others[i].initial.integer = 3;
		}
		assert_status(FAST_ALREADY_EXISTS,
			      fast_plugin_param(world->plugin, &others[i], &param));
		assert_null(param);
		assert_error(world->plugin,
			     "param \"p\" is already declared in another way; declare it once, or "
			     "with the same type, initial value, range, choices, unit and help");
	}
}

static void a_long_list_of_choices_is_cut_in_the_sentence(void **state)
{
	struct world *world = *state;
	union fast_param_value choices[FAST_PARAM_CHOICES_MAX];
	char texts[FAST_PARAM_CHOICES_MAX][FAST_PARAM_STRING_BYTES_MAX + 1];
	char error[FAST_PLUGIN_ERROR_BYTES];
	struct fast_param_spec spec = {
		.size = S,
		.name = "p",
		.type = FAST_PARAM_ENUM,
		.initial.string = "warp",
		.choices = choices,
		.choice_count = FAST_PARAM_CHOICES_MAX,
	};
	struct fast_param *param = NULL;

	for (size_t i = 0; i < FAST_PARAM_CHOICES_MAX; i++) {
		memset(texts[i], (int)('A' + i), FAST_PARAM_STRING_BYTES_MAX);
		texts[i][FAST_PARAM_STRING_BYTES_MAX] = '\0';
		choices[i].string = texts[i];
	}
	assert_status(FAST_INVALID_ARGUMENT, fast_plugin_param(world->plugin, &spec, &param));
	fast_plugin_error(world->plugin, error, sizeof error);
	assert_non_null(strstr(error, "initial \"warp\" is not among the choices \"AAAA"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_wrong_declaration_is_answered_with_what_would_be_right),
		TEST(another_declaration_of_the_same_name_is_refused),
		TEST(a_long_list_of_choices_is_cut_in_the_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
