/* knob - a plugin with a knob: it beats N times (default 10), at a rate that fastctl may set. */
#include <fast/plugin.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct fast_metric_spec fps = {
		.size = sizeof fps, .name = "fps", .kind = FAST_METRIC_HEARTBEAT};
	struct fast_param_spec rate = {.size = sizeof rate,
				       .name = "rate",
				       .unit = "Hz",
				       .type = FAST_PARAM_DOUBLE,
				       .initial.number = 10,
				       .min = 1,
				       .max = 1000};
	struct fast_plugin *plugin = NULL;
	struct fast_metric *beat = NULL;
	struct fast_param *knob = NULL;
	int failed = fast_plugin_open("knob", NULL, &plugin) != FAST_OK ||
		     fast_plugin_metric(plugin, &fps, &beat) != FAST_OK ||
		     fast_plugin_param(plugin, &rate, &knob) != FAST_OK;

	for (long left = argc > 1 ? atol(argv[1]) : 10; left > 0 && !failed; left--) {
		fast_metric_inc(beat);
		usleep((useconds_t)(1e6 / fast_param_get_double(knob)));
	}
	fast_plugin_close(plugin);
	return failed;
}
