#include "json/print.h"

#include "json/dynamic.h"
#include "json/member.h"
#include "json/time_text.h"

#include <math.h>
#include <stdlib.h>

/* An Any within an Any is unpacked while the outer one still is. */
#define ANYS_MAX 10

/* The member of the field with this index. */
static void *part(const ProtobufCMessage *message, unsigned field)
{
	return fast_member(message, &message->descriptor->fields[field]);
}

static bool print_time(struct fast_printer *printer, const struct fast_path *path,
		       const ProtobufCMessage *message)
{
	int64_t seconds = *(int64_t *)part(message, 0);
	int32_t nanos = *(int32_t *)part(message, 1);
	bool is_timestamp = fast_schema_of(message->descriptor)->known == FAST_KNOWN_TIMESTAMP;
	char text[FAST_TIME_BYTES_MAX];

	if (is_timestamp ? !fast_timestamp_print(seconds, nanos, text)
			 : !fast_duration_print(seconds, nanos, text)) {
		return fast_print_refuse(printer, path, "%lld seconds and %d nanoseconds are no %s",
					 (long long)seconds, (int)nanos,
					 is_timestamp ? "time between the years 1 and 9999"
						      : "duration of at most 10000 years");
	}
	fast_writer_string(&printer->writer, text, strlen(text));
	return true;
}

static bool print_mask(struct fast_printer *printer, const struct fast_path *path,
		       const ProtobufCMessage *message)
{
	size_t count = *fast_member_count(message, &message->descriptor->fields[0]);
	char *const *paths = *(char **const *)part(message, 0);
	struct fast_writer text = {0};
	bool sound = true;

	for (size_t i = 0; sound && i < count; i++) {
		char *name = malloc(strlen(paths[i]) + 1);

		text.failed |= name == NULL;
		sound = name == NULL || fast_path_print(paths[i], name);
		if (name != NULL && sound) {
			fast_writer_print(&text, "%s%s", i == 0 ? "" : ",", name);
		}
		free(name);
		if (!sound) {
			fast_print_refuse(printer, path, "the path \"%.64s\" has no JSON",
					  paths[i]);
		}
	}
	printer->writer.failed |= text.failed;
	fast_writer_string(&printer->writer, text.data, text.bytes);
	fast_writer_fini(&text);
	return sound;
}

static bool print_list_value(struct fast_printer *printer, const struct fast_path *path,
			     const ProtobufCMessage *message)
{
	size_t count = *fast_member_count(message, &message->descriptor->fields[0]);
	ProtobufCMessage *const *values = *(ProtobufCMessage * *const *)part(message, 0);

	fast_writer_open(&printer->writer, '[');
	for (size_t i = 0; i < count; i++) {
		const struct fast_path step = {.up = path, .index = i};

		if (!fast_print_message(printer, &step, values[i])) {
			return false;
		}
	}
	fast_writer_close(&printer->writer, ']');
	return true;
}

/* Fields in the order of their numbers: null, number, text, bool, struct, list. A value without any
 * is null too. */
static bool print_any_value(struct fast_printer *printer, const struct fast_path *path,
			    const ProtobufCMessage *message)
{
	for (unsigned i = 1; i < message->descriptor->n_fields; i++) {
		if (!fast_member_is_set(message, &message->descriptor->fields[i])) {
			continue;
		}
		if (message->descriptor->fields[i].type == PROTOBUF_C_TYPE_DOUBLE &&
		    !isfinite(*(double *)part(message, i))) {
			return fast_print_refuse(printer, path, "a value must be a finite number");
		}
		return fast_print_value(printer, path, message, i, part(message, i));
	}
	fast_writer_word(&printer->writer, "null");
	return true;
}

/* "google.protobuf.Duration" of "type.googleapis.com/google.protobuf.Duration". */
static const char *url_type(const char *url)
{
	const char *slash = strrchr(url, '/');

	return slash == NULL ? url : slash + 1;
}

static bool print_any(struct fast_printer *printer, const struct fast_path *path,
		      const ProtobufCMessage *message)
{
	const char *url = *(char *const *)part(message, 0);
	const ProtobufCBinaryData *value = part(message, 1);
	struct fast_dynamic inner = {0};
	char error[FAST_JSON_ERROR_BYTES_MAX];
	bool printed;

	if (url == NULL || url[0] == '\0') {
		if (value->len > 0) {
			return fast_print_refuse(printer, path, "an Any does not say its type");
		}
		fast_writer_open(&printer->writer, '{');
		fast_writer_close(&printer->writer, '}');
		return true;
	}
	if (printer->anys == ANYS_MAX) {
		return fast_print_refuse(printer, path, "more than %d Any within each other",
					 ANYS_MAX);
	}
	if (fast_dynamic_unpack(printer->schema, url_type(url), value->data, value->len, &inner,
				error) != FAST_OK) {
		return fast_print_refuse(printer, path, "%.400s", error);
	}
	printer->anys++;
	fast_writer_open(&printer->writer, '{');
	fast_writer_name(&printer->writer, "@type");
	fast_writer_string(&printer->writer, url, strlen(url));
	if (fast_schema_of(inner.message->descriptor)->known != FAST_KNOWN_NONE) {
		const struct fast_path step = {.up = path, .name = "value"};

		fast_writer_name(&printer->writer, "value");
		printed = fast_print_message(printer, &step, inner.message);
	} else {
		printer->depth++;
		printed = fast_print_fields(printer, path, inner.message);
		printer->depth--;
	}
	fast_writer_close(&printer->writer, '}');
	printer->anys--;
	fast_dynamic_fini(&inner);
	return printed;
}

bool fast_print_known(struct fast_printer *printer, const struct fast_path *path,
		      const ProtobufCMessage *message)
{
	switch (fast_schema_of(message->descriptor)->known) {
	case FAST_KNOWN_TIMESTAMP:
	case FAST_KNOWN_DURATION:
		return print_time(printer, path, message);
	case FAST_KNOWN_FIELD_MASK:
		return print_mask(printer, path, message);
	case FAST_KNOWN_LIST:
		return print_list_value(printer, path, message);
	case FAST_KNOWN_STRUCT:
		return fast_print_map(printer, path, message, 0);
	case FAST_KNOWN_VALUE:
		return print_any_value(printer, path, message);
	case FAST_KNOWN_ANY:
		return print_any(printer, path, message);
	default: /* a wrapper is its value */
		return fast_print_value(printer, path, message, 0, part(message, 0));
	}
}
