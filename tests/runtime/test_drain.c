/* How connections end without losing a call. */
#include "server_fixture.h"

#include "rpc/keepalive.h"
#include "rpc/limits.h"

#define DRAIN_MS 15000 /* sooner than the keepalive asks */

#define GOAWAY FAST__V1__PACKET_KIND__PACKET_KIND_GOAWAY
#define PING   FAST__V1__PACKET_KIND__PACKET_KIND_PING

static struct outcome outcome;
static struct outcome second;

static void expect_kind(Fast__V1__PacketKind kind)
{
	fast__v1__packet__free_unpacked(expect(FAST_SP_CONNECTION_ID, kind), NULL);
}

static void send_pong(void)
{
	Fast__V1__Packet packet = FAST__V1__PACKET__INIT;

	packet.kind = FAST__V1__PACKET_KIND__PACKET_KIND_PONG;
	packet.token = fast_ping_token(FAST_PING_DRAIN);
	assert_true(peer_send_packet(&peer, FAST_SP_CONNECTION_ID, &packet));
}

static void answer_kept(unsigned index)
{
	Testing__V1__ProbeResponse response = TESTING__V1__PROBE_RESPONSE__INIT;

	response.number = world.kept_numbers[index];
	fast_call_reply(world.kept[index], &response.base);
	world.kept[index] = NULL;
}

/* The kept calls were ended here, not to be ended again. */
static void forget_kept(void)
{
	world.kept_count = 0;
}

/* A peer of ours with one call open at a server that begins to drain. */
static void drain_with_a_call_open(void)
{
	world.handling = WORLD_KEEPS;
	say_hello(1);
	expect_kind(FAST__V1__PACKET_KIND__PACKET_KIND_HELLO);
	assert_true(ask(ID, "testing.v1.Probe/Echo", 1));
	assert_ok(fast_server_drain_begin(world.server, DRAIN_MS));
	world_run(&world);
	expect_kind(GOAWAY);
	expect_kind(PING);
}

static void late_requests_are_taken_until_the_peer_has_answered(void **state)
{
	Fast__V1__Packet *packet;

	(void)state;
	drain_with_a_call_open();
	assert_true(ask(ID + 1, "testing.v1.Probe/Echo", 2)); /* sent before the GOAWAY came */
	assert_int_equal(2, world.requests);
	send_pong();
	expect_kind(GOAWAY);
	assert_true(ask(ID + 2, "testing.v1.Probe/Echo", 3));
	packet = expect(ID + 2, FAST__V1__PACKET_KIND__PACKET_KIND_PUSHBACK);
	assert_int_equal(FAST_UNAVAILABLE, packet->status->code);
	assert_int_equal(FAST__V1__EXECUTED__EXECUTED_NO, packet->status->executed);
	fast__v1__packet__free_unpacked(packet, NULL);
	assert_int_equal(2, world.requests);
	answer_kept(0);
	world_run(&world);
	expect_answer(ID, 1);
	world_advance_ms(&world, FAST_GOODBYE_MS);
	assert_false(peer.has_ended); /* the other one is open still */
	answer_kept(1);
	world_run(&world);
	expect_answer(ID + 1, 2);
	forget_kept();
	assert_false(peer.has_ended);
	world_advance_ms(&world, FAST_GOODBYE_MS);
	assert_true(peer.has_ended);
}

static void a_peer_that_does_not_answer_is_refused_after_a_while(void **state)
{
	(void)state;
	drain_with_a_call_open();
	world_advance_ms(&world, FAST_DRAIN_ROUND_MS);
	expect_kind(GOAWAY);
	assert_true(ask(ID + 1, "testing.v1.Probe/Echo", 2));
	fast__v1__packet__free_unpacked(expect(ID + 1, FAST__V1__PACKET_KIND__PACKET_KIND_PUSHBACK),
					NULL);
	assert_int_equal(1, world.requests);
}

static void what_still_runs_is_cancelled_at_the_timeout(void **state)
{
	(void)state;
	drain_with_a_call_open();
	send_pong();
	world_advance_ms(&world, DRAIN_MS - 1);
	assert_int_equal(0, world.cancelled);
	world_advance_ms(&world, 1);
	assert_int_equal(1, world.cancelled);
	assert_true(peer.has_ended);
}

static void a_client_that_says_hello_late_is_told(void **state)
{
	(void)state;
	assert_ok(fast_server_drain_begin(world.server, 60000));
	world_run(&world);
	say_hello(1);
	expect_kind(FAST__V1__PACKET_KIND__PACKET_KIND_HELLO);
	expect_kind(GOAWAY);
	expect_kind(PING);
	assert_true(ask(ID, "testing.v1.Probe/Echo", 1));
	expect_answer(ID, 1);
}

static void a_bare_peer_has_its_answer_and_is_closed(void **state)
{
	(void)state;
	world.handling = WORLD_KEEPS;
	assert_true(ask(ID, "testing.v1.Probe/Echo", 1));
	assert_ok(fast_server_drain_begin(world.server, 60000));
	world_advance_ms(&world, FAST_DRAIN_ROUND_MS);
	expect_silence();
	answer_kept(0);
	forget_kept();
	world_run(&world);
	expect_answer(ID, 1);
	world_advance_ms(&world, FAST_GOODBYE_MS);
	assert_true(peer.has_ended);
}

static void a_server_drains_once_and_listens_no_more(void **state)
{
	(void)state;
	assert_ok(fast_server_drain_begin(world.server, 1000));
	assert_status(FAST_FAILED_PRECONDITION, fast_server_drain_begin(world.server, 1000));
	assert_status(FAST_FAILED_PRECONDITION,
		      fast_server_listen(world.server, "ipc:///tmp/never", 0600));
}

