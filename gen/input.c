#include "input.h"

#define VARINT_BYTES_MAX 10

/* Bytes still to be read. */
struct input {
	const uint8_t *bytes;
	size_t size;
};

static bool input_skip(struct input *input, uint64_t size)
{
	if (size > input->size) {
		return false;
	}
	input->bytes += size;
	input->size -= (size_t)size;
	return true;
}

static bool input_varint(struct input *input, uint64_t *out)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < VARINT_BYTES_MAX && input->size > 0; i++) {
		uint8_t byte = *input->bytes;

		(void)input_skip(input, 1);
		value |= (uint64_t)(byte & 0x7f) << (7 * i);
		if ((byte & 0x80) == 0) {
			*out = value;
			return true;
		}
	}
	return false;
}

static bool message_is_bounded(const ProtobufCMessageDescriptor *descriptor, struct input input,
			       unsigned depth);

/* A length and as many bytes, which may be a message. */
static bool bytes_are_bounded(const ProtobufCFieldDescriptor *field, struct input *input,
			      unsigned depth)
{
	struct input inner;
	uint64_t size;

	if (!input_varint(input, &size) || size > input->size) {
		return false;
	}
	inner = (struct input){input->bytes, (size_t)size};
	(void)input_skip(input, size);
	return field == NULL || field->type != PROTOBUF_C_TYPE_MESSAGE ||
	       message_is_bounded(field->descriptor, inner, depth + 1);
}

static bool message_is_bounded(const ProtobufCMessageDescriptor *descriptor, struct input input,
			       unsigned depth)
{
	if (depth > INPUT_DEPTH_MAX) {
		return false;
	}
	while (input.size > 0) {
		const ProtobufCFieldDescriptor *field;
		uint64_t key;
		bool good = false;

		if (!input_varint(&input, &key)) {
			return false;
		}
		field = protobuf_c_message_descriptor_get_field(descriptor, (unsigned)(key >> 3));
		switch (key & 7) {
		case PROTOBUF_C_WIRE_TYPE_VARINT:
			good = input_varint(&input, &key);
			break;
		case PROTOBUF_C_WIRE_TYPE_64BIT:
			good = input_skip(&input, 8);
			break;
		case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED:
			good = bytes_are_bounded(field, &input, depth);
			break;
		case PROTOBUF_C_WIRE_TYPE_32BIT:
			good = input_skip(&input, 4);
			break;
		default:
			break;
		}
		if (!good) {
			return false;
		}
	}
	return true;
}

bool input_is_bounded(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes,
		      size_t size)
{
	return size <= INPUT_BYTES_MAX &&
	       message_is_bounded(descriptor, (struct input){bytes, size}, 1);
}
