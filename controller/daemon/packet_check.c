#include "packet_check.h"

#include "page/names.h"

#include <string.h>

/* Types of wire format. */
enum wire {
	WIRE_VARINT = 0,
	WIRE_FIXED64 = 1,
	WIRE_BYTES = 2,
	WIRE_FIXED32 = 5,
};

/* What is left to read, and why it could not be. */
struct reader {
	const unsigned char *bytes;
	size_t count;
	uint32_t messages; /* so far, in the whole packet */
	const char *reason;
};

static bool reader_fail(struct reader *reader, const char *reason)
{
	reader->reason = reason;
	return false;
}

static bool read_varint(struct reader *reader, uint64_t *out)
{
	*out = 0;
	for (unsigned int shift = 0; shift < 64 && reader->count > 0; shift += 7) {
		unsigned char byte = *reader->bytes++;
		reader->count--;
		*out |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			return true;
		}
	}
	return reader_fail(reader, "the packet is cut short or not protobuf");
}

static bool skip(struct reader *reader, uint64_t count)
{
	if (count > reader->count) {
		return reader_fail(reader, "the packet is cut short or not protobuf");
	}
	reader->bytes += count;
	reader->count -= (size_t)count;
	return true;
}

static bool text_check(struct reader *reader, const unsigned char *bytes, size_t count)
{
	if (memchr(bytes, '\0', count) != NULL) {
		return reader_fail(reader, "a text in the packet has a zero byte");
	}
	if (!fast_utf8_valid((const char *)bytes, count)) {
		return reader_fail(reader, "a text in the packet is not UTF-8");
	}
	return true;
}

static bool fields_check(struct reader *reader, const ProtobufCMessageDescriptor *descriptor,
			 unsigned int depth);

static bool bytes_check(struct reader *reader, const ProtobufCFieldDescriptor *field,
			unsigned int depth)
{
	const unsigned char *begin;
	uint64_t count;

	if (!read_varint(reader, &count)) {
		return false;
	}
	begin = reader->bytes;
	if (!skip(reader, count)) {
		return false;
	}
	if (field != NULL && field->type == PROTOBUF_C_TYPE_STRING) {
		return text_check(reader, begin, (size_t)count);
	}
	if (field != NULL && field->type == PROTOBUF_C_TYPE_MESSAGE) {
		struct reader inner = {begin, (size_t)count, reader->messages, NULL};
		bool good = fields_check(&inner, field->descriptor, depth + 1);
		reader->messages = inner.messages;
		return good || reader_fail(reader, inner.reason);
	}
	return true;
}

static bool fields_check(struct reader *reader, const ProtobufCMessageDescriptor *descriptor,
			 unsigned int depth)
{
	uint64_t tag;
	uint64_t ignored;

	if (depth > PACKET_DEPTH_MAX || ++reader->messages > PACKET_MESSAGES_MAX) {
		return reader_fail(reader, "the packet is nested too deeply or has too many parts");
	}
	while (reader->count > 0) {
		bool good = read_varint(reader, &tag);
		const ProtobufCFieldDescriptor *field =
			good && tag >> 3 <= UINT32_MAX
				? protobuf_c_message_descriptor_get_field(descriptor,
									  (unsigned int)(tag >> 3))
				: NULL;

		if (!good) {
			return false;
		}
		switch (tag & 7) {
		case WIRE_VARINT:
			good = read_varint(reader, &ignored);
			break;
		case WIRE_FIXED64:
			good = skip(reader, 8);
			break;
		case WIRE_BYTES:
			good = bytes_check(reader, field, depth);
			break;
		case WIRE_FIXED32:
			good = skip(reader, 4);
			break;
		default:
			good = reader_fail(reader, "the packet is cut short or not protobuf");
			break;
		}
		if (!good) {
			return false;
		}
	}
	return true;
}

static void *arena_alloc(void *context, size_t bytes)
{
	struct packet_arena *arena = context;
	size_t rounded = (bytes + 15) & ~(size_t)15;
	void *memory;

	if (bytes > sizeof arena->bytes || rounded > sizeof arena->bytes - arena->used) {
		return NULL;
	}
	memory = arena->bytes + arena->used;
	arena->used += rounded;
	return memory;
}

static void arena_free(void *context, void *memory)
{
	(void)context; /* the next packet starts afresh */
	(void)memory;
}

const Fast__V1__SessionUp *packet_unpack(struct packet_arena *arena, const unsigned char *bytes,
					 size_t count, const char **reason)
{
	struct reader reader = {bytes, count, 0, NULL};
	ProtobufCAllocator allocator = {arena_alloc, arena_free, arena};
	Fast__V1__SessionUp *packet;

	if (!fields_check(&reader, &fast__v1__session_up__descriptor, 0)) {
		*reason = reader.reason;
		return NULL;
	}
	arena->used = 0;
	packet = fast__v1__session_up__unpack(&allocator, count, bytes);
	if (packet == NULL) {
		*reason = "the packet is not a SessionUp message, or too large once unpacked";
	}
	return packet;
}
