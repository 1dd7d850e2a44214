#include "support/harness.h"

#include "wire/sp.h"

#include <string.h>

static void the_hello_is_that_of_the_scalability_protocols(void **state)
{
	const uint8_t expected[8] = {0x00, 0x53, 0x50, 0x00, 0x00, 0x30, 0x00, 0x00};
	uint8_t hello[FAST_SP_HELLO_BYTES];

	(void)state;
	fast_sp_hello_write(FAST_SP_REQ, hello);
	assert_memory_equal(expected, hello, sizeof hello);
}

static void a_hello_of_another_protocol_is_refused(void **state)
{
	uint8_t hello[FAST_SP_HELLO_BYTES];

	(void)state;
	fast_sp_hello_write(FAST_SP_REQ, hello);
	assert_ok(fast_sp_hello_check(hello, FAST_SP_REQ));
	assert_status(FAST_INVALID_ARGUMENT, fast_sp_hello_check(hello, FAST_SP_REP));
	for (size_t i = 0; i < sizeof hello; i++) {
		fast_sp_hello_write(FAST_SP_REQ, hello);
		hello[i] ^= 1;
		assert_status(FAST_INVALID_ARGUMENT, fast_sp_hello_check(hello, FAST_SP_REQ));
	}
}

static void prefixes_are_those_of_tcp_and_ipc(void **state)
{
	const uint8_t tcp[8] = {0, 0, 0, 0, 0, 0, 1, 2};
	const uint8_t ipc[9] = {1, 0, 0, 0, 0, 0, 0, 1, 2};
	uint8_t out[FAST_SP_PREFIX_BYTES_MAX];

	(void)state;
	assert_int_equal(8, fast_sp_prefix_write(FAST_SP_TCP, 0x102, out));
	assert_memory_equal(tcp, out, 8);
	assert_int_equal(9, fast_sp_prefix_write(FAST_SP_IPC, 0x102, out));
	assert_memory_equal(ipc, out, 9);
}

static void a_prefix_is_read_once_all_of_it_is_there(void **state)
{
	static const enum fast_sp_framing framings[] = {FAST_SP_TCP, FAST_SP_IPC};

	(void)state;
	for (size_t f = 0; f < 2; f++) {
		uint8_t out[FAST_SP_PREFIX_BYTES_MAX];
		size_t bytes = fast_sp_prefix_write(framings[f], 77, out);
		size_t prefix_bytes;
		size_t frame_bytes;

		for (size_t n = 0; n < bytes; n++) {
			assert_ok(fast_sp_prefix_read(framings[f], out, n, 100, &prefix_bytes,
						      &frame_bytes));
			assert_int_equal(0, frame_bytes);
		}
		assert_ok(fast_sp_prefix_read(framings[f], out, bytes, 100, &prefix_bytes,
					      &frame_bytes));
		assert_int_equal(bytes, prefix_bytes);
		assert_int_equal(bytes + 77, frame_bytes);
	}
}

static void a_message_above_the_limit_is_refused_by_its_length(void **state)
{
	static const uint64_t lengths[] = {101, 1 << 20, UINT64_C(3) << 30, UINT64_MAX};
	size_t prefix_bytes;
	size_t frame_bytes;

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(lengths); i++) {
		uint8_t out[FAST_SP_PREFIX_BYTES_MAX];
		size_t bytes = fast_sp_prefix_write(FAST_SP_IPC, lengths[i], out);
		assert_status(FAST_RESOURCE_EXHAUSTED,
			      fast_sp_prefix_read(FAST_SP_IPC, out, bytes, 100, &prefix_bytes,
						  &frame_bytes));
		assert_int_equal(0, frame_bytes);
	}
}

static void an_ipc_frame_that_is_no_message_is_refused(void **state)
{
	const uint8_t wrong = 2;
	size_t prefix_bytes;
	size_t frame_bytes;

	(void)state;
	assert_status(FAST_INVALID_ARGUMENT, fast_sp_prefix_read(FAST_SP_IPC, &wrong, 1, 100,
								 &prefix_bytes, &frame_bytes));
}

static void the_header_ends_with_the_request_id(void **state)
{
	const uint8_t plain[] = {0x80, 0, 0, 5, 'x'};
	const uint8_t forwarded[] = {0, 0, 0, 1, 0, 0, 0, 2, 0xff, 0xff, 0xff, 0xff};
	size_t bytes;
	uint32_t id;

	(void)state;
	assert_ok(fast_sp_header_read(plain, sizeof plain, &bytes, &id));
	assert_int_equal(4, bytes);
	assert_true(id == 0x80000005u);
	assert_ok(fast_sp_header_read(forwarded, sizeof forwarded, &bytes, &id));
	assert_int_equal(12, bytes);
	assert_true(id == UINT32_MAX);
}

static void a_header_without_an_id_is_refused(void **state)
{
	uint8_t words[4 * (FAST_SP_HOPS_MAX + 2)] = {0};
	size_t bytes;
	uint32_t id;

	(void)state;
	words[4 * FAST_SP_HOPS_MAX] = 0x80;
	assert_ok(fast_sp_header_read(words, sizeof words, &bytes, &id));
	assert_int_equal(4 * (FAST_SP_HOPS_MAX + 1), bytes);
	for (size_t n = 0; n < bytes; n++) {
		size_t ignored;
		assert_status(FAST_INVALID_ARGUMENT, fast_sp_header_read(words, n, &ignored, &id));
	}
	words[4 * FAST_SP_HOPS_MAX] = 0;
	words[4 * (FAST_SP_HOPS_MAX + 1)] = 0x80; /* one hop too many */
	assert_status(FAST_INVALID_ARGUMENT, fast_sp_header_read(words, sizeof words, &bytes, &id));
	assert_status(FAST_INVALID_ARGUMENT, fast_sp_header_read(NULL, 0, &bytes, &id));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_hello_is_that_of_the_scalability_protocols),
		cmocka_unit_test(a_hello_of_another_protocol_is_refused),
		cmocka_unit_test(prefixes_are_those_of_tcp_and_ipc),
		cmocka_unit_test(a_prefix_is_read_once_all_of_it_is_there),
		cmocka_unit_test(a_message_above_the_limit_is_refused_by_its_length),
		cmocka_unit_test(an_ipc_frame_that_is_no_message_is_refused),
		cmocka_unit_test(the_header_ends_with_the_request_id),
		cmocka_unit_test(a_header_without_an_id_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
