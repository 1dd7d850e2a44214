#include "prof/sage.h"

#include "prof/sage_yaml.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_BYTES_MAX 1024

/* What a field may hold. */
enum shape { SHAPE_ANY, SHAPE_TEXT, SHAPE_TEXTS, SHAPE_MAPPING, SHAPE_LIST };

/* Every field that the edge code repository knows, and profiling, which it does not yet. Authors
 * write lists where it wants texts, which harms nobody. */
static const struct {
	const char *name;
	enum shape shape;
} fields[] = {
	{"name", SHAPE_TEXT},           {"version", SHAPE_TEXT},      {"namespace", SHAPE_TEXT},
	{"description", SHAPE_TEXT},    {"keywords", SHAPE_TEXTS},    {"authors", SHAPE_TEXTS},
	{"collaborators", SHAPE_TEXTS}, {"homepage", SHAPE_TEXTS},    {"funding", SHAPE_TEXTS},
	{"license", SHAPE_TEXTS},       {"source", SHAPE_MAPPING},    {"depends_on", SHAPE_ANY},
	{"baseCommand", SHAPE_TEXTS},   {"arguments", SHAPE_TEXTS},   {"inputs", SHAPE_LIST},
	{"resources", SHAPE_ANY},       {"metadata", SHAPE_MAPPING},  {"frozen", SHAPE_TEXT},
	{"testing", SHAPE_ANY},         {"profiling", SHAPE_MAPPING},
};
#define FIELDS (sizeof fields / sizeof fields[0])

static const char *const source_fields[] = {"architectures", "url",        "branch",
					    "tag",           "git_commit", "directory",
					    "dockerfile",    "build_args"};
static const char *const input_types[] = {"boolean", "int",    "long", "float",
					  "double",  "string", "File"};
static const char *const architectures[] = {"linux/amd64", "linux/arm64", "linux/arm/v6",
					    "linux/arm/v7", "linux/arm/v8"};
static const char *const target_fields[] = {"name",    "args",    "timeout", "knobs",
					    "dataset", "command", "metrics", "targets"};

static bool is_one_of(const char *word, const char *const *words, size_t count)
{
	for (size_t i = 0; word != NULL && i < count; i++) {
		if (strcmp(words[i], word) == 0) {
			return true;
		}
	}
	return false;
}

static bool fits(const yaml_node_t *node, enum shape shape)
{
	switch (shape) {
	case SHAPE_TEXT:
		return node->type == YAML_SCALAR_NODE;
	case SHAPE_TEXTS:
		return node->type != YAML_MAPPING_NODE;
	case SHAPE_MAPPING:
		return node->type == YAML_MAPPING_NODE;
	case SHAPE_LIST:
		return node->type == YAML_SEQUENCE_NODE;
	default:
		return true;
	}
}

/* Whether each key of a mapping is known; what: where. */
static enum fast_status check_keys(struct sage_yaml *yaml, const yaml_node_t *node,
				   const char *what, const char *const *known, size_t count)
{
	for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top; pair++) {
		const yaml_node_t *key = yaml_document_get_node(&yaml->document, pair->key);
		const char *name = sage_yaml_text(key);

		if (!is_one_of(name, known, count)) {
			return sage_yaml_refuse(yaml, key, "%s has no field '%.60s'", what,
						name == NULL ? "?" : name);
		}
	}
	return FAST_OK;
}

static enum fast_status check_fields(struct sage_yaml *yaml, const yaml_node_t *root)
{
	static const char *const shapes[] = {"", "one text", "a text or a list", "a mapping",
					     "a list"};
	const char *names[FIELDS];
	enum fast_status status;

	for (size_t i = 0; i < FIELDS; i++) {
		names[i] = fields[i].name;
	}
	status = check_keys(yaml, root, "sage.yaml", names, FIELDS);
	for (size_t i = 0; status == FAST_OK && i < FIELDS; i++) {
		const yaml_node_t *value = sage_yaml_get(yaml, root, fields[i].name);

		if (value != NULL && !fits(value, fields[i].shape)) {
			status = sage_yaml_refuse(yaml, value, "%s must be %s", fields[i].name,
						  shapes[fields[i].shape]);
		}
	}
	return status;
}

