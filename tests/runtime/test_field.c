#include "support/harness.h"

#include "runtime/random.h"
#include "wire/field.h"

#include <string.h>

static void numbers_come_back_as_they_were_written(void **state)
{
	uint64_t random = 3;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		uint64_t value = random_next(&random) >> random_below(&random, 64);
		uint64_t read = 0;
		uint8_t out[FAST_VARINT_BYTES_MAX];
		size_t bytes = fast_varint_write(value, out);
		assert_int_equal(fast_varint_bytes(value), bytes);
		assert_int_equal(bytes, fast_varint_read(out, bytes, &read));
		assert_true(read == value);
		for (size_t n = 0; n < bytes; n++) {
			assert_int_equal(0, fast_varint_read(out, n, &read));
		}
	}
}

static void a_number_of_more_than_64_bits_is_refused(void **state)
{
	uint8_t largest[10];
	uint64_t value;

	(void)state;
	memset(largest, 0xff, sizeof largest);
	largest[9] = 1;
	assert_int_equal(10, fast_varint_read(largest, 10, &value));
	assert_true(value == UINT64_MAX);
	largest[9] = 2;
	assert_int_equal(0, fast_varint_read(largest, 10, &value));
	largest[9] = 0x81;
	assert_int_equal(0, fast_varint_read(largest, 10, &value));
}

static void each_wire_type_is_read(void **state)
{
	const uint8_t data[] = {
		0x08, 0x96, 0x01,                        /* 1: varint 150 */
		0x11, 1,    2,    3,   4,    5, 6, 7, 8, /* 2: fixed64 */
		0x1a, 3,    'a',  'b', 'c',              /* 3: bytes */
		0x25, 1,    0,    0,   0x80,             /* 4: fixed32 */
		0xfa, 0x7f, 0,                           /* 2047: no bytes */
	};
	struct fast_cursor cursor = {data, sizeof data};
	struct fast_field field;
	const char *reason;

	(void)state;
	assert_true(fast_field_read(&cursor, &field, &reason));
	assert_int_equal(1, field.number);
	assert_int_equal(150, field.value);
	assert_true(fast_field_read(&cursor, &field, &reason));
	assert_true(field.value == 0x0807060504030201u);
	assert_true(fast_field_read(&cursor, &field, &reason));
	assert_int_equal(3, field.bytes);
	assert_memory_equal("abc", field.data, 3);
	assert_true(fast_field_read(&cursor, &field, &reason));
	assert_true(field.value == 0x80000001u);
	assert_true(fast_field_read(&cursor, &field, &reason));
	assert_int_equal(2047, field.number);
	assert_int_equal(0, field.bytes);
	assert_int_equal(0, cursor.left);
}

static void malformed_fields_are_refused_with_a_reason(void **state)
{
	static const struct {
		size_t bytes;
		uint8_t data[12];
	} inputs[] = {
		{1, {0x08}},                                     /* no value */
		{1, {0x80}},                                     /* half a tag */
		{2, {0x00, 0x01}},                               /* field 0 */
		{1, {0x0b}},                                     /* a group */
		{1, {0x0c}},                                     /* the end of a group */
		{1, {0x0e}},                                     /* wire type 6 */
		{1, {0x0f}},                                     /* wire type 7 */
		{3, {0x11, 1, 2}},                               /* half a fixed64 */
		{3, {0x0d, 1, 2}},                               /* half a fixed32 */
		{3, {0x0a, 2, 1}},                               /* longer than the rest */
		{7, {0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f, 1}},    /* 4 GiB */
		{6, {0x80, 0x80, 0x80, 0x80, 0x10, 0}},          /* field number 2^29 */
		{7, {0x88, 0x80, 0x80, 0x80, 0x80, 0, 1}},       /* a tag of 6 bytes */
		{8, {0x0a, 0x81, 0x80, 0x80, 0x80, 0x80, 0, 1}}, /* a length of 6 bytes */
		{11, {0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}},
	};

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(inputs); i++) {
		struct fast_cursor cursor = {inputs[i].data, inputs[i].bytes};
		struct fast_field field;
		const char *reason = NULL;
		assert_false(fast_field_read(&cursor, &field, &reason));
		assert_non_null(reason);
	}
}

/* The plain definition: decodes a character, or gives 0 for what is none. */
static size_t oracle_character(const uint8_t *data, size_t bytes)
{
	static const uint32_t least[] = {0, 1, 0x80, 0x800, 0x10000};
	size_t length = data[0] < 0x80                      ? 1
			: data[0] >= 0xc0 && data[0] < 0xe0 ? 2
			: data[0] >= 0xe0 && data[0] < 0xf0 ? 3
			: data[0] >= 0xf0 && data[0] < 0xf8 ? 4
							    : 0;
	uint32_t value = length == 1 ? data[0] : length == 0 ? 0 : data[0] & (0x7fu >> length);

	if (length == 0 || length > bytes) {
		return 0;
	}
	for (size_t i = 1; i < length; i++) {
		if ((data[i] & 0xc0) != 0x80) {
			return 0;
		}
		value = value << 6 | (data[i] & 0x3f);
	}
	if (value < least[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) {
		return 0;
	}
	return length;
}

static size_t oracle_valid_bytes(const uint8_t *data, size_t bytes)
{
	size_t i = 0;
	size_t step = 1;

	while (i < bytes && step > 0) {
		step = oracle_character(data + i, bytes - i);
		i += step;
	}
	return i;
}

static void text_is_judged_as_by_the_definition_of_utf8(void **state)
{
	/* bytes at which the rules change */
	static const uint8_t edges[] = {0x00, 0x01, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf,
					0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef,
					0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf8, 0xfe, 0xff};
	uint64_t random = 11;

	(void)state;
	for (int i = 0; i < 300000; i++) {
		uint8_t text[24];
		size_t bytes = random_below(&random, sizeof text + 1);
		for (size_t k = 0; k < bytes; k++) {
			text[k] = random_below(&random, 3) > 0
					  ? (uint8_t)('a' + random_below(&random, 26))
					  : edges[random_below(&random, sizeof edges)];
		}
		assert_int_equal(oracle_valid_bytes(text, bytes),
				 fast_text_valid_bytes(text, bytes));
	}
}

static void every_pair_and_every_lead_of_three_is_judged(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 1u << 24; i += (i & 0xff) == 0xc0 ? 0x40 : 1) {
		const uint8_t text[3] = {(uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
		size_t expected = oracle_valid_bytes(text, 3);
		if (expected != fast_text_valid_bytes(text, 3)) {
			fail_msg("%02x %02x %02x", text[0], text[1], text[2]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_come_back_as_they_were_written),
		cmocka_unit_test(a_number_of_more_than_64_bits_is_refused),
		cmocka_unit_test(each_wire_type_is_read),
		cmocka_unit_test(malformed_fields_are_refused_with_a_reason),
		cmocka_unit_test(text_is_judged_as_by_the_definition_of_utf8),
		cmocka_unit_test(every_pair_and_every_lead_of_three_is_judged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
