#include "client/message_json.h"

#include "client/quantity.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define KEY_BYTES_MAX 64
#define UNIX_NS       "_unix_ns"

static void key_write(const char *name, size_t bytes, char *key)
{
	size_t used = 0;
	bool upper = false;

	for (size_t i = 0; i < bytes && used < KEY_BYTES_MAX; i++) {
		if (name[i] == '_') {
			upper = true;
			continue;
		}
		key[used++] = (char)(upper ? toupper((unsigned char)name[i]) : name[i]);
		upper = false;
	}
	key[used] = '\0';
}

json_t *message_json_string(const char *chars)
{
	json_t *json = json_string(chars);

	if (json == NULL) { /* not UTF-8, or no memory */
		struct text clean = {0};

		text_add_clean(&clean, chars);
		json = clean.failed ? NULL : json_string(text_chars(&clean));
		text_fini(&clean);
	}
	return json;
}

static json_t *json_signed(int64_t number)
{
	char digits[24];

	snprintf(digits, sizeof digits, "%" PRId64, number);
	return json_string(digits);
}

static json_t *json_unsigned(uint64_t number)
{
	char digits[24];

	snprintf(digits, sizeof digits, "%" PRIu64, number);
	return json_string(digits);
}

static json_t *json_double(double number)
{
	if (isnan(number)) {
		return json_string("NaN");
	}
	if (isinf(number)) {
		return json_string(number > 0 ? "Infinity" : "-Infinity");
	}
	return json_real(number);
}

static json_t *json_enum(const ProtobufCEnumDescriptor *descriptor, int number)
{
	const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(descriptor, number);

	return value == NULL ? json_integer(number) : json_string(value->name);
}

static json_t *json_bytes(const ProtobufCBinaryData *data)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct text text = {0};
	json_t *json;

	for (size_t i = 0; i < data->len; i += 3) {
		size_t left = data->len - i;
		uint32_t group = (uint32_t)data->data[i] << 16;

		group |= left > 1 ? (uint32_t)data->data[i + 1] << 8 : 0;
		group |= left > 2 ? data->data[i + 2] : 0;
		text_add(&text, "%c%c%c%c", digits[group >> 18], digits[group >> 12 & 63],
			 left > 1 ? digits[group >> 6 & 63] : '=',
			 left > 2 ? digits[group & 63] : '=');
	}
	json = text.failed ? NULL : json_string(text_chars(&text));
	text_fini(&text);
	return json;
}

/* One value of a field; member points at it. */
static json_t *json_value(const ProtobufCFieldDescriptor *field, const void *member)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_BOOL:
		return json_boolean(*(const protobuf_c_boolean *)member);
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
		return json_integer(*(const int32_t *)member);
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		return json_integer(*(const uint32_t *)member);
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		return json_signed(*(const int64_t *)member);
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		return json_unsigned(*(const uint64_t *)member);
	case PROTOBUF_C_TYPE_FLOAT:
		return json_double((double)*(const float *)member);
	case PROTOBUF_C_TYPE_DOUBLE:
		return json_double(*(const double *)member);
	case PROTOBUF_C_TYPE_ENUM:
		return json_enum(field->descriptor, *(const int *)member);
	case PROTOBUF_C_TYPE_STRING:
		return message_json_string(*(char *const *)member == NULL ? ""
									  : *(char *const *)member);
	case PROTOBUF_C_TYPE_BYTES:
		return json_bytes(member);
	case PROTOBUF_C_TYPE_MESSAGE:
		return message_json(*(ProtobufCMessage *const *)member);
	}
	return NULL;
}

static size_t element_bytes(const ProtobufCFieldDescriptor *field)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_BOOL:
		return sizeof(protobuf_c_boolean);
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return 8;
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_MESSAGE:
		return sizeof(void *);
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	default:
		return 4;
	}
}

static json_t *json_repeated(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	const char *base = (const char *)message;
	size_t count = *(const size_t *)(base + field->quantifier_offset);
	const char *elements = *(const char *const *)(base + field->offset);
	json_t *array = json_array();

	for (size_t i = 0; array != NULL && i < count; i++) {
		const void *element = elements + i * element_bytes(field);

		if (json_array_append_new(array, json_value(field, element)) != 0) {
			json_decref(array);
			array = NULL;
		}
	}
	return array;
}

/* Whether the field has nothing to show: an absent message, or another member of its oneof is set.
 */
static bool field_is_absent(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	const char *base = (const char *)message;

	if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
	    *(const uint32_t *)(base + field->quantifier_offset) != field->id) {
		return true;
	}
	return field->label != PROTOBUF_C_LABEL_REPEATED &&
	       field->type == PROTOBUF_C_TYPE_MESSAGE &&
	       *(ProtobufCMessage *const *)(base + field->offset) == NULL;
}

bool message_json_add_time(json_t *object, const char *key, int64_t unix_ns)
{
	struct text text = {0};
	char key_ns[KEY_BYTES_MAX + 8];
	bool added;

	quantity_time(&text, unix_ns);
	snprintf(key_ns, sizeof key_ns, "%.*sUnixNs", KEY_BYTES_MAX, key);
	added = !text.failed &&
		(unix_ns == 0 ||
		 json_object_set_new(object, key, json_string(text_chars(&text))) == 0) &&
		json_object_set_new(object, key_ns, json_signed(unix_ns)) == 0;
	text_fini(&text);
	return added;
}

static bool json_add_field(json_t *object, const ProtobufCMessage *message,
			   const ProtobufCFieldDescriptor *field)
{
	const char *member = (const char *)message + field->offset;
	size_t bytes = strlen(field->name), suffix = strlen(UNIX_NS);
	char key[KEY_BYTES_MAX + 1];

	if (field_is_absent(message, field)) {
		return true;
	}
	if (field->type == PROTOBUF_C_TYPE_INT64 && bytes > suffix &&
	    strcmp(field->name + bytes - suffix, UNIX_NS) == 0) {
		key_write(field->name, bytes - suffix, key);
		return message_json_add_time(object, key, *(const int64_t *)(const void *)member);
	}
	key_write(field->name, bytes, key);
	return json_object_set_new(object, key,
				   field->label == PROTOBUF_C_LABEL_REPEATED
					   ? json_repeated(message, field)
					   : json_value(field, member)) == 0;
}

json_t *message_json(const ProtobufCMessage *message)
{
	const ProtobufCMessageDescriptor *descriptor = message->descriptor;
	json_t *object = json_object();

	for (unsigned i = 0; object != NULL && i < descriptor->n_fields; i++) {
		if (!json_add_field(object, message, &descriptor->fields[i])) {
			json_decref(object);
			object = NULL;
		}
	}
	return object;
}
