#include "support/harness.h"

#include "support/fault_alloc.h"
#include "wire/packet.h"

#include <stdlib.h>
#include <string.h>

static void reason_for(const uint8_t *data, size_t bytes, const char *expected)
{
	struct fast_packet packet;
	const char *reason = NULL;

	assert_status(FAST_INVALID_ARGUMENT, fast_packet_read(data, bytes, &packet, &reason));
	assert_string_equal(expected, reason);
}

static void limits_are_held(void **state)
{
	uint8_t method[4 + FAST_METHOD_BYTES_MAX + 1] = {0x12, 0x80, 0x02}; /* 256 bytes */
	uint8_t many[3 * (FAST_METADATA_MAX + 1)];
	uint8_t key[4 + 65] = {0x5a, 67, 0x0a, 65};
	struct fast_packet packet;
	const char *reason;

	(void)state;
	memset(method + 3, 'm', 256);
	reason_for(method, 3 + 256, "a field is longer than its limit");
	for (size_t i = 0; i < sizeof many; i += 2) {
		many[i] = 0x5a;
		many[i + 1 < sizeof many ? i + 1 : i] = 0;
	}
	reason_for(many, 2 * (FAST_METADATA_MAX + 1), "too many metadata entries");
	many[2 * FAST_METADATA_MAX] = 0x08;
	many[2 * FAST_METADATA_MAX + 1] = 0x02;
	assert_ok(fast_packet_read(many, 2 * (FAST_METADATA_MAX + 1), &packet, &reason));
	assert_int_equal(FAST_METADATA_MAX, packet.metadata_count);
	assert_ptr_equal(many, packet.metadata.data);
	memset(key + 4, 'k', 65);
	reason_for(key, sizeof key, "a metadata key is too long or not UTF-8");
	reason_for((const uint8_t *)"\x72\x03\x01\x02\x03", 5, "a field does not have its length");
	reason_for((const uint8_t *)"\x12\x02m\xff", 4, "a text is not UTF-8 or has a zero byte");
	reason_for((const uint8_t *)"\x12\x02m\x00", 4, "a text is not UTF-8 or has a zero byte");
	reason_for((const uint8_t *)"\x2a\x00\x2a\x00", 4, "a message field comes twice");
	reason_for((const uint8_t *)"\x0d\x01\x01\x01\x01", 5, "a field has the wrong wire type");
	reason_for((const uint8_t *)"", 0, "the packet has no kind");
	reason_for(NULL, 0, "the packet has no kind");
}

static void unknown_fields_are_skipped(void **state)
{
	const uint8_t data[] = {0xb8, 0x07, 5,    0x08, 2, 0xc2, 0x07, 1,
				'x',  0xfd, 0xff, 1,    1, 2,    3,    4};
	struct fast_packet packet;
	const char *reason;

	(void)state;
	assert_ok(fast_packet_read(data, sizeof data, &packet, &reason));
	assert_int_equal(FAST__V1__PACKET_KIND__PACKET_KIND_REQUEST, packet.kind);
}

/* The message that a status with this one has on the wire. */
static char *packed_sentence(char *message)
{
	Fast__V1__Status status = FAST__V1__STATUS__INIT;
	Fast__V1__Status *read;
	uint8_t *packed = NULL;
	size_t bytes = 0;
	char *copy;

	status.code = 5;
	status.message = message;
	assert_ok(fast_packet_status_pack(&status, &packed, &bytes));
	read = fast__v1__status__unpack(NULL, bytes, packed);
	assert_non_null(read);
	assert_int_equal(5, read->code);
	copy = strdup(read->message);
	assert_non_null(copy);
	fast__v1__status__free_unpacked(read, NULL);
	free(packed);
	return copy;
}

static void assert_packed_sentence(const char *expected, char *message)
{
	char *packed = packed_sentence(message);

	assert_string_equal(expected, packed);
	free(packed);
}

static void a_status_is_packed_with_a_sentence_that_peers_take(void **state)
{
	char text[3001];
	char *packed;

	(void)state;
	assert_packed_sentence("no such knob", (char[]){"no such knob"});
	assert_packed_sentence("", NULL);
	assert_packed_sentence("a?b?", (char[]){"a\xff"
						"b\xc3"});
	memset(text, 'x', 1024);
	text[1024] = 0;
	assert_packed_sentence(text, text);
	for (size_t i = 0; i < 1000; i++) {
		memcpy(text + 3 * i, "\xe2\x82\xac", 3); /* the cut falls into a character */
	}
	text[3000] = 0;
	packed = packed_sentence(text);
	assert_int_equal(1023, strlen(packed));
	assert_memory_equal(text, packed, 1023);
	free(packed);
}

static void a_status_with_a_missing_detail_is_refused(void **state)
{
	Fast__V1__Status status = FAST__V1__STATUS__INIT;
	Fast__V1__StatusDetail *details[1] = {NULL};
	uint8_t *packed = NULL;
	size_t bytes;

	(void)state;
	status.n_details = 1;
	status.details = details;
	assert_status(FAST_INVALID_ARGUMENT, fast_packet_status_pack(&status, &packed, &bytes));
	status.n_details = 0;
	fault_alloc_after(0);
	assert_status(FAST_RESOURCE_EXHAUSTED, fast_packet_status_pack(&status, &packed, &bytes));
	fault_alloc_after(-1);
	assert_null(packed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_are_held),
		cmocka_unit_test(unknown_fields_are_skipped),
		cmocka_unit_test(a_status_is_packed_with_a_sentence_that_peers_take),
		cmocka_unit_test(a_status_with_a_missing_detail_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
