#include "cli/rpc_schema.h"

#include "client/message_json.h"

#include <errno.h>
#include <fast/v1/reflection.fast.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum exit_code rpc_schema_fetch(struct cli *cli, const char *service, struct fast_schema **schema)
{
	Fast__V1__GetSchemaRequest request = FAST__V1__GET_SCHEMA_REQUEST__INIT;
	char error[FAST_JSON_ERROR_BYTES_MAX];
	struct fast_reply reply = {0};
	enum exit_code code = EXIT_OK;

	request.service = (char *)service;
	if (fast_v1_reflection_get_schema(cli->client, &command_call, &request, &reply) !=
	    FAST_OK) {
		code = command_failed(cli, &reply);
	} else {
		const ProtobufCBinaryData *set =
			&fast_v1_reflection_get_schema_response(&reply)->descriptor_set;

		if (fast_schema_new(set->data, set->len, schema, error) != FAST_OK) {
			code = command_say(cli, EXIT_REFUSED, "the schema of %.100s: %.400s",
					   service, error);
		}
	}
	fast_reply_fini(&reply);
	return code;
}

enum exit_code rpc_schema_method(struct cli *cli, const char *path, struct fast_schema **schema,
				 const struct fast_method **method)
{
	const char *slash = strchr(path, '/');
	char service[256];
	enum exit_code code;

	if (slash == NULL || slash == path || (size_t)(slash - path) >= sizeof service) {
		return command_usage(cli, "'%.200s' does not read like fast.v1.Param/List", path);
	}
	snprintf(service, sizeof service, "%.*s", (int)(slash - path), path);
	code = rpc_schema_fetch(cli, service, schema);
	if (code != EXIT_OK) {
		return code;
	}
	*method = fast_schema_method(*schema, path);
	if (*method == NULL) {
		code = command_say(cli, EXIT_REFUSED,
				   "%.100s has no method %.100s; see 'fastctl rpc list %.100s'",
				   service, slash + 1, service);
	} else if ((*method)->kind != FAST_METHOD_UNARY &&
		   (*method)->kind != FAST_METHOD_SERVER_STREAM) {
		code = command_say(cli, EXIT_REFUSED,
				   "%.200s takes a stream from the client, which cannot be called",
				   path);
	}
	if (code != EXIT_OK) {
		fast_schema_free(*schema);
		*schema = NULL;
	}
	return code;
}

enum exit_code rpc_schema_each(struct cli *cli, rpc_service_fn *fn, void *arg)
{
	Fast__V1__ListServicesRequest request = FAST__V1__LIST_SERVICES_REQUEST__INIT;
	struct fast_reply reply = {0};
	enum exit_code code = EXIT_OK;

	if (fast_v1_reflection_list_services(cli->client, &command_call, &request, &reply) !=
	    FAST_OK) {
		code = command_failed(cli, &reply);
	} else {
		const Fast__V1__ListServicesResponse *list =
			fast_v1_reflection_list_services_response(&reply);

		for (size_t i = 0; code == EXIT_OK && i < list->n_services; i++) {
			code = fn(cli, list->services[i], arg);
		}
	}
	fast_reply_fini(&reply);
	return code;
}

/* A detail as an object; its fields where the schema knows its type. NULL: no memory. */
static json_t *detail_json(const struct fast_schema *schema, const struct fast_detail *detail)
{
	struct fast_dynamic message = {0};
	json_t *object = NULL;
	char *text = NULL;

	if (fast_dynamic_unpack(schema, detail->type, detail->value, detail->value_bytes, &message,
				NULL) == FAST_OK &&
	    fast_json_print(schema, message.message, 0, &text, NULL) == FAST_OK) {
		object = json_loads(text, 0, NULL);
	}
	if (!json_is_object(object)) { /* it has another form, or none that is known */
		json_decref(object);
		object = json_object();
		if (text != NULL) {
			json_object_set_new(object, "value",
					    json_loads(text, JSON_DECODE_ANY, NULL));
		}
	}
	json_object_set_new(object, "@type", message_json_string(detail->type));
	free(text);
	fast_dynamic_fini(&message);
	return object;
}

