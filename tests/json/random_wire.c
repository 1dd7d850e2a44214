#include "random_wire.h"

#include "runtime/random.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define DEPTH_MAX 4
#define PARTS_MAX 3

static void put(struct wire *wire, const void *data, size_t bytes)
{
	assert(bytes <= WIRE_BYTES_MAX - wire->bytes);
	memcpy(wire->data + wire->bytes, data, bytes);
	wire->bytes += bytes;
}

static void put_varint(struct wire *wire, uint64_t value)
{
	while (value >= 0x80) {
		uint8_t byte = (uint8_t)(value | 0x80);

		put(wire, &byte, 1);
		value >>= 7;
	}
	put(wire, &(uint8_t){(uint8_t)value}, 1);
}

static void put_tag(struct wire *wire, uint32_t id, unsigned wire_type)
{
	put_varint(wire, (uint64_t)id << 3 | wire_type);
}

/* Small numbers, large ones and everything between. */
static uint64_t random_bits(struct wire *wire)
{
	return random_next(&wire->seed) >> random_below(&wire->seed, 64);
}

static void put_string(struct wire *wire)
{
	static const char *const pieces[] = {
		"a", "Z", "\"", "\\", "\n", "\x01", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
		" ", "/"};
	char text[64] = "";
	unsigned count = random_below(&wire->seed, 8);

	for (unsigned i = 0; i < count; i++) {
		strcat(text, pieces[random_below(&wire->seed, sizeof pieces / sizeof pieces[0])]);
	}
	put_varint(wire, strlen(text));
	put(wire, text, strlen(text));
}

static void put_bytes(struct wire *wire)
{
	unsigned count = random_below(&wire->seed, 9);

	put_varint(wire, count);
	for (unsigned i = 0; i < count; i++) {
		put(wire, &(uint8_t){(uint8_t)random_next(&wire->seed)}, 1);
	}
}

/* Any but NaN, of which there are many. */
static void put_double(struct wire *wire, bool finite)
{
	uint64_t bits = random_below(&wire->seed, 4) == 0 ? 0 : random_next(&wire->seed);
	double number;

	memcpy(&number, &bits, sizeof number);
	if (isnan(number) || (finite && isinf(number))) {
		number = 0.1;
	}
	put(wire, &number, sizeof number);
}

static void put_float(struct wire *wire)
{
	uint32_t bits = (uint32_t)random_next(&wire->seed);
	float number;

	memcpy(&number, &bits, sizeof number);
	number = isnan(number) ? -INFINITY : number;
	put(wire, &number, sizeof number);
}

/* Behind its length, which takes two bytes whatever it is. */
static void put_message(struct wire *wire, const ProtobufCMessageDescriptor *type, unsigned depth)
{
	size_t begin = wire->bytes + 2, bytes;

	put(wire, "\x80\x00", 2);
	wire_message(wire, type, depth);
	bytes = wire->bytes - begin;
	assert(bytes < 1u << 14);
	wire->data[begin - 2] = (uint8_t)(0x80 | (bytes & 0x7f));
	wire->data[begin - 1] = (uint8_t)(bytes >> 7);
}

static unsigned wire_type_of(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES:
	case PROTOBUF_C_TYPE_MESSAGE:
		return 2;
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
		return 5;
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return 1;
	default:
		return 0;
	}
}

static void put_value(struct wire *wire, const ProtobufCFieldDescriptor *field, bool finite,
		      unsigned depth)
{
	uint64_t bits = random_bits(wire);

	put_tag(wire, field->id, wire_type_of(field->type));
	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		put_string(wire);
		break;
	case PROTOBUF_C_TYPE_BYTES:
		put_bytes(wire);
		break;
	case PROTOBUF_C_TYPE_MESSAGE:
		put_message(wire, field->descriptor, depth + 1);
		break;
	case PROTOBUF_C_TYPE_DOUBLE:
		put_double(wire, finite);
		break;
	case PROTOBUF_C_TYPE_FLOAT:
		put_float(wire);
		break;
	case PROTOBUF_C_TYPE_BOOL:
		put_varint(wire, bits & 1);
		break;
	case PROTOBUF_C_TYPE_ENUM:
		put_varint(wire, strstr(((const ProtobufCEnumDescriptor *)field->descriptor)->name,
					"NullValue") != NULL
					 ? 0
					 : bits & 3);
		break;
	default:
		if (wire_type_of(field->type) == 0) {
			put_varint(wire, bits);
		} else {
			put(wire, &bits, wire_type_of(field->type) == 5 ? 4 : 8);
		}
	}
}

