/* The table of attempts that failed: the last of each knob, the newest of all. */
#include "support/fault_alloc.h"
#include "support/harness.h"

#include "daemon/attempts.h"

#include <stdio.h>
#include <string.h>

static struct node_attempt attempt_at(int64_t time_unix_ns, const char *text)
{
	struct node_attempt attempt = {.value = {.type = FAST_PARAM_STRING},
				       .time_unix_ns = time_unix_ns};

	(void)snprintf(attempt.value.string, sizeof attempt.value.string, "%s", text);
	return attempt;
}

static void the_last_attempt_of_each_knob_is_found(void **state)
{
	static const char *const knobs[][2] = {{"mic", "gain"}, {"cam", "res"}, {"cam", "a"}};
	struct attempts attempts = {0};
	struct node_attempt attempt;

	(void)state;
	for (int64_t i = 0; i < 6; i++) {
		attempt = attempt_at(i, "x");
		attempts_note(&attempts, knobs[i % 3][0], knobs[i % 3][1], &attempt);
	}
	assert_int_equal(3, attempts.count);
	for (int64_t i = 0; i < 3; i++) {
		assert_int_equal(i + 3,
				 attempts_find(&attempts, knobs[i][0], knobs[i][1])->time_unix_ns);
	}
	assert_null(attempts_find(&attempts, "cam", "b"));
	assert_null(attempts_find(&attempts, "ca", "a"));
	attempts_fini(&attempts);
	assert_null(attempts_find(&attempts, "cam", "a"));
}

static void beyond_the_limit_the_oldest_is_forgotten(void **state)
{
	struct attempts attempts = {0};
	char param[16];

	(void)state;
	for (int i = 0; i < ATTEMPTS_MAX + 2; i++) {
		struct node_attempt attempt = attempt_at(i == 7 ? -1 : i, "x");

		(void)snprintf(param, sizeof param, "p%d", i);
		attempts_note(&attempts, "cam", param, &attempt);
	}
	assert_int_equal(ATTEMPTS_MAX, attempts.count);
	assert_null(attempts_find(&attempts, "cam", "p7"));
	assert_null(attempts_find(&attempts, "cam", "p0"));
	assert_non_null(attempts_find(&attempts, "cam", "p1"));
	assert_non_null(attempts_find(&attempts, "cam", param));
	attempts_fini(&attempts);
}

static const struct node_attempt *read_as(struct attempts *attempts, const char *text,
					  enum fast_param_type type)
{
	struct node_attempt attempt = attempt_at(1, text);

	attempts_note_text(attempts, "cam", "res", &attempt);
	attempts_read(attempts, "cam", "res", type);
	return attempts_find(attempts, "cam", "res");
}

static void a_text_becomes_a_value_of_the_knobs_type(void **state)
{
	struct attempts attempts = {0};
	const struct node_attempt *read;

	(void)state;
	read = read_as(&attempts, "true", FAST_PARAM_BOOL);
	assert_int_equal(FAST_PARAM_BOOL, read->value.type);
	assert_true(read->value.u.boolean);
	read = read_as(&attempts, "-2000", FAST_PARAM_INT);
	assert_int_equal(FAST_PARAM_INT, read->value.type);
	assert_int_equal(-2000, read->value.u.integer);
	read = read_as(&attempts, "0.25", FAST_PARAM_DOUBLE);
	assert_int_equal(FAST_PARAM_DOUBLE, read->value.type);
	assert_true(read->value.u.number == 0.25);
	read = read_as(&attempts, "12", FAST_PARAM_STRING);
	assert_int_equal(FAST_PARAM_STRING, read->value.type);
	assert_string_equal("12", read->value.string);
	attempts_fini(&attempts);
}

static void a_text_that_is_nothing_of_the_type_stays_one(void **state)
{
	static const struct {
		const char *text;
		enum fast_param_type type;
	} cases[] = {
		{"yes", FAST_PARAM_BOOL},  {"", FAST_PARAM_INT},
		{"2.5", FAST_PARAM_INT},   {"many", FAST_PARAM_INT},
		{"", FAST_PARAM_DOUBLE},   {"99999999999999999999", FAST_PARAM_INT},
		{"1x", FAST_PARAM_DOUBLE},
	};
	struct attempts attempts = {0};

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(cases); i++) {
		const struct node_attempt *read = read_as(&attempts, cases[i].text, cases[i].type);

		assert_int_equal(FAST_PARAM_STRING, read->value.type);
		assert_string_equal(cases[i].text, read->value.string);
	}
	attempts_fini(&attempts);
}

static void what_was_noted_as_a_value_is_not_read_as_a_text(void **state)
{
	struct attempts attempts = {0};
	struct node_attempt attempt = attempt_at(1, "12");

	(void)state;
	attempts_note(&attempts, "cam", "res", &attempt);
	attempts_read(&attempts, "cam", "res", FAST_PARAM_INT);
	attempts_read(&attempts, "cam", "other", FAST_PARAM_INT);
	assert_int_equal(FAST_PARAM_STRING, attempts_find(&attempts, "cam", "res")->value.type);
	attempts_fini(&attempts);
}

static void without_memory_an_attempt_is_not_remembered(void **state)
{
	struct node_attempt attempt = attempt_at(1, "x");
	bool fired = true;

	(void)state;
	for (int n = 0; fired; n++) {
		struct attempts attempts = {0};

		fault_alloc_after(n);
		attempts_note(&attempts, "cam", "res", &attempt);
		fired = fault_alloc_fired();
		fault_alloc_after(-1);
		assert_int_equal(fired, attempts_find(&attempts, "cam", "res") == NULL);
		attempts_fini(&attempts);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_attempt_of_each_knob_is_found),
		cmocka_unit_test(beyond_the_limit_the_oldest_is_forgotten),
		cmocka_unit_test(a_text_becomes_a_value_of_the_knobs_type),
		cmocka_unit_test(a_text_that_is_nothing_of_the_type_stays_one),
		cmocka_unit_test(what_was_noted_as_a_value_is_not_read_as_a_text),
		cmocka_unit_test(without_memory_an_attempt_is_not_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
