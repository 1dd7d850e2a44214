#include "wire/context.h"

#include "base/arena.h"
#include "wire/field.h"
#include <string.h>

#define METADATA_NUMBER 11
#define ENTRY_KEY       1
#define ENTRY_VALUE     2

/* Room for alignment and the zero bytes of one entry in an arena. */
#define ENTRY_ARENA_BYTES (sizeof(struct fast_metadata_entry) + 2 * 32)

const struct fast_metadata_entry *fast_metadata_find(const struct fast_metadata *metadata,
						     const char *key)
{
	for (size_t i = 0; metadata != NULL && i < metadata->count; i++) {
		if (strcmp(metadata->entries[i].key, key) == 0) {
			return &metadata->entries[i];
		}
	}
	return NULL;
}

const char *fast_metadata_text(const struct fast_metadata *metadata, const char *key)
{
	const struct fast_metadata_entry *entry = fast_metadata_find(metadata, key);

	return entry == NULL ? NULL : entry->value;
}

static bool key_is_valid(const char *key, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		char c = key[i];
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
		      c == '-')) {
			return false;
		}
	}
	return bytes > 0 && bytes <= FAST_METADATA_KEY_BYTES_MAX;
}

static bool text_is_printable(const char *text, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		if (text[i] < ' ' || text[i] > '~') {
			return false;
		}
	}
	return true;
}

const char *fast_metadata_fault(const struct fast_metadata_entry *entry)
{
	size_t key_bytes =
		entry->key == NULL ? 0 : strnlen(entry->key, FAST_METADATA_KEY_BYTES_MAX + 1);
	bool is_binary = key_bytes > 4 && memcmp(entry->key + key_bytes - 4, "-bin", 4) == 0;

	if (!key_is_valid(entry->key, key_bytes)) {
		return "a key is 1 to 64 characters of a-z, 0-9, '_', '.' and '-', in lower case";
	}
	if (entry->value_bytes > FAST_METADATA_VALUE_BYTES_MAX) {
		return "a value has at most 4096 bytes";
	}
	if (!is_binary && !text_is_printable(entry->value, entry->value_bytes)) {
		return "a value is printable ASCII; a key that ends with -bin takes any bytes";
	}
	return NULL;
}

const char *fast_metadata_check(const struct fast_metadata *metadata, size_t *at)
{
	size_t bytes = 0;

	if (metadata->count > FAST_METADATA_MAX) {
		*at = metadata->count;
		return "a call carries at most 64 entries";
	}
	for (*at = 0; *at < metadata->count; ++*at) {
		const struct fast_metadata_entry *entry = &metadata->entries[*at];
		const char *fault = fast_metadata_fault(entry);
		if (fault != NULL) {
			return fault;
		}
		bytes += strlen(entry->key) + entry->value_bytes;
	}
	return bytes > FAST_METADATA_BYTES_MAX ? "keys and values have at most 8192 bytes together"
					       : NULL;
}

static size_t field_bytes(size_t bytes)
{
	return 1 + fast_varint_bytes(bytes) + bytes;
}

static size_t field_write(uint32_t number, const void *data, size_t bytes, uint8_t *out)
{
	size_t at = 0;

	out[at++] = (uint8_t)(number << 3 | FAST_WIRE_BYTES);
	at += fast_varint_write(bytes, out + at);
	if (bytes > 0) {
		memcpy(out + at, data, bytes);
	}
	return at + bytes;
}

/* An empty value is left out, as protobuf does. */
static size_t entry_bytes(const struct fast_metadata_entry *entry)
{
	return field_bytes(strlen(entry->key)) +
	       (entry->value_bytes == 0 ? 0 : field_bytes(entry->value_bytes));
}

size_t fast_metadata_packed_bytes(const struct fast_metadata *metadata)
{
	size_t bytes = 0;

	for (size_t i = 0; i < metadata->count; i++) {
		bytes += field_bytes(entry_bytes(&metadata->entries[i]));
	}
	return bytes;
}

void fast_metadata_pack(const struct fast_metadata *metadata, uint8_t *out)
{
	for (size_t i = 0; i < metadata->count; i++) {
		const struct fast_metadata_entry *entry = &metadata->entries[i];
		*out++ = METADATA_NUMBER << 3 | FAST_WIRE_BYTES;
		out += fast_varint_write(entry_bytes(entry), out);
		out += field_write(ENTRY_KEY, entry->key, strlen(entry->key), out);
		if (entry->value_bytes > 0) {
			out += field_write(ENTRY_VALUE, entry->value, entry->value_bytes, out);
		}
	}
}

size_t fast_metadata_arena_bytes(const struct fast_packet *packet)
{
	return packet->metadata.bytes + packet->metadata_count * ENTRY_ARENA_BYTES;
}

/* False: no memory. The packet's reader has been over the entry. */
static bool entry_unpack(const struct fast_field *field, struct fast_arena *arena,
			 struct fast_metadata_entry *out)
{
	struct fast_cursor cursor = {field->data, field->bytes};
	struct fast_span parts[2] = {{NULL, 0}, {NULL, 0}};
	struct fast_field part;
	const char *reason;

