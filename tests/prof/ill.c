/* A plugin that is well until its knob mood says otherwise: crash, exit, hang, idle, greedy. */
#include <fast/plugin.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MEGABYTE  ((size_t)1 << 20)
#define GREED_MAX 1024 /* megabytes */

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
	(void)number;
	stopped = 1;
}

/* Takes memory, and uses it, until there is none; but no more than a machine can spare. */
static void devour(void)
{
	for (size_t i = 0; i < GREED_MAX; i++) {
		char *more = malloc(MEGABYTE);

		if (more == NULL) {
			_exit(12);
		}
		memset(more, 1, MEGABYTE);
	}
	_exit(13);
}

static void suffer(const char *mood)
{
	if (strcmp(mood, "crash") == 0) {
		signal(SIGSEGV, SIG_DFL); /* a sanitizer would make an exit of it */
		raise(SIGSEGV);
	} else if (strcmp(mood, "exit") == 0) {
		_exit(9);
	} else if (strcmp(mood, "greedy") == 0) {
		devour();
	} else if (strcmp(mood, "hang") == 0) {
		while (!stopped) {
			(void)poll(NULL, 0, 50);
		}
	}
}

int main(int argc, char **argv)
{
	static const union fast_param_value moods[] = {{.string = "well"}, {.string = "crash"},
						       {.string = "exit"}, {.string = "hang"},
						       {.string = "idle"}, {.string = "greedy"}};
	const struct fast_metric_spec beat = {
		.size = sizeof beat, .name = "fps", .kind = FAST_METRIC_HEARTBEAT, .unit = "Hz"};
	const struct fast_param_spec knob = {.size = sizeof knob,
					     .name = "mood",
					     .type = FAST_PARAM_ENUM,
					     .initial.string = "well",
					     .choices = moods,
					     .choice_count = 6};
	struct fast_plugin *plugin = NULL;
	struct fast_metric *fps = NULL;
	struct fast_param *mood = NULL;

	(void)argc;
	(void)argv;
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	if (fast_plugin_open("ill", NULL, &plugin) != FAST_OK ||
	    fast_plugin_metric(plugin, &beat, &fps) != FAST_OK ||
	    fast_plugin_param(plugin, &knob, &mood) != FAST_OK) {
		return 1;
	}
	while (!stopped) {
		char now[FAST_PARAM_STRING_BYTES_MAX + 1];

		fast_param_get_string(mood, now);
		(void)poll(NULL, 0, 5);
		suffer(now);
		if (strcmp(now, "idle") != 0) {
			fast_metric_inc(fps);
		}
	}
	fast_plugin_close(plugin);
	return 0;
}
