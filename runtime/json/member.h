/* json/member.h - members of a message, by their descriptors. */
#ifndef FAST_JSON_MEMBER_H
#define FAST_JSON_MEMBER_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <string.h>

/* Of one value in memory. */
size_t fast_member_bytes(ProtobufCType type);

/* Whether the field has a value: set, or, where there is no presence, not the default. */
bool fast_member_is_set(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);

/* Notes that the field, which is not a list, has a value. */
void fast_member_mark(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);

static inline void *fast_member(const ProtobufCMessage *message,
				const ProtobufCFieldDescriptor *field)
{
	return (char *)message + field->offset;
}

static inline size_t *fast_member_count(const ProtobufCMessage *message,
					const ProtobufCFieldDescriptor *field)
{
	return (size_t *)(void *)((char *)message + field->quantifier_offset);
}

#endif
