#include "cli/command.h"

#include <assert.h>
#include <fast/v1/param.pb-c.h>
#include <fast/v1/plugin.fast.h>
#include <stdarg.h>
#include <string.h>

const struct fast_call_options command_call = {.size = sizeof command_call,
					       .timeout_ms = COMMAND_CALL_TIMEOUT_MS};

char *command_glob(const struct cli *cli, size_t i)
{
	return (char *)(i < cli->words.count ? cli->words.word[i] : "");
}

char *command_plugin_glob(const struct cli *cli)
{
	return (char *)(cli->options.plugin == NULL ? "" : cli->options.plugin);
}

static enum exit_code command_error(struct cli *cli, enum exit_code code, const char *message)
{
	static const char *const names[] = {
		[EXIT_REFUSED] = "REFUSED",
		[EXIT_USAGE] = "USAGE",
		[EXIT_UNREACHABLE] = "UNREACHABLE",
		[EXIT_LOST] = "LOST",
	};
	struct output_error error = {.code = names[code], .message = message};

	cli->output->error(cli->output, &error);
	return code;
}

enum exit_code command_say(struct cli *cli, enum exit_code code, const char *format, ...)
{
	char message[FAST_STATUS_MESSAGE_BYTES_MAX + 1];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	return command_error(cli, code, message);
}

enum exit_code command_usage(struct cli *cli, const char *format, ...)
{
	char message[FAST_STATUS_MESSAGE_BYTES_MAX + 1];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	return command_say(cli, EXIT_USAGE, "%s; see 'fastctl %s%s--help'", message,
			   cli->command == NULL ? "" : cli->command->name,
			   cli->command == NULL ? "" : " ");
}

/* The refusal among the details of a reply; the caller frees it. NULL: there is none. */
static Fast__V1__ParamRefusal *reply_refusal(const struct fast_reply *reply)
{
	for (size_t i = 0; i < reply->detail_count; i++) {
		if (strcmp(reply->details[i].type, "fast.v1.ParamRefusal") == 0) {
			return fast__v1__param_refusal__unpack(NULL, reply->details[i].value_bytes,
							       reply->details[i].value);
		}
	}
	return NULL;
}

enum exit_code command_failed(struct cli *cli, const struct fast_reply *reply)
{
	struct output_error error = {.code = fast_status_name(reply->status),
				     .message = reply->text[0] != '\0'
							? reply->text
							: fast_status_sentence(reply->status)};
	Fast__V1__ParamRefusal *refusal;

	if (connect_is_lost(reply)) {
		char sentence[CONNECT_SENTENCE_BYTES_MAX];

		connect_explain(cli->endpoint, reply, sentence);
		return command_error(cli, EXIT_UNREACHABLE, sentence);
	}
	refusal = reply_refusal(reply);
	if (refusal != NULL) {
		error.param = refusal->param;
		error.nearest = refusal->nearest;
	}
	cli->output->error(cli->output, &error);
	if (refusal != NULL) {
		fast__v1__param_refusal__free_unpacked(refusal, NULL);
	}
	return EXIT_REFUSED;
}

enum exit_code command_end(struct cli *cli)
{
	return cli->output->failed
		       ? command_error(cli, EXIT_REFUSED, "the answer could not be written whole")
		       : EXIT_OK;
}

enum exit_code command_show(struct cli *cli, const struct output_view *view, const void *items,
			    size_t count)
{
	const void *const *item = items;

	cli->output->head(cli->output, view);
	for (size_t i = 0; i < count; i++) {
		cli->output->row(cli->output, item[i]);
	}
	cli->output->tail(cli->output);
	return command_end(cli);
}

/* The list of this name in the response; one that it lacks is our own mistake. */
static enum exit_code answer_list(struct cli *cli, const struct output_view *view,
				  const ProtobufCMessage *response)
{
	const ProtobufCFieldDescriptor *field =
		protobuf_c_message_descriptor_get_field_by_name(response->descriptor, view->key);
	const char *bytes = (const char *)response;

	assert(field != NULL && field->label == PROTOBUF_C_LABEL_REPEATED);
	return command_show(cli, view, *(const void *const *)(const void *)(bytes + field->offset),
			    *(const size_t *)(const void *)(bytes + field->quantifier_offset));
}

enum exit_code command_answer(struct cli *cli, const struct output_view *view,
			      struct fast_reply *reply)
{
	static const struct output_view done = {.shape = OUTPUT_CARD};
	enum exit_code code;

	if (reply->status != FAST_OK) {
		code = command_failed(cli, reply);
	} else if (view != NULL && view->key != NULL) {
		code = answer_list(cli, view, reply->message);
	} else {
		code = command_show(cli, view == NULL ? &done : view, &reply->message, 1);
	}
	fast_reply_fini(reply);
	return code;
}

static enum exit_code plugin_choose(struct cli *cli, const Fast__V1__PluginListResponse *list)
{
	struct text names = {0};
	enum exit_code code = EXIT_USAGE;

	if (list->n_plugins == 1 && strlen(list->plugins[0]->name) <= COMMAND_PLUGIN_BYTES_MAX) {
		snprintf(cli->plugin, sizeof cli->plugin, "%s", list->plugins[0]->name);
		return EXIT_OK;
	}
	if (list->n_plugins == 0) {
		return command_say(cli, EXIT_REFUSED, "no plugin is live");
	}
	for (size_t i = 0; i < list->n_plugins; i++) {
		text_add(&names, "%s", i == 0 ? "" : ", ");
		text_add_clean(&names, list->plugins[i]->name);
	}
	code = command_usage(cli, "%zu plugins are live (%.400s): say which with --plugin",
			     list->n_plugins, text_chars(&names));
	text_fini(&names);
	return code;
}

enum exit_code command_plugin(struct cli *cli)
{
	Fast__V1__PluginListRequest request = FAST__V1__PLUGIN_LIST_REQUEST__INIT;
	struct fast_reply reply = {0};
	enum exit_code code;

	if (cli->options.plugin != NULL) {
		if (strlen(cli->options.plugin) > COMMAND_PLUGIN_BYTES_MAX) {
			return command_usage(cli, "--plugin takes at most %d bytes",
					     COMMAND_PLUGIN_BYTES_MAX);
		}
		snprintf(cli->plugin, sizeof cli->plugin, "%s", cli->options.plugin);
		return EXIT_OK;
	}
	if (fast_v1_plugin_list(cli->client, &command_call, &request, &reply) == FAST_OK) {
		code = plugin_choose(cli, fast_v1_plugin_list_response(&reply));
	} else {
		code = command_failed(cli, &reply);
	}
	fast_reply_fini(&reply);
	return code;
}
