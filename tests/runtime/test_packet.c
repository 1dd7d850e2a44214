#include "support/harness.h"

#include "runtime/random.h"
#include "wire/context.h"

#include <stdlib.h>
#include <string.h>

#define PACKET_BYTES_MAX 20000

/* A packet in protobuf-c's form, with room for what it points to. */
struct sample {
	Fast__V1__Packet packet;
	Fast__V1__Status status;
	Fast__V1__Hello hello;
	Fast__V1__TraceContext trace;
	Fast__V1__MetadataEntry entries[4];
	Fast__V1__MetadataEntry *entry_pointers[4];
	char method[FAST_METHOD_BYTES_MAX + 1];
	char sentence[64];
	uint8_t key[FAST_IDEMPOTENCY_KEY_BYTES];
	uint8_t bytes[600];
};

static bool one_in(uint64_t *random, uint32_t n)
{
	return random_below(random, n) == 0;
}

/* Small, large and everything between. */
static uint64_t any_number(uint64_t *random)
{
	return one_in(random, 2) ? 0 : random_next(random) >> random_below(random, 64);
}

static void any_text(uint64_t *random, char *out, size_t bytes_max)
{
	size_t bytes = random_below(random, (uint32_t)bytes_max + 1);

	for (size_t i = 0; i < bytes; i++) {
		out[i] = (char)('a' + random_below(random, 26));
	}
	out[bytes] = 0;
}

static ProtobufCBinaryData any_bytes(uint64_t *random, struct sample *sample)
{
	ProtobufCBinaryData data = {0};

	for (size_t i = 0; i < sizeof sample->bytes; i++) {
		sample->bytes[i] = (uint8_t)random_next(random);
	}
	data.len = one_in(random, 3) ? 0 : random_below(random, sizeof sample->bytes + 1);
	data.data = sample->bytes;
	return data;
}

static void sample_fill_messages(uint64_t *random, struct sample *sample)
{
	fast__v1__status__init(&sample->status);
	fast__v1__hello__init(&sample->hello);
	fast__v1__trace_context__init(&sample->trace);
	any_text(random, sample->sentence, sizeof sample->sentence - 1);
	sample->status.code = random_below(random, 17);
	sample->status.message = sample->sentence;
	sample->hello.version_max = random_below(random, 3);
	sample->trace.flags = random_below(random, 256);
	if (one_in(random, 3)) {
		sample->packet.status = &sample->status;
	}
	if (one_in(random, 3)) {
		sample->packet.hello = &sample->hello;
	}
	if (one_in(random, 3)) {
		sample->packet.trace = &sample->trace;
	}
}

static void sample_fill_metadata(uint64_t *random, struct sample *sample)
{
	sample->packet.n_metadata = random_below(random, 5);
	sample->packet.metadata = sample->entry_pointers;
	for (size_t i = 0; i < sample->packet.n_metadata; i++) {
		fast__v1__metadata_entry__init(&sample->entries[i]);
		sample->entries[i].key = sample->sentence;
		sample->entries[i].value.data = sample->bytes;
		sample->entries[i].value.len = i;
		sample->entry_pointers[i] = &sample->entries[i];
	}
}

static void sample_fill(uint64_t *random, struct sample *sample)
{
	Fast__V1__Packet *packet = &sample->packet;

	memset(sample, 0, sizeof *sample);
	fast__v1__packet__init(packet);
	any_text(random, sample->method, one_in(random, 2) ? 0 : FAST_METHOD_BYTES_MAX);
	packet->kind = (Fast__V1__PacketKind)(1 + random_below(random, 20));
	packet->method = sample->method;
	packet->timeout_us = any_number(random);
	packet->sequence = any_number(random);
	packet->credit = (uint32_t)any_number(random);
	packet->dropped = any_number(random);
	packet->priority = (Fast__V1__Priority)random_below(random, 4);
	packet->more = one_in(random, 2);
	packet->attempt = (uint32_t)any_number(random);
	packet->token = any_number(random);
	packet->boot_id = any_number(random);
	packet->key_age_us = any_number(random);
	packet->resume_after = any_number(random);
	packet->cursor = any_number(random);
	packet->epoch = any_number(random);
	packet->mark = one_in(random, 2);
	packet->gap_first = any_number(random);
	packet->idempotency_key.data = sample->key;
	packet->idempotency_key.len = one_in(random, 2) ? sizeof sample->key : 0;
	packet->payload = any_bytes(random, sample);
	sample_fill_messages(random, sample);
}

static void assert_span(ProtobufCBinaryData expected, struct fast_span span)
{
	assert_int_equal(expected.len, span.bytes);
	if (expected.len > 0) {
		assert_memory_equal(expected.data, span.data, span.bytes);
	}
}

