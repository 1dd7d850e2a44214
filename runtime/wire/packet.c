#include "wire/packet.h"

#include "wire/field.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define STATUS_MESSAGE_BYTES_MAX 1024

enum value_type {
	VALUE_NONE, /* no such field */
	VALUE_UINT32,
	VALUE_UINT64,
	VALUE_BOOL,
	VALUE_FIXED64,
	VALUE_TEXT,
	VALUE_BYTES,
	VALUE_MESSAGE,
	VALUE_METADATA,
};

static const enum fast_wire_type value_wire_types[] = {
	[VALUE_UINT32] = FAST_WIRE_VARINT, [VALUE_UINT64] = FAST_WIRE_VARINT,
	[VALUE_BOOL] = FAST_WIRE_VARINT,   [VALUE_FIXED64] = FAST_WIRE_FIXED64,
	[VALUE_TEXT] = FAST_WIRE_BYTES,    [VALUE_BYTES] = FAST_WIRE_BYTES,
	[VALUE_MESSAGE] = FAST_WIRE_BYTES, [VALUE_METADATA] = FAST_WIRE_BYTES,
};

struct field_rule {
	enum value_type type;
	size_t offset;      /* in struct fast_packet */
	size_t has_offset;  /* of the flag of its presence; 0: it has none */
	size_t bytes_max;   /* TEXT, BYTES; 0: no limit but the message's */
	size_t bytes_exact; /* BYTES: 0 or this many; 0: any */
};

_Static_assert(sizeof(Fast__V1__PacketKind) == sizeof(uint32_t), "kind is read as a uint32");

#define AT(member) offsetof(struct fast_packet, member)

/* Every field of the packet by its number; the payload stands apart, its number being far off. */
static const struct field_rule field_rules[] = {
	[1] = {VALUE_UINT32, AT(kind), 0, 0, 0},
	[2] = {VALUE_TEXT, AT(method), 0, FAST_METHOD_BYTES_MAX, 0},
	[3] = {VALUE_UINT64, AT(timeout_us), 0, 0, 0},
	[4] = {VALUE_UINT64, AT(sequence), 0, 0, 0},
	[5] = {VALUE_MESSAGE, AT(status), AT(has_status), 0, 0},
	[6] = {VALUE_UINT32, AT(credit), 0, 0, 0},
	[7] = {VALUE_UINT64, AT(dropped), 0, 0, 0},
	[8] = {VALUE_UINT32, AT(priority), 0, 0, 0},
	[9] = {VALUE_BOOL, AT(more), 0, 0, 0},
	[10] = {VALUE_UINT32, AT(attempt), 0, 0, 0},
	[11] = {VALUE_METADATA, AT(metadata), 0, 0, 0},
	[12] = {VALUE_MESSAGE, AT(hello), AT(has_hello), 0, 0},
	[13] = {VALUE_FIXED64, AT(token), 0, 0, 0},
	[14] = {VALUE_BYTES, AT(idempotency_key), 0, 0, FAST_IDEMPOTENCY_KEY_BYTES},
	[15] = {VALUE_FIXED64, AT(boot_id), 0, 0, 0},
	[16] = {VALUE_MESSAGE, AT(trace), 0, 0, 0},
	[17] = {VALUE_UINT64, AT(key_age_us), 0, 0, 0},
	[18] = {VALUE_UINT64, AT(resume_after), 0, 0, 0},
	[19] = {VALUE_UINT64, AT(cursor), 0, 0, 0},
	[20] = {VALUE_FIXED64, AT(epoch), 0, 0, 0},
	[21] = {VALUE_BOOL, AT(mark), 0, 0, 0},
	[22] = {VALUE_UINT64, AT(gap_first), 0, 0, 0},
	[23] = {VALUE_UINT64, AT(key_settled), 0, 0, 0},
};

#define FIELD_RULES    (sizeof field_rules / sizeof field_rules[0])
#define PAYLOAD_NUMBER 2047

static const struct field_rule field_payload = {VALUE_BYTES, AT(payload), 0, 0, 0};
static const struct field_rule field_unknown = {VALUE_NONE, 0, 0, 0, 0};

static const struct field_rule *rule_find(uint32_t number)
{
	if (number == PAYLOAD_NUMBER) {
		return &field_payload;
	}
	return number < FIELD_RULES ? &field_rules[number] : &field_unknown;
}

