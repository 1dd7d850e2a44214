#include "json/build.h"

#include "json/member.h"

/* The largest alignment that a member needs. */
#define MEMBER_ALIGNMENT 8

static unsigned member_place(size_t *end, size_t bytes)
{
	size_t alignment = bytes < MEMBER_ALIGNMENT ? bytes : MEMBER_ALIGNMENT;
	size_t at = (*end + alignment - 1) / alignment * alignment;

	*end = at + bytes;
	return (unsigned)at;
}

/* Pointers and counts of lists, has_ flags, cases of oneofs: as in protoc-c's structs. */
static bool has_flag(const ProtobufCFieldDescriptor *field)
{
	return field->label == PROTOBUF_C_LABEL_OPTIONAL && field->type != PROTOBUF_C_TYPE_STRING &&
	       field->type != PROTOBUF_C_TYPE_MESSAGE;
}

void fast_build_layout(struct fast_schema_message *message, ProtobufCFieldDescriptor *fields)
{
	size_t end = sizeof(ProtobufCMessage);
	unsigned count = message->descriptor.n_fields;

	for (size_t i = 0; i < message->oneof_count; i++) {
		/* Every member fits where the largest, a byte string, does. */
		message->oneofs[i].offset = member_place(&end, sizeof(ProtobufCBinaryData));
		message->oneofs[i].case_offset = member_place(&end, sizeof(uint32_t));
	}
	for (unsigned i = 0; i < count; i++) {
		const struct fast_schema_field *own = &message->fields[i];

		if (own->oneof >= 0) {
			fields[i].offset = message->oneofs[own->oneof].offset;
			fields[i].quantifier_offset = message->oneofs[own->oneof].case_offset;
		} else if (fields[i].label == PROTOBUF_C_LABEL_REPEATED) {
			fields[i].quantifier_offset = member_place(&end, sizeof(size_t));
			fields[i].offset = member_place(&end, sizeof(void *));
		} else {
			if (has_flag(&fields[i])) {
				fields[i].quantifier_offset =
					member_place(&end, sizeof(protobuf_c_boolean));
			}
			fields[i].offset = member_place(&end, fast_member_bytes(fields[i].type));
		}
	}
	(void)member_place(&end, MEMBER_ALIGNMENT); /* its end is aligned too */
	message->descriptor.sizeof_message = end;
}