/* A packed message that reads as the other; NULL: absent. */
static void assert_message(const ProtobufCMessage *expected, struct fast_span span)
{
	ProtobufCMessage *read;
	uint8_t wanted[4096];
	uint8_t found[4096];
	size_t wanted_bytes;

	if (expected == NULL) {
		assert_int_equal(0, span.bytes);
		return;
	}
	read = protobuf_c_message_unpack(expected->descriptor, NULL, span.bytes, span.data);
	assert_non_null(read);
	wanted_bytes = protobuf_c_message_get_packed_size(expected);
	assert_true(wanted_bytes <= sizeof wanted);
	assert_int_equal(wanted_bytes, protobuf_c_message_get_packed_size(read));
	protobuf_c_message_pack(expected, wanted);
	protobuf_c_message_pack(read, found);
	assert_memory_equal(wanted, found, wanted_bytes);
	protobuf_c_message_free_unpacked(read, NULL);
}

static void assert_same(const Fast__V1__Packet *expected, const struct fast_packet *packet)
{
	assert_int_equal(expected->kind, packet->kind);
	assert_int_equal(strlen(expected->method), packet->method.bytes);
	if (packet->method.bytes > 0) {
		assert_memory_equal(expected->method, packet->method.data, packet->method.bytes);
	}
	assert_true(expected->timeout_us == packet->timeout_us);
	assert_true(expected->sequence == packet->sequence);
	assert_true(expected->credit == packet->credit);
	assert_true(expected->dropped == packet->dropped);
	assert_true((uint32_t)expected->priority == packet->priority);
	assert_true((expected->more != 0) == packet->more);
	assert_true(expected->attempt == packet->attempt);
	assert_true(expected->token == packet->token);
	assert_true(expected->boot_id == packet->boot_id);
	assert_true(expected->key_age_us == packet->key_age_us);
	assert_true(expected->resume_after == packet->resume_after);
	assert_true(expected->cursor == packet->cursor);
	assert_true(expected->epoch == packet->epoch);
	assert_true((expected->mark != 0) == packet->mark);
	assert_true(expected->gap_first == packet->gap_first);
	assert_span(expected->idempotency_key, packet->idempotency_key);
	assert_span(expected->payload, packet->payload);
	assert_int_equal(expected->n_metadata, packet->metadata_count);
	assert_int_equal(expected->status != NULL, packet->has_status);
	assert_int_equal(expected->hello != NULL, packet->has_hello);
	assert_message(expected->status == NULL ? NULL : &expected->status->base, packet->status);
	assert_message(expected->hello == NULL ? NULL : &expected->hello->base, packet->hello);
	assert_message(expected->trace == NULL ? NULL : &expected->trace->base, packet->trace);
}

static void reads_what_protobuf_c_packs(void **state)
{
	static struct sample sample;
	static uint8_t packed[PACKET_BYTES_MAX];
	uint64_t random = 1;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct fast_packet packet;
		const char *reason = NULL;
		size_t bytes;

		sample_fill(&random, &sample);
		sample_fill_metadata(&random, &sample);
		bytes = fast__v1__packet__get_packed_size(&sample.packet);
		assert_true(bytes <= sizeof packed);
		fast__v1__packet__pack(&sample.packet, packed);
		assert_ok(fast_packet_read(packed, bytes, &packet, &reason));
		assert_same(&sample.packet, &packet);
	}
}

/* What was read as metadata is to be written again. */
static void pack_entries(const struct sample *sample, struct fast_packet *packet)
{
	static uint8_t packed[1024];
	struct fast_metadata_entry entries[4];
	const struct fast_metadata metadata = {entries, packet->metadata_count};

	for (size_t i = 0; i < metadata.count; i++) {
		entries[i] = (struct fast_metadata_entry){sample->entries[i].key,
							  sample->entries[i].value.data,
							  sample->entries[i].value.len};
	}
	assert_true(fast_metadata_packed_bytes(&metadata) <= sizeof packed);
	fast_metadata_pack(&metadata, packed);
	packet->entries = (struct fast_span){packed, fast_metadata_packed_bytes(&metadata)};
	packet->metadata_count = 0;
}

