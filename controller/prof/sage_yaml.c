#include "prof/sage_yaml.h"

#include <stdarg.h>
#include <string.h>

enum fast_status sage_yaml_load(struct sage_yaml *yaml, FILE *file)
{
	yaml_parser_t parser;
	bool loaded;

	if (yaml_parser_initialize(&parser) == 0) {
		snprintf(yaml->error, SAGE_ERROR_BYTES_MAX, "%.200s: no memory", yaml->name);
		return FAST_RESOURCE_EXHAUSTED;
	}
	yaml_parser_set_input_file(&parser, file);
	loaded = yaml_parser_load(&parser, &yaml->document) != 0;
	if (!loaded) {
		snprintf(yaml->error, SAGE_ERROR_BYTES_MAX, "%.200s:%zu: %.150s", yaml->name,
			 parser.problem_mark.line + 1,
			 parser.problem != NULL ? parser.problem : "it is no YAML");
	}
	yaml->loaded = loaded;
	yaml_parser_delete(&parser);
	return loaded ? FAST_OK : FAST_INVALID_ARGUMENT;
}

void sage_yaml_fini(struct sage_yaml *yaml)
{
	if (yaml->loaded) {
		yaml_document_delete(&yaml->document);
		yaml->loaded = false;
	}
}

enum fast_status sage_yaml_refuse(struct sage_yaml *yaml, const yaml_node_t *node,
				  const char *format, ...)
{
	char what[SAGE_ERROR_BYTES_MAX / 2];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof what, format, args);
	va_end(args);
	snprintf(yaml->error, SAGE_ERROR_BYTES_MAX, "%.200s:%zu: %s", yaml->name,
		 node == NULL ? 1 : node->start_mark.line + 1, what);
	return FAST_INVALID_ARGUMENT;
}

const char *sage_yaml_text(const yaml_node_t *node)
{
	const char *text;

	if (node == NULL || node->type != YAML_SCALAR_NODE) {
		return NULL;
	}
	text = (const char *)node->data.scalar.value;
	return strlen(text) == node->data.scalar.length ? text : NULL;
}

static bool is_empty(const yaml_node_t *node)
{
	const char *text = sage_yaml_text(node);

	return text != NULL && node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       (text[0] == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0);
}

yaml_node_t *sage_yaml_get(struct sage_yaml *yaml, const yaml_node_t *node, const char *key)
{
	if (node == NULL || node->type != YAML_MAPPING_NODE) {
		return NULL;
	}
	for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top; pair++) {
		const char *name =
			sage_yaml_text(yaml_document_get_node(&yaml->document, pair->key));
		yaml_node_t *value = yaml_document_get_node(&yaml->document, pair->value);

		if (name != NULL && strcmp(name, key) == 0) {
			return is_empty(value) ? NULL : value;
		}
	}
	return NULL;
}

enum fast_status sage_yaml_scalar(struct sage_yaml *yaml, const yaml_node_t *node, const char *what,
				  char *out)
{
	const char *text = sage_yaml_text(node);

	if (node == NULL) {
		return FAST_OK;
	}
	if (text == NULL || strlen(text) >= SAGE_TEXT_BYTES_MAX) {
		return sage_yaml_refuse(yaml, node, "%s must be plain text of at most %d bytes",
					what, SAGE_TEXT_BYTES_MAX - 1);
	}
	snprintf(out, SAGE_TEXT_BYTES_MAX, "%s", text);
	return FAST_OK;
}

static enum fast_status words_add(struct sage_yaml *yaml, const yaml_node_t *node, const char *what,
				  const char *text, size_t bytes, struct sage_words *out)
{
	if (text == NULL || bytes >= SAGE_TEXT_BYTES_MAX || out->count == SAGE_WORDS_MAX) {
		return sage_yaml_refuse(yaml, node, "%s must be at most %d plain texts of %d bytes",
					what, SAGE_WORDS_MAX, SAGE_TEXT_BYTES_MAX - 1);
	}
	snprintf(out->all[out->count++], SAGE_TEXT_BYTES_MAX, "%.*s", (int)bytes, text);
	return FAST_OK;
}

enum fast_status sage_yaml_words(struct sage_yaml *yaml, const yaml_node_t *node, const char *what,
				 struct sage_words *out)
{
	const char *text = sage_yaml_text(node);
	enum fast_status status = FAST_OK;

	if (node == NULL) {
		return FAST_OK;
	}
	if (node->type == YAML_SEQUENCE_NODE) {
		for (yaml_node_item_t *item = node->data.sequence.items.start;
		     item < node->data.sequence.items.top && status == FAST_OK; item++) {
			const yaml_node_t *value = yaml_document_get_node(&yaml->document, *item);
			const char *word = sage_yaml_text(value);

			status = words_add(yaml, value, what, word, word == NULL ? 0 : strlen(word),
					   out);
		}
		return status;
	}
	if (text == NULL) {
		return sage_yaml_refuse(yaml, node, "%s must be a list, or words in one text",
					what);
	}
	while (status == FAST_OK && *(text += strspn(text, " \t\r\n")) != '\0') {
		size_t bytes = strcspn(text, " \t\r\n");

		status = words_add(yaml, node, what, text, bytes, out);
		text += bytes;
	}
	return status;
}

/* One pair: the value may be a list. */
static enum fast_status pair_take(struct sage_yaml *yaml, const yaml_node_t *key,
				  const yaml_node_t *value, const char *what,
				  struct sage_words *out)
{
	const char *name = sage_yaml_text(key);
	struct sage_words parts = {.count = 0};
	char joined[SAGE_TEXT_BYTES_MAX * 2];
	enum fast_status status = FAST_OK;
	size_t at;

	if (name == NULL || value->type == YAML_MAPPING_NODE) {
		return sage_yaml_refuse(yaml, key, "%s must be lines of the form name: value",
					what);
	}
	if (value->type == YAML_SEQUENCE_NODE) {
		status = sage_yaml_words(yaml, value, what, &parts);
	} else {
		const char *text = sage_yaml_text(value);

		status =
			words_add(yaml, value, what, text, text == NULL ? 0 : strlen(text), &parts);
	}
	at = (size_t)snprintf(joined, sizeof joined, "%.200s=", name);
	for (size_t i = 0; status == FAST_OK && i < parts.count && at < sizeof joined; i++) {
		at += (size_t)snprintf(joined + at, sizeof joined - at, "%s%s", i > 0 ? "," : "",
				       parts.all[i]);
	}
	return status != FAST_OK ? status
				 : words_add(yaml, value, what, joined,
					     at < sizeof joined ? at : sizeof joined, out);
}

enum fast_status sage_yaml_pairs(struct sage_yaml *yaml, const yaml_node_t *node, const char *what,
				 struct sage_words *out)
{
	enum fast_status status = FAST_OK;

	if (node == NULL) {
		return FAST_OK;
	}
	if (node->type != YAML_MAPPING_NODE) {
		return sage_yaml_refuse(yaml, node, "%s must be lines of the form name: value",
					what);
	}
	for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top && status == FAST_OK; pair++) {
		status = pair_take(yaml, yaml_document_get_node(&yaml->document, pair->key),
				   yaml_document_get_node(&yaml->document, pair->value), what, out);
	}
	return status;
}