/* Counts the entry; keeps where the packet lies, for whoever wants its metadata. */
static const char *metadata_take(struct fast_packet *packet, const struct fast_field *entry)
{
	struct fast_cursor cursor = {entry->data, entry->bytes};
	struct fast_field field;
	const char *reason;

	while (cursor.left > 0) {
		if (!fast_field_read(&cursor, &field, &reason)) {
			return reason;
		}
		if (field.number > 2) {
			continue;
		}
		if (field.wire_type != FAST_WIRE_BYTES) {
			return "a field has the wrong wire type";
		}
		if (field.number == 1 &&
		    (field.bytes > FAST_METADATA_KEY_BYTES_MAX ||
		     fast_text_valid_bytes(field.data, field.bytes) != field.bytes)) {
			return "a metadata key is too long or not UTF-8";
		}
		if (field.number == 2 && field.bytes > FAST_METADATA_VALUE_BYTES_MAX) {
			return "a metadata value is too long";
		}
	}
	return ++packet->metadata_count > FAST_METADATA_MAX ? "too many metadata entries" : NULL;
}

static const char *span_take(const struct field_rule *rule, const struct fast_field *field,
			     void *member)
{
	if (rule->bytes_max != 0 && field->bytes > rule->bytes_max) {
		return "a field is longer than its limit";
	}
	if (rule->bytes_exact != 0 && field->bytes != 0 && field->bytes != rule->bytes_exact) {
		return "a field does not have its length";
	}
	if (rule->type == VALUE_TEXT &&
	    fast_text_valid_bytes(field->data, field->bytes) != field->bytes) {
		return "a text is not UTF-8 or has a zero byte";
	}
	*(struct fast_span *)member = (struct fast_span){field->data, field->bytes};
	return NULL;
}

/* NULL, or why the packet is malformed. */
static const char *field_take(struct fast_packet *packet, const struct field_rule *rule,
			      const struct fast_field *field)
{
	void *member = (char *)packet + rule->offset;
	bool *has = rule->has_offset == 0 ? NULL : (bool *)((char *)packet + rule->has_offset);
	uint32_t value32 = (uint32_t)field->value;

	switch (rule->type) {
	case VALUE_UINT32:
		memcpy(member, &value32, sizeof value32);
		return NULL;
	case VALUE_UINT64:
	case VALUE_FIXED64:
		*(uint64_t *)member = field->value;
		return NULL;
	case VALUE_BOOL:
		*(bool *)member = field->value != 0;
		return NULL;
	case VALUE_METADATA:
		return metadata_take(packet, field);
	case VALUE_MESSAGE:
		/* Others would merge the two; nobody has reason to send them. */
		if (((struct fast_span *)member)->data != NULL) {
			return "a message field comes twice";
		}
		if (has != NULL) {
			*has = true;
		}
		return span_take(rule, field, member);
	default:
		return span_take(rule, field, member);
	}
}

enum fast_status fast_packet_read(const uint8_t *data, size_t bytes, struct fast_packet *out,
				  const char **reason)
{
	struct fast_packet packet = {0};
	struct fast_cursor cursor = {data, bytes};

	while (cursor.left > 0) {
		struct fast_field field;
		if (!fast_field_read(&cursor, &field, reason)) {
			return FAST_INVALID_ARGUMENT;
		}
		const struct field_rule *rule = rule_find(field.number);
		if (rule->type == VALUE_NONE) {
			continue;
		}
		if (field.wire_type != value_wire_types[rule->type]) {
			*reason = "a field has the wrong wire type";
			return FAST_INVALID_ARGUMENT;
		}
		const char *fault = field_take(&packet, rule, &field);
		if (fault != NULL) {
			*reason = fault;
			return FAST_INVALID_ARGUMENT;
		}
	}
	if (packet.kind == FAST__V1__PACKET_KIND__PACKET_KIND_UNSPECIFIED) {
		*reason = "the packet has no kind";
		return FAST_INVALID_ARGUMENT;
	}
	if (packet.metadata_count > 0) {
		packet.metadata = (struct fast_span){data, bytes};
	}
	*out = packet;
	return FAST_OK;
}

/* Counts, and writes when there is where to. */
struct packet_writer {
	uint8_t *out; /* NULL: counts only */
	size_t bytes;
};

static void writer_put_varint(struct packet_writer *writer, uint64_t value)
{
	if (writer->out == NULL) {
		writer->bytes += fast_varint_bytes(value);
	} else {
		writer->bytes += fast_varint_write(value, writer->out + writer->bytes);
	}
}

static void writer_put_tag(struct packet_writer *writer, uint32_t number, enum fast_wire_type type)
{
	writer_put_varint(writer, (uint64_t)number << 3 | type);
}

static void writer_put_number(struct packet_writer *writer, uint32_t number, uint64_t value)
{
	if (value != 0) {
		writer_put_tag(writer, number, FAST_WIRE_VARINT);
		writer_put_varint(writer, value);
	}
}

static void writer_put_fixed64(struct packet_writer *writer, uint32_t number, uint64_t value)
{
	if (value == 0) {
		return;
	}
	writer_put_tag(writer, number, FAST_WIRE_FIXED64);
	for (unsigned i = 0; i < 8; i++) {
		if (writer->out != NULL) {
			writer->out[writer->bytes] = (uint8_t)(value >> (8 * i));
		}
		writer->bytes++;
	}
}