static void packs_byte_for_byte_as_protobuf_c_does(void **state)
{
	static struct sample sample;
	static uint8_t expected[PACKET_BYTES_MAX];
	static uint8_t written[PACKET_BYTES_MAX];
	uint64_t random = 2;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct fast_packet packet;
		const char *reason = NULL;
		size_t bytes;
		size_t head_bytes;

		sample_fill(&random, &sample);
		if (sample.sentence[0] != 0) { /* which is its keys; none is empty */
			sample_fill_metadata(&random, &sample);
		}
		if (sample.packet.trace != NULL && sample.trace.flags == 0) {
			sample.packet.trace = NULL; /* an empty one is none */
		}
		bytes = fast__v1__packet__pack(&sample.packet, expected);
		assert_ok(fast_packet_read(expected, bytes, &packet, &reason));
		pack_entries(&sample, &packet);

		head_bytes = fast_packet_head_bytes(&packet, packet.payload.bytes);
		assert_int_equal(bytes, head_bytes + packet.payload.bytes);
		assert_int_equal(head_bytes,
				 fast_packet_head_write(&packet, packet.payload.bytes, written));
		if (packet.payload.bytes > 0) {
			memcpy(written + head_bytes, packet.payload.data, packet.payload.bytes);
		}
		assert_memory_equal(expected, written, bytes);
	}
}

/* What is refused here though protobuf-c takes it, and why that is right: see PROTOCOL.md,
 * "Limits", and packet.c. */
static bool is_stricter(const char *reason)
{
	static const char *const reasons[] = {
		"the packet has no kind",           "a field is longer than its limit",
		"a field does not have its length", "a text is not UTF-8 or has a zero byte",
		"a message field comes twice",      "a metadata key is too long or not UTF-8",
		"a metadata value is too long",     "too many metadata entries",
		"a number is cut off or too long",  "a field number is out of range",
		"a field has the wrong wire type", /* protobuf-c takes any for a bool */
	};

	for (size_t i = 0; i < FAST_TEST_COUNT(reasons); i++) {
		if (strcmp(reasons[i], reason) == 0) {
			return true;
		}
	}
	return false;
}

static bool messages_are_whole(const struct fast_packet *packet)
{
	const struct {
		const ProtobufCMessageDescriptor *descriptor;
		struct fast_span span;
	} parts[] = {
		{&fast__v1__status__descriptor, packet->status},
		{&fast__v1__hello__descriptor, packet->hello},
		{&fast__v1__trace_context__descriptor, packet->trace},
	};

	for (size_t i = 0; i < FAST_TEST_COUNT(parts); i++) {
		ProtobufCMessage *message = protobuf_c_message_unpack(
			parts[i].descriptor, NULL, parts[i].span.bytes, parts[i].span.data);
		if (message == NULL) {
			return false;
		}
		protobuf_c_message_free_unpacked(message, NULL);
	}
	return true;
}

/* Neither takes what the other refuses, and both read the same. */
static void compare(const uint8_t *data, size_t bytes, unsigned *taken)
{
	struct fast_packet packet;
	const char *reason = NULL;
	enum fast_status status = fast_packet_read(data, bytes, &packet, &reason);
	Fast__V1__Packet *expected = fast__v1__packet__unpack(NULL, bytes, data);

	if (status != FAST_OK) {
		assert_status(FAST_INVALID_ARGUMENT, status);
		assert_non_null(reason);
		if (expected != NULL && !is_stricter(reason)) {
			fail_msg("%s", reason);
		}
	} else if (expected == NULL) {
		assert_false(messages_are_whole(&packet)); /* those stay packed here */
	} else {
		assert_same(expected, &packet);
		(*taken)++;
	}
	if (expected != NULL) {
		fast__v1__packet__free_unpacked(expected, NULL);
	}
}

static void agrees_with_protobuf_c_on_broken_packets(void **state)
{
	static struct sample sample;
	uint64_t random = 3;
	unsigned taken = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		size_t bytes;
		uint8_t *packed;

		sample_fill(&random, &sample);
		sample_fill_metadata(&random, &sample);
		sample.packet.payload.len %= 20;
		bytes = fast__v1__packet__get_packed_size(&sample.packet);
		packed = malloc(bytes); /* so that ASan sees a read past the end */
		assert_non_null(packed);
		fast__v1__packet__pack(&sample.packet, packed);
		for (uint32_t k = random_below(&random, 4); k > 0; k--) {
			packed[random_below(&random, (uint32_t)bytes)] =
				(uint8_t)random_next(&random);
		}
		if (one_in(&random, 3)) {
			bytes = random_below(&random, (uint32_t)bytes + 1);
		}
		compare(packed, bytes, &taken);
		free(packed);
	}
	assert_in_range(taken, 1000, 19000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_protobuf_c_packs),
		cmocka_unit_test(packs_byte_for_byte_as_protobuf_c_does),
		cmocka_unit_test(agrees_with_protobuf_c_on_broken_packets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