static const char *const executed_names[] = {"unknown", "no", "yes"};

static void failed_note(struct cli *cli, const struct fast_schema *schema,
			const struct fast_reply *reply)
{
	char status[64];

	/* What the handler says need not tell it. */
	snprintf(status, sizeof status, "%s, executed: %s", fast_status_name(reply->status),
		 executed_names[reply->executed]);
	cli->output->note(cli->output, status);
	for (size_t i = 0; i < reply->detail_count; i++) {
		json_t *detail = detail_json(schema, &reply->details[i]);
		char *line = json_dumps(detail, JSON_COMPACT);

		if (line != NULL) {
			cli->output->note(cli->output, line);
		}
		free(line);
		json_decref(detail);
	}
}

/* {"error":{"code","message","executed","details"}} */
static void failed_json(const struct fast_schema *schema, const struct fast_reply *reply)
{
	json_t *details = json_array();
	json_t *error;

	for (size_t i = 0; i < reply->detail_count; i++) {
		json_array_append_new(details, detail_json(schema, &reply->details[i]));
	}
	error = json_pack("{s:{s:s,s:o,s:s,s:o}}", "error", "code", fast_status_name(reply->status),
			  "message",
			  message_json_string(reply->text[0] != '\0'
						      ? reply->text
						      : fast_status_sentence(reply->status)),
			  "executed", executed_names[reply->executed], "details", details);
	if (error != NULL && json_dumpf(error, stderr, JSON_COMPACT) == 0) {
		fputc('\n', stderr);
	}
	json_decref(error);
}

enum exit_code rpc_schema_failed(struct cli *cli, const struct fast_schema *schema,
				 const struct fast_reply *reply)
{
	if (connect_is_lost(reply)) {
		return command_failed(cli, reply);
	}
	if (cli->output->json) {
		failed_json(schema, reply);
	} else {
		(void)command_failed(cli, reply);
		failed_note(cli, schema, reply);
	}
	return EXIT_REFUSED;
}

/* The whole file; NULL: errno says why, EFBIG past the limit. The caller frees it. */
static char *file_read(FILE *file, size_t *bytes)
{
	size_t capacity = 4096;
	char *text = malloc(capacity);

	*bytes = 0;
	while (text != NULL) {
		char *larger;

		*bytes += fread(text + *bytes, 1, capacity - *bytes, file);
		if (*bytes < capacity) {
			break;
		}
		if (capacity > FAST_JSON_BYTES_MAX) {
			errno = EFBIG;
			free(text);
			return NULL;
		}
		capacity *= 2;
		larger = realloc(text, capacity);
		if (larger == NULL) {
			free(text);
		}
		text = larger;
	}
	if (text != NULL && ferror(file) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static enum exit_code request_parse(struct cli *cli, const struct fast_schema *schema,
				    const struct fast_method *method, const char *text,
				    size_t bytes, struct fast_dynamic *out)
{
	char error[FAST_JSON_ERROR_BYTES_MAX];

	if (fast_json_parse(schema, method->request->name, text, bytes, 0, out, error) != FAST_OK) {
		return command_say(cli, EXIT_USAGE, "%s", error);
	}
	return EXIT_OK;
}

enum exit_code rpc_schema_request(struct cli *cli, size_t word, const struct fast_schema *schema,
				  const struct fast_method *method, struct fast_dynamic *out)
{
	const char *text = word < cli->words.count ? cli->words.word[word] : "{}";
	bool is_input = strcmp(text, "-") == 0;
	enum exit_code code;
	size_t bytes;
	char *read;
	FILE *file;

	if (!is_input && text[0] != '@') {
		return request_parse(cli, schema, method, text, strlen(text), out);
	}
	file = is_input ? stdin : fopen(text + 1, "re");
	read = file == NULL ? NULL : file_read(file, &bytes);
	if (read == NULL) {
		code = command_say(cli, EXIT_USAGE, "%.200s: %s",
				   is_input ? "standard input" : text + 1, strerror(errno));
	} else {
		code = request_parse(cli, schema, method, read, bytes, out);
	}
	free(read);
	if (file != NULL && !is_input) {
		fclose(file);
	}
	return code;
}
