#include "wire/check.h"

#include "base/arena.h"
#include "wire/field.h"

#include <assert.h>
#include <string.h>

struct checker {
	size_t nodes; /* seen */
	const char *reason;
};

static enum fast_status checker_fail(struct checker *checker, enum fast_status status,
				     const char *reason)
{
	checker->reason = reason;
	return status;
}

static const enum fast_wire_type type_wire_types[] = {
	[PROTOBUF_C_TYPE_INT32] = FAST_WIRE_VARINT,
	[PROTOBUF_C_TYPE_SINT32] = FAST_WIRE_VARINT,
	[PROTOBUF_C_TYPE_SFIXED32] = FAST_WIRE_FIXED32,
	[PROTOBUF_C_TYPE_INT64] = FAST_WIRE_VARINT,
	[PROTOBUF_C_TYPE_SINT64] = FAST_WIRE_VARINT,
	[PROTOBUF_C_TYPE_SFIXED64] = FAST_WIRE_FIXED64,
	[PROTOBUF_C_TYPE_UINT32] = FAST_WIRE_VARINT,
	[PROTOBUF_C_TYPE_FIXED32] = FAST_WIRE_FIXED32,
	[PROTOBUF_C_TYPE_UINT64] = FAST_WIRE_VARINT,
	[PROTOBUF_C_TYPE_FIXED64] = FAST_WIRE_FIXED64,
	[PROTOBUF_C_TYPE_FLOAT] = FAST_WIRE_FIXED32,
	[PROTOBUF_C_TYPE_DOUBLE] = FAST_WIRE_FIXED64,
	[PROTOBUF_C_TYPE_BOOL] = FAST_WIRE_VARINT,
	[PROTOBUF_C_TYPE_ENUM] = FAST_WIRE_VARINT,
	[PROTOBUF_C_TYPE_STRING] = FAST_WIRE_BYTES,
	[PROTOBUF_C_TYPE_BYTES] = FAST_WIRE_BYTES,
	[PROTOBUF_C_TYPE_MESSAGE] = FAST_WIRE_BYTES,
};

/* Elements of a packed repeated field. */
static enum fast_status check_packed(struct checker *checker, enum fast_wire_type element,
				     const struct fast_field *field)
{
	size_t at = 0;
	uint64_t ignored;

	if (element != FAST_WIRE_VARINT) {
		size_t size = element == FAST_WIRE_FIXED32 ? 4 : 8;
		if (field->bytes % size != 0) {
			return checker_fail(checker, FAST_INVALID_ARGUMENT, "a list is cut off");
		}
		return FAST_OK;
	}
	while (at < field->bytes) {
		size_t bytes = fast_varint_read(field->data + at, field->bytes - at, &ignored);
		if (bytes == 0) {
			return checker_fail(checker, FAST_INVALID_ARGUMENT,
					    "a number in a list is cut off or too long");
		}
		at += bytes;
	}
	return FAST_OK;
}

static enum fast_status check_message(struct checker *checker,
				      const ProtobufCMessageDescriptor *descriptor,
				      const uint8_t *data, size_t bytes, unsigned depth);

static enum fast_status check_field(struct checker *checker,
				    const ProtobufCFieldDescriptor *descriptor,
				    const struct fast_field *field, unsigned depth)
{
	enum fast_wire_type expected = type_wire_types[descriptor->type];

	if (descriptor->label == PROTOBUF_C_LABEL_REPEATED && expected != FAST_WIRE_BYTES &&
	    field->wire_type == FAST_WIRE_BYTES) {
		return check_packed(checker, expected, field);
	}
	if (field->wire_type != expected) {
		return checker_fail(checker, FAST_INVALID_ARGUMENT,
				    "a field has the wrong wire type");
	}
	if (descriptor->type == PROTOBUF_C_TYPE_MESSAGE) {
		return check_message(checker, descriptor->descriptor, field->data, field->bytes,
				     depth + 1);
	}
	if (descriptor->type == PROTOBUF_C_TYPE_STRING &&
	    fast_text_valid_bytes(field->data, field->bytes) != field->bytes) {
		return checker_fail(checker, FAST_INVALID_ARGUMENT,
				    "a text is not UTF-8 or has a zero byte");
	}
	return FAST_OK;
}

