#include "daemon/config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

/* A file being parsed. */
struct config {
	const char *name;
	yaml_parser_t parser;
	yaml_document_t document;
	struct options *options;
	char *error;
};

/* Where a value stands, for the error. */
static enum fast_status refuse(struct config *config, yaml_mark_t mark, const char *format, ...)
	FAST_PRINTF(3, 4);

static enum fast_status refuse(struct config *config, yaml_mark_t mark, const char *format, ...)
{
	char what[OPTIONS_ERROR_BYTES_MAX / 2];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof what, format, args);
	va_end(args);
	snprintf(config->error, OPTIONS_ERROR_BYTES_MAX, "%.900s:%zu: %s", config->name,
		 mark.line + 1, what);
	return FAST_INVALID_ARGUMENT;
}

static const char *node_kind(const yaml_node_t *node)
{
	return node->type == YAML_SEQUENCE_NODE  ? "a list"
	       : node->type == YAML_MAPPING_NODE ? "a mapping"
						 : "a scalar";
}

static enum fast_status set_scalar(struct config *config, const struct option *option,
				   const yaml_node_t *node)
{
	const char *text = (const char *)node->data.scalar.value;
	char reason[OPTIONS_ERROR_BYTES_MAX / 2];

	if (strlen(text) != node->data.scalar.length) {
		return refuse(config, node->start_mark,
			      "%s has a zero byte in its value; give plain text", option->name);
	}
	if (text[0] == '\0') {
		return refuse(config, node->start_mark,
			      "%s has no value; give %s, or leave the line out", option->name,
			      option->argument);
	}
	if (options_set(config->options, option, text, reason) != FAST_OK) {
		return refuse(config, node->start_mark, "%s: %s", option->name, reason);
	}
	return FAST_OK;
}

static enum fast_status set_value(struct config *config, const struct option *option,
				  const yaml_node_t *node)
{
	enum fast_status status = FAST_OK;

	if (node->type == YAML_SCALAR_NODE) {
		return set_scalar(config, option, node);
	}
	if (option->kind != OPTION_LIST) {
		return refuse(config, node->start_mark, "%s is %s; give one value, as in %s: %s",
			      option->name, node_kind(node), option->name, option->argument);
	}
	if (node->type != YAML_SEQUENCE_NODE) {
		return refuse(config, node->start_mark, "%s is %s; give a list, as in %s: [%s]",
			      option->name, node_kind(node), option->name, option->argument);
	}
	for (yaml_node_item_t *item = node->data.sequence.items.start;
	     item < node->data.sequence.items.top && status == FAST_OK; item++) {
		const yaml_node_t *value = yaml_document_get_node(&config->document, *item);

		if (value->type != YAML_SCALAR_NODE) {
			return refuse(config, value->start_mark,
				      "an item of %s is %s; give one value, as in %s: [%s]",
				      option->name, node_kind(value), option->name,
				      option->argument);
		}
		status = set_scalar(config, option, value);
	}
	return status;
}

static enum fast_status set_pair(struct config *config, const yaml_node_t *key,
				 const yaml_node_t *value, uint32_t *seen)
{
	const char *nearest = NULL;
	const struct option *option;
	const char *name;

	if (key->type != YAML_SCALAR_NODE) {
		return refuse(config, key->start_mark, "a key is %s; give a name, as in tick: 100",
			      node_kind(key));
	}
	name = (const char *)key->data.scalar.value;
	option = options_find(name, true, &nearest);
	if (option == NULL && nearest != NULL) {
		return refuse(config, key->start_mark, "there is no key '%.100s'; did you mean %s?",
			      name, nearest);
	}
	if (option == NULL) {
		return refuse(config, key->start_mark,
			      "there is no key '%.100s'; fastd --help lists them", name);
	}
	if ((*seen >> (option - options_table) & 1) != 0) {
		return refuse(config, key->start_mark, "%s is given twice; keep one", name);
	}
	*seen |= UINT32_C(1) << (option - options_table);
	return set_value(config, option, value);
}

static enum fast_status set_all(struct config *config)
{
	const yaml_node_t *root = yaml_document_get_root_node(&config->document);
	enum fast_status status = FAST_OK;
	uint32_t seen = 0;

	if (root == NULL) {
		return FAST_OK; /* an empty file, or comments alone */
	}
	if (root->type != YAML_MAPPING_NODE) {
		return refuse(config, root->start_mark,
			      "the file is %s; give lines of the form tick: 100", node_kind(root));
	}
	for (yaml_node_pair_t *pair = root->data.mapping.pairs.start;
	     pair < root->data.mapping.pairs.top && status == FAST_OK; pair++) {
		status = set_pair(config, yaml_document_get_node(&config->document, pair->key),
				  yaml_document_get_node(&config->document, pair->value), &seen);
	}
	return status;
}

static enum fast_status refuse_syntax(struct config *config)
{
	const yaml_parser_t *parser = &config->parser;

	if (parser->error == YAML_MEMORY_ERROR) {
		snprintf(config->error, OPTIONS_ERROR_BYTES_MAX, "there is no memory");
		return FAST_RESOURCE_EXHAUSTED;
	}
	return refuse(config, parser->problem_mark,
		      "this is not YAML: %.200s; give lines of the "
		      "form tick: 100",
		      parser->problem);
}

