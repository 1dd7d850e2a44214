/* What a scrape shows: openmetrics/<format>.ok holds the page of one small world. With FASTD_UPDATE
 * set the files are rewritten. */
#include "daemon/openmetrics.h"
#include "page/page.h"
#include "tests/controller/fake_node.h"
#include "tests/support/fault_alloc.h"
#include "tests/support/harness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_BYTES_MAX (1u << 20)

struct world {
	struct node node;
	struct fast_distribution distribution;
	struct families *families;
	struct text page;
};

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof *world);

	if (world == NULL) {
		return -1;
	}
	fake_node_init(&world->node);
	text_init(&world->page, PAGE_BYTES_MAX);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	families_free(world->families);
	text_fini(&world->page);
	fake_node_fini(&world->node);
	free(world);
	return 0;
}

/* Index of the bucket whose upper bound is 2^exponent. */
static size_t bucket_below(int exponent)
{
	return (size_t)(exponent * (1 << FAST_PAGE_SCALE) - FAST_PAGE_BUCKET_FIRST - 1);
}

static void observe(struct fast_distribution *distribution, int exponent, uint64_t count)
{
	distribution->buckets[bucket_below(exponent)] += count;
	distribution->count += count;
	distribution->sum += (double)count * ldexp(1, exponent);
}

/* Adds all that the node holds. */
static enum fast_status add_all(struct world *world, enum families_format format)
{
	enum fast_status status = families_new(format, &world->families);

	if (status != FAST_OK) {
		return status;
	}
	for (size_t i = 0; i < world->node.plugin_count; i++) {
		openmetrics_add_plugin(world->families, world->node.plugins[i].name,
				       world->node.plugins[i].live);
	}
	for (size_t i = 0; i < world->node.param_count; i++) {
		openmetrics_add_param(world->families, &world->node.params[i]);
	}
	for (size_t i = 0; i < world->node.metric_count; i++) {
		openmetrics_add_metric(world->families, &world->node.metrics[i]);
	}
	return families_render(world->families, &world->page);
}

/* Makes the page and returns it. */
static const char *render(struct world *world, enum families_format format)
{
	assert_ok(add_all(world, format));
	return world->page.bytes == NULL ? "" : world->page.bytes;
}

static void fill(struct world *world)
{
	struct node *node = &world->node;
	struct node_metric *metric;
	struct node_param *param;

	fake_node_add_plugin(node, "cam");
	fake_node_add_plugin(node, "cam-2")->live = false;
	fake_node_add_param(node, "cam", "skip", 2)->help = "Frames left out.";
	param = fake_node_add_param(node, "cam", "model", 0);
	param->type = FAST_PARAM_ENUM;
	param->effective = (struct fast_page_value){.type = FAST_PARAM_ENUM, .string = "a\"b\\c"};
	param = fake_node_add_param(node, "cam", "mirror", 0);
	param->effective = (struct fast_page_value){.type = FAST_PARAM_BOOL, .u.boolean = true};

	metric = fake_node_add_metric(node, "cam", "bytes.read", FAST_METRIC_COUNTER);
	metric->unit = "By";
	metric->help = "What came \"in\",\nwith a \\.";
	fake_node_add_metric(node, "cam", "temperature", FAST_METRIC_GAUGE)->unit = "Cel";
	metric = fake_node_add_metric(node, "cam", "fps", FAST_METRIC_HEARTBEAT);
	metric->help = "Frames per second over the last window.";
	metric->distribution = &world->distribution;
	metric = fake_node_add_metric(node, "cam", "frame.time", FAST_METRIC_TIMER);
	metric->distribution = &world->distribution;
	metric = fake_node_add_metric(node, "cam", "unset", FAST_METRIC_GAUGE);
	metric->value = NAN;
	fake_node_add_metric(node, "cam", "unsampled", FAST_METRIC_COUNTER)->sampled = false;
	fake_node_add_metric(node, "cam", "undecided", FAST_METRIC_UNDECLARED);
	metric = fake_node_add_metric(node, "cam-3", "temperature", FAST_METRIC_GAUGE);
	metric->unit = "Cel";
	metric->value = -0.1;
	metric->help = "A later help.";
	fake_node_add_metric(node, "cam-3", "bytes.read", FAST_METRIC_COUNTER)->unit = "By";

	observe(&world->distribution, -5, 7);
	observe(&world->distribution, -4, 2);
	observe(&world->distribution, 1, 1);
	world->distribution.zero = 1;
	world->distribution.count++;
}

static void golden_path(const char *name, char *out, size_t out_bytes)
{
	const char *source = getenv("FASTD_SOURCE");

	snprintf(out, out_bytes, "%s/tests/controller/openmetrics/%s",
		 source == NULL ? "." : source, name);
}

