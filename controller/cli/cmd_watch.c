#include "cli/command.h"
#include "cli/sample.h"
#include "cli/watch_knobs.h"
#include "client/interrupt.h"

#include "client/quantity.h"

#include <fast/v1/metric.fast.h>
#include <inttypes.h>

/* How soon an interrupt is noticed. */
#define WAIT_MS             100
#define COUNT_MAX           4294967295
#define INTERVAL_MS_DEFAULT 1000
/* Nothing for so long beyond the interval: nothing matches. */
#define QUIET_MS 1000

#define MEMBER(name) offsetof(Fast__V1__Sample, name)

static const struct output_column columns[] = {
	{"TIME", MEMBER(time_unix_ns), output_clock, false, 12},
	{"PLUGIN", MEMBER(plugin), output_string, false, 16},
	{"METRIC", MEMBER(metric), output_string, false, 16},
	{"VALUE", 0, sample_value, true, 10},
	{"RATE", 0, sample_rate, true, 9},
	{"P50", 0, sample_p50, true, 8},
	{"P95", 0, sample_p95, true, 8},
	{"P99", 0, sample_p99, true, 8},
	{"REVISION", 0, sample_revision, false, 0},
};

static const void *watch_part(const void *item, size_t index)
{
	const Fast__V1__MetricWatchResponse *moment = item;

	return index < moment->n_samples ? moment->samples[index] : NULL;
}

static const struct output_view view = {
	.shape = OUTPUT_STREAM,
	.columns = columns,
	.column_count = sizeof columns / sizeof columns[0],
	.part = watch_part,
};

static void watch_note_dropped(struct cli *cli, const Fast__V1__MetricWatchResponse *item)
{
	char sentence[80];

	if (item->dropped > 0) {
		snprintf(sentence, sizeof sentence,
			 "%" PRIu64 " items came too fast and are left out", item->dropped);
		cli->output->note(cli->output, sentence);
	}
}

/* A watch of what is not there yet is right, but should not look like a hang. */
static void watch_note_nothing(struct cli *cli)
{
	char sentence[160];

	snprintf(sentence, sizeof sentence, "no metric matches%s%.100s yet; waiting",
		 cli->words.count == 0 ? "" : " ", cli->words.count == 0 ? "" : cli->words.word[0]);
	cli->output->note(cli->output, sentence);
}

static enum exit_code watch_items(struct cli *cli, struct fast_stream *stream)
{
	uint64_t left = cli->options.count.given ? cli->options.count.value : UINT64_MAX;
	const uint64_t interval_ms = cli->options.interval_ms.given ? cli->options.interval_ms.value
								    : INTERVAL_MS_DEFAULT;
	const int64_t quiet_ns =
		quantity_monotonic_now() + (int64_t)(interval_ms + QUIET_MS) * INT64_C(1000000);
	bool said = false; /* whether anything was shown, or said to be missing */

	while (left > 0 && !interrupt_seen() && !cli->output->failed) {
		const Fast__V1__MetricWatchResponse *item = NULL;
		enum fast_status status = fast_v1_metric_watch_next(stream, WAIT_MS, &item);

		if (!said && (item != NULL || quantity_monotonic_now() > quiet_ns)) {
			said = true;
			if (item == NULL || item->n_samples == 0) {
				watch_note_nothing(cli);
			}
		}
		if (status == FAST_OK && item != NULL) {
			cli->output->row(cli->output, item);
			watch_note_dropped(cli, item);
			left--;
		} else if (fast_stream_ended(stream)) {
			return status == FAST_OK ? EXIT_OK
						 : command_failed(cli, fast_stream_reply(stream));
		}
	}
	cli->output->tail(cli->output);
	return command_end(cli);
}

static enum exit_code watch_run(struct cli *cli)
{
	Fast__V1__MetricWatchRequest request = FAST__V1__METRIC_WATCH_REQUEST__INIT;
	struct fast_stream *stream;
	enum exit_code code;

	if (cli->options.epoch.given && !cli->options.from_rev.given &&
	    !cli->options.from_seq.given) {
		return command_usage(cli, "--epoch goes with --from-rev or --from-seq");
	}
	if (cli->options.knobs_only || cli->options.from_rev.given || cli->options.from_seq.given) {
		if (cli->words.count > 0 || cli->options.interval_ms.given ||
		    cli->options.window_ms.given) {
			return command_usage(cli, "changes of knobs take no glob of metrics, no "
						  "--interval and no --window");
		}
		return watch_knobs(cli);
	}
	request.plugin = command_plugin_glob(cli);
	request.metric = command_glob(cli, 0);
	request.interval_ms = cli->options.interval_ms.given
				      ? (uint32_t)cli->options.interval_ms.value
				      : INTERVAL_MS_DEFAULT;
	request.window_ms = (uint32_t)cli->options.window_ms.value;
	interrupt_catch();
	if (fast_v1_metric_watch(cli->client, NULL, &request, &stream) != FAST_OK) {
		return command_say(cli, EXIT_REFUSED, "no memory");
	}
	cli->output->head(cli->output, &view);
	code = watch_items(cli, stream);
	fast_stream_close(stream);
	return code;
}

static const struct option options[] = {
	{"plugin", OPTION_TEXT, offsetof(struct options, plugin), "GLOB", "of these plugins alone",
	 0, 0},
	{"interval", OPTION_INTEGER, offsetof(struct options, interval_ms), "MS",
	 "time between two moments; 1000", 10, 60000},
	{"window", OPTION_INTEGER, offsetof(struct options, window_ms), "MS",
	 "time that rates and percentiles cover; 1000", 10, 60000},
	{"count", OPTION_INTEGER, offsetof(struct options, count), "N",
	 "end after N moments, or changes", 1, COUNT_MAX},
	{"knobs", OPTION_FLAG, offsetof(struct options, knobs_only), NULL,
	 "changes of knobs instead", 0, 0},
	{"from-rev", OPTION_INTEGER, offsetof(struct options, from_rev), "N",
	 "changes of one plugin's knobs after its revision N", 0, 0},
	{"from-seq", OPTION_INTEGER, offsetof(struct options, from_seq), "N",
	 "changes of knobs after sequence number N; takes --epoch", 0, 0},
	{"epoch", OPTION_INTEGER, offsetof(struct options, epoch), "E",
	 "that came with that number", 0, 0},
	{NULL, OPTION_FLAG, 0, NULL, NULL, 0, 0},
};

const struct command command_watch = {
	.name = "watch",
	.usage = "[GLOB] [--plugin GLOB] [--interval MS] [--window MS] [--count N] | --knobs "
		 "[--from-rev N | --from-seq N] [--epoch E]",
	.summary = "samples as they are taken",
	.help = "Prints metrics again and again until interrupted: a line per sample, or with "
		"--json an\n"
		"object per moment.\n\n"
		"  fastctl watch fps --interval 250\n"
		"  fastctl watch --plugin camera --from-rev 17\n"
		"  fastctl watch --from-seq 120 --epoch 4711 (numbers as watch --knobs --json has "
		"them)\n"
		"  fastctl --json watch --count 10 | jq '.samples[] | {metric, rateWindow}'",
	.options = options,
	.words_max = 1,
	.run = watch_run,
};
