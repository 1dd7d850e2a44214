/* cli/command.h - what a command of fastctl is, and what it finds around it. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "cli/options.h"
#include "client/connect.h"
#include "client/output.h"

#include <fast/plugin.h>

#define COMMAND_CALL_TIMEOUT_MS  5000
#define COMMAND_PLUGIN_BYTES_MAX 72 /* an instance's name */

/* How fastctl ends. */
enum exit_code {
	EXIT_OK = 0,
	EXIT_REFUSED = 1,     /* the daemon said no, or the answer could not be written */
	EXIT_USAGE = 2,       /* the command line is wrong */
	EXIT_UNREACHABLE = 3, /* no daemon */
	EXIT_LOST = 4,        /* hold: goal out of reach, or claim lost */
};

/* One run of fastctl. */
struct cli {
	const struct command *command;
	struct options options;
	struct words words;
	struct output *output;
	struct fast_tls *tls; /* NULL: the endpoint is none of tls+tcp */
	struct fast_client *client;
	char endpoint[CONNECT_ENDPOINT_BYTES_MAX];
	char plugin[COMMAND_PLUGIN_BYTES_MAX + 1]; /* what command_plugin() found */
};

struct command {
	const char *name;
	const char *usage;   /* after the name: "METRIC [--plugin NAME]" */
	const char *summary; /* in the list of commands */
	const char *help;    /* what it does, with an example */
	const struct option *options;
	size_t words_min;
	size_t words_max;
	enum exit_code (*run)(struct cli *cli);
};

extern const struct command command_audit, command_bounds, command_claim, command_explain,
	command_profile, command_get, command_history, command_hold, command_metrics,
	command_params, command_plugins, command_release, command_rpc, command_set, command_status,
	command_top, command_wait, command_watch, command_runs, command_events;

/* Options of every call. */
extern const struct fast_call_options command_call;

/* ---- what commands share ---- */

/* The plugin named by --plugin, or the only live one, as cli->plugin. EXIT_OK, or what was said
 * already. */
enum exit_code command_plugin(struct cli *cli);

/* Word i as a glob for a request; "" when it is not there. */
char *command_glob(const struct cli *cli, size_t i);

/* --plugin as a glob for a request; "" when it is not there. */
char *command_plugin_glob(const struct cli *cli);

/* Shows each item of an array of messages through the view. */
enum exit_code command_show(struct cli *cli, const struct output_view *view, const void *items,
			    size_t count);

/* Shows what a call came to, and releases the reply. Through the view: the response's list that the
 * view's key names, or the response where it has no key. Without a view, of what was merely to be
 * done: nothing, in JSON the response. */
enum exit_code command_answer(struct cli *cli, const struct output_view *view,
			      struct fast_reply *reply);

/* EXIT_OK, unless the output could not be written. */
enum exit_code command_end(struct cli *cli);

/* Says why a call failed. */
enum exit_code command_failed(struct cli *cli, const struct fast_reply *reply);

/* Says what is wrong with the command line, or with what it names. */
enum exit_code command_usage(struct cli *cli, const char *format, ...) FAST_PRINTF(2, 3);

/* Says anything else. */
enum exit_code command_say(struct cli *cli, enum exit_code code, const char *format, ...)
	FAST_PRINTF(3, 4);

#endif
