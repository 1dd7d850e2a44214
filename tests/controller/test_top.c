#include "cli/spark.h"
#include "cli/top_render.h"
#include "tests/support/harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One moment of two plugins, as the daemon would answer. */
struct moment {
	Fast__V1__PluginInfo plugins[2];
	Fast__V1__PluginInfo *plugin_list[2];
	Fast__V1__PluginListResponse plugin_answer;
	Fast__V1__MetricSpec specs[3];
	Fast__V1__WindowSummary window;
	Fast__V1__Sample samples[3];
	Fast__V1__MetricEntry entries[3];
	Fast__V1__MetricEntry *metric_list[3];
	Fast__V1__MetricListResponse metric_answer;
	Fast__V1__ParamSpec spec;
	Fast__V1__ParamValue desired, effective;
	Fast__V1__ParamState state;
	Fast__V1__ParamState *param_list[1];
	Fast__V1__ParamListResponse param_answer;
};

#define SECOND INT64_C(1000000000)
#define NOW    (INT64_C(1714555800) * SECOND)

static void moment_plugins(struct moment *moment)
{
	fast__v1__plugin_list_response__init(&moment->plugin_answer);
	for (size_t i = 0; i < 2; i++) {
		fast__v1__plugin_info__init(&moment->plugins[i]);
		moment->plugins[i].name = (char *)(i == 0 ? "camera" : "weather");
		moment->plugins[i].pid = 4711 + (uint32_t)i;
		moment->plugins[i].attach_time_unix_ns = NOW - 125 * SECOND;
		moment->plugins[i].revision = 7;
		moment->plugin_list[i] = &moment->plugins[i];
	}
	moment->plugin_answer.plugins = moment->plugin_list;
	moment->plugin_answer.n_plugins = 2;
}

static void moment_metrics(struct moment *moment)
{
	static const Fast__V1__MetricKind kinds[] = {FAST__V1__METRIC_KIND__METRIC_KIND_HEARTBEAT,
						     FAST__V1__METRIC_KIND__METRIC_KIND_GAUGE,
						     FAST__V1__METRIC_KIND__METRIC_KIND_TIMER};
	static const char *const names[] = {"fps", "acc", "stage.inference_time"};

	fast__v1__metric_list_response__init(&moment->metric_answer);
	fast__v1__window_summary__init(&moment->window);
	moment->window.count = 24;
	moment->window.p50 = 0.0412;
	moment->window.p95 = 0.0455;
	moment->window.p99 = 0.061;
	for (size_t i = 0; i < 3; i++) {
		fast__v1__metric_spec__init(&moment->specs[i]);
		fast__v1__sample__init(&moment->samples[i]);
		fast__v1__metric_entry__init(&moment->entries[i]);
		moment->specs[i].name = (char *)names[i];
		moment->specs[i].kind = kinds[i];
		moment->samples[i].plugin = (char *)"camera";
		moment->samples[i].metric = (char *)names[i];
		moment->samples[i].kind = kinds[i];
		moment->samples[i].window_ms = 1000;
		moment->samples[i].window = i == 1 ? NULL : &moment->window;
		moment->entries[i].spec = &moment->specs[i];
		moment->entries[i].sample = &moment->samples[i];
		moment->metric_list[i] = &moment->entries[i];
	}
	moment->samples[0].count = 3021;
	moment->samples[0].rate_window = 24.3;
	moment->samples[1].value = 0.8125;
	moment->samples[2].count = 3021;
	moment->metric_answer.metrics = moment->metric_list;
	moment->metric_answer.n_metrics = 3;
}

static void moment_params(struct moment *moment)
{
	fast__v1__param_list_response__init(&moment->param_answer);
	fast__v1__param_spec__init(&moment->spec);
	fast__v1__param_value__init(&moment->desired);
	fast__v1__param_value__init(&moment->effective);
	fast__v1__param_state__init(&moment->state);
	moment->spec.name = (char *)"res";
	moment->desired.kind_case = moment->effective.kind_case =
		FAST__V1__PARAM_VALUE__KIND_INT_VALUE;
	moment->desired.int_value = 720;
	moment->effective.int_value = 1080;
	moment->state.plugin = (char *)"camera";
	moment->state.spec = &moment->spec;
	moment->state.desired = &moment->desired;
	moment->state.effective = &moment->effective;
	moment->state.status = FAST__V1__PARAM_STATUS__PARAM_STATUS_APPLYING;
	moment->state.lease_id = 3;
	moment->state.lease_owner = (char *)"uid 1000 pid 99 (fastctl hold)";
	moment->state.lease_ttl_ms = 4200;
	moment->param_list[0] = &moment->state;
	moment->param_answer.params = moment->param_list;
	moment->param_answer.n_params = 1;
}