/* The world's client has a call open at a server that drains, and another server stands ready. */
static struct fast_server *move_client(void)
{
	struct fast_server *old;

	world.handling = WORLD_KEEPS;
	world_ask(&world, 1, 60000, &outcome);
	world_run(&world);
	assert_int_equal(1, world.requests);
	assert_ok(fast_server_drain_begin(world.server, 60000));
	old = world.server;
	world_start_server(&world, NULL);
	world_run(&world);
	return old;
}

static void new_calls_go_to_the_successor_while_old_ones_end_where_they_are(void **state)
{
	struct fast_server *old;

	(void)state;
	old = move_client();
	world.handling = WORLD_ANSWERS;
	world_ask(&world, 2, 60000, &second);
	world_run(&world);
	assert_int_equal(1, second.count);
	assert_ok(second.status);
	assert_int_equal(0, outcome.count);
	assert_int_equal(2, world.dials);
	answer_kept(0);
	forget_kept();
	world_run(&world);
	assert_int_equal(1, outcome.count);
	assert_ok(outcome.status);
	assert_int_equal(1, outcome.number);
	world_advance_ms(&world, FAST_GOODBYE_MS);
	assert_true(fast_list_is_empty(&world.client->draining));
	fast_server_close(old);
	world_ask(&world, 3, 60000, &second);
	world_run(&world);
	assert_ok(second.status);
	assert_int_equal(2, world.dials);
}

static void calls_wait_a_moment_for_the_successor(void **state)
{
	struct fast_server *old;

	(void)state;
	world_ask(&world, 1, 60000, &outcome);
	world_run(&world);
	assert_ok(outcome.status);
	old = world.server;
	assert_ok(fast_server_drain_begin(old, 60000));
	world.server = NULL; /* nobody serves there for a while */
	world_run(&world);
	world_advance_ms(&world, 1000); /* the client reads it when it is idle */
	world_ask(&world, 2, 60000, &second);
	world_advance_ms(&world, FAST_HANDOVER_MS / 2);
	assert_int_equal(0, second.count);
	world_start_server(&world, NULL);
	world_advance_ms(&world, FAST_BACKOFF_MS_MAX * 2);
	assert_int_equal(1, second.count);
	assert_ok(second.status);
	fast_server_close(old);
}

static void calls_do_not_wait_for_ever_for_a_successor(void **state)
{
	struct fast_server *old;

	(void)state;
	world_ask(&world, 1, 60000, &outcome);
	world_run(&world);
	old = world.server;
	assert_ok(fast_server_drain_begin(old, 60000));
	world.server = NULL;
	world_advance_ms(&world, 1000);
	world_ask(&world, 2, 60000, &second);
	world_advance_ms(&world, FAST_HANDOVER_MS + FAST_BACKOFF_MS_MAX * 2);
	assert_int_equal(1, second.count);
	assert_status(FAST_UNAVAILABLE, second.status);
	assert_int_equal(FAST_EXECUTED_NO, second.executed);
	world_start_server(&world, NULL);
	fast_server_close(old);
}

static void a_client_can_be_closed_while_it_is_being_left(void **state)
{
	struct fast_server *old;

	(void)state;
	old = move_client();
	world_close_client(&world);
	assert_int_equal(1, outcome.count);
	assert_status(FAST_CANCELLED, outcome.status);
	world_run(&world);
	assert_int_equal(1, world.cancelled);
	fast_call_fail(world.kept[0], FAST_CANCELLED, "the client has gone");
	forget_kept();
	fast_server_close(old);
}

static void what_is_lost_on_the_old_connection_may_be_sent_on_the_new(void **state)
{
	struct fast_server *old;

	(void)state;
	world.handling = WORLD_KEEPS;
	world_ask_read(&world, 1, 60000, &outcome); /* without side effects */
	world_ask(&world, 2, 60000, &second);
	world_run(&world);
	assert_ok(fast_server_drain_begin(world.server, 10000));
	old = world.server;
	world_start_server(&world, NULL);
	world.handling = WORLD_ANSWERS;
	world_advance_ms(&world, 10000);
	for (unsigned i = 0; i < 2; i++) {
		fast_call_fail(world.kept[i], FAST_CANCELLED, "it was cut off");
	}
	forget_kept();
	world_run(&world);
	assert_int_equal(1, outcome.count);
	assert_ok(outcome.status);
	assert_int_equal(1, second.count);
	assert_status(FAST_UNAVAILABLE, second.status);
	assert_int_equal(FAST_EXECUTED_UNKNOWN, second.executed);
	fast_server_close(old);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		server_test(late_requests_are_taken_until_the_peer_has_answered),
		server_test(a_peer_that_does_not_answer_is_refused_after_a_while),
		server_test(what_still_runs_is_cancelled_at_the_timeout),
		server_test(a_client_that_says_hello_late_is_told),
		server_test(a_bare_peer_has_its_answer_and_is_closed),
		server_test(a_server_drains_once_and_listens_no_more),
		server_test(new_calls_go_to_the_successor_while_old_ones_end_where_they_are),
		server_test(calls_wait_a_moment_for_the_successor),
		server_test(calls_do_not_wait_for_ever_for_a_successor),
		server_test(a_client_can_be_closed_while_it_is_being_left),
		server_test(what_is_lost_on_the_old_connection_may_be_sent_on_the_new),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
