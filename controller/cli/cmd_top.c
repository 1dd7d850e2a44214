#include "cli/command.h"
#include "cli/terminal.h"
#include "cli/top_render.h"
#include "client/interrupt.h"

#include "client/message_json.h"
#include "client/quantity.h"
#include "client/value.h"

#include <fast/v1/metric.fast.h>
#include <fast/v1/param.fast.h>
#include <fast/v1/plugin.fast.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FRAME_MS        250
#define LINE_MS         1000
#define SCROLL_LINES    3
#define CALL_TIMEOUT_MS 1000
#define COUNT_MAX       4294967295

/* The moment shown and the one before, which change places. */
struct top {
	struct cli *cli;
	struct top_model *now;
	struct top_model *before;
	enum exit_code code; /* how the last asking ended */
};

struct top_answers {
	struct fast_reply plugins;
	struct fast_reply metrics;
	struct fast_reply params;
};

/* Asks for all three; gives the reply that failed, or NULL. */
static const struct fast_reply *top_ask(struct top *top, struct top_answers *answers)
{
	const struct fast_call_options options = {.size = sizeof options,
						  .timeout_ms = CALL_TIMEOUT_MS};
	Fast__V1__PluginListRequest plugins = FAST__V1__PLUGIN_LIST_REQUEST__INIT;
	Fast__V1__MetricListRequest metrics = FAST__V1__METRIC_LIST_REQUEST__INIT;
	Fast__V1__ParamListRequest params = FAST__V1__PARAM_LIST_REQUEST__INIT;
	struct fast_client *client = top->cli->client;

	plugins.plugin = command_plugin_glob(top->cli);
	metrics.plugin = plugins.plugin;
	params.plugin = plugins.plugin;
	if (fast_v1_plugin_list(client, &options, &plugins, &answers->plugins) != FAST_OK) {
		return &answers->plugins;
	}
	if (fast_v1_metric_list(client, &options, &metrics, &answers->metrics) != FAST_OK) {
		return &answers->metrics;
	}
	if (fast_v1_param_list(client, &options, &params, &answers->params) != FAST_OK) {
		return &answers->params;
	}
	return NULL;
}

/* Takes a new moment. When the daemon does not answer, the last one stays and says so. */
static void top_take(struct top *top)
{
	struct top_answers answers = {0};
	const struct fast_reply *failed = top_ask(top, &answers);

	if (failed == NULL) {
		struct top_model *old = top->now;

		top->now = top->before;
		top->before = old;
		top_model_take(top->now, old, fast_v1_plugin_list_response(&answers.plugins),
			       fast_v1_metric_list_response(&answers.metrics),
			       fast_v1_param_list_response(&answers.params), quantity_unix_now());
		top->code = EXIT_OK;
	} else {
		connect_explain(top->cli->endpoint, failed, top->now->trouble);
		top->now->now_unix_ns = quantity_unix_now();
		top->code = connect_is_lost(failed) ? EXIT_UNREACHABLE : EXIT_REFUSED;
		if (top->code == EXIT_REFUSED) {
			snprintf(top->now->trouble, sizeof top->now->trouble, "%.500s",
				 failed->text);
		}
	}
	fast_reply_fini(&answers.plugins);
	fast_reply_fini(&answers.metrics);
	fast_reply_fini(&answers.params);
}

/* ---- on a terminal ---- */

static size_t top_scroll(size_t skip, size_t skip_max, enum terminal_key key)
{
	if (key == TERMINAL_KEY_UP) {
		skip = skip > SCROLL_LINES ? skip - SCROLL_LINES : 0;
	} else if (key == TERMINAL_KEY_DOWN) {
		skip += SCROLL_LINES;
	}
	return skip < skip_max ? skip : skip_max;
}

static enum exit_code top_on_terminal(struct top *top)
{
	struct text frame = {0}, scratch = {0};
	enum terminal_key key = TERMINAL_KEY_NONE;
	size_t skip = 0, skip_max = 0;
	int64_t next_ns = quantity_monotonic_now() + FRAME_MS * INT64_C(1000000);

	if (terminal_open() != FAST_OK) {
		return command_say(top->cli, EXIT_REFUSED, "the terminal cannot be taken");
	}
	while (key != TERMINAL_KEY_QUIT) {
		size_t columns, rows;
		int64_t wait_ns;

		terminal_size(&columns, &rows);
		skip = top_scroll(skip, skip_max, key);
		text_clear(&frame);
		skip_max = top_render(top->now, columns, rows, skip, &frame);
		terminal_draw(text_chars(&frame), &scratch);
		wait_ns = next_ns - quantity_monotonic_now();
		key = terminal_key(wait_ns > 0 ? (int)(wait_ns / 1000000) + 1 : 0);
		if (quantity_monotonic_now() >= next_ns) {
			top_take(top);
			next_ns = quantity_monotonic_now() + FRAME_MS * INT64_C(1000000);
		}
	}
	terminal_close();
	text_fini(&frame);
	text_fini(&scratch);
	return EXIT_OK;
}

static enum exit_code top_once(struct top *top)
{
	struct text frame = {0};
	size_t columns = 0, rows = 0;

	terminal_size(&columns, &rows);
	(void)top_render(top->now, columns, TOP_ROWS_ALL, 0, &frame);
	fputs(text_chars(&frame), stdout);
	text_fini(&frame);
	return fflush(stdout) == 0 ? EXIT_OK : EXIT_REFUSED;
}

/* ---- elsewhere: one line a second for each plugin ---- */

struct top_row {
	const struct top_model *model;
	size_t plugin;
	int64_t time_unix_ns;
};

