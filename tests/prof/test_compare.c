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
	assert_int_equal(1, json_array_size(json_object_get(root, "targets")));
	json_decref(root);
	tree_close(&tree);
}

/* Gives what is written; the caller frees. */
static char *compared(json_t *before, json_t *after, bool json)
{
	const struct options options = {.tolerance = 2, .json = json};
	char *text = NULL;
	size_t bytes = 0;
	FILE *file = open_memstream(&text, &bytes);

	assert_non_null(file);
	assert_true(compare_write(before, after, &options, file));
	fclose(file);
	return text;
}

static json_t *result(const char *json)
{
	json_t *root = json_loads(json, 0, NULL);

	assert_non_null(root);
	return root;
}

static void targets_are_compared_by_name(void **state)
{
	json_t *before = result("{\"targets\": [{\"name\": \"day\", \"settings\": [{\"knobs\": {},"
				"\"ending\": \"done\"}]}, {\"name\": \"night\", \"settings\":"
				"[{\"knobs\": {\"res\": \"1\"}, \"ending\": \"done\"}]}]}");
	json_t *after = result("{\"targets\": [{\"name\": \"night\", \"settings\":"
			       "[{\"knobs\": {\"res\": \"1\"}, \"ending\": \"crashed\"}]}]}");
	char *text = compared(before, after, false);

	(void)state;
	assert_non_null(strstr(text, "target day"));
	assert_non_null(strstr(text, "visited before only (target day)"));
	assert_non_null(strstr(text, "was done before, crashed after (target night)"));
	free(text);
	text = compared(before, after, true);
	assert_non_null(strstr(text, "\"fastprof-compare/2\""));
	free(text);
	json_decref(before);
	json_decref(after);
}

static void single_targets_are_compared_whatever_their_names(void **state)
{
	json_t *before = result("{\"targets\": [{\"name\": \"default\", \"settings\": [{\"knobs\":"
				"{}, \"ending\": \"done\"}]}]}");
	json_t *after = result("{\"targets\": [{\"name\": \"1\", \"settings\": [{\"knobs\": {},"
			       "\"ending\": \"hung\"}]}]}");
	char *text = compared(before, after, false);

	(void)state;
	assert_non_null(strstr(text, "hung after"));
	free(text);
	json_decref(before);
	json_decref(after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clear_difference_has_its_direction),
		cmocka_unit_test(what_is_alike_is_the_same),
		cmocka_unit_test(noise_is_called_noise),
		cmocka_unit_test(targets_are_compared_by_name),
		cmocka_unit_test(single_targets_are_compared_whatever_their_names),
		cmocka_unit_test(only_results_of_ours_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
