#include "cli/cmd_rpc.h"

#include "cli/rpc_schema.h"

#include <stdlib.h>
#include <string.h>

static enum exit_code list_service(struct cli *cli, const char *service, void *arg)
{
	json_t *names = arg;

	if (names != NULL) {
		cli->output->failed |= json_array_append_new(names, json_string(service)) != 0;
	} else {
		cli->output->failed |= puts(service) < 0;
	}
	return EXIT_OK;
}

/* Takes the value and prints it as one line. */
static enum exit_code list_json(struct cli *cli, json_t *value)
{
	if (value == NULL || json_dumpf(value, stdout, JSON_COMPACT) != 0) {
		cli->output->failed = true;
	}
	json_decref(value);
	cli->output->failed |= puts("") < 0;
	return command_end(cli);
}

static enum exit_code list_services(struct cli *cli)
{
	json_t *names = cli->output->json ? json_array() : NULL;
	enum exit_code code = rpc_schema_each(cli, list_service, names);

	if (code != EXIT_OK || names == NULL) {
		json_decref(names);
		return code != EXIT_OK ? code : command_end(cli);
	}
	return list_json(cli, json_pack("{s:o}", "services", names));
}

static json_t *method_json(const struct fast_method *method)
{
	static const char *const kinds[] = {
		[FAST_METHOD_UNARY] = "unary",
		[FAST_METHOD_SERVER_STREAM] = "server-stream",
		[FAST_METHOD_CLIENT_STREAM] = "client-stream",
		[FAST_METHOD_BIDI_STREAM] = "bidi-stream",
	};
	static const char *const levels[] = {
		[FAST_IDEMPOTENCY_UNKNOWN] = "unknown",
		[FAST_IDEMPOTENCY_NO_SIDE_EFFECTS] = "no-side-effects",
		[FAST_IDEMPOTENCY_IDEMPOTENT] = "idempotent",
	};

	return json_pack("{s:s,s:s,s:s,s:s,s:s}", "path", method->path, "kind", kinds[method->kind],
			 "idempotency", levels[method->idempotency], "request",
			 method->request->name, "response", method->response->name);
}

static enum exit_code list_methods(struct cli *cli, const char *name)
{
	struct fast_schema *schema = NULL;
	const struct fast_service *service;
	enum exit_code code = rpc_schema_fetch(cli, name, &schema);
	json_t *methods;

	if (code != EXIT_OK) {
		return code;
	}
	service = fast_schema_service(schema, name);
	if (service == NULL) {
		code = command_say(cli, EXIT_REFUSED, "the schema has no service %.200s", name);
	} else if (cli->output->json) {
		methods = json_array();
		for (size_t i = 0; i < service->method_count; i++) {
			json_array_append_new(methods, method_json(&service->methods[i]));
		}
		code = list_json(cli, json_pack("{s:o}", "methods", methods));
	} else {
		for (size_t i = 0; i < service->method_count; i++) {
			cli->output->failed |= puts(service->methods[i].path) < 0;
		}
		code = command_end(cli);
	}
	fast_schema_free(schema);
	return code;
}

enum exit_code rpc_list(struct cli *cli)
{
	return cli->words.count > 1 ? list_methods(cli, cli->words.word[1]) : list_services(cli);
}

/* What is looked for, and whether it was found. */
struct search {
	const char *name;
	bool found;
};

static enum exit_code describe_in(struct cli *cli, const char *service, void *arg)
{
	struct search *search = arg;
	struct fast_schema *schema = NULL;
	enum exit_code code;
	char *text = NULL;

	if (search->found) {
		return EXIT_OK;
	}
	code = rpc_schema_fetch(cli, service, &schema);
	if (code != EXIT_OK) {
		return code;
	}
	if (fast_schema_describe(schema, search->name, &text) == FAST_OK) {
		search->found = true;
		cli->output->failed |= fputs(text, stdout) < 0;
	}
	free(text);
	fast_schema_free(schema);
	return EXIT_OK;
}