static enum fast_status check_inputs(struct sage_yaml *yaml, const yaml_node_t *inputs)
{
	if (inputs == NULL) {
		return FAST_OK;
	}
	for (yaml_node_item_t *item = inputs->data.sequence.items.start;
	     item < inputs->data.sequence.items.top; item++) {
		const yaml_node_t *input = yaml_document_get_node(&yaml->document, *item);
		const yaml_node_t *type = sage_yaml_get(yaml, input, "type");

		if (sage_yaml_text(sage_yaml_get(yaml, input, "id")) == NULL) {
			return sage_yaml_refuse(yaml, input, "an input has no id");
		}
		if (type != NULL && !is_one_of(sage_yaml_text(type), input_types,
					       sizeof input_types / sizeof *input_types)) {
			return sage_yaml_refuse(yaml, type,
						"an input's type must be boolean, int, long, "
						"float, double, string or File");
		}
	}
	return FAST_OK;
}

static enum fast_status read_source(struct sage_yaml *yaml, const yaml_node_t *source,
				    struct sage *out)
{
	const struct {
		const char *key;
		char *out;
	} texts[] = {{"url", out->url},
		     {"branch", out->branch},
		     {"tag", out->tag},
		     {"git_commit", out->commit},
		     {"directory", out->directory},
		     {"dockerfile", out->dockerfile}};
	const yaml_node_t *list = sage_yaml_get(yaml, source, "architectures");
	struct sage_words words = {.count = 0};
	enum fast_status status;

	if (source == NULL) {
		return FAST_OK;
	}
	status = check_keys(yaml, source, "source", source_fields,
			    sizeof source_fields / sizeof *source_fields);
	if (status == FAST_OK) {
		status = sage_yaml_words(yaml, list, "architectures", &words);
	}
	for (size_t i = 0; status == FAST_OK && i < words.count; i++) {
		if (!is_one_of(words.all[i], architectures,
			       sizeof architectures / sizeof *architectures)) {
			status = sage_yaml_refuse(yaml, list,
						  "there is no architecture '%.40s'; there is "
						  "linux/amd64, arm64, arm/v6, v7 and v8",
						  words.all[i]);
		}
	}
	for (size_t i = 0; status == FAST_OK && i < sizeof texts / sizeof texts[0]; i++) {
		status = sage_yaml_scalar(yaml, sage_yaml_get(yaml, source, texts[i].key),
					  texts[i].key, texts[i].out);
	}
	return status != FAST_OK ? status
				 : sage_yaml_pairs(yaml, sage_yaml_get(yaml, source, "build_args"),
						   "build_args", &out->build_args);
}

/* Its name, in file names too; without one its number. */
static enum fast_status read_target_name(struct sage_yaml *yaml, const yaml_node_t *node,
					 struct sage *out)
{
	struct sage_target *target = &out->targets[out->target_count];
	char name[SAGE_TEXT_BYTES_MAX] = "";
	enum fast_status status = sage_yaml_scalar(yaml, node, "a target's name", name);

	if (status != FAST_OK) {
		return status;
	}
	if (name[0] == '\0') {
		snprintf(name, sizeof name, "%zu", out->target_count + 1);
	}
	if (strlen(name) > SAGE_NAME_BYTES_MAX || name[0] == '.' || name[0] == '-' ||
	    name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			      "0123456789_.-")] != '\0') {
		return sage_yaml_refuse(yaml, node,
					"a target's name must be of letters, digits, _, . and -, "
					"at most %d of them",
					SAGE_NAME_BYTES_MAX);
	}
	for (size_t i = 0; i < out->target_count; i++) {
		if (strcmp(out->targets[i].name, name) == 0) {
			return sage_yaml_refuse(yaml, node, "two targets are named '%s'", name);
		}
	}
	snprintf(target->name, sizeof target->name, "%.64s", name);
	return FAST_OK;
}