/* Keys differ, since of equal ones JSON keeps one. */
static void put_key(struct wire *wire, const ProtobufCFieldDescriptor *field, unsigned index)
{
	char text[2] = {(char)('a' + (char)index), 0};
	uint64_t bits = index;

	put_tag(wire, field->id, wire_type_of(field->type));
	if (field->type == PROTOBUF_C_TYPE_STRING) {
		put_varint(wire, 1);
		put(wire, text, 1);
	} else if (wire_type_of(field->type) == 0) {
		put_varint(wire, index);
	} else {
		put(wire, &bits, wire_type_of(field->type) == 5 ? 4 : 8);
	}
}

static bool is_named(const ProtobufCMessageDescriptor *type, const char *name)
{
	return strcmp(type->name, name) == 0;
}

/* Well-known types whose values have rules. True: it was one. */
static bool put_known(struct wire *wire, const ProtobufCMessageDescriptor *type)
{
	static const char *const paths[] = {"a", "a_b.c", "foo_bar"};

	if (is_named(type, "google.protobuf.Timestamp") ||
	    is_named(type, "google.protobuf.Duration")) {
		put_tag(wire, 1, 0);
		put_varint(wire, random_next(&wire->seed) >> 30);
		put_tag(wire, 2, 0);
		put_varint(wire, random_below(&wire->seed, 1000000000));
		return true;
	}
	if (is_named(type, "google.protobuf.FieldMask")) {
		for (unsigned i = random_below(&wire->seed, 3); i > 0; i--) {
			put_tag(wire, 1, 2);
			put_varint(wire, strlen(paths[i]));
			put(wire, paths[i], strlen(paths[i]));
		}
		return true;
	}
	if (is_named(type, "google.protobuf.Any")) { /* of an Int32Value, 5 */
		static const char url[] = "x/google.protobuf.Int32Value";

		put_tag(wire, 1, 2);
		put_varint(wire, sizeof url - 1);
		put(wire, url, sizeof url - 1);
		put(wire, "\x12\x02\x08\x05", 4);
		return true;
	}
	return false;
}

static void put_repeated(struct wire *wire, const ProtobufCFieldDescriptor *field, unsigned depth)
{
	const ProtobufCMessageDescriptor *type = field->descriptor;
	bool is_map = field->type == PROTOBUF_C_TYPE_MESSAGE && strlen(type->short_name) > 5 &&
		      strcmp(type->short_name + strlen(type->short_name) - 5, "Entry") == 0;
	unsigned count = random_below(&wire->seed, is_map ? 2 : PARTS_MAX) + 1;

	for (unsigned i = 0; i < count; i++) {
		size_t begin;

		if (!is_map) {
			put_value(wire, field, false, depth);
			continue;
		}
		put_tag(wire, field->id, 2);
		begin = wire->bytes + 2;
		put(wire, "\x80\x00", 2);
		put_key(wire, &type->fields[0], i);
		put_value(wire, &type->fields[1], false, depth + 1);
		wire->data[begin - 2] = (uint8_t)(0x80 | ((wire->bytes - begin) & 0x7f));
		wire->data[begin - 1] = (uint8_t)((wire->bytes - begin) >> 7);
	}
}

void wire_message(struct wire *wire, const ProtobufCMessageDescriptor *type, unsigned depth)
{
	bool is_value = is_named(type, "google.protobuf.Value");

	if (put_known(wire, type)) {
		return;
	}
	if (is_value) { /* one of its kinds; those without parts when it is deep */
		put_value(wire, &type->fields[random_below(&wire->seed, depth > DEPTH_MAX ? 4 : 6)],
			  true, depth);
		return;
	}
	for (unsigned i = 0; i < type->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &type->fields[i];

		if (random_below(&wire->seed, 4) != 0 ||
		    (depth > DEPTH_MAX && field->type == PROTOBUF_C_TYPE_MESSAGE)) {
			continue;
		}
		if (field->label == PROTOBUF_C_LABEL_REPEATED) {
			put_repeated(wire, field, depth);
		} else {
			put_value(wire, field, false, depth);
		}
	}
}