enum exit_code rpc_describe(struct cli *cli)
{
	struct search search = {.name = cli->words.count > 1 ? cli->words.word[1] : ""};
	enum exit_code code;

	if (cli->words.count < 2) {
		return command_usage(cli, "describe needs SERVICE, SERVICE/METHOD or a message");
	}
	code = rpc_schema_each(cli, describe_in, &search);
	if (code == EXIT_OK && !search.found) {
		return command_say(
			cli, EXIT_REFUSED,
			"no service, method, message or enum is called '%.200s'; see 'fastctl "
			"rpc list'",
			search.name);
	}
	return code == EXIT_OK ? command_end(cli) : code;
}

static const struct {
	const char *name;
	enum exit_code (*run)(struct cli *cli);
	size_t words_max;
} verbs[] = {
	{"list", rpc_list, 2},
	{"describe", rpc_describe, 2},
	{"call", rpc_call, 3},
	{"load", rpc_load, 3},
};

static enum exit_code rpc_run(struct cli *cli)
{
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
		if (strcmp(cli->words.word[0], verbs[i].name) != 0) {
			continue;
		}
		if (cli->words.count > verbs[i].words_max) {
			return command_usage(cli, "'%.64s' is one word too many",
					     cli->words.word[verbs[i].words_max]);
		}
		return verbs[i].run(cli);
	}
	return command_usage(cli, "'%.64s' is none of list, describe, call, load",
			     cli->words.word[0]);
}

static const struct option options[] = {
	{"timeout", OPTION_DURATION, offsetof(struct options, timeout_s), "TIME",
	 "call, load: of each call; 5s, a stream's has none", 0.001, 86400},
	{"count", OPTION_INTEGER, offsetof(struct options, count), "N",
	 "call: end a stream after N items", 0, 0},
	{"defaults", OPTION_FLAG, offsetof(struct options, defaults), NULL,
	 "call: print fields at their default too", 0, 0},
	{"header", OPTION_TEXTS, offsetof(struct options, headers), "'KEY: VALUE'",
	 "call, load: sends a header too; also -H, as often as wanted", 0, 0},
	{"verbose", OPTION_FLAG, offsetof(struct options, verbose), NULL,
	 "call: shows headers, trailers and the origin of a failure; also -v", 0, 0},
	{"rate", OPTION_NUMBER, offsetof(struct options, rate), "N", "load: calls a second; 100",
	 0.01, 1000000},
	{"duration", OPTION_DURATION, offsetof(struct options, duration_s), "TIME",
	 "load: how long; 10s", 0.01, 86400},
	{"connections", OPTION_INTEGER, offsetof(struct options, connections), "N",
	 "load: connections that share the rate; 1", 1, 64},
	{NULL, OPTION_FLAG, 0, NULL, NULL, 0, 0},
};

const struct command command_rpc = {
	.name = "rpc",
	.usage = "list [SERVICE] | describe NAME | call SERVICE/METHOD [JSON|-|@FILE] | "
		 "load SERVICE/METHOD [JSON|-|@FILE]",
	.summary = "call any method of any server, by its own schema",
	.help = "Asks the server for its schema, so that no generated code is needed.\n\n"
		"  fastctl rpc list\n"
		"  fastctl rpc describe fast.v1.Param/Set\n"
		"  fastctl rpc call fast.v1.Metric/List '{\"metric\": \"fps\"}'\n"
		"  fastctl rpc call fast.v1.Metric/Watch --count 3 | jq .samples\n"
		"  fastctl rpc call fast.v1.Param/List -H 'tenant: field-7' -v\n"
		"  fastctl rpc load fast.v1.Param/List '{}' --rate 5000 --duration 10s\n\n"
		"A stream prints a line per item. Load sends calls by a schedule that is fixed in\n"
		"advance, and measures from the scheduled time: a server that stalls is charged\n"
		"for the calls that had to wait.",
	.options = options,
	.words_min = 1,
	.words_max = 3,
	.run = rpc_run,
};