static void row_summary(const void *member, struct text *text)
{
	const struct top_row *row = member;

	top_render_line(row->model, row->plugin, text);
}

static json_t *row_metrics(const struct top_row *row)
{
	json_t *object = json_object();

	for (size_t i = 0; i < row->model->metric_count; i++) {
		const struct top_metric *metric = &row->model->metrics[i];
		json_t *entry;

		if (metric->plugin != row->plugin) {
			continue;
		}
		entry = json_pack("{s:s, s:I, s:f}", "kind", value_kind_name(metric->kind), "count",
				  (json_int_t)metric->count, "rateWindow", metric->rate);
		if (isfinite(metric->value)) {
			json_object_set_new(entry, "value", json_real(metric->value));
		}
		if (metric->has_window) {
			json_object_set_new(entry, "window",
					    json_pack("{s:f, s:f, s:f, s:f}", "mean", metric->mean,
						      "p50", metric->p50, "p95", metric->p95, "p99",
						      metric->p99));
		}
		json_object_set_new(object, metric->name, entry);
	}
	return object;
}

static json_t *row_params(const struct top_row *row)
{
	json_t *object = json_object();

	for (size_t i = 0; i < row->model->knob_count; i++) {
		const struct top_knob *knob = &row->model->knobs[i];

		if (knob->plugin == row->plugin) {
			json_object_set_new(object, knob->name,
					    json_pack("{s:s, s:s, s:s, s:s}", "desired",
						      knob->desired, "effective", knob->effective,
						      "status", value_status_name(knob->status),
						      "leaseOwner", knob->owner));
		}
	}
	return object;
}

static json_t *row_json(const void *item)
{
	const struct top_row *row = item;
	const struct top_plugin *plugin = &row->model->plugins[row->plugin];
	json_t *object = json_object();

	if (object == NULL || !message_json_add_time(object, "time", row->time_unix_ns)) {
		json_decref(object);
		return NULL;
	}
	json_object_set_new(object, "plugin", json_string(plugin->name));
	json_object_set_new(object, "pid", json_integer(plugin->pid));
	json_object_set_new(object, "metrics", row_metrics(row));
	json_object_set_new(object, "params", row_params(row));
	return object;
}

static const struct output_column columns_line[] = {
	{"TIME", offsetof(struct top_row, time_unix_ns), output_clock, false, 12},
	{"PLUGIN", 0, row_summary, false, 0},
};

static const struct output_view view = {
	.shape = OUTPUT_STREAM,
	.columns = columns_line,
	.column_count = sizeof columns_line / sizeof columns_line[0],
	.json = row_json,
};

static void top_show_lines(struct top *top)
{
	for (size_t i = 0; i < top->now->plugin_count; i++) {
		struct top_row row = {top->now, i, top->now->now_unix_ns};

		top->cli->output->row(top->cli->output, &row);
	}
}

static enum exit_code top_lines(struct top *top)
{
	struct output *output = top->cli->output;
	const uint64_t count = top->cli->options.count.value;
	bool away = false;

	interrupt_catch();
	output->head(output, &view);
	for (uint64_t shown = 1; !interrupt_seen() && !output->failed; shown++) {
		struct timespec pause = {.tv_sec = LINE_MS / 1000};

		if (top->code == EXIT_OK) {
			top_show_lines(top);
		} else if (!away) {
			output->note(output, top->now->trouble);
		}
		away = top->code != EXIT_OK;
		if (top->cli->options.once || shown == count) {
			break;
		}
		nanosleep(&pause, NULL);
		top_take(top);
	}
	output->tail(output);
	return command_end(top->cli);
}

static enum exit_code top_run(struct cli *cli)
{
	struct top top = {.cli = cli,
			  .now = calloc(1, sizeof *top.now),
			  .before = calloc(1, sizeof *top.before)};
	enum exit_code code;

	if (top.now == NULL || top.before == NULL) {
		code = command_say(cli, EXIT_REFUSED, "no memory");
		goto out;
	}
	memcpy(top.now->endpoint, cli->endpoint, sizeof cli->endpoint);
	top_take(&top);
	if (top.code != EXIT_OK) {
		code = command_say(cli, top.code, "%s", top.now->trouble);
	} else if (cli->output->json || (!cli->options.once && !terminal_is_there())) {
		code = top_lines(&top);
	} else {
		code = cli->options.once ? top_once(&top) : top_on_terminal(&top);
	}
out:
	free(top.now);
	free(top.before);
	return code;
}

static const struct option options_top[] = {
	{"plugin", OPTION_TEXT, offsetof(struct options, plugin), "GLOB", "these plugins alone", 0,
	 0},
	{"once", OPTION_FLAG, offsetof(struct options, once), NULL, "print one frame and end", 0,
	 0},
	{"count", OPTION_INTEGER, offsetof(struct options, count), "N",
	 "end after N seconds; not on a terminal", 1, COUNT_MAX},
	{NULL, OPTION_FLAG, 0, NULL, NULL, 0, 0},
};

const struct command command_top = {
	.name = "top",
	.usage = "[--plugin GLOB] [--once] [--count N]",
	.summary = "a live view of plugins",
	.help = "Shows each plugin's metrics, with what they were lately, and knobs, four times a "
		"second.\n"
		"q quits, arrows scroll. Where the output is no terminal, or with --json, a line a "
		"second\n"
		"for each plugin.\n\n"
		"  fastctl top\n"
		"  fastctl top --plugin 'camera*' | tee camera.log",
	.options = options_top,
	.run = top_run,
};