/* Shows `count` moments, in which the rate rises; gives the last model. The caller frees it. */
static struct top_model *model_new(int count)
{
	struct top_model *now = calloc(1, sizeof *now), *before = calloc(1, sizeof *before);
	struct moment moment;

	assert_non_null(now);
	assert_non_null(before);
	strcpy(before->endpoint, "ipc:///run/fastd/fastd.sock");
	moment_plugins(&moment);
	moment_metrics(&moment);
	moment_params(&moment);
	for (int i = 0; i < count; i++) {
		struct top_model *swap = now;

		moment.samples[0].rate_window = 20.0 + i;
		top_model_take(now, before, &moment.plugin_answer, &moment.metric_answer,
			       &moment.param_answer, NOW);
		now = before;
		before = swap;
	}
	free(now);
	return before;
}

static int zone_utc(void **state)
{
	(void)state;
	return setenv("TZ", "UTC", 1);
}

static void a_frame_looks_as_it_should(void **state)
{
	struct top_model *model = model_new(9);
	struct text frame = {0};

	(void)state;
	assert_int_equal(0, top_render(model, 130, 12, 0, &frame));
	assert_string_equal(
		"09:30:00.000  2 plugins  ipc:///run/fastd/fastd.sock\n"
		"camera  pid 4711  up 2 min 5 s  revision 7\n"
		"  metric                      value        rate  lately                    "
		"                     p50       p95       p99\n"
		"  fps                          3021     28.0 Hz                            "
		"     ▁▂▃▄▅▅▆▇█   41.2 ms   45.5 ms   61.0 ms\n"
		"  acc                        0.8125                                        "
		"     ▅▅▅▅▅▅▅▅▅\n"
		"  stage.inference_time         3021     24.0 Hz                            "
		"     ▅▅▅▅▅▅▅▅▅   41.2 ms   45.5 ms   61.0 ms\n"
		"  param                 desired       effective     status     held by\n"
		"  res                   720           1080          applying   uid 1000 pid"
		" 99 (fastctl hold), 4.20 s left\n"
		"\n"
		"weather  pid 4712  up 2 min 5 s  revision 7\n"
		"\n"
		"q quits\n",
		text_chars(&frame));
	text_fini(&frame);
	free(model);
}

static void narrow_names_leave_value_and_rate_in_sight(void **state)
{
	struct top_model *model = model_new(2);
	struct text frame = {0};

	(void)state;
	(void)top_render(model, 40, 12, 0, &frame);
	assert_non_null(strstr(text_chars(&frame), "  metric               value        rate\n"
						   "  fps                   3021     21.0 Hz\n"
						   "  acc                 0.8125\n"
						   "  stage.infere…         3021     24.0 Hz\n"));
	text_fini(&frame);
	free(model);
}

static void wide_names_are_whole_where_there_is_room(void **state)
{
	static const char name[] = "stage.inference_time_of_the_second_model";
	struct top_model *model = model_new(2);
	struct text frame = {0};

	(void)state;
	strcpy(model->metrics[2].name, name);
	(void)top_render(model, 110, 12, 0, &frame);
	assert_non_null(strstr(text_chars(&frame), name));
	text_clear(&frame);
	(void)top_render(model, 80, 12, 0, &frame);
	assert_null(strstr(text_chars(&frame), name));
	text_fini(&frame);
	free(model);
}

static void all_rows_end_without_a_foot(void **state)
{
	static const char end[] = "weather  pid 4712  up 2 min 5 s  revision 7\n\n";
	struct top_model *model = model_new(2);
	struct text frame = {0};

	(void)state;
	assert_int_equal(0, top_render(model, 100, TOP_ROWS_ALL, 0, &frame));
	assert_string_equal(end, text_chars(&frame) + frame.bytes - strlen(end));
	text_fini(&frame);
	free(model);
}

