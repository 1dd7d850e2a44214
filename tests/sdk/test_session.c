#include "support/harness.h"

#include "session.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static size_t refused_pack(uint8_t *packet)
{
	Fast__V1__SessionDown down = FAST__V1__SESSION_DOWN__INIT;
	Fast__V1__Refused refused = FAST__V1__REFUSED__INIT;

	refused.code = FAST_INVALID_ARGUMENT;
	refused.message = "no";
	down.kind_case = FAST__V1__SESSION_DOWN__KIND_REFUSED;
	down.refused = &refused;
	return fast__v1__session_down__pack(&down, packet);
}

/* A peer that ends with packets unread resets the connection, which the kernel tells first. */
static void the_last_words_of_a_peer_that_did_not_listen_are_read(void **state)
{
	uint8_t packet[FAST_SESSION_PACKET_BYTES_MAX];
	Fast__V1__SessionDown *down = NULL;
	int ends[2];

	(void)state;
	assert_int_equal(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends));
	assert_ok(fast_session_send(ends[0], (const uint8_t *)"unread", 6, -1));
	size_t bytes = refused_pack(packet);
	assert_int_equal(bytes, send(ends[1], packet, bytes, 0));
	assert_int_equal(0, close(ends[1]));

	assert_ok(fast_session_receive(ends[0], &down));
	assert_non_null(down);
	assert_string_equal("no", down->refused->message);
	fast__v1__session_down__free_unpacked(down, NULL);
	assert_status(FAST_UNAVAILABLE, fast_session_receive(ends[0], &down));
	assert_null(down);
	assert_status(FAST_UNAVAILABLE, fast_session_send(ends[0], packet, bytes, -1));
	assert_int_equal(0, close(ends[0]));
}

static void nothing_to_read_is_told_from_the_end(void **state)
{
	Fast__V1__SessionDown *down = NULL;
	int ends[2];

	(void)state;
	assert_int_equal(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends));
	assert_status(FAST_NOT_FOUND, fast_session_receive(ends[0], &down));
	assert_null(down);
	assert_int_equal(0, close(ends[0]));
	assert_int_equal(0, close(ends[1]));
}

static void junk_and_packets_that_are_too_long_are_passed_over(void **state)
{
	static const uint8_t junk[2 * FAST_SESSION_PACKET_BYTES_MAX] = {0xff, 0xff};
	uint8_t packet[FAST_SESSION_PACKET_BYTES_MAX];
	Fast__V1__SessionDown *down = NULL;
	int ends[2];

	(void)state;
	assert_int_equal(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends));
	assert_int_equal(2, send(ends[1], junk, 2, 0));
	assert_int_equal(sizeof junk, send(ends[1], junk, sizeof junk, 0));
	size_t bytes = refused_pack(packet);
	assert_int_equal(bytes, send(ends[1], packet, bytes, 0));
	for (int i = 0; i < 2; i++) {
		assert_ok(fast_session_receive(ends[0], &down));
		assert_null(down);
	}
	assert_ok(fast_session_receive(ends[0], &down));
	assert_non_null(down);
	fast__v1__session_down__free_unpacked(down, NULL);
	assert_int_equal(0, close(ends[0]));
	assert_int_equal(0, close(ends[1]));
}

static void a_full_socket_is_told_from_a_broken_one(void **state)
{
	static const uint8_t packet[FAST_SESSION_PACKET_BYTES_MAX];
	enum fast_status status = FAST_OK;
	int ends[2];

	(void)state;
	assert_int_equal(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends));
	for (int i = 0; i < 100000 && status == FAST_OK; i++) {
		status = fast_session_send(ends[0], packet, sizeof packet, -1);
	}
	assert_status(FAST_RESOURCE_EXHAUSTED, status);
	assert_int_equal(0, close(ends[1]));
	(void)!fast_session_send(ends[0], packet, sizeof packet, -1); /* takes the reset */
	assert_status(FAST_UNAVAILABLE, fast_session_send(ends[0], packet, sizeof packet, -1));
	assert_int_equal(0, close(ends[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_words_of_a_peer_that_did_not_listen_are_read),
		cmocka_unit_test(nothing_to_read_is_told_from_the_end),
		cmocka_unit_test(junk_and_packets_that_are_too_long_are_passed_over),
		cmocka_unit_test(a_full_socket_is_told_from_a_broken_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
