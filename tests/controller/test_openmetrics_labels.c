/* Series with labels, facts and states on the scrape page. */
#include "support/harness.h"

#include "daemon/openmetrics.h"

#include <stdlib.h>
#include <string.h>

static char *rendered(const struct node_metric *metrics, size_t count)
{
	struct families *families = NULL;
	struct text out;
	char *copy;

	assert_ok(families_new(FAMILIES_OPENMETRICS, &families));
	for (size_t i = 0; i < count; i++) {
		openmetrics_add_metric(families, &metrics[i]);
	}
	text_init(&out, FAMILIES_BYTES_MAX);
	assert_ok(families_render(families, &out));
	text_add_bytes(&out, "", 1);
	copy = strdup(out.bytes);
	assert_non_null(copy);
	text_fini(&out);
	families_free(families);
	return copy;
}

#define SAMPLED .plugin = "cam", .live = true, .sampled = true, .unit = "", .help = ""

static void series_of_one_metric_share_a_family(void **state)
{
	const struct node_metric metrics[] = {
		{SAMPLED, .kind = FAST_METRIC_COUNTER, .name = "a.b", .count = 1},
		{SAMPLED, .kind = FAST_METRIC_COUNTER, .name = "a.b{x=\"1\"}", .base_bytes = 3,
		 .labels = "x=\"1\"", .count = 2},
		{SAMPLED, .kind = FAST_METRIC_COUNTER, .name = "a_b", .count = 3},
	};
	char *page = rendered(metrics, 3);

	(void)state;
	assert_string_equal("# TYPE plugin_a_b counter\n"
			    "# HELP plugin_a_b a.b, as the plugin reports it.\n"
			    "plugin_a_b_total{plugin=\"cam\"} 1\n"
			    "plugin_a_b_total{plugin=\"cam\",x=\"1\"} 2\n"
			    "# EOF\n",
			    page);
	free(page);
}

static void facts_and_states_are_spelt_out(void **state)
{
	const struct node_metric metrics[] = {
		{SAMPLED, .kind = FAST_METRIC_INFO, .name = "build{model=\"v8\"}", .base_bytes = 5,
		 .labels = "model=\"v8\"", .value = 1},
		{SAMPLED, .kind = FAST_METRIC_STATESET, .name = "mode", .states = "idle,busy",
		 .value = 2},
	};
	char *page = rendered(metrics, 2);

	(void)state;
	assert_string_equal("# TYPE plugin_build info\n"
			    "# HELP plugin_build build, as the plugin reports it.\n"
			    "plugin_build_info{plugin=\"cam\",model=\"v8\"} 1\n"
			    "# TYPE plugin_mode stateset\n"
			    "# HELP plugin_mode mode, as the plugin reports it.\n"
			    "plugin_mode{plugin=\"cam\",plugin_mode=\"idle\"} 0\n"
			    "plugin_mode{plugin=\"cam\",plugin_mode=\"busy\"} 1\n"
			    "# EOF\n",
			    page);
	free(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(series_of_one_metric_share_a_family),
		cmocka_unit_test(facts_and_states_are_spelt_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
