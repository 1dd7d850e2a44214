#include "prof/compare.h"
#include "tests/prof/tree.h"
#include "tests/support/harness.h"

/* Values around a middle, spread as far. */
static void fill(double *values, size_t count, double middle, double spread)
{
	for (size_t i = 0; i < count; i++) {
		values[i] = middle + spread * ((double)(i * 37 % 11) / 5 - 1);
	}
}

static enum compare_verdict judge(double before, double after, double spread)
{
	struct compare_result result;
	double a[50], b[50];

	fill(a, 50, before, spread);
	fill(b, 50, after, spread);
	assert_ok(compare_values(a, 50, b, 50, 0.02, &result));
	assert_true(result.low <= result.high);
	return result.verdict;
}

static void a_clear_difference_has_its_direction(void **state)
{
	(void)state;
	assert_int_equal(COMPARE_HIGHER, judge(20, 25, 1));
	assert_int_equal(COMPARE_LOWER, judge(25, 20, 1));
}

static void what_is_alike_is_the_same(void **state)
{
	(void)state;
	assert_int_equal(COMPARE_SAME, judge(20, 20.1, 0.1));
}

static void noise_is_called_noise(void **state)
{
	const double few[] = {1, 2};
	struct compare_result result;

	(void)state;
	assert_int_equal(COMPARE_UNCERTAIN, judge(20, 21, 15));
	assert_ok(compare_values(few, 2, few, 2, 0.02, &result));
	assert_int_equal(COMPARE_UNCERTAIN, result.verdict);
}

static void only_results_of_ours_are_read(void **state)
{
	char error[COMPARE_ERROR_BYTES_MAX];
	struct tree tree;

	(void)state;
	tree_open(&tree);
	assert_null(compare_read(tree.root, error));
	tree_put(&tree, "/results.json", "{\"schema\": \"other/1\"}");
	assert_null(compare_read(tree.root, error));
	assert_non_null(strstr(error, "other/1"));
	tree_put(&tree, "/results.json", "{\"schema\": ");
	assert_null(compare_read(tree.root, error));
	tree_put(&tree, "/results.json",
		 "{\"schema\": \""
		 "fastprof/1\", \"settings\": [7, {}]}");
	json_t *root = compare_read(tree.root, error);

	assert_non_null(root);
	const struct options options = {.tolerance = 2, .json = true};
	FILE *file = fopen("/dev/null", "w");

	assert_true(compare_write(root, root, &options, file));
	fclose(file);
	json_decref(root);
	tree_close(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clear_difference_has_its_direction),
		cmocka_unit_test(what_is_alike_is_the_same),
		cmocka_unit_test(noise_is_called_noise),
		cmocka_unit_test(only_results_of_ours_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