static enum fast_status read_target(struct sage_yaml *yaml, const yaml_node_t *node,
				    struct sage *out)
{
	struct sage_target *target = &out->targets[out->target_count];
	const yaml_node_t *timeout = sage_yaml_get(yaml, node, "timeout");
	enum fast_status status;

	if (out->target_count == SAGE_TARGETS_MAX) {
		return sage_yaml_refuse(yaml, node, "more than %d targets", SAGE_TARGETS_MAX);
	}
	if (node->type != YAML_MAPPING_NODE) {
		return sage_yaml_refuse(yaml, node,
					"a target must have args, timeout, knobs or dataset");
	}
	status = check_keys(yaml, node, "a target", target_fields,
			    sizeof target_fields / sizeof *target_fields);
	if (status == FAST_OK) {
		status = read_target_name(yaml, sage_yaml_get(yaml, node, "name"), out);
	}
	if (status == FAST_OK) {
		status = sage_yaml_words(yaml, sage_yaml_get(yaml, node, "args"), "args",
					 &target->args);
	}
	if (status == FAST_OK) {
		status = sage_yaml_words(yaml, sage_yaml_get(yaml, node, "command"), "command",
					 &target->command);
	}
	if (status == FAST_OK) {
		status = sage_yaml_pairs(yaml, sage_yaml_get(yaml, node, "knobs"), "knobs",
					 &target->knobs);
	}
	if (status == FAST_OK) {
		status = sage_yaml_scalar(yaml, sage_yaml_get(yaml, node, "dataset"), "dataset",
					  target->dataset);
	}
	if (status == FAST_OK && timeout != NULL) {
		const char *text = sage_yaml_text(timeout);
		char *end = NULL;

		target->timeout_s = text == NULL ? -1 : strtod(text, &end);
		if (text == NULL || end == text || (*end != '\0' && strcmp(end, "s") != 0) ||
		    !(target->timeout_s > 0 && target->timeout_s <= 604800)) {
			status = sage_yaml_refuse(yaml, timeout,
						  "timeout must be seconds above 0, at most a "
						  "week");
		}
	}
	out->target_count += status == FAST_OK;
	return status;
}

/* A profiling block: targets, or one target by itself. */
static enum fast_status read_block(struct sage_yaml *yaml, const yaml_node_t *block,
				   struct sage *out)
{
	const yaml_node_t *targets = sage_yaml_get(yaml, block, "targets");
	enum fast_status status = FAST_OK;

	if (block == NULL || out->target_count > 0) {
		return FAST_OK;
	}
	if (targets == NULL) {
		return read_target(yaml, block, out);
	}
	if (targets->type != YAML_SEQUENCE_NODE) {
		return sage_yaml_refuse(yaml, targets, "targets must be a list");
	}
	for (yaml_node_item_t *item = targets->data.sequence.items.start;
	     item < targets->data.sequence.items.top && status == FAST_OK; item++) {
		status = read_target(yaml, yaml_document_get_node(&yaml->document, *item), out);
	}
	return status;
}

/* testing: is the author's own; it is ours where it speaks of targets. */
static const yaml_node_t *testing_block(struct sage_yaml *yaml, const yaml_node_t *root)
{
	const yaml_node_t *testing = sage_yaml_get(yaml, root, "testing");
	const yaml_node_t *inner = sage_yaml_get(yaml, testing, "profiling");

	if (inner != NULL) {
		return inner;
	}
	return sage_yaml_get(yaml, testing, "targets") != NULL ? testing : NULL;
}

static enum fast_status read_root(struct sage_yaml *yaml, const yaml_node_t *root, struct sage *out)
{
	const struct {
		const char *key;
		char *out;
	} texts[] = {{"name", out->name}, {"version", out->version}, {"namespace", out->space}};
	const yaml_node_t *meta = sage_yaml_get(yaml, root, "metadata");
	const yaml_node_t *ours =
		sage_yaml_get(yaml, sage_yaml_get(yaml, meta, "fastd"), "profiling");
	enum fast_status status = check_fields(yaml, root);