static void a_counter_of_bytes_gains_bytes_a_second(void **state)
{
	struct top_model *model = model_new(2);
	struct text frame = {0};

	(void)state;
	model->metrics[0].kind = FAST__V1__METRIC_KIND__METRIC_KIND_COUNTER;
	model->metrics[0].rate = 13900;
	strcpy(model->metrics[0].unit, "By");
	(void)top_render(model, 100, 12, 0, &frame);
	assert_non_null(strstr(text_chars(&frame), "  13.6 KiB/s  "));
	text_fini(&frame);
	free(model);
}

/* Every size that a terminal may have gives that many lines, none of them too long. */
static void a_frame_fits_any_terminal(void **state)
{
	struct top_model *model = model_new(2);
	struct text frame = {0};

	(void)state;
	for (size_t columns = TOP_COLUMNS_MIN; columns < 160; columns += 7) {
		for (size_t rows = TOP_ROWS_MIN; rows < 30; rows++) {
			const char *line;
			size_t lines = 0;

			text_clear(&frame);
			(void)top_render(model, columns, rows, rows % 4, &frame);
			for (line = text_chars(&frame); *line != '\0'; lines++) {
				size_t bytes = strcspn(line, "\n");
				char copy[1024];

				snprintf(copy, sizeof copy, "%.*s", (int)bytes, line);
				assert_true(text_width(copy) <= columns);
				line += bytes + 1;
			}
			assert_int_equal(rows, lines);
		}
	}
	text_fini(&frame);
	free(model);
}

static void scrolling_shows_what_is_below(void **state)
{
	struct top_model *model = model_new(2);
	struct text frame = {0};
	size_t skip_max;

	(void)state;
	skip_max = top_render(model, 100, 6, 0, &frame);
	assert_int_equal(10 - 4, skip_max);
	assert_non_null(strstr(text_chars(&frame), "0 lines above, 6 below"));
	assert_null(strstr(text_chars(&frame), "weather"));
	text_clear(&frame);
	(void)top_render(model, 100, 6, skip_max, &frame);
	assert_non_null(strstr(text_chars(&frame), "weather"));
	assert_non_null(strstr(text_chars(&frame), "6 lines above, 0 below"));
	text_fini(&frame);
	free(model);
}

static void a_line_says_all_of_a_plugin(void **state)
{
	struct top_model *model = model_new(2);
	struct text line = {0};

	(void)state;
	top_render_line(model, 0, &line);
	assert_string_equal("camera  fps 21.0 Hz  acc 0.8125  stage.inference_time 41.2 ms  |  "
			    "res=1080 (applying 720)",
			    text_chars(&line));
	text_fini(&line);
	free(model);
}

static void bars_follow_the_values(void **state)
{
	static const double rising[] = {0, 1, 2, 3, 4, 5, 6, 7};
	static const double flat[] = {100, 102, 100, NAN, 99};
	static const double zero[] = {0, 0};
	struct text text = {0};

	(void)state;
	spark_add(&text, rising, 8);
	assert_string_equal("▁▂▃▄▅▆▇█", text_chars(&text));
	text_clear(&text);
	spark_add(&text, flat, 5);
	assert_string_equal("▄▅▄ ▄", text_chars(&text));
	text_clear(&text);
	spark_add(&text, zero, 2);
	assert_string_equal("▁▁", text_chars(&text));
	text_fini(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_looks_as_it_should),
		cmocka_unit_test(narrow_names_leave_value_and_rate_in_sight),
		cmocka_unit_test(wide_names_are_whole_where_there_is_room),
		cmocka_unit_test(all_rows_end_without_a_foot),
		cmocka_unit_test(a_counter_of_bytes_gains_bytes_a_second),
		cmocka_unit_test(a_frame_fits_any_terminal),
		cmocka_unit_test(scrolling_shows_what_is_below),
		cmocka_unit_test(a_line_says_all_of_a_plugin),
		cmocka_unit_test(bars_follow_the_values),
	};

	return cmocka_run_group_tests(tests, zone_utc, NULL);
}
