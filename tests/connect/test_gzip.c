#include "connect/gzip.h"
#include "tests/support/fault_alloc.h"
#include "tests/support/harness.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_BYTES 100000

static uint8_t *packed_text(size_t bytes, size_t *packed_bytes)
{
	struct fast_writer writer = {.data = NULL};
	char *text = malloc(bytes);

	assert_non_null(text);
	memset(text, 'x', bytes);
	fast_gzip_add(&writer, text, bytes);
	free(text);
	assert_false(writer.failed);
	*packed_bytes = writer.bytes;
	return (uint8_t *)fast_writer_take(&writer);
}

static void what_was_packed_comes_out_again(void **state)
{
	size_t bytes = 0;
	size_t packed_bytes = 0;
	uint8_t *packed = packed_text(TEXT_BYTES, &packed_bytes);
	uint8_t *text = NULL;

	(void)state;
	assert_true(packed_bytes < TEXT_BYTES / 50);
	assert_ok(fast_gunzip(packed, packed_bytes, TEXT_BYTES, &text, &bytes));
	assert_int_equal(bytes, TEXT_BYTES);
	assert_int_equal(text[TEXT_BYTES - 1], 'x');
	free(text);
	free(packed);
}

static void a_message_of_no_bytes_can_be_packed(void **state)
{
	size_t bytes = 1;
	size_t packed_bytes = 0;
	uint8_t *packed = packed_text(0, &packed_bytes);
	uint8_t *text = NULL;

	(void)state;
	assert_ok(fast_gunzip(packed, packed_bytes, TEXT_BYTES, &text, &bytes));
	assert_int_equal(bytes, 0);
	free(text);
	free(packed);
}

static void a_bomb_goes_off_at_the_limit(void **state)
{
	size_t bytes = 0;
	size_t packed_bytes = 0;
	uint8_t *packed = packed_text(8u << 20, &packed_bytes);
	uint8_t *text = NULL;

	(void)state;
	assert_status(FAST_OUT_OF_RANGE,
		      fast_gunzip(packed, packed_bytes, TEXT_BYTES, &text, &bytes));
	assert_status(FAST_OUT_OF_RANGE,
		      fast_gunzip(packed, packed_bytes, (8u << 20) - 1, &text, &bytes));
	assert_null(text);
	assert_ok(fast_gunzip(packed, packed_bytes, 8u << 20, &text, &bytes));
	free(text);
	free(packed);
}

static void what_is_not_whole_is_refused(void **state)
{
	size_t bytes = 0;
	size_t packed_bytes = 0;
	uint8_t *packed = packed_text(TEXT_BYTES, &packed_bytes);
	uint8_t *text = NULL;

	(void)state;
	for (size_t i = 0; i < packed_bytes; i++) {
		assert_status(FAST_INVALID_ARGUMENT,
			      fast_gunzip(packed, i, TEXT_BYTES, &text, &bytes));
	}
	packed[packed_bytes - 5] ^= 1; /* the checksum */
	assert_status(FAST_INVALID_ARGUMENT,
		      fast_gunzip(packed, packed_bytes, TEXT_BYTES, &text, &bytes));
	assert_status(FAST_INVALID_ARGUMENT,
		      fast_gunzip("plain text", 10, TEXT_BYTES, &text, &bytes));
	assert_null(text);
	free(packed);
}

static void bytes_behind_the_end_are_refused(void **state)
{
	size_t bytes = 0;
	size_t packed_bytes = 0;
	uint8_t *packed = packed_text(10, &packed_bytes);
	uint8_t longer[64] = {0};
	uint8_t *text = NULL;

	(void)state;
	assert_true(packed_bytes < sizeof longer);
	memcpy(longer, packed, packed_bytes);
	free(packed);
	assert_status(FAST_INVALID_ARGUMENT,
		      fast_gunzip(longer, packed_bytes + 1, TEXT_BYTES, &text, &bytes));
}

static void a_list_says_whether_gzip_is_taken(void **state)
{
	(void)state;
	assert_true(fast_gzip_is_accepted("gzip"));
	assert_true(fast_gzip_is_accepted("br, GZIP"));
	assert_true(fast_gzip_is_accepted("deflate,gzip;q=0.5,br"));
	assert_false(fast_gzip_is_accepted("gzip;q=0"));
	assert_false(fast_gzip_is_accepted("gzip; q=0.0, br;q=1"));
	assert_false(fast_gzip_is_accepted("identity"));
	assert_false(fast_gzip_is_accepted("x-gzip, gzipped"));
	assert_false(fast_gzip_is_accepted(""));
	assert_false(fast_gzip_is_accepted(", ,;"));
	assert_false(fast_gzip_is_accepted(NULL));
}

static void unpacking_survives_each_allocation_failure(void **state)
{
	size_t bytes = 0;
	size_t packed_bytes = 0;
	uint8_t *packed = packed_text(TEXT_BYTES, &packed_bytes);
	uint8_t *text = NULL;
	enum fast_status status;
	int n = 0;

	(void)state;
	for (;;) {
		fault_alloc_after(n++);
		status = fast_gunzip(packed, packed_bytes, TEXT_BYTES, &text, &bytes);
		if (!fault_alloc_fired()) {
			break;
		}
		assert_status(FAST_RESOURCE_EXHAUSTED, status);
		assert_null(text);
	}
	fault_alloc_after(-1);
	assert_ok(status);
	assert_true(n > 3);
	free(text);
	free(packed);
}

static void packing_survives_each_allocation_failure(void **state)
{
	int n = 0;
	bool has_fired = true;

	(void)state;
	while (has_fired) {
		struct fast_writer writer = {.data = NULL};

		fault_alloc_after(n++);
		fast_gzip_add(&writer, "some text", 9);
		has_fired = fault_alloc_fired();
		assert_int_equal(writer.failed, has_fired);
		fault_alloc_after(-1);
		fast_writer_fini(&writer);
	}
	assert_true(n > 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_packed_comes_out_again),
		cmocka_unit_test(a_message_of_no_bytes_can_be_packed),
		cmocka_unit_test(a_bomb_goes_off_at_the_limit),
		cmocka_unit_test(what_is_not_whole_is_refused),
		cmocka_unit_test(bytes_behind_the_end_are_refused),
		cmocka_unit_test(a_list_says_whether_gzip_is_taken),
		cmocka_unit_test(unpacking_survives_each_allocation_failure),
		cmocka_unit_test(packing_survives_each_allocation_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