static enum fast_status check_message(struct checker *checker,
				      const ProtobufCMessageDescriptor *descriptor,
				      const uint8_t *data, size_t bytes, unsigned depth)
{
	struct fast_cursor cursor = {data, bytes};

	if (depth > FAST_MESSAGE_DEPTH_MAX) {
		return checker_fail(checker, FAST_RESOURCE_EXHAUSTED,
				    "the message is nested too deep");
	}
	while (cursor.left > 0) {
		struct fast_field field;
		const ProtobufCFieldDescriptor *known;
		if (!fast_field_read(&cursor, &field, &checker->reason)) {
			return FAST_INVALID_ARGUMENT;
		}
		if (++checker->nodes > FAST_MESSAGE_NODES_MAX) {
			return checker_fail(checker, FAST_RESOURCE_EXHAUSTED,
					    "the message has too many fields");
		}
		known = protobuf_c_message_descriptor_get_field(descriptor, field.number);
		if (known == NULL) {
			continue;
		}
		enum fast_status status = check_field(checker, known, &field, depth);
		if (status != FAST_OK) {
			return status;
		}
	}
	return FAST_OK;
}

enum fast_status fast_message_check(const ProtobufCMessageDescriptor *descriptor,
				    const uint8_t *data, size_t bytes, const char **reason)
{
	struct checker checker = {0};
	enum fast_status status = check_message(&checker, descriptor, data, bytes, 0);

	if (status != FAST_OK) {
		*reason = checker.reason;
	}
	return status;
}

/* What one message may take of an arena. */
struct budget {
	struct fast_arena *arena;
	size_t left_bytes;
	bool was_refused;
};

static void *budget_alloc(void *arg, size_t bytes)
{
	struct budget *budget = arg;
	void *data = NULL;

	if (bytes <= budget->left_bytes) {
		data = fast_arena_alloc(budget->arena, bytes);
	}
	if (data == NULL) {
		budget->was_refused = true;
		return NULL;
	}
	budget->left_bytes -= bytes;
	return data;
}

static void budget_free(void *arg, void *pointer)
{
	(void)arg;
	(void)pointer;
}

enum fast_status fast_message_unpack(const ProtobufCMessageDescriptor *descriptor,
				     const uint8_t *data, size_t bytes, struct fast_arena *arena,
				     const ProtobufCMessage **out, const char **reason)
{
	struct budget budget = {arena, FAST_MESSAGE_ARENA_BYTES_MIN, false};
	ProtobufCAllocator allocator = {budget_alloc, budget_free, &budget};
	enum fast_status status = fast_message_check(descriptor, data, bytes, reason);
	ProtobufCMessage *message;

	if (status != FAST_OK) {
		return status;
	}
	assert(bytes <= SIZE_MAX / (2 * FAST_MESSAGE_AMPLIFICATION_MAX)); /* it is in memory */
	budget.left_bytes += FAST_MESSAGE_AMPLIFICATION_MAX * bytes;
	message = protobuf_c_message_unpack(descriptor, &allocator, bytes, data);
	if (message == NULL && budget.was_refused) {
		*reason = "the message would take too much memory";
		return FAST_RESOURCE_EXHAUSTED;
	}
	if (message == NULL) {
		/* protobuf-c cannot merge every message field that comes twice. */
		*reason = "the message lacks a required field or repeats a single one";
		return FAST_INVALID_ARGUMENT;
	}
	*out = message;
	return FAST_OK;
}

enum fast_status fast_message_size(const ProtobufCMessage *message, size_t bytes_max, size_t *out)
{
	size_t bytes;

	if (!protobuf_c_message_check(message)) {
		return FAST_INVALID_ARGUMENT;
	}
	bytes = protobuf_c_message_get_packed_size(message);
	if (bytes > bytes_max) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	*out = bytes;
	return FAST_OK;
}