static void writer_put_bytes(struct packet_writer *writer, const struct fast_span *span)
{
	if (writer->out != NULL && span->bytes > 0) {
		memcpy(writer->out + writer->bytes, span->data, span->bytes);
	}
	writer->bytes += span->bytes;
}

static void writer_put_span(struct packet_writer *writer, uint32_t number,
			    const struct fast_span *span, bool present)
{
	if (!present && span->bytes == 0) {
		return;
	}
	writer_put_tag(writer, number, FAST_WIRE_BYTES);
	writer_put_varint(writer, span->bytes);
	writer_put_bytes(writer, span);
}

static void writer_put_field(struct packet_writer *writer, const struct fast_packet *packet,
			     uint32_t number)
{
	const struct field_rule *rule = &field_rules[number];
	const void *member = (const char *)packet + rule->offset;
	bool present =
		rule->has_offset != 0 && *(const bool *)((const char *)packet + rule->has_offset);

	switch (rule->type) {
	case VALUE_UINT32:
		writer_put_number(writer, number, *(const uint32_t *)member);
		break;
	case VALUE_UINT64:
		writer_put_number(writer, number, *(const uint64_t *)member);
		break;
	case VALUE_BOOL:
		writer_put_number(writer, number, *(const bool *)member);
		break;
	case VALUE_FIXED64:
		writer_put_fixed64(writer, number, *(const uint64_t *)member);
		break;
	case VALUE_METADATA:
		writer_put_bytes(writer, &packet->entries); /* they have their tags */
		break;
	case VALUE_NONE:
		break;
	default:
		writer_put_span(writer, number, member, present);
		break;
	}
}

/* Most fields of most packets are zero. Told by the eight bytes around the member, so without
 * looking at its type: false where they are all zero. Of a span that is its pointer. */
static bool field_may_be_set(const struct fast_packet *packet, const struct field_rule *rule)
{
	uint64_t word;

	memcpy(&word, (const char *)packet + rule->offset / sizeof word * sizeof word, sizeof word);
	return word != 0 || rule->has_offset != 0 || rule->type == VALUE_METADATA;
}

static size_t packet_head_put(const struct fast_packet *packet, size_t payload_bytes, uint8_t *out)
{
	struct packet_writer writer = {out, 0};

	assert(packet->metadata_count == 0);
	for (uint32_t number = 1; number < FIELD_RULES; number++) {
		if (field_may_be_set(packet, &field_rules[number])) {
			writer_put_field(&writer, packet, number);
		}
	}
	if (payload_bytes > 0) {
		writer_put_tag(&writer, PAYLOAD_NUMBER, FAST_WIRE_BYTES);
		writer_put_varint(&writer, payload_bytes);
	}
	return writer.bytes;
}

size_t fast_packet_head_bytes(const struct fast_packet *packet, size_t payload_bytes)
{
	return packet_head_put(packet, payload_bytes, NULL);
}

size_t fast_packet_head_write(const struct fast_packet *packet, size_t payload_bytes, uint8_t *out)
{
	return packet_head_put(packet, payload_bytes, out);
}

/* A handler's sentence may hold anything; a peer refuses what is not UTF-8. */
static void sentence_copy(const char *sentence, char out[STATUS_MESSAGE_BYTES_MAX + 1])
{
	size_t bytes = strnlen(sentence, STATUS_MESSAGE_BYTES_MAX + 1);
	bool is_cut = bytes > STATUS_MESSAGE_BYTES_MAX;
	size_t valid = 0;

	bytes = is_cut ? STATUS_MESSAGE_BYTES_MAX : bytes;
	memcpy(out, sentence, bytes);
	out[bytes] = 0;
	for (;;) {
		valid += fast_text_valid_bytes((const uint8_t *)out + valid, bytes - valid);
		if (valid == bytes) {
			return;
		}
		if (is_cut && bytes - valid < 4) {
			out[valid] = 0; /* the cut went through a character */
			return;
		}
		out[valid++] = '?';
	}
}

enum fast_status fast_packet_status_pack(const Fast__V1__Status *status, uint8_t **out,
					 size_t *out_bytes)
{
	char sentence[STATUS_MESSAGE_BYTES_MAX + 1];
	Fast__V1__Status copy = *status;
	uint8_t *packed;

	if (copy.message != NULL) {
		sentence_copy(copy.message, sentence);
		copy.message = sentence;
	}
	if (!protobuf_c_message_check(&copy.base)) {
		return FAST_INVALID_ARGUMENT;
	}
	*out_bytes = protobuf_c_message_get_packed_size(&copy.base);
	packed = malloc(*out_bytes + 1); /* never malloc(0) */
	if (packed == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	protobuf_c_message_pack(&copy.base, packed);
	*out = packed;
	return FAST_OK;
}
