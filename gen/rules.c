#include "rules.h"

#include "check.h"
#include "input.h"

#include <fast/v1/options.pb-c.h>
#include <string.h>

/* The number of the option (fast.v1.rules). */
#define RULES_EXTENSION 50707

static bool is_rules(const ProtobufCMessageUnknownField *field)
{
	return field->tag == RULES_EXTENSION &&
	       field->wire_type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
}

/* protoc writes one field for each statement of the option; one after the other their bytes are
 * those of the whole message. NULL: no memory. */
static uint8_t *rules_join(struct pool *pool, const ProtobufCMessage *options, size_t *size)
{
	size_t capacity = 1;
	uint8_t *bytes = NULL;

	for (unsigned i = 0; i < options->n_unknown_fields; i++) {
		capacity += options->unknown_fields[i].len;
	}
	bytes = pool_alloc(pool, capacity, 1);
	for (unsigned i = 0; bytes != NULL && i < options->n_unknown_fields; i++) {
		const ProtobufCMessageUnknownField *field = &options->unknown_fields[i];
		size_t prefix = 0;

		if (!is_rules(field)) {
			continue;
		}
		while (prefix < field->len && (field->data[prefix] & 0x80) != 0) {
			prefix++;
		}
		if (prefix < field->len) {
			memcpy(bytes + *size, field->data + prefix + 1, field->len - prefix - 1);
			*size += field->len - prefix - 1;
		}
	}
	return bytes;
}

/* NULL: they may stand together on this method. */
static const char *rules_conflict(const Fast__V1__MethodRules *rules,
				  const struct model_method *method)
{
	bool is_server_stream = method->is_stream && !method->takes_stream;

	if (rules->base.n_unknown_fields > 0) {
		return "has rules that this protoc-gen-fast does not know; use the one that came "
		       "with your fast/v1/options.proto";
	}
	if (rules->resumable && !is_server_stream) {
		return "is resumable, which only a method that returns a stream and takes one "
		       "message can be; remove the rule";
	}
	if (rules->lossy && !is_server_stream) {
		return "is lossy, which only a method that returns a stream and takes one message "
		       "can be; remove the rule";
	}
	if (rules->lossy && rules->resumable) {
		return "is both lossy and resumable: one gives up the items that the other "
		       "promises; choose";
	}
	return NULL;
}

static bool rules_take(struct model *model, const char *path, const Fast__V1__MethodRules *rules,
		       struct model_method *out)
{
	static const char *const priorities[] = {
		NULL,
		"FAST_PRIORITY_BULK",
		"FAST_PRIORITY_NORMAL",
		"FAST_PRIORITY_CONTROL",
	};
	const char *conflict = rules_conflict(rules, out);

	if (conflict != NULL) {
		return model_refuse(model, "%s: %s %s", path, out->path, conflict);
	}
	if ((size_t)rules->priority >= sizeof priorities / sizeof *priorities) {
		return model_refuse(model, "%s: %s has an unknown priority", path, out->path);
	}
	out->priority = priorities[rules->priority];
	out->is_resumable = rules->resumable;
	out->is_lossy = rules->lossy;
	return true;
}

bool rules_read(struct model *model, const char *path,
		const Google__Protobuf__MethodDescriptorProto *method, struct model_method *out)
{
	Fast__V1__MethodRules *rules = NULL;
	const uint8_t *bytes = NULL;
	size_t size = 0;
	bool is_taken;

	if (method->options == NULL) {
		return true;
	}
	bytes = rules_join(&model->pool, &method->options->base, &size);
	if (bytes != NULL && input_is_bounded(&fast__v1__method_rules__descriptor, bytes, size)) {
		rules = fast__v1__method_rules__unpack(NULL, size, bytes);
	}
	if (rules == NULL) {
		return model_refuse(model, "%s: %s: no memory, or malformed options", path,
				    out->path);
	}
	is_taken = rules_take(model, path, rules, out);
	fast__v1__method_rules__free_unpacked(rules, NULL);
	return is_taken;
}
