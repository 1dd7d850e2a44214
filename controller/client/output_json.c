#include "client/message_json.h"
#include "client/output.h"

#include <stdlib.h>

/* Fifteen digits: what people and programs wrote comes back as they wrote it. */
#define JSON_FLAGS (JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(15))

struct output_json {
	struct output output;
	FILE *out;
	FILE *err;
	const struct output_view *view;
	json_t *list; /* of a table, until its tail */
};

static struct output_json *json_of(struct output *output)
{
	return (struct output_json *)output;
}

/* Takes the object, NULL too, and writes it as one line. */
static void json_write(struct output *output, json_t *object, FILE *file)
{
	if (object == NULL || json_dumpf(object, file, JSON_FLAGS) != 0) {
		output->failed = true;
	} else {
		putc('\n', file);
	}
	json_decref(object);
	output->failed |= fflush(file) != 0;
}

static void json_head(struct output *output, const struct output_view *view)
{
	struct output_json *json = json_of(output);

	json->view = view;
	json_decref(json->list);
	json->list = view->key == NULL ? NULL : json_array();
	output->failed |= view->key != NULL && json->list == NULL;
}

static void json_row(struct output *output, const void *item)
{
	struct output_json *json = json_of(output);
	json_t *object = json->view->json == NULL ? message_json(item) : json->view->json(item);

	if (json->view->key == NULL) {
		json_write(output, object, json->out);
	} else {
		output->failed |= json_array_append_new(json->list, object) != 0;
	}
}

static void json_tail(struct output *output)
{
	struct output_json *json = json_of(output);

	if (json->view->key != NULL && !output->failed) {
		json_write(output, json_pack("{s:O}", json->view->key, json->list), json->out);
	}
	json_decref(json->list);
	json->list = NULL;
}

static void json_error(struct output *output, const struct output_error *error)
{
	json_t *object = json_object();

	json_object_set_new(object, "code", json_string(error->code));
	json_object_set_new(object, "message", message_json_string(error->message));
	if (error->param != NULL) {
		json_object_set_new(object, "param", message_json_string(error->param));
	}
	if (error->nearest != NULL) {
		json_object_set_new(object, "nearest", message_json(&error->nearest->base));
	}
	json_write(output, json_pack("{s:o}", "error", object), json_of(output)->err);
}

static void json_note(struct output *output, const char *sentence)
{
	json_write(output, json_pack("{s:o}", "note", message_json_string(sentence)),
		   json_of(output)->err);
}

static void json_free(struct output *output)
{
	json_decref(json_of(output)->list);
	free(output);
}

struct output *output_json_new(FILE *out, FILE *err)
{
	struct output_json *json = calloc(1, sizeof *json);

	if (json == NULL) {
		return NULL;
	}
	json->output = (struct output){.head = json_head,
				       .row = json_row,
				       .tail = json_tail,
				       .error = json_error,
				       .note = json_note,
				       .free = json_free,
				       .json = true};
	json->out = out;
	json->err = err;
	return &json->output;
}
