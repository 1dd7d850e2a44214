#include "cli/cmd_rpc.h"

#include "cli/rpc_headers.h"
#include "cli/rpc_schema.h"
#include "client/interrupt.h"

#include <fast/stream.h>
#include <stdlib.h>

/* How soon an interrupt is noticed. */
#define WAIT_MS 100

/* A method, its schema and a request. */
struct invocation {
	struct fast_schema *schema;
	const struct fast_method *method;
	struct fast_dynamic request;
};

static enum exit_code print_message(struct cli *cli, const struct fast_schema *schema,
				    const ProtobufCMessage *message, bool over_lines)
{
	char error[FAST_JSON_ERROR_BYTES_MAX];
	unsigned flags = (over_lines ? FAST_JSON_INDENT : 0u) |
			 (cli->options.defaults ? FAST_JSON_DEFAULTS : 0u);
	char *text = NULL;

	if (fast_json_print(schema, message, flags, &text, error) != FAST_OK) {
		return command_say(cli, EXIT_REFUSED, "the answer has no JSON: %s", error);
	}
	cli->output->failed |= puts(text) < 0 || fflush(stdout) != 0;
	free(text);
	return EXIT_OK;
}

static enum exit_code call_unary(struct cli *cli, const struct invocation *call,
				 const struct fast_call_options *options)
{
	struct fast_reply reply = {0};
	enum exit_code code;
	enum fast_status status =
		fast_client_call(cli->client, call->method, options, call->request.message, &reply);

	rpc_headers_show_reply(cli, &reply, true);
	if (status == FAST_OK) {
		code = print_message(cli, call->schema, reply.message, !cli->output->json);
	} else {
		code = rpc_schema_failed(cli, call->schema, &reply);
	}
	fast_reply_fini(&reply);
	return code == EXIT_OK ? command_end(cli) : code;
}

/* They come before the first item, if at all. */
static void stream_show_headers(const struct cli *cli, struct fast_stream *stream)
{
	const struct fast_metadata *headers = NULL;

	if (fast_stream_headers(stream, 0, &headers) == FAST_OK) {
		rpc_headers_show(cli, "header", headers);
	}
}

static enum exit_code stream_items(struct cli *cli, const struct invocation *call,
				   struct fast_stream *stream)
{
	uint64_t left = cli->options.count.given ? cli->options.count.value : UINT64_MAX;
	enum exit_code code = EXIT_OK;
	bool first = true;

	while (left > 0 && code == EXIT_OK && !interrupt_seen() && !cli->output->failed) {
		const ProtobufCMessage *item = NULL;
		enum fast_status status = fast_stream_next(stream, WAIT_MS, &item);

		if (status == FAST_OK && item != NULL && first) {
			stream_show_headers(cli, stream);
			first = false;
		}
		if (status == FAST_OK && item != NULL) {
			code = print_message(cli, call->schema, item, false);
			left--;
		} else if (fast_stream_ended(stream)) {
			rpc_headers_show_reply(cli, fast_stream_reply(stream), first);
			return status == FAST_OK ? command_end(cli)
						 : rpc_schema_failed(cli, call->schema,
								     fast_stream_reply(stream));
		}
	}
	return code == EXIT_OK ? command_end(cli) : code;
}

static enum exit_code call_stream(struct cli *cli, const struct invocation *call,
				  const struct fast_call_options *options)
{
	struct fast_stream *stream = NULL;
	enum exit_code code;

	interrupt_catch();
	if (fast_client_stream(cli->client, call->method, options, call->request.message,
			       &stream) != FAST_OK) {
		return command_say(cli, EXIT_REFUSED, "no memory, or the request is too large");
	}
	code = stream_items(cli, call, stream);
	fast_stream_close(stream);
	return code;
}

enum exit_code rpc_call(struct cli *cli)
{
	struct fast_call_options options = {.size = sizeof options};
	struct invocation call = {0};
	struct rpc_headers headers;
	enum exit_code code;

	if (cli->words.count < 2) {
		return command_usage(cli, "call needs SERVICE/METHOD");
	}
	code = rpc_headers_read(cli, &headers);
	if (code != EXIT_OK) {
		return code;
	}
	options.metadata = &headers.metadata;
	code = rpc_schema_method(cli, cli->words.word[1], &call.schema, &call.method);
	if (code != EXIT_OK) {
		return code;
	}
	options.timeout_ms = (int64_t)(cli->options.timeout_s.value * 1e3);
	code = rpc_schema_request(cli, 2, call.schema, call.method, &call.request);
	if (code == EXIT_OK && call.method->kind == FAST_METHOD_SERVER_STREAM) {
		code = call_stream(cli, &call, &options);
	} else if (code == EXIT_OK) {
		if (!cli->options.timeout_s.given) {
			options.timeout_ms = COMMAND_CALL_TIMEOUT_MS;
		}
		code = call_unary(cli, &call, &options);
	}
	fast_dynamic_fini(&call.request);
	fast_schema_free(call.schema);
	return code;
}
