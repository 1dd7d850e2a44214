/* Packets that are wrong, cut, nested or made to swell are refused before they are unpacked. */
#include "support/harness.h"

#include "daemon/packet_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct packet_arena arena;

static const Fast__V1__SessionUp *unpack(const void *bytes, size_t count)
{
	const char *reason = NULL;
	const Fast__V1__SessionUp *packet = packet_unpack(&arena, bytes, count, &reason);

	assert_int_equal(packet == NULL, reason != NULL);
	return packet;
}

static size_t param_pack(unsigned char *bytes, size_t choice_count)
{
	Fast__V1__SessionUp packet = FAST__V1__SESSION_UP__INIT;
	Fast__V1__DeclareParam declare = FAST__V1__DECLARE_PARAM__INIT;
	Fast__V1__ParamSpec spec = FAST__V1__PARAM_SPEC__INIT;
	Fast__V1__ParamValue value = FAST__V1__PARAM_VALUE__INIT;
	Fast__V1__ParamRange range = FAST__V1__PARAM_RANGE__INIT;
	Fast__V1__ParamValue *choices[1000];

	value.kind_case = FAST__V1__PARAM_VALUE__KIND_STRING_VALUE;
	value.string_value = (char *)(uintptr_t) "stra\xc3\x9f"
						 "e";
	for (size_t i = 0; i < choice_count; i++) {
		choices[i] = &value;
	}
	spec.name = (char *)(uintptr_t) "quality";
	spec.initial = &value;
	spec.range = &range;
	range.max = 5;
	spec.n_choices = choice_count;
	spec.choices = choices;
	declare.spec = &spec;
	packet.kind_case = FAST__V1__SESSION_UP__KIND_DECLARE_PARAM;
	packet.declare_param = &declare;
	return fast__v1__session_up__pack(&packet, bytes);
}

static void a_good_packet_is_unpacked(void **state)
{
	static unsigned char bytes[PACKET_BYTES_MAX];
	size_t count = param_pack(bytes, 32);
	const Fast__V1__SessionUp *packet = unpack(bytes, count);

	(void)state;
	assert_non_null(packet);
	assert_int_equal(32, packet->declare_param->spec->n_choices);
	assert_string_equal("quality", packet->declare_param->spec->name);
}

static void a_packet_cut_anywhere_does_no_harm(void **state)
{
	static unsigned char bytes[PACKET_BYTES_MAX];
	size_t count = param_pack(bytes, 32);

	(void)state;
	for (size_t cut = 0; cut < count; cut++) {
		unsigned char *part = malloc(cut + 1); /* so that a sanitizer sees its end */
		assert_non_null(part);
		memcpy(part, bytes, cut);
		(void)unpack(part, cut);
		free(part);
	}
}

static void a_packet_spoilt_anywhere_does_no_harm(void **state)
{
	static unsigned char bytes[PACKET_BYTES_MAX];
	size_t count = param_pack(bytes, 3);

	(void)state;
	for (size_t at = 0; at < count; at++) {
		for (int bit = 0; bit < 8; bit++) {
			bytes[at] ^= (unsigned char)(1 << bit);
			(void)unpack(bytes, count);
			bytes[at] ^= (unsigned char)(1 << bit);
		}
	}
}

static void a_packet_of_too_many_parts_is_refused(void **state)
{
	static unsigned char bytes[PACKET_BYTES_MAX];

	(void)state;
	assert_null(unpack(bytes, param_pack(bytes, 1000)));
}

static void texts_must_be_utf8_without_zero_bytes(void **state)
{
	(void)state;
	assert_non_null(unpack("\x0a\x05\x12\x03"
			       "cam",
			       7));
	assert_null(unpack("\x0a\x05\x12\x03"
			   "c\0m",
			   7));
	assert_null(unpack("\x0a\x05\x12\x03"
			   "c\xff"
			   "m",
			   7));
}

static void what_is_not_known_is_skipped(void **state)
{
	const unsigned char bytes[] = {0x0a, 0x05, 0x12, 0x03, 'c',  'a', 'm', /* Attach */
				       0xa2, 0x06, 0x02, 0xff, 0x00,           /* field 100 */
				       0xa8, 0x06, 0x05,                       /* 101, varint */
				       0xb1, 0x06, 1,    2,    3,    4,   5,   6, 7, 8};

	(void)state;
	assert_non_null(unpack(bytes, sizeof bytes));
}

static void random_bytes_do_no_harm(void **state)
{
	unsigned char bytes[64];

	(void)state;
	srandom(7);
	for (int i = 0; i < 200000; i++) {
		size_t count = (size_t)random() % sizeof bytes;
		for (size_t n = 0; n < count; n++) {
			bytes[n] = (unsigned char)random();
		}
		bytes[0] = (unsigned char)(0x0a + 8 * (random() % 4));
		(void)unpack(bytes, count);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_packet_is_unpacked),
		cmocka_unit_test(a_packet_cut_anywhere_does_no_harm),
		cmocka_unit_test(a_packet_spoilt_anywhere_does_no_harm),
		cmocka_unit_test(a_packet_of_too_many_parts_is_refused),
		cmocka_unit_test(texts_must_be_utf8_without_zero_bytes),
		cmocka_unit_test(what_is_not_known_is_skipped),
		cmocka_unit_test(random_bytes_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
