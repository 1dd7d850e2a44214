/* Exemplars on the scrape page. */
#include "support/harness.h"

#include "daemon/openmetrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIME INT64_C(1520879607789654321)

static char *rendered(enum families_format format, const struct node_metric *metric)
{
	struct families *families = NULL;
	struct text out;
	char *copy;

	assert_ok(families_new(format, &families));
	openmetrics_add_metric(families, metric);
	text_init(&out, FAMILIES_BYTES_MAX);
	assert_ok(families_render(families, &out));
	text_add_bytes(&out, "", 1);
	copy = strdup(out.bytes);
	assert_non_null(copy);
	text_fini(&out);
	families_free(families);
	return copy;
}

#define SAMPLED .plugin = "cam", .live = true, .sampled = true, .unit = "", .help = "Help."
#define EXEMPLAR(text_, value_, time_)                                                             \
	{                                                                                          \
		.text = text_, .bytes = sizeof text_, .value = value_, .time_unix_ns = time_       \
	}

static void a_counters_exemplar_follows_its_total(void **state)
{
	const struct node_exemplar exemplar =
		EXEMPLAR("trace_id\0KOO5S4vxi0o\0path\0a \"b\"\\", 0.67, TIME);
	const struct node_metric metric = {SAMPLED,
					   .kind = FAST_METRIC_COUNTER,
					   .name = "frames",
					   .count = 17,
					   .created_unix_ns = TIME,
					   .exemplars = &exemplar,
					   .exemplar_count = 1};
	char *page = rendered(FAMILIES_OPENMETRICS, &metric);

	(void)state;
	assert_string_equal("# TYPE plugin_frames counter\n"
			    "# HELP plugin_frames Help.\n"
			    "plugin_frames_total{plugin=\"cam\"} 17 # {trace_id=\"KOO5S4vxi0o\","
			    "path=\"a \\\"b\\\"\\\\\"} 0.67 1520879607.789\n"
			    "plugin_frames_created{plugin=\"cam\"} 1520879607.789\n"
			    "# EOF\n",
			    page);
	free(page);
	page = rendered(FAMILIES_TEXT, &metric);
	assert_string_equal("# TYPE plugin_frames_total counter\n"
			    "# HELP plugin_frames_total Help.\n"
			    "plugin_frames_total{plugin=\"cam\"} 17\n",
			    page);
	free(page);
}

/* The line of this bucket, alone. */
static const char *bucket_of(char *page, const char *le)
{
	static char line[256];
	char begin[64];
	const char *found;

	(void)snprintf(begin, sizeof begin, "_bucket{plugin=\"cam\",le=\"%s\"} ", le);
	found = strstr(page, begin);
	assert_non_null(found);
	(void)snprintf(line, sizeof line, "%.*s", (int)strcspn(found, "\n"), found);
	return line + strlen(begin);
}

static void a_buckets_exemplar_is_the_newest_of_its_values(void **state)
{
	static struct fast_distribution distribution = {.count = 5, .zero = 1, .sum = 9};
	const struct node_exemplar exemplars[] = {
		EXEMPLAR("a\0zero", -1, TIME),      EXEMPLAR("a\0bound", 1, TIME),
		EXEMPLAR("a\0older", 1.5, TIME),    EXEMPLAR("a\0newer", 2, TIME + 1000000),
		EXEMPLAR("a\0beyond", 1e100, TIME),
	};
	const struct node_metric metric = {SAMPLED,
					   .kind = FAST_METRIC_HISTOGRAM,
					   .name = "size",
					   .distribution = &distribution,
					   .exemplars = exemplars,
					   .exemplar_count = FAST_TEST_COUNT(exemplars)};
	char *page;

	(void)state;
	distribution.buckets[239] = 2; /* up to 1 */
	distribution.buckets[247] = 1; /* up to 2 */
	distribution.buckets[511] = 1;
	page = rendered(FAMILIES_OPENMETRICS, &metric);
	assert_string_equal("1 # {a=\"zero\"} -1 1520879607.789", bucket_of(page, "0.5"));
	assert_string_equal("3 # {a=\"bound\"} 1 1520879607.789", bucket_of(page, "1.0"));
	assert_string_equal("4 # {a=\"newer\"} 2 1520879607.790", bucket_of(page, "2.0"));
	assert_string_equal("4", bucket_of(page, "4.0"));
	assert_string_equal("5 # {a=\"beyond\"} 1e+100 1520879607.789", bucket_of(page, "+Inf"));
	assert_null(strstr(strstr(page, "_count"), " # "));
	free(page);
	page = rendered(FAMILIES_TEXT, &metric);
	assert_null(strstr(page, " # "));
	free(page);
}

static void a_heartbeats_is_of_a_beat_and_not_of_an_interval(void **state)
{
	static struct fast_distribution distribution = {.count = 1, .sum = 1};
	const struct node_exemplar exemplar = EXEMPLAR("frame\0"
						       "17",
						       1, TIME);
	const struct node_metric metric = {SAMPLED,
					   .kind = FAST_METRIC_HEARTBEAT,
					   .name = "fps",
					   .count = 2,
					   .distribution = &distribution,
					   .exemplars = &exemplar,
					   .exemplar_count = 1};
	char *page;

	(void)state;
	distribution.buckets[239] = 1;
	page = rendered(FAMILIES_OPENMETRICS, &metric);
	const char *first = strstr(page, " # {");
	assert_non_null(strstr(page, "plugin_fps_beats_total{plugin=\"cam\"} 2 # {frame=\"17\"} 1 "
				     "1520879607.789\n"));
	assert_non_null(first);
	assert_null(strstr(first + 1, " # {"));
	free(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_counters_exemplar_follows_its_total),
		cmocka_unit_test(a_buckets_exemplar_is_the_newest_of_its_values),
		cmocka_unit_test(a_heartbeats_is_of_a_beat_and_not_of_an_interval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