	for (size_t i = 0; status == FAST_OK && i < sizeof texts / sizeof texts[0]; i++) {
		status = sage_yaml_scalar(yaml, sage_yaml_get(yaml, root, texts[i].key),
					  texts[i].key, texts[i].out);
	}
	if (status == FAST_OK && out->name[0] == '\0') {
		status = sage_yaml_refuse(yaml, root, "name is missing");
	}
	if (status == FAST_OK) {
		status = read_source(yaml, sage_yaml_get(yaml, root, "source"), out);
	}
	if (status == FAST_OK) {
		status = check_inputs(yaml, sage_yaml_get(yaml, root, "inputs"));
	}
	if (status == FAST_OK) {
		status = sage_yaml_words(yaml, sage_yaml_get(yaml, root, "baseCommand"),
					 "baseCommand", &out->command);
	}
	if (status == FAST_OK) {
		status = sage_yaml_words(yaml, sage_yaml_get(yaml, root, "arguments"), "arguments",
					 &out->command);
	}
	if (status == FAST_OK) {
		status = read_block(yaml, ours, out);
	}
	if (status == FAST_OK) {
		status = read_block(yaml, testing_block(yaml, root), out);
	}
	return status != FAST_OK ? status
				 : read_block(yaml, sage_yaml_get(yaml, root, "profiling"), out);
}

/* fastd.yaml: a profiling block, or what would stand in one. */
static enum fast_status read_sibling(struct sage_yaml *yaml, const yaml_node_t *root,
				     struct sage *out)
{
	const yaml_node_t *block = sage_yaml_get(yaml, root, "profiling");

	return read_block(yaml, block != NULL ? block : root, out);
}

static enum fast_status read_file(const char *path, struct sage *out, char *error,
				  enum fast_status (*read)(struct sage_yaml *yaml,
							   const yaml_node_t *root,
							   struct sage *out))
{
	struct sage_yaml yaml = {.name = path, .error = error};
	FILE *file = fopen(path, "re");
	enum fast_status status;
	struct stat info;

	if (file == NULL) {
		snprintf(error, SAGE_ERROR_BYTES_MAX, "%.300s: %s", path, strerror(errno));
		return FAST_NOT_FOUND;
	}
	if (fstat(fileno(file), &info) != 0 || info.st_size > SAGE_FILE_BYTES_MAX) {
		snprintf(error, SAGE_ERROR_BYTES_MAX, "%.300s:1: it is larger than %d bytes", path,
			 SAGE_FILE_BYTES_MAX);
		fclose(file);
		return FAST_INVALID_ARGUMENT;
	}
	status = sage_yaml_load(&yaml, file);
	if (status == FAST_OK) {
		const yaml_node_t *root = yaml_document_get_root_node(&yaml.document);

		status = root == NULL || root->type != YAML_MAPPING_NODE
				 ? sage_yaml_refuse(&yaml, root,
						    "it must be lines of the form name: value")
				 : read(&yaml, root, out);
	}
	sage_yaml_fini(&yaml);
	fclose(file);
	return status;
}

enum fast_status sage_read(const char *path, struct sage *out, char *error)
{
	char sibling[PATH_BYTES_MAX];
	const char *slash = strrchr(path, '/');
	enum fast_status status;

	memset(out, 0, sizeof *out);
	status = read_file(path, out, error, read_root);
	if (status != FAST_OK || out->target_count > 0) {
		return status;
	}
	snprintf(sibling, sizeof sibling, "%.*sfastd.yaml",
		 slash == NULL ? 0 : (int)(slash - path) + 1, path);
	status = read_file(sibling, out, error, read_sibling);
	return status == FAST_NOT_FOUND ? FAST_OK : status;
}