static void check_golden(const char *name, const char *page)
{
	char path[512];
	char *golden = calloc(1, PAGE_BYTES_MAX);
	FILE *file;

	assert_non_null(golden);
	golden_path(name, path, sizeof path);
	if (getenv("FASTD_UPDATE") != NULL) {
		file = fopen(path, "w");
		assert_non_null(file);
		fputs(page, file);
		fclose(file);
	}
	file = fopen(path, "r");
	assert_non_null(file);
	assert_true(fread(golden, 1, PAGE_BYTES_MAX - 1, file) > 0);
	fclose(file);
	assert_string_equal(golden, page);
	free(golden);
}

static void the_openmetrics_page_is_the_golden_one(void **state)
{
	fill(*state);
	check_golden("openmetrics.ok", render(*state, FAMILIES_OPENMETRICS));
}

static void the_text_page_is_the_golden_one(void **state)
{
	fill(*state);
	check_golden("text.ok", render(*state, FAMILIES_TEXT));
}

static void promtool_finds_nothing_to_say_about_the_text_page(void **state)
{
	char path[512], command[600];

	(void)state;
	if (system("command -v promtool >/dev/null") != 0) {
		skip();
	}
	golden_path("text.ok", path, sizeof path);
	snprintf(command, sizeof command, "promtool check metrics < '%s'", path);
	assert_int_equal(0, system(command));
}

static void an_empty_page_is_a_whole_page(void **state)
{
	assert_string_equal("# EOF\n", render(*state, FAMILIES_OPENMETRICS));
}

/* Whether the page has this line. */
static bool has_line(const char *page, const char *line)
{
	const char *found = strstr(page, line);

	return found != NULL && found[strlen(line)] == '\n' && (found == page || found[-1] == '\n');
}

static void a_name_of_another_kind_is_rejected_and_counted(void **state)
{
	struct world *world = *state;
	const char *page;

	fake_node_add_metric(&world->node, "a", "x", FAST_METRIC_GAUGE);
	fake_node_add_metric(&world->node, "b", "x", FAST_METRIC_COUNTER);
	page = render(world, FAMILIES_OPENMETRICS);
	assert_true(has_line(page, "plugin_x{plugin=\"a\"} 24.5"));
	assert_null(strstr(page, "plugin=\"b\""));
	assert_int_equal(1, families_rejected(world->families));
}

static void a_sample_name_of_another_family_is_rejected_and_counted(void **state)
{
	struct world *world = *state;
	const char *page;

	fake_node_add_metric(&world->node, "a", "x", FAST_METRIC_COUNTER);
	fake_node_add_metric(&world->node, "b", "x.total", FAST_METRIC_GAUGE);
	fake_node_add_metric(&world->node, "c", "y.count", FAST_METRIC_GAUGE);
	fake_node_add_metric(&world->node, "d", "y", FAST_METRIC_HISTOGRAM)->distribution =
		&world->distribution;
	fake_node_add_metric(&world->node, "e", "x.total", FAST_METRIC_COUNTER);
	page = render(world, FAMILIES_TEXT);
	assert_true(has_line(page, "plugin_x_total{plugin=\"a\"} 1470"));
	assert_true(has_line(page, "plugin_y_count{plugin=\"c\"} 24.5"));
	assert_true(has_line(page, "plugin_x_total{plugin=\"e\"} 1470"));
	assert_null(strstr(page, "plugin=\"b\""));
	assert_null(strstr(page, "plugin=\"d\""));
	assert_int_equal(2, families_rejected(world->families));
}

static void two_metrics_of_one_plugin_never_become_the_same_series(void **state)
{
	struct world *world = *state;
	const char *page;

	fake_node_add_metric(&world->node, "a", "x.y", FAST_METRIC_GAUGE)->value = 1;
	fake_node_add_metric(&world->node, "a", "x_y", FAST_METRIC_GAUGE)->value = 2;
	page = render(world, FAMILIES_TEXT);
	assert_true(has_line(page, "plugin_x_y{plugin=\"a\"} 1"));
	assert_false(has_line(page, "plugin_x_y{plugin=\"a\"} 2"));
	assert_int_equal(1, families_rejected(world->families));
}

static void a_metric_cannot_join_the_family_of_the_knobs(void **state)
{
	struct world *world = *state;
	const char *page;

	fake_node_add_param(&world->node, "a", "res", 3);
	fake_node_add_metric(&world->node, "a", "param", FAST_METRIC_GAUGE);
	page = render(world, FAMILIES_TEXT);
	assert_true(has_line(page, "plugin_param{plugin=\"a\",param=\"res\"} 3"));
	assert_null(strstr(page, "plugin_param{plugin=\"a\"}"));
	assert_int_equal(1, families_rejected(world->families));
}

