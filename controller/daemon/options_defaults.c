/* What holds when nothing was said, and the help text, which tells it. */
#include "daemon/address.h"
#include "daemon/help.h"
#include "daemon/node.h"
#include "daemon/options.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RUN_DIR   "/run/fastd"
#define STATE_DIR "/var/lib/fastd"

#define HELP_INDENT 25

/* Every member of struct options has an entry. */
static const struct option *option_at(size_t offset)
{
	const struct option *option = options_table;

	while (option->offset != offset) {
		option++;
		assert(option < options_table + options_count);
	}
	return option;
}

bool options_is_given(const struct options *options, size_t offset)
{
	return (options->given >> (option_at(offset) - options_table) & 1) != 0;
}

/* The variable's value if it is an absolute path, as the XDG rules want it, else NULL. */
static const char *variable_path(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && value[0] == '/' ? value : NULL;
}

/* Sets the option at offset to dir + tail unless it was given. */
static enum fast_status complete(struct options *options, size_t offset, const char *dir,
				 const char *tail, char *error)
{
	const struct option *option = option_at(offset);
	char path[OPTIONS_TEXT_BYTES_MAX + 1];
	char reason[OPTIONS_ERROR_BYTES_MAX];
	uint32_t given = options->given;
	int bytes;

	if (options_is_given(options, offset)) {
		return FAST_OK;
	}
	bytes = snprintf(path, sizeof path, "%s%s", dir, tail);
	if (bytes < 0 || (size_t)bytes >= sizeof path) {
		snprintf(error, OPTIONS_ERROR_BYTES_MAX,
			 "the default %s is too long a path; give --%s", option->name,
			 option->name);
		return FAST_INVALID_ARGUMENT;
	}
	if (options_set(options, option, path, reason) != FAST_OK) {
		snprintf(error, OPTIONS_ERROR_BYTES_MAX, "the default %s is %.300s, but %.600s",
			 option->name, path, reason);
		return FAST_INVALID_ARGUMENT;
	}
	options->given = given; /* a default is not given */
	return FAST_OK;
}

static enum fast_status complete_state_dir(struct options *options, char *error)
{
	size_t offset = offsetof(struct options, state_dir);
	const char *state = variable_path("XDG_STATE_HOME");
	const char *home = variable_path("HOME");

	if (state != NULL) {
		return complete(options, offset, state, "/fastd", error);
	}
	if (geteuid() == 0) {
		return complete(options, offset, STATE_DIR, "", error);
	}
	if (home != NULL) {
		return complete(options, offset, home, "/.local/state/fastd", error);
	}
	if (options->state_dir[0] == '\0') {
		snprintf(error, OPTIONS_ERROR_BYTES_MAX,
			 "there is no HOME to keep state in; give --state-dir DIR");
		return FAST_INVALID_ARGUMENT;
	}
	return FAST_OK;
}

bool options_is_tls(const char *endpoint)
{
	return strncmp(endpoint, "tls+tcp://", strlen("tls+tcp://")) == 0;
}

/* Whoever serves other hosts shows who it is, and asks who they are. */
static enum fast_status check_tls(const struct options *options, char *error)
{
	bool has_all = options->tls_ca[0] != '\0' && options->tls_cert[0] != '\0' &&
		       options->tls_key[0] != '\0';

	bool has_any = options->tls_ca[0] != '\0' || options->tls_cert[0] != '\0' ||
		       options->tls_key[0] != '\0';

	if (has_any && !has_all) {
		snprintf(error, OPTIONS_ERROR_BYTES_MAX,
			 "tls-ca, tls-cert and tls-key go together; give all three");
		return FAST_INVALID_ARGUMENT;
	}
	for (size_t i = 0; i < options->listen.count; i++) {
		if (options_is_tls(options->listen.items[i]) && !has_all) {
			snprintf(error, OPTIONS_ERROR_BYTES_MAX,
				 "listen %.900s needs certificates; give --tls-ca FILE, "
				 "--tls-cert FILE and --tls-key FILE",
				 options->listen.items[i]);
			return FAST_INVALID_ARGUMENT;
		}
	}
	return FAST_OK;
}

