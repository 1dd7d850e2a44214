#include "client/message_json.h"
#include "client/output.h"
#include "tests/support/fault_alloc.h"
#include "tests/support/harness.h"

#include <fast/v1/metric.pb-c.h>
#include <fast/v1/plugin.pb-c.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MEMBER(name) offsetof(Fast__V1__PluginInfo, name)

static const struct output_column columns[] = {
	{"PLUGIN", MEMBER(name), output_string, false, 0},
	{"PID", MEMBER(pid), output_u32, true, 0},
	{"VERSION", MEMBER(version), output_string, false, 0},
};

static const struct output_view table_view = {.shape = OUTPUT_TABLE,
					      .key = "plugins",
					      .empty = "no plugin matches",
					      .columns = columns,
					      .column_count = 3};
static const struct output_view card_view = {
	.shape = OUTPUT_CARD, .columns = columns, .column_count = 3};
static const struct output_view stream_view = {
	.shape = OUTPUT_STREAM, .columns = columns, .column_count = 3};

/* What an output wrote, to either file. */
struct written {
	char *out;
	char *err;
	size_t out_bytes, err_bytes;
	FILE *out_file, *err_file;
	struct output *output;
};

static void written_begin(struct written *written, struct output *(*new)(FILE *, FILE *))
{
	written->out_file = open_memstream(&written->out, &written->out_bytes);
	written->err_file = open_memstream(&written->err, &written->err_bytes);
	written->output = new (written->out_file, written->err_file);
	assert_non_null(written->output);
}

static void written_end(struct written *written)
{
	written->output->free(written->output);
	fclose(written->out_file);
	fclose(written->err_file);
	free(written->out);
	free(written->err);
}

static void show_two(struct output *output, const struct output_view *view)
{
	Fast__V1__PluginInfo first = FAST__V1__PLUGIN_INFO__INIT, second = first;

	first.name = (char *)"camera";
	first.pid = 7;
	first.version = (char *)"2.0\033[1m";
	second.name = (char *)"très-long-nom";
	second.pid = 4711;
	output->head(output, view);
	output->row(output, &first);
	output->row(output, &second);
	output->tail(output);
	assert_false(output->failed);
}

static void a_table_is_aligned(void **state)
{
	struct written written;

	(void)state;
	written_begin(&written, output_text_new);
	show_two(written.output, &table_view);
	assert_string_equal("PLUGIN          PID  VERSION\n"
			    "camera            7  2.0?[1m\n"
			    "très-long-nom  4711  -\n",
			    written.out);
	written_end(&written);
}

static void a_stream_and_a_card_are_written_at_once(void **state)
{
	struct written written;

	(void)state;
	written_begin(&written, output_text_new);
	show_two(written.output, &stream_view);
	assert_string_equal("PLUGIN  PID  VERSION\n"
			    "camera    7  2.0?[1m\n"
			    "très-long-nom  4711  -\n",
			    written.out);
	written_end(&written);
	written_begin(&written, output_text_new);
	show_two(written.output, &card_view);
	assert_string_equal("PLUGIN   camera\nPID      7\nVERSION  2.0?[1m\n"
			    "PLUGIN   très-long-nom\nPID      4711\nVERSION  -\n",
			    written.out);
	written_end(&written);
}

static void an_empty_table_says_so_beside_the_answer(void **state)
{
	struct written written;

	(void)state;
	written_begin(&written, output_text_new);
	written.output->head(written.output, &table_view);
	written.output->tail(written.output);
	fflush(written.err_file);
	assert_string_equal("", written.out);
	assert_string_equal("fastctl: no plugin matches\n", written.err);
	written_end(&written);
	written_begin(&written, output_json_new);
	written.output->head(written.output, &table_view);
	written.output->tail(written.output);
	assert_string_equal("{\"plugins\":[]}\n", written.out);
	written_end(&written);
}

static void json_is_one_object_or_one_a_line(void **state)
{
	struct written written;
	json_t *json;

	(void)state;
	written_begin(&written, output_json_new);
	show_two(written.output, &table_view);
	json = json_loads(written.out, 0, NULL);
	assert_non_null(json);
	assert_int_equal(2, json_array_size(json_object_get(json, "plugins")));
	json_decref(json);
	assert_ptr_equal(strchr(written.out, '\n'), written.out + written.out_bytes - 1);
	written_end(&written);

	written_begin(&written, output_json_new);
	show_two(written.output, &stream_view);
	json = json_loads(written.out, JSON_DISABLE_EOF_CHECK, NULL);
	assert_string_equal("camera", json_string_value(json_object_get(json, "name")));
	assert_int_equal(7, json_integer_value(json_object_get(json, "pid")));
	json_decref(json);
	written_end(&written);
}

