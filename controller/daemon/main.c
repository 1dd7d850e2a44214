/* fastd: options, config, run, exit code. */
#include "daemon/config.h"
#include "daemon/fastd.h"
#include "daemon/notify.h"
#include "daemon/self.h"

#include <signal.h>
#include <stdlib.h>

enum exit_code {
	EXIT_STOPPED = 0,
	EXIT_USAGE = 2, /* options or config */
	EXIT_START = 3, /* cannot start */
};

static void log_line(enum fast_log_level level, const char *message, void *arg)
{
	const enum fast_log_level *most = arg;

	if (level <= *most) {
		fprintf(stderr, "fastd: %s: %s\n", options_level_name(level), message);
	}
}

/* What the command line, the config file and the defaults say together. */
static enum fast_status load(int argc, char **argv, struct options *out, char *error)
{
	static struct options given; /* large */
	enum fast_status status = options_parse(&given, argc, argv, error);

	if (status == FAST_OK && given.config[0] != '\0') {
		status = config_read(given.config, out, error);
	}
	if (status == FAST_OK) {
		options_merge(out, &given);
	}
	if (status == FAST_OK && !out->help && !out->version) {
		status = options_complete(out, error);
	}
	return status;
}

static int check(const struct options *options)
{
	struct text text;
	int code = EXIT_START;

	text_init(&text, 4 * CONFIG_BYTES_MAX);
	config_print(options, &text);
	if (!text.failed && fputs(text.bytes, stdout) >= 0 && fflush(stdout) == 0) {
		code = EXIT_STOPPED;
	}
	text_fini(&text);
	return code;
}

static int run(const struct options *options)
{
	enum fast_log_level level = options->log_level;
	char text[FASTD_READY_BYTES_MAX];
	struct fastd *fastd = NULL;
	sigset_t stop;
	int number = 0;

	fast_log_set_handler(log_line, &level);
	/* Threads inherit both: they neither take the stop signals nor die of a closed peer. */
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGINT);
	sigprocmask(SIG_BLOCK, &stop, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);

	if (fastd_open(options, &fastd, text) != FAST_OK) {
		fprintf(stderr, "fastd: %s\n", text);
		return EXIT_START;
	}
	fastd_describe(fastd, text);
	fprintf(stderr, "%s\n", text);
	notify_send("READY=1");

	while (sigwait(&stop, &number) != 0) {
	}
	notify_send("STOPPING=1");
	fastd_close(fastd);
	return EXIT_STOPPED;
}

int main(int argc, char **argv)
{
	static struct options options; /* large */
	char error[OPTIONS_ERROR_BYTES_MAX];

	if (load(argc, argv, &options, error) != FAST_OK) {
		fprintf(stderr, "fastd: %s\n", error);
		return EXIT_USAGE;
	}
	if (options.help) {
		options_help(stdout);
		return EXIT_STOPPED;
	}
	if (options.version) {
		printf("fastd %s\n", self_version());
		return EXIT_STOPPED;
	}
	return options.check ? check(&options) : run(&options);
}
