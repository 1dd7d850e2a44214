#include "wire/method_schema.h"

#include "wire/field.h"

#include <string.h>

/* Of google/protobuf/descriptor.proto. */
enum {
	SET_FILE = 1,
	FILE_PACKAGE = 2,
	FILE_SERVICE = 6,
	SERVICE_NAME = 1,
	SERVICE_METHOD = 2,
	METHOD_NAME = 1,
	METHOD_OPTIONS = 4,
	METHOD_CLIENT_STREAMING = 5,
	METHOD_SERVER_STREAMING = 6,
	OPTIONS_IDEMPOTENCY = 34,
};

/* Of fast/v1/options.proto. */
enum {
	OPTIONS_RULES = 50707,
	RULES_PRIORITY = 1,
	RULES_RESUMABLE = 2,
	RULES_LOSSY = 3,
	RULES_ONCE = 4,
};

struct walk {
	struct fast_cursor cursor;
	struct fast_field field;
	bool *is_malformed; /* shared by a walk and those inside it */
};

static struct walk walk_into(const struct walk *outer)
{
	return (struct walk){
		.cursor = {.next = outer->field.data, .left = outer->field.bytes},
		.is_malformed = outer->is_malformed,
	};
}

/* The next field with this number; 0: with any. */
static bool walk_next(struct walk *walk, uint32_t number)
{
	const char *reason;

	while (walk->cursor.left > 0) {
		if (!fast_field_read(&walk->cursor, &walk->field, &reason)) {
			*walk->is_malformed = true;
			return false;
		}
		if (number == 0 ||
		    (walk->field.number == number && walk->field.wire_type == FAST_WIRE_BYTES)) {
			return true;
		}
	}
	return false;
}

static bool field_is(const struct fast_field *field, const char *text, size_t bytes)
{
	return field->bytes == bytes && memcmp(field->data, text, bytes) == 0;
}

/* Whether the message has a field of that number with that text. An empty text may be left out. */
static bool has_name(struct walk inside, uint32_t number, const char *text, size_t bytes)
{
	bool has_field = false;
	bool is_same = false;

	while (walk_next(&inside, number)) {
		has_field = true;
		is_same = field_is(&inside.field, text, bytes);
	}
	return has_field ? is_same : bytes == 0;
}

static void rules_read(struct walk inside, struct fast_method_schema *out)
{
	while (walk_next(&inside, 0)) {
		uint64_t value = inside.field.value;

		switch (inside.field.number) {
		case RULES_PRIORITY:
			out->priority = value;
			break;
		case RULES_RESUMABLE:
			out->resumable = value != 0;
			break;
		case RULES_LOSSY:
			out->lossy = value != 0;
			break;
		case RULES_ONCE:
			out->once = value != 0;
			break;
		default:
			break;
		}
	}
}

static void options_read(struct walk inside, struct fast_method_schema *out)
{
	while (walk_next(&inside, 0)) {
		if (inside.field.number == OPTIONS_IDEMPOTENCY) {
			out->idempotency = inside.field.value;
		} else if (inside.field.number == OPTIONS_RULES &&
			   inside.field.wire_type == FAST_WIRE_BYTES) {
			rules_read(walk_into(&inside), out);
		}
	}
}

static void method_read(struct walk inside, struct fast_method_schema *out)
{
	while (walk_next(&inside, 0)) {
		if (inside.field.number == METHOD_CLIENT_STREAMING) {
			out->takes_stream = inside.field.value != 0;
		} else if (inside.field.number == METHOD_SERVER_STREAMING) {
			out->gives_stream = inside.field.value != 0;
		} else if (inside.field.number == METHOD_OPTIONS &&
			   inside.field.wire_type == FAST_WIRE_BYTES) {
			options_read(walk_into(&inside), out);
		}
	}
}

enum fast_status fast_method_schema_find(const uint8_t *set, size_t bytes, const char *service,
					 const char *method, struct fast_method_schema *out)
{
	const char *dot = strrchr(service, '.');
	const char *short_name = dot == NULL ? service : dot + 1;
	size_t package_bytes = dot == NULL ? 0 : (size_t)(dot - service);
	struct fast_method_schema schema = {.takes_stream = false};
	bool is_malformed = false;
	bool is_found = false;
	struct walk files = {.cursor = {.next = set, .left = bytes}, .is_malformed = &is_malformed};

	while (walk_next(&files, SET_FILE)) {
		struct walk services = walk_into(&files);
		if (!has_name(services, FILE_PACKAGE, service, package_bytes)) {
			continue;
		}
		while (walk_next(&services, FILE_SERVICE)) {
			struct walk methods = walk_into(&services);
			if (!has_name(methods, SERVICE_NAME, short_name, strlen(short_name))) {
				continue;
			}
			while (walk_next(&methods, SERVICE_METHOD)) {
				struct walk inside = walk_into(&methods);
				if (has_name(inside, METHOD_NAME, method, strlen(method))) {
					method_read(inside, &schema);
					is_found = true;
				}
			}
		}
	}
	if (is_malformed) {
		return FAST_INVALID_ARGUMENT;
	}
	if (!is_found) {
		return FAST_NOT_FOUND;
	}
	*out = schema;
	return FAST_OK;
}