/* Of numbers that were not given. */
static const struct {
	size_t offset;
	uint32_t otherwise;
} numbers[] = {
	{offsetof(struct options, tick_ms), NODE_TICK_MS_DEFAULT},
	{offsetof(struct options, history_mib), NODE_HISTORY_MIB_DEFAULT},
	{offsetof(struct options, history_hours), NODE_HISTORY_HOURS_DEFAULT},
	{offsetof(struct options, history_days), NODE_HISTORY_DAYS_DEFAULT},
};

enum fast_status options_complete(struct options *options, char *error)
{
	const char *run = variable_path("XDG_RUNTIME_DIR");
	const char *dir = run == NULL ? RUN_DIR : run;
	const char *tails[] = {run == NULL ? "/fastd.sock" : "/fastd/fastd.sock",
			       run == NULL ? "/plugin.sock" : "/fastd/plugin.sock"};
	enum fast_status status;

	status = complete(options, offsetof(struct options, socket), dir, tails[0], error);
	if (status == FAST_OK) {
		status = complete(options, offsetof(struct options, plugin_socket), dir, tails[1],
				  error);
	}
	if (status == FAST_OK) {
		status = complete_state_dir(options, error);
	}
	if (status == FAST_OK) {
		status = check_tls(options, error);
	}
	if (status != FAST_OK) {
		return status;
	}
	if (strcmp(options->socket, options->plugin_socket) == 0) {
		snprintf(error, OPTIONS_ERROR_BYTES_MAX,
			 "socket and plugin-socket are the same path; give two");
		return FAST_INVALID_ARGUMENT;
	}
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		uint32_t *number = (uint32_t *)(void *)((char *)options + numbers[i].offset);

		*number = *number == 0 ? numbers[i].otherwise : *number;
	}
	if (!options_is_given(options, offsetof(struct options, log_level))) {
		options->log_level = FAST_LOG_WARNING;
	}
	return FAST_OK;
}

void options_help(FILE *out)
{
	fputs("usage: fastd [OPTION]...\n\n"
	      "The node's daemon: reads the metrics of every plugin, turns their knobs, keeps\n"
	      "history, and serves both to fastctl, controllers, profilers and Prometheus.\n\n",
	      out);
	for (size_t i = 0; i < options_count; i++) {
		const struct option *option = &options_table[i];
		char head[64];

		snprintf(head, sizeof head, "--%s%s%s", option->name,
			 option->argument == NULL ? "" : " ",
			 option->argument == NULL ? "" : option->argument);
		help_option(out, HELP_INDENT, head, option->help);
	}
	fputs("\nWithout options, sockets are in $XDG_RUNTIME_DIR/fastd, else /run/fastd; state is "
	      "in\n"
	      "$XDG_STATE_HOME/fastd, else /var/lib/fastd for root and ~/.local/state/fastd for\n"
	      "others; the tick is 100 ms; the log level is warning; publish and http are off.\n\n"
	      "A config file has the same names, without the dashes:\n\n"
	      "  http: 127.0.0.1:9400\n"
	      "  tick: 50\n"
	      "  listen: [tcp://127.0.0.1:5000]\n"
	      "  role: [\"tcp=controller:camera*\"]\n\n"
	      "Roles: viewer, profiler, controller, admin (each may what those before it may), "
	      "plugin\n"
	      "and none. WHO is uid:N, name:CERTIFICATE, tls or tcp; globs over plugins and "
	      "params\n"
	      "may follow, PLUGINS[/PARAMS]. Without a word root and fastd's own user are admins,\n"
	      "other users of the control socket controllers, all that come by tcp or tls "
	      "viewers.\n\n"
	      "To begin:\n\n"
	      "  fastd --http 127.0.0.1:9400 &\n"
	      "  fastctl plugins\n"
	      "  curl http://127.0.0.1:9400/metrics\n\n"
	      "Exit status: 0 stopped by SIGTERM or SIGINT; 2 wrong options or config; 3 cannot "
	      "start.\n",
	      out);
}
