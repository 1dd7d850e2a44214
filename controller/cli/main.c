#include "cli/command.h"

#include "daemon/help.h"
#include "daemon/nearest.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const struct command *const commands[] = {
	&command_status,  &command_plugins, &command_metrics, &command_params, &command_get,
	&command_set,     &command_watch,   &command_top,     &command_hold,   &command_claim,
	&command_release, &command_audit,   &command_history, &command_rpc,    &command_wait,
	&command_explain, &command_bounds,  &command_profile, &command_runs,   &command_events,
};
#define COMMANDS (sizeof commands / sizeof commands[0])

/* A limit beyond this is there for safety, and of no use in a help. */
#define LIMIT_SHOWN 1e6

#define HELP_INDENT    21
#define HELP_BYTES_MAX 512 /* of a usage, of what an option does */

static const struct option options_main[] = {
	{"version", OPTION_FLAG, offsetof(struct options, version), NULL, "print the version", 0,
	 0},
	{NULL, OPTION_FLAG, 0, NULL, NULL, 0, 0},
};

static const struct command *main_find(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(commands[i]->name, name) == 0) {
			return commands[i];
		}
	}
	return NULL;
}

static void print_options(FILE *file, const struct option *options)
{
	for (; options->name != NULL; options++) {
		char head[64], text[HELP_BYTES_MAX];
		int bytes = snprintf(text, sizeof text, "%s", options->help);

		assert(bytes >= 0 && (size_t)bytes < sizeof text);
		if (options->min != options->max && options->max < LIMIT_SHOWN) {
			snprintf(text + bytes, sizeof text - (size_t)bytes, " (%.15g to %.15g)",
				 options->min, options->max);
		}
		snprintf(head, sizeof head, "--%s%s%s", options->name,
			 options->argument == NULL ? "" : " ",
			 options->argument == NULL ? "" : options->argument);
		help_option(file, HELP_INDENT, head, text);
	}
}

static void print_help(FILE *file)
{
	fputs("fastctl shows and turns what the plugins of a node measure and offer.\n\n"
	      "usage: fastctl [--json] [--endpoint URL] COMMAND [WORDS] [OPTIONS]\n\n",
	      file);
	for (size_t i = 0; i < COMMANDS; i++) {
		fprintf(file, "  %-9s %s\n", commands[i]->name, commands[i]->summary);
	}
	fputs("\nEvery command takes:\n", file);
	print_options(file, options_common);
	fputs("\n'fastctl COMMAND --help' explains one command, with an example.\n", file);
}

static void print_command_help(FILE *file, const struct command *command)
{
	char usage[HELP_BYTES_MAX];

	snprintf(usage, sizeof usage, "fastctl %s %s", command->name, command->usage);
	fputs("usage: ", file);
	help_text(file, strlen("usage: "), strlen("usage: "), usage);
	fprintf(file, "\n%s\n", command->help);
	if (command->options[0].name != NULL) {
		fputs("\nOptions:\n", file);
		print_options(file, command->options);
	}
	fputs("\nEvery command takes:\n", file);
	print_options(file, options_common);
}

static enum exit_code main_unknown(struct cli *cli, const char *name)
{
	const char *names[COMMANDS];
	const char *nearest;

	for (size_t i = 0; i < COMMANDS; i++) {
		names[i] = commands[i]->name;
	}
	nearest = nearest_word(name, names, COMMANDS);
	return command_say(cli, EXIT_USAGE,
			   "there is no command '%.64s'%s%s%s; see 'fastctl --help'", name,
			   nearest == NULL ? "" : " (did you mean ", nearest == NULL ? "" : nearest,
			   nearest == NULL ? "" : "?)");
}

/* Reads the whole command line; the first word is the command's name. */
static enum exit_code main_read(struct cli *cli, int argc, char **argv)
{
	char error[OPTIONS_ERROR_BYTES_MAX];
	bool only_words = false;
	int i = 1;

	while (i < argc) {
		const struct option *own =
			cli->command == NULL ? options_main : cli->command->options;
		int used = options_read(own, options_common, argc - i, argv + i, &only_words,
					&cli->options, &cli->words, error);

		if (used == 0) {
			return command_usage(cli, "%s", error);
		}
		i += used;
		if (cli->command == NULL && cli->words.count == 1) {
			const char *name = cli->words.word[0];

			if (strcmp(name, "help") == 0) {
				cli->options.help = true;
				cli->words.count = 0;
				continue;
			}
			cli->command = main_find(name);
			cli->words.count = 0;
			if (cli->command == NULL) {
				return main_unknown(cli, name);
			}
		}
	}
	return EXIT_OK;
}

/* Opens the client and runs the command. */
static enum exit_code main_run(struct cli *cli)
{
	struct fast_client_options options = {.size = sizeof options, .agent = "fastctl"};
	char error[FAST_TLS_ERROR_BYTES];
	enum exit_code code;

	if (cli->words.count < cli->command->words_min) {
		return command_usage(cli, "usage: fastctl %s %s", cli->command->name,
				     cli->command->usage);
	}
	if (cli->words.count > cli->command->words_max) {
		return command_usage(cli, "'%.64s' is one word too many",
				     cli->words.word[cli->command->words_max]);
	}
	if (connect_endpoint(cli->options.endpoint, cli->endpoint) != FAST_OK) {
		return command_usage(cli, "the endpoint is longer than %d bytes",
				     CONNECT_ENDPOINT_BYTES_MAX - 1);
	}
	if (connect_tls(cli->endpoint, cli->options.tls_ca, cli->options.tls_cert,
			cli->options.tls_key, &cli->tls, error) != FAST_OK) {
		return command_usage(cli, "%s", error);
	}
	options.tls = cli->tls;
	switch (fast_client_open(cli->endpoint, &options, &cli->client)) {
	case FAST_OK:
		break;
	case FAST_INVALID_ARGUMENT:
		return command_usage(cli,
				     "the endpoint '%.200s' is not understood; it should read "
				     "like ipc:///run/fastd/fastd.sock, tcp://127.0.0.1:5000 or "
				     "tls+tcp://node.example:5000",
				     cli->endpoint);
	default:
		return command_say(cli, EXIT_REFUSED, "no memory");
	}
	code = cli->command->run(cli);
	fast_client_close(cli->client);
	return code;
}

static enum exit_code main_command(struct cli *cli, int argc, char **argv)
{
	enum exit_code code = main_read(cli, argc, argv);

	if (code != EXIT_OK) {
		return code;
	}
	if (cli->options.version) {
		puts("fastctl " FASTCTL_VERSION);
		return EXIT_OK;
	}
	if (cli->command == NULL) {
		print_help(cli->options.help ? stdout : stderr);
		return cli->options.help ? EXIT_OK : EXIT_USAGE;
	}
	if (cli->options.help) {
		print_command_help(stdout, cli->command);
		return EXIT_OK;
	}
	return main_run(cli);
}

/* Whether to answer in JSON must be known before the first mistake is found. */
static bool main_wants_json(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--json") == 0) {
			return true;
		}
	}
	return false;
}

int main(int argc, char **argv)
{
	struct cli cli = {0};
	enum exit_code code;

	cli.output = main_wants_json(argc, argv) ? output_json_new(stdout, stderr)
						 : output_text_new(stdout, stderr);
	if (cli.output == NULL) {
		fputs("fastctl: no memory\n", stderr);
		return EXIT_REFUSED;
	}
	code = main_command(&cli, argc, argv);
	fast_tls_free(cli.tls);
	cli.output->free(cli.output);
	return (int)code;
}