	while (cursor.left > 0 && fast_field_read(&cursor, &part, &reason)) {
		if (part.number == ENTRY_KEY || part.number == ENTRY_VALUE) {
			parts[part.number - 1] = (struct fast_span){part.data, part.bytes};
		}
	}
	out->key = fast_arena_copy(arena, parts[0].data, parts[0].bytes);
	out->value = fast_arena_copy(arena, parts[1].data, parts[1].bytes);
	out->value_bytes = parts[1].bytes;
	return out->key != NULL && out->value != NULL;
}

enum fast_status fast_metadata_unpack(const struct fast_packet *packet, struct fast_arena *arena,
				      struct fast_metadata *out, const char **reason)
{
	struct fast_cursor cursor = {packet->metadata.data, packet->metadata.bytes};
	struct fast_metadata metadata = {NULL, 0};
	struct fast_metadata_entry *entries;
	struct fast_field field;
	size_t at;

	if (packet->metadata_count == 0) {
		*out = metadata;
		return FAST_OK;
	}
	*reason = "no memory for the metadata";
	entries = fast_arena_alloc(arena, packet->metadata_count * sizeof *entries);
	if (entries == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	metadata.entries = entries;
	while (cursor.left > 0 && fast_field_read(&cursor, &field, reason)) {
		if (field.number != METADATA_NUMBER) {
			continue;
		}
		if (!entry_unpack(&field, arena, &entries[metadata.count++])) {
			return FAST_RESOURCE_EXHAUSTED;
		}
	}
	*reason = fast_metadata_check(&metadata, &at);
	if (*reason != NULL) {
		return FAST_INVALID_ARGUMENT;
	}
	*out = metadata;
	return FAST_OK;
}

enum { TRACE_ID = 1, TRACE_SPAN = 2, TRACE_FLAGS = 3, TRACE_STATE = 4 };

bool fast_trace_is_valid(const struct fast_trace *trace)
{
	static const uint8_t zeros[FAST_TRACE_ID_BYTES];
	size_t state_bytes =
		trace->state == NULL ? 0 : strnlen(trace->state, FAST_TRACE_STATE_BYTES_MAX + 1);

	return memcmp(trace->id, zeros, sizeof trace->id) != 0 &&
	       memcmp(trace->span, zeros, sizeof trace->span) != 0 &&
	       state_bytes <= FAST_TRACE_STATE_BYTES_MAX &&
	       text_is_printable(trace->state, state_bytes);
}

size_t fast_trace_pack(const struct fast_trace *trace, uint8_t out[FAST_TRACE_PACKED_BYTES_MAX])
{
	size_t at = field_write(TRACE_ID, trace->id, sizeof trace->id, out);

	at += field_write(TRACE_SPAN, trace->span, sizeof trace->span, out + at);
	if (trace->flags != 0) {
		out[at++] = TRACE_FLAGS << 3 | FAST_WIRE_VARINT;
		at += fast_varint_write(trace->flags, out + at);
	}
	if (trace->state != NULL && trace->state[0] != 0) {
		at += field_write(TRACE_STATE, trace->state, strlen(trace->state), out + at);
	}
	return at;
}

/* False: an id does not have its length, or there is no memory. */
static bool trace_take(struct fast_trace *trace, const struct fast_field *field,
		       struct fast_arena *arena)
{
	bool is_bytes = field->wire_type == FAST_WIRE_BYTES;

	if (field->number == TRACE_ID && is_bytes && field->bytes == sizeof trace->id) {
		memcpy(trace->id, field->data, sizeof trace->id);
	} else if (field->number == TRACE_SPAN && is_bytes && field->bytes == sizeof trace->span) {
		memcpy(trace->span, field->data, sizeof trace->span);
	} else if (field->number == TRACE_FLAGS && field->wire_type == FAST_WIRE_VARINT) {
		trace->flags = (uint8_t)field->value;
	} else if (field->number == TRACE_STATE && is_bytes &&
		   field->bytes <= FAST_TRACE_STATE_BYTES_MAX) {
		trace->state = fast_arena_copy(arena, field->data, field->bytes);
		return trace->state != NULL && strlen(trace->state) == field->bytes;
	} else {
		return field->number > TRACE_STATE;
	}
	return true;
}

bool fast_trace_unpack(struct fast_span packed, struct fast_arena *arena, struct fast_trace *out)
{
	struct fast_cursor cursor = {packed.data, packed.bytes};
	struct fast_trace trace = {.flags = 0};
	struct fast_field field;
	const char *reason;

	while (cursor.left > 0) {
		if (!fast_field_read(&cursor, &field, &reason) ||
		    !trace_take(&trace, &field, arena)) {
			return false;
		}
	}
	*out = trace;
	return fast_trace_is_valid(&trace);
}
