/* counter - the smallest plugin: it counts to N (default 10), ten a second. */
#include <fast/plugin.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct fast_metric_spec spec = {
		.size = sizeof spec, .name = "steps", .kind = FAST_METRIC_COUNTER};
	struct fast_plugin *plugin = NULL;
	struct fast_metric *steps = NULL;
	int failed = fast_plugin_open("counter", NULL, &plugin) != FAST_OK ||
		     fast_plugin_metric(plugin, &spec, &steps) != FAST_OK;

	for (long left = argc > 1 ? atol(argv[1]) : 10; left > 0 && !failed; left--) {
		fast_metric_inc(steps);
		usleep(100000);
	}
	fast_plugin_close(plugin);
	return failed;
}