/* One file holds one document. */
static enum fast_status expect_end(struct config *config)
{
	yaml_document_t second;
	enum fast_status status = FAST_OK;

	if (!yaml_parser_load(&config->parser, &second)) {
		return refuse_syntax(config);
	}
	if (yaml_document_get_root_node(&second) != NULL) {
		status = refuse(config, second.start_mark,
				"a second document begins here; keep one");
	}
	yaml_document_delete(&second);
	return status;
}

enum fast_status config_parse(const char *name, const char *bytes, size_t count,
			      struct options *out, char *error)
{
	struct config config = {.name = name, .options = out, .error = error};
	enum fast_status status;

	if (!yaml_parser_initialize(&config.parser)) {
		snprintf(error, OPTIONS_ERROR_BYTES_MAX, "there is no memory");
		return FAST_RESOURCE_EXHAUSTED;
	}
	yaml_parser_set_input_string(&config.parser, (const unsigned char *)bytes, count);
	if (!yaml_parser_load(&config.parser, &config.document)) {
		status = refuse_syntax(&config);
	} else {
		status = set_all(&config);
		if (status == FAST_OK && yaml_document_get_root_node(&config.document) != NULL) {
			status = expect_end(&config);
		}
		yaml_document_delete(&config.document);
	}
	yaml_parser_delete(&config.parser);
	return status;
}

enum fast_status config_read(const char *path, struct options *out, char *error)
{
	enum fast_status status;
	char *bytes = malloc(CONFIG_BYTES_MAX + 1);
	FILE *file = fopen(path, "re");
	size_t count;

	if (bytes == NULL || file == NULL) {
		snprintf(error, OPTIONS_ERROR_BYTES_MAX,
			 "%.900s cannot be read: %s; give the config file's path", path,
			 bytes == NULL ? strerror(ENOMEM) : strerror(errno));
		status = FAST_NOT_FOUND;
		goto out;
	}
	count = fread(bytes, 1, CONFIG_BYTES_MAX + 1, file);
	if (ferror(file)) {
		snprintf(error, OPTIONS_ERROR_BYTES_MAX,
			 "%.900s cannot be read: %s; give the config file's path", path,
			 strerror(errno));
		status = FAST_NOT_FOUND;
		goto out;
	}
	if (count > CONFIG_BYTES_MAX) {
		snprintf(error, OPTIONS_ERROR_BYTES_MAX,
			 "%.900s has more than %u bytes; a config file has a few lines", path,
			 CONFIG_BYTES_MAX);
		status = FAST_INVALID_ARGUMENT;
		goto out;
	}
	status = config_parse(path, bytes, count, out, error);

out:
	if (file != NULL) {
		fclose(file);
	}
	free(bytes);
	return status;
}

/* Plain where that is surely a string, else in double quotes. */
static void print_text(struct text *out, const char *value)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789_/.+-:";
	size_t bytes = strlen(value);

	if (strspn(value, plain) == bytes && value[0] != '-' && value[0] != ':' &&
	    value[0] != '.' && value[bytes - 1] != ':') {
		text_add(out, value);
		return;
	}
	text_add(out, "\"");
	for (const char *c = value; *c != '\0'; c++) {
		if (*c == '"' || *c == '\\') {
			text_format(out, "\\%c", *c);
		} else if ((unsigned char)*c < ' ' || *c == 127) {
			text_format(out, "\\x%02x", (unsigned char)*c);
		} else {
			text_add_bytes(out, c, 1);
		}
	}
	text_add(out, "\"");
}

static void print_list(struct text *out, const struct option *option,
		       const struct options_list *list)
{
	if (list->count == 0) {
		text_format(out, "%s: []\n", option->name);
		return;
	}
	text_format(out, "%s:\n", option->name);
	for (size_t i = 0; i < list->count; i++) {
		text_add(out, "  - ");
		print_text(out, list->items[i]);
		text_add(out, "\n");
	}
}

void config_print(const struct options *options, struct text *out)
{
	for (size_t i = 0; i < options_count; i++) {
		const struct option *option = &options_table[i];
		const void *member = (const char *)options + option->offset;
		const char *value = member;

		if (option->command_line_only) {
			continue;
		}
		if (option->kind == OPTION_LIST) {
			print_list(out, option, member);
		} else if (option->kind == OPTION_NUMBER && *(const uint32_t *)member == 0) {
			text_format(out, "# %s: the default\n", option->name);
		} else if (option->kind == OPTION_NUMBER) {
			text_format(out, "%s: %u\n", option->name, *(const uint32_t *)member);
		} else if (option->kind == OPTION_LEVEL) {
			text_format(out, "%s: %s\n", option->name,
				    options_level_name(*(const enum fast_log_level *)member));
		} else if (value[0] == '\0') {
			text_format(out, "# %s: off\n", option->name);
		} else {
			text_format(out, "%s: ", option->name);
			print_text(out, value);
			text_add(out, "\n");
		}
	}
}
