#include "json/print.h"

#include "json/member.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define KEY_BYTES_MAX 24

/* An entry and its place among the others. */
struct keyed {
	const ProtobufCMessage *entry;
	size_t place;
	bool is_hidden; /* a later entry has the same key */
};

static const void *entry_key(const ProtobufCMessage *entry)
{
	return fast_member(entry, &entry->descriptor->fields[0]);
}

/* A key as text: itself, or printed into digits. */
static const char *key_text(const ProtobufCMessage *entry, char *digits)
{
	const void *key = entry_key(entry);

	switch (entry->descriptor->fields[0].type) {
	case PROTOBUF_C_TYPE_STRING:
		return *(char *const *)key == NULL ? "" : *(char *const *)key;
	case PROTOBUF_C_TYPE_BOOL:
		return *(const protobuf_c_boolean *)key ? "true" : "false";
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
		snprintf(digits, KEY_BYTES_MAX, "%" PRId32, *(const int32_t *)key);
		return digits;
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		snprintf(digits, KEY_BYTES_MAX, "%" PRIu32, *(const uint32_t *)key);
		return digits;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		snprintf(digits, KEY_BYTES_MAX, "%" PRId64, *(const int64_t *)key);
		return digits;
	default:
		snprintf(digits, KEY_BYTES_MAX, "%" PRIu64, *(const uint64_t *)key);
		return digits;
	}
}

static int keyed_compare(const void *left, const void *right)
{
	const struct keyed *a = left, *b = right;
	char digits[2][KEY_BYTES_MAX];
	int order = strcmp(key_text(a->entry, digits[0]), key_text(b->entry, digits[1]));

	return order != 0 ? order : (a->place > b->place) - (a->place < b->place);
}

static int place_compare(const void *left, const void *right)
{
	const struct keyed *a = left, *b = right;

	return (a->place > b->place) - (a->place < b->place);
}

/* The entries as they came, with those marked that a later one replaces. */
static struct keyed *entries_sort(ProtobufCMessage *const *entries, size_t count)
{
	struct keyed *sorted = calloc(count == 0 ? 1 : count, sizeof *sorted);
	char digits[2][KEY_BYTES_MAX];

	if (sorted == NULL) {
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		sorted[i] = (struct keyed){entries[i], i, false};
	}
	qsort(sorted, count, sizeof *sorted, keyed_compare);
	for (size_t i = 0; i + 1 < count; i++) {
		sorted[i].is_hidden = strcmp(key_text(sorted[i].entry, digits[0]),
					     key_text(sorted[i + 1].entry, digits[1])) == 0;
	}
	qsort(sorted, count, sizeof *sorted, place_compare);
	return sorted;
}

bool fast_print_map(struct fast_printer *printer, const struct fast_path *path,
		    const ProtobufCMessage *message, unsigned field)
{
	const ProtobufCFieldDescriptor *descriptor = &message->descriptor->fields[field];
	size_t count = *fast_member_count(message, descriptor);
	struct keyed *entries =
		entries_sort(*(ProtobufCMessage * *const *)fast_member(message, descriptor), count);
	bool printed = true;

	if (entries == NULL) {
		printer->writer.failed = true;
		return true;
	}
	fast_writer_open(&printer->writer, '{');
	for (size_t i = 0; printed && i < count; i++) {
		const ProtobufCMessage *entry = entries[i].entry;
		char digits[KEY_BYTES_MAX];
		const struct fast_path step = {.up = path, .key = key_text(entry, digits)};

		if (!entries[i].is_hidden) {
			fast_writer_name(&printer->writer, step.key);
			printed =
				fast_print_value(printer, &step, entry, 1,
						 fast_member(entry, &entry->descriptor->fields[1]));
		}
	}
	fast_writer_close(&printer->writer, '}');
	free(entries);
	return printed;
}