static void an_error_names_the_nearest_value(void **state)
{
	Fast__V1__ParamValue nearest = FAST__V1__PARAM_VALUE__INIT;
	struct output_error error = {.code = "OUT_OF_RANGE",
				     .message = "700 is not allowed",
				     .param = "res",
				     .nearest = &nearest};
	struct written written;

	(void)state;
	nearest.kind_case = FAST__V1__PARAM_VALUE__KIND_INT_VALUE;
	nearest.int_value = 720;
	written_begin(&written, output_text_new);
	written.output->error(written.output, &error);
	fflush(written.err_file);
	assert_string_equal("fastctl: 700 is not allowed\n"
			    "fastctl: the nearest allowed value of res is 720\n",
			    written.err);
	written_end(&written);
	written_begin(&written, output_json_new);
	written.output->error(written.output, &error);
	assert_string_equal(
		"{\"error\":{\"code\":\"OUT_OF_RANGE\",\"message\":\"700 is not allowed\","
		"\"param\":\"res\",\"nearest\":{\"intValue\":\"720\"}}}\n",
		written.err);
	written_end(&written);
}

static void messages_follow_the_json_mapping(void **state)
{
	Fast__V1__WindowSummary window = FAST__V1__WINDOW_SUMMARY__INIT;
	Fast__V1__Sample sample = FAST__V1__SAMPLE__INIT;
	json_t *json;
	char *text;

	(void)state;
	window.count = 3;
	window.p50 = 0.1;
	window.p99 = INFINITY;
	sample.plugin = (char *)"camera";
	sample.metric = (char *)"bad \xff byte";
	sample.kind = FAST__V1__METRIC_KIND__METRIC_KIND_TIMER;
	sample.time_unix_ns = 1714555800123456789;
	sample.count = UINT64_MAX;
	sample.value = NAN;
	sample.window = &window;
	json = message_json(&sample.base);
	text = json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(15));
	assert_string_equal(
		"{\"plugin\":\"camera\",\"metric\":\"bad ? byte\",\"kind\":\"METRIC_KIND_TIMER\","
		"\"time\":\"2024-05-01T09:30:00.123456789Z\",\"timeUnixNs\":"
		"\"1714555800123456789\","
		"\"count\":\"18446744073709551615\",\"value\":\"NaN\",\"sum\":0.0,\"rateInstant\":"
		"0.0,"
		"\"rateWindow\":0.0,\"rateGlobal\":0.0,\"windowMs\":0,\"window\":{\"count\":\"3\","
		"\"mean\":0.0,\"p50\":0.1,\"p95\":0.0,\"p99\":\"Infinity\",\"first\":0.0,"
		"\"last\":0.0,\"min\":0.0,\"max\":0.0,\"std\":0.0},\"revisionFirst\":\"0\","
		"\"revisionLast\":\"0\",\"stale\":false,\"unit\":\"\",\"ageMs\":0}",
		text);
	free(text);
	json_decref(json);
}

/* Jansson is a shared library: its allocations are not ours to fail. */
static void a_table_survives_each_allocation_failure(void **state)
{
	int n = 0;
	bool failed = true;

	(void)state;
	while (failed) {
		struct written written = {0};

		written_begin(&written, output_text_new);
		fault_alloc_after(n++);
		written.output->head(written.output, &table_view);
		for (int i = 0; i < 40; i++) {
			Fast__V1__PluginInfo info = FAST__V1__PLUGIN_INFO__INIT;

			info.name = (char *)"camera-with-a-name";
			written.output->row(written.output, &info);
		}
		written.output->tail(written.output);
		failed = fault_alloc_fired();
		fault_alloc_after(-1);
		assert_true(written.output->failed == failed);
		written_end(&written);
	}
	assert_true(n > 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_is_aligned),
		cmocka_unit_test(a_stream_and_a_card_are_written_at_once),
		cmocka_unit_test(an_empty_table_says_so_beside_the_answer),
		cmocka_unit_test(json_is_one_object_or_one_a_line),
		cmocka_unit_test(an_error_names_the_nearest_value),
		cmocka_unit_test(messages_follow_the_json_mapping),
		cmocka_unit_test(a_table_survives_each_allocation_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
