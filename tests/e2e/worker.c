/* A plugin for the end-to-end tests: every kind of metric and param, at a pace that a knob sets.
 *
 *     worker [--name NAME] [--conflict] [--exemplars] [--fork]
 *
 * It ends with a line that says how many frames it has counted, when a signal ends it.
 * --conflict declares a metric twice with different kinds, prints what the SDK says and ends.
 * --exemplars says of each frame, its size and its latency which one it was.
 * --fork makes two children and prints their pids: the first works as its parent does, the second
 * never calls the SDK. */
#include <fast/exemplar.h>
#include <fast/log.h>
#include <fast/plugin.h>
#ifdef WORKER_REMOTE
#include <fast/plugin_remote.h>
#endif
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define METRIC(kind_, name_, unit_)                                                                \
	&(const struct fast_metric_spec)                                                           \
	{                                                                                          \
		.size = sizeof(struct fast_metric_spec), .name = name_, .kind = kind_,             \
		.unit = unit_, .help = "Test metric."                                              \
	}

struct worker {
	struct fast_metric *fps;
	struct fast_metric *frames;
	struct fast_metric *level;
	struct fast_metric *latency;
	struct fast_metric *sizes;
	bool exemplars;
	struct fast_param *period_ms;
	struct fast_param *res;
	struct fast_param *mode;
	struct fast_param *enabled;
	struct fast_param *label;
};

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
	(void)number;
	stopped = 1;
}

static bool declare_metrics(struct worker *worker, struct fast_plugin *plugin)
{
	return fast_plugin_metric(plugin, METRIC(FAST_METRIC_HEARTBEAT, "fps", "Hz"),
				  &worker->fps) == FAST_OK &&
	       fast_plugin_metric(plugin, METRIC(FAST_METRIC_COUNTER, "frames", NULL),
				  &worker->frames) == FAST_OK &&
	       fast_plugin_metric(plugin, METRIC(FAST_METRIC_GAUGE, "env.level", "Cel"),
				  &worker->level) == FAST_OK &&
	       fast_plugin_metric(plugin, METRIC(FAST_METRIC_TIMER, "latency", "s"),
				  &worker->latency) == FAST_OK &&
	       fast_plugin_metric(plugin, METRIC(FAST_METRIC_HISTOGRAM, "sizes", "By"),
				  &worker->sizes) == FAST_OK;
}

static bool declare_params(struct worker *worker, struct fast_plugin *plugin)
{
	static const union fast_param_value sizes[] = {
		{.number = 1.0}, {.number = 0.5}, {.number = 0.25}};
	static const union fast_param_value modes[] = {{.string = "fast"}, {.string = "good"}};
	const struct fast_param_spec specs[] = {
		{.size = sizeof specs[0],
		 .name = "period_ms",
		 .type = FAST_PARAM_INT,
		 .initial.integer = 10,
		 .min = 1,
		 .max = 1000,
		 .unit = "ms",
		 .help = "Pace."},
		{.size = sizeof specs[0],
		 .name = "res",
		 .type = FAST_PARAM_DOUBLE,
		 .initial.number = 1.0,
		 .choices = sizes,
		 .choice_count = 3,
		 .help = "Size."},
		{.size = sizeof specs[0],
		 .name = "mode",
		 .type = FAST_PARAM_ENUM,
		 .initial.string = "fast",
		 .choices = modes,
		 .choice_count = 2},
		{.size = sizeof specs[0],
		 .name = "enabled",
		 .type = FAST_PARAM_BOOL,
		 .initial.boolean = true},
		{.size = sizeof specs[0],
		 .name = "label",
		 .type = FAST_PARAM_STRING,
		 .initial.string = "none"},
	};
	struct fast_param **params[] = {&worker->period_ms, &worker->res, &worker->mode,
					&worker->enabled, &worker->label};

	for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
		if (fast_plugin_param(plugin, &specs[i], params[i]) != FAST_OK) {
			return false;
		}
	}
	return true;
}

