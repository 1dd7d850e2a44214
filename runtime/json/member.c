#include "json/member.h"

static const size_t member_bytes[] = {
	[PROTOBUF_C_TYPE_INT32] = sizeof(int32_t),
	[PROTOBUF_C_TYPE_SINT32] = sizeof(int32_t),
	[PROTOBUF_C_TYPE_SFIXED32] = sizeof(int32_t),
	[PROTOBUF_C_TYPE_INT64] = sizeof(int64_t),
	[PROTOBUF_C_TYPE_SINT64] = sizeof(int64_t),
	[PROTOBUF_C_TYPE_SFIXED64] = sizeof(int64_t),
	[PROTOBUF_C_TYPE_UINT32] = sizeof(uint32_t),
	[PROTOBUF_C_TYPE_FIXED32] = sizeof(uint32_t),
	[PROTOBUF_C_TYPE_UINT64] = sizeof(uint64_t),
	[PROTOBUF_C_TYPE_FIXED64] = sizeof(uint64_t),
	[PROTOBUF_C_TYPE_FLOAT] = sizeof(float),
	[PROTOBUF_C_TYPE_DOUBLE] = sizeof(double),
	[PROTOBUF_C_TYPE_BOOL] = sizeof(protobuf_c_boolean),
	[PROTOBUF_C_TYPE_ENUM] = sizeof(int),
	[PROTOBUF_C_TYPE_STRING] = sizeof(char *),
	[PROTOBUF_C_TYPE_BYTES] = sizeof(ProtobufCBinaryData),
	[PROTOBUF_C_TYPE_MESSAGE] = sizeof(ProtobufCMessage *),
};

size_t fast_member_bytes(ProtobufCType type)
{
	return member_bytes[type];
}

/* No value at all, whatever the label. */
static bool value_is_zero(ProtobufCType type, const void *member)
{
	static const char zeros[sizeof(ProtobufCBinaryData)];

	if (type == PROTOBUF_C_TYPE_STRING) {
		const char *chars = *(char *const *)member;

		return chars == NULL || chars[0] == '\0';
	}
	if (type == PROTOBUF_C_TYPE_BYTES) {
		return ((const ProtobufCBinaryData *)member)->len == 0;
	}
	return memcmp(member, zeros, member_bytes[type]) == 0;
}

bool fast_member_is_set(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	const char *base = (const char *)message;
	const void *member = base + field->offset;
	const void *quantifier = base + field->quantifier_offset;

	if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
		return *(const uint32_t *)quantifier == field->id;
	}
	switch (field->label) {
	case PROTOBUF_C_LABEL_REPEATED:
		return *(const size_t *)quantifier > 0;
	case PROTOBUF_C_LABEL_REQUIRED:
		return true;
	case PROTOBUF_C_LABEL_OPTIONAL:
		if (field->type == PROTOBUF_C_TYPE_STRING ||
		    field->type == PROTOBUF_C_TYPE_MESSAGE) {
			return *(void *const *)member != NULL;
		}
		return *(const protobuf_c_boolean *)quantifier != 0;
	case PROTOBUF_C_LABEL_NONE:
		break;
	}
	return !value_is_zero(field->type, member);
}

void fast_member_mark(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	void *quantifier = (char *)message + field->quantifier_offset;

	if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
		*(uint32_t *)quantifier = field->id;
	} else if (field->label == PROTOBUF_C_LABEL_OPTIONAL && field->quantifier_offset != 0) {
		*(protobuf_c_boolean *)quantifier = 1;
	}
}
