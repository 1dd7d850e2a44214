/* The server before clients that misbehave below the packets: framing, pace and silence. */
#include "server_fixture.h"

#include <stdlib.h>

static void words_of_devices_come_back_with_the_answer(void **state)
{
	/* Two hops, the id, and a packet: kind REQUEST, method. */
	static const char message[] = "\0\0\0\1\0\0\0\2\x80\0\0\5"
				      "\x08\x02\x12\x15testing.v1.Probe/Echo";

	(void)state;
	assert_true(peer_send_message(&peer, message, sizeof message - 1));
	assert_true(peer.in_bytes >= 8 + 8 + 12);
	assert_memory_equal(message, peer.in + 8 + 8, 12);
}

static void bytes_may_come_one_by_one(void **state)
{
	(void)state;
	fast_memory_set_chunk(world.net, 1);
	for (uint32_t i = 0; i < 20; i++) {
		assert_true(ask(ID, "testing.v1.Probe/Echo", i));
		expect_answer(ID, i);
	}
}

static void many_requests_of_one_read_are_all_answered(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 200; i++) {
		assert_true(ask(ID + i, "testing.v1.Probe/Echo", i));
	}
	for (uint32_t i = 0; i < 200; i++) {
		expect_answer(ID + i, i);
	}
}

static void half_a_frame_and_the_end_leave_nothing_behind(void **state)
{
	(void)state;
	assert_true(peer_send(&peer, "\0\0\0\0\0\0\0\x64\x80\0\0\5half", 16));
	peer_close(&peer);
	world_run(&world);
	assert_int_equal(0, stats().connections_open);
	connect_peer();
}

/* What closes the connection, sent behind a hello. */

static void expect_closed_by(const void *bytes, size_t count)
{
	peer_send(&peer, bytes, count);
	world_run(&world);
	assert_true(peer.has_ended);
	assert_int_equal(0, stats().connections_open);
	assert_int_equal(0, world.requests);
}

static void a_message_longer_than_the_limit_closes_the_connection(void **state)
{
	(void)state;
	expect_closed_by("\0\0\0\0\0\x40\0\1", 8); /* 4 MiB and one byte, none of which came */
}

static void an_absurd_length_closes_the_connection(void **state)
{
	(void)state;
	expect_closed_by("\xff\xff\xff\xff\xff\xff\xff\xff", 8);
}

static void a_message_without_id_closes_the_connection(void **state)
{
	(void)state;
	expect_closed_by("\0\0\0\0\0\0\0\2\x80\0", 10);
}

static void endless_hops_close_the_connection(void **state)
{
	uint8_t frame[8 + 40] = {0, 0, 0, 0, 0, 0, 0, 40};

	(void)state;
	expect_closed_by(frame, sizeof frame);
}

static void what_is_not_sp_closes_the_connection(void **state)
{
	(void)state;
	peer_close(&peer);
	connect_peer();
	expect_closed_by("GET / HTTP/1.1\r\n\r\n", 18);
}

static void another_protocol_of_sp_closes_the_connection(void **state)
{
	(void)state;
	peer_close(&peer);
	connect_peer();
	expect_closed_by("\0SP\0\0\x21\0\0", 8);
}

static void a_mute_connection_is_closed_after_its_time(void **state)
{
	(void)state;
	world_advance_ms(&world, 4999);
	assert_false(peer.has_ended);
	world_advance_ms(&world, 1);
	assert_true(peer.has_ended);
}

static void a_dribbling_first_message_does_not_extend_the_time(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		assert_true(peer_send(&peer, "", 1));
		world_advance_ms(&world, 1249);
	}
	assert_false(peer.has_ended);
	world_advance_ms(&world, 10);
	assert_true(peer.has_ended);
}

static void a_peer_that_has_spoken_may_be_silent(void **state)
{
	(void)state;
	assert_true(ask(ID, "testing.v1.Probe/Echo", 3));
	expect_answer(ID, 3);
	world_advance_ms(&world, 3600000);
	assert_false(peer.has_ended);
}

static void a_peer_that_reads_no_answers_is_not_read_for_ever(void **state)
{
	Fast__V1__Packet packet = FAST__V1__PACKET__INIT;
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	char method[] = "testing.v1.Probe/Echo";
	static uint8_t blob[10000];
	static uint8_t packed[sizeof blob + 64];
	unsigned taken = 0;

	(void)state;
	request.blob.data = blob;
	request.blob.len = sizeof blob;
	packet.kind = FAST__V1__PACKET_KIND__PACKET_KIND_REQUEST;
	packet.method = method;
	packet.payload.data = packed;
	packet.payload.len = testing__v1__probe_request__pack(&request, packed);
	peer_stop_reading(&peer);
	while (taken < 1000 && peer_send_packet(&peer, ID + taken, &packet)) {
		taken++;
	}
	/* The answers may take 1 MiB and what one read held; the links hold 128 KiB. */
	assert_in_range(taken, 100, 140);
}

static void the_server_takes_no_more_connections_than_its_limit(void **state)
{
	struct fast_server_options options = {.size = sizeof options, .connections_max = 2};
	struct peer *peers = calloc(3, sizeof *peers);
	struct world small;

	(void)state;
	assert_non_null(peers);
	world_open(&small, &options);
	for (int i = 0; i < 3; i++) {
		struct fast_link *ours = NULL;
		struct fast_link *theirs = NULL;
		assert_ok(fast_memory_link_pair(small.net, 4096, &ours, &theirs));
		fast_server_take_link(small.server, theirs);
		peer_open(&peers[i], small.net, ours);
	}
	world_run(&small);
	assert_false(peers[0].has_ended);
	assert_false(peers[1].has_ended);
	assert_true(peers[2].has_ended);
	for (int i = 0; i < 3; i++) {
		peer_close(&peers[i]);
	}
	world_close(&small);
	free(peers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		server_test(words_of_devices_come_back_with_the_answer),
		server_test(bytes_may_come_one_by_one),
		server_test(many_requests_of_one_read_are_all_answered),
		server_test(half_a_frame_and_the_end_leave_nothing_behind),
		server_test(a_message_longer_than_the_limit_closes_the_connection),
		server_test(an_absurd_length_closes_the_connection),
		server_test(a_message_without_id_closes_the_connection),
		server_test(endless_hops_close_the_connection),
		server_test(what_is_not_sp_closes_the_connection),
		server_test(another_protocol_of_sp_closes_the_connection),
		server_test(a_mute_connection_is_closed_after_its_time),
		server_test(a_dribbling_first_message_does_not_extend_the_time),
		server_test(a_peer_that_has_spoken_may_be_silent),
		server_test(a_peer_that_reads_no_answers_is_not_read_for_ever),
		cmocka_unit_test(the_server_takes_no_more_connections_than_its_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