/* Counts a frame that began at start. */
static void count(const struct worker *worker, unsigned i, int64_t start)
{
	char number[16];
	const struct fast_label labels[] = {{"trace_id", "4bf92f3577b34da6"}, {"frame", number}};
	const struct fast_exemplar exemplar = {
		.size = sizeof exemplar, .labels = labels, .label_count = 2};
	double size = 100.0 * (i % 50 + 1);

	if (!worker->exemplars) {
		fast_metric_inc(worker->frames);
		fast_metric_observe(worker->sizes, size);
		fast_metric_observe_since(worker->latency, start);
		return;
	}
	(void)snprintf(number, sizeof number, "%u", i);
	(void)fast_metric_inc_exemplar(worker->frames, &exemplar);
	(void)fast_metric_observe_exemplar(worker->sizes, size, &exemplar);
	(void)fast_metric_observe_exemplar(worker->latency,
					   (double)(fast_metric_now() - start) * 1e-9, &exemplar);
}

/* Gives how many frames it has counted. */
static unsigned long work(struct worker *worker)
{
	char label[FAST_PARAM_STRING_BYTES_MAX + 1];
	unsigned long frames = 0;

	for (unsigned i = 0; !stopped; i++) {
		int64_t start = fast_metric_now();

		(void)fast_param_get_choice(worker->mode);
		fast_param_get_string(worker->label, label);
		(void)poll(NULL, 0, (int)fast_param_get_int(worker->period_ms));
		if (!fast_param_get_bool(worker->enabled)) {
			continue;
		}
		fast_metric_inc(worker->fps);
		frames++;
		fast_metric_set(worker->level, sin(i / 10.0) + fast_param_get_double(worker->res));
		count(worker, i, start);
	}
	return frames;
}

static int show_conflict(struct fast_plugin *plugin)
{
	char sentence[512];
	struct fast_metric *metric;
	enum fast_status status;

	status = fast_plugin_metric(plugin, METRIC(FAST_METRIC_COUNTER, "twice", NULL), &metric);
	if (status != FAST_OK) {
		return 1;
	}
	status = fast_plugin_metric(plugin, METRIC(FAST_METRIC_GAUGE, "twice", NULL), &metric);
	fast_plugin_error(plugin, sentence, sizeof sentence);
	printf("%s: %s\n", fast_status_name(status), sentence);
	status = fast_plugin_metric(plugin, METRIC(FAST_METRIC_GAUGE, "Bad Name", NULL), &metric);
	fast_plugin_error(plugin, sentence, sizeof sentence);
	printf("%s: %s\n", fast_status_name(status), sentence);
	status =
		fast_plugin_metric(plugin, METRIC((enum fast_metric_kind)99, "odd", NULL), &metric);
	fast_plugin_error(plugin, sentence, sizeof sentence);
	printf("%s: %s\n", fast_status_name(status), sentence);
	return 0;
}

/* False: in the child that does nothing, when it is told to end. */
static bool fork_both(void)
{
	pid_t first = fork();
	pid_t second = first > 0 ? fork() : -1;

	while (second == 0 && !stopped) {
		(void)poll(NULL, 0, 100);
	}
	if (second > 0) {
		printf("%d %d\n", (int)first, (int)second);
		(void)fflush(stdout);
	}
	return second != 0;
}

static void print_line(enum fast_log_level level, const char *message, void *arg)
{
	(void)arg;
	if (level <= FAST_LOG_WARNING) {
		(void)fprintf(stderr, "worker: %s\n", message);
	}
}

int main(int argc, char **argv)
{
	const char *name = "worker";
	bool conflict = false;
	bool forks = false;
	struct worker worker = {0};
	struct fast_plugin *plugin = NULL;

	fast_log_set_handler(print_line, NULL);
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--name") == 0 && i + 1 < argc) {
			name = argv[++i];
		} else if (strcmp(argv[i], "--exemplars") == 0) {
			worker.exemplars = true;
		} else if (strcmp(argv[i], "--conflict") == 0) {
			conflict = true;
		} else if (strcmp(argv[i], "--fork") == 0) {
			forks = true;
		}
	}
#ifdef WORKER_REMOTE
	fast_plugin_use_remote();
#endif
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	if (fast_plugin_open(name, NULL, &plugin) != FAST_OK) {
		char sentence[512];

		fast_plugin_open_error(sentence, sizeof sentence);
		fprintf(stderr, "worker: %s\n", sentence);
		return 1;
	}
	if (conflict) {
		show_conflict(plugin);
	} else if (declare_metrics(&worker, plugin) && declare_params(&worker, plugin) &&
		   (!forks || fork_both())) {
		printf("%lu frames\n", work(&worker));
	}
	fast_plugin_close(plugin);
	return 0;
}