static void a_unit_in_the_name_is_not_said_twice(void **state)
{
	struct world *world = *state;
	const char *page;

	fake_node_add_metric(&world->node, "a", "idle_seconds", FAST_METRIC_GAUGE)->unit = "s";
	fake_node_add_metric(&world->node, "a", "load", FAST_METRIC_GAUGE)->unit = "{threads}";
	page = render(world, FAMILIES_OPENMETRICS);
	assert_true(has_line(page, "# UNIT plugin_idle_seconds seconds"));
	assert_true(has_line(page, "plugin_idle_seconds{plugin=\"a\"} 24.5"));
	assert_true(has_line(page, "plugin_load{plugin=\"a\"} 24.5"));
	assert_null(strstr(page, "UNIT plugin_load"));
}

static void numbers_are_the_shortest_that_read_back(void **state)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {
		{0.1, "0.1"},
		{1.0 / 3, "0.3333333333333333"},
		{0.1 + 0.2, "0.30000000000000004"},
		{1e300, "1e+300"},
		{-0.0, "-0"},
		{123456789, "123456789"},
		{5e-324, "4.94065645841247e-324"},
		{INFINITY, "+Inf"},
		{-INFINITY, "-Inf"},
		{NAN, "NaN"},
	};

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(cases); i++) {
		char text[TEXT_NUMBER_BYTES_MAX];

		assert_string_equal(cases[i].text, text_of_number(cases[i].value, text));
	}
}

static void values_beyond_the_last_bound_are_counted_by_infinity_alone(void **state)
{
	struct world *world = *state;
	const char *page;

	world->distribution.buckets[FAST_PAGE_BUCKETS - 1] = 5;
	world->distribution.buckets[0] = 1;
	world->distribution.count = 6;
	fake_node_add_metric(&world->node, "a", "x", FAST_METRIC_HISTOGRAM)->distribution =
		&world->distribution;
	page = render(world, FAMILIES_TEXT);
	assert_true(has_line(page, "plugin_x_bucket{plugin=\"a\",le=\"+Inf\"} 6"));
	assert_true(has_line(page, "plugin_x_bucket{plugin=\"a\",le=\"1.862645149230957e-09\"} 1"));
	assert_null(strstr(page, "17179869184"));
}

static void bounds_stay_while_values_come(void **state)
{
	struct world *world = *state;
	const char *page;

	observe(&world->distribution, -5, 1);
	fake_node_add_metric(&world->node, "a", "x", FAST_METRIC_HISTOGRAM)->distribution =
		&world->distribution;
	page = render(world, FAMILIES_TEXT);
	/* the whole group of four octaves, of which one holds something */
	assert_null(strstr(page, "le=\"0.015625\""));
	assert_true(has_line(page, "plugin_x_bucket{plugin=\"a\",le=\"0.03125\"} 1"));
	assert_true(has_line(page, "plugin_x_bucket{plugin=\"a\",le=\"0.25\"} 1"));
	assert_null(strstr(page, "le=\"0.5\""));
}

static void a_page_survives_each_allocation_failure(void **state)
{
	struct world *world = *state;
	enum fast_status status = FAST_OK;
	int n = 0;

	fill(world);
	for (;;) {
		fault_alloc_after(n++);
		status = add_all(world, FAMILIES_OPENMETRICS);
		if (!fault_alloc_fired()) {
			break;
		}
		fault_alloc_after(-1);
		assert_status(FAST_RESOURCE_EXHAUSTED, status);
		families_free(world->families);
		world->families = NULL;
		text_fini(&world->page);
		text_init(&world->page, PAGE_BYTES_MAX);
	}
	fault_alloc_after(-1);
	assert_ok(status);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_openmetrics_page_is_the_golden_one),
		TEST(the_text_page_is_the_golden_one),
		TEST(promtool_finds_nothing_to_say_about_the_text_page),
		TEST(an_empty_page_is_a_whole_page),
		TEST(a_name_of_another_kind_is_rejected_and_counted),
		TEST(a_sample_name_of_another_family_is_rejected_and_counted),
		TEST(two_metrics_of_one_plugin_never_become_the_same_series),
		TEST(a_metric_cannot_join_the_family_of_the_knobs),
		TEST(a_unit_in_the_name_is_not_said_twice),
		TEST(numbers_are_the_shortest_that_read_back),
		TEST(values_beyond_the_last_bound_are_counted_by_infinity_alone),
		TEST(bounds_stay_while_values_come),
		TEST(a_page_survives_each_allocation_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
