/* What one peer may take of a server's connections. */
#include "server_fixture.h"

#include "rpc/limits.h"

#define IDLE_MS 60000

static struct peer others[3];
static unsigned other_count;

static void restart_server(const struct fast_server_options *options)
{
	peer_close(&peer);
	world_run(&world);
	world_stop_server(&world);
	world_start_server(&world, options);
	other_count = 0;
}

/* A connection of somebody; whether the server keeps it. */
static bool connect_as(const struct fast_peer *who)
{
	struct peer *other = &others[other_count++];
	struct fast_link *ours = NULL;
	struct fast_link *theirs = NULL;

	assert_true(other_count <= FAST_TEST_COUNT(others));
	assert_ok(fast_memory_link_pair(world.net, world.capacity, &ours, &theirs));
	theirs->peer = *who;
	fast_server_take_link(world.server, theirs);
	peer_open(other, world.net, ours);
	world_run(&world);
	return !other->has_ended;
}

/* Leaves the fixture a peer to close. */
static void close_others(void)
{
	while (other_count > 0) {
		peer_close(&others[--other_count]);
		world_run(&world);
	}
	connect_peer();
}

static void a_user_has_no_more_connections_than_its_share(void **state)
{
	const struct fast_server_options options = {.size = sizeof options,
						    .connections_per_uid_max = 1};
	const struct fast_peer one = {.endpoint = "ipc", .has_credentials = true, .uid = 1000};
	const struct fast_peer two = {.endpoint = "ipc", .has_credentials = true, .uid = 1001};

	(void)state;
	restart_server(&options);
	assert_true(connect_as(&one));
	assert_false(connect_as(&one));
	assert_true(connect_as(&two));
	while (other_count > 0) {
		peer_close(&others[--other_count]);
	}
	world_run(&world);
	assert_true(connect_as(&one)); /* there is room again */
	close_others();
}

static void a_certificate_has_no_more_connections_than_its_share(void **state)
{
	const struct fast_server_options options = {.size = sizeof options,
						    .connections_per_certificate_max = 1};
	const char *names[] = {"probe.example"};
	const struct fast_peer subject = {
		.endpoint = "tls+tcp", .has_certificate = true, .common_name = "probe"};
	const struct fast_peer nameless = {
		.endpoint = "tls+tcp", .has_certificate = true, .names = names, .name_count = 1};

	(void)state;
	restart_server(&options);
	assert_true(connect_as(&subject));
	assert_false(connect_as(&subject));
	assert_true(connect_as(&nameless));
	close_others();
}

static void who_has_neither_is_counted_in_all_alone(void **state)
{
	const struct fast_server_options options = {.size = sizeof options,
						    .connections_per_uid_max = 1,
						    .connections_per_certificate_max = 1};
	const struct fast_peer nobody = {.endpoint = "tcp"};

	(void)state;
	restart_server(&options);
	assert_true(connect_as(&nobody));
	assert_true(connect_as(&nobody));
	close_others();
}

static void a_connection_that_does_nothing_is_ended(void **state)
{
	const struct fast_server_options options = {.size = sizeof options, .idle_ms = IDLE_MS};

	(void)state;
	restart_server(&options);
	connect_peer();
	peer_send_hello(&peer, FAST_SP_REQ);
	say_hello(1);
	fast__v1__packet__free_unpacked(
		expect(FAST_SP_CONNECTION_ID, FAST__V1__PACKET_KIND__PACKET_KIND_HELLO), NULL);
	world_advance_ms(&world, IDLE_MS); /* it had something to say at first */
	expect_silence();
	world_advance_ms(&world, IDLE_MS);
	fast__v1__packet__free_unpacked(
		expect(FAST_SP_CONNECTION_ID, FAST__V1__PACKET_KIND__PACKET_KIND_GOAWAY), NULL);
	world_advance_ms(&world, FAST_DRAIN_ROUND_MS + FAST_GOODBYE_MS);
	assert_true(peer.has_ended);
}

static void a_connection_with_a_call_open_is_not_idle(void **state)
{
	const struct fast_server_options options = {
		.size = sizeof options, .idle_ms = IDLE_MS, .keepalive_ms = FAST_KEEPALIVE_MS_NONE};

	(void)state;
	restart_server(&options);
	connect_peer();
	peer_send_hello(&peer, FAST_SP_REQ);
	world.handling = WORLD_KEEPS;
	assert_true(ask(ID, "testing.v1.Probe/Echo", 1));
	world_advance_ms(&world, 10 * IDLE_MS);
	expect_silence();
	assert_false(peer.has_ended);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		server_test(a_user_has_no_more_connections_than_its_share),
		server_test(a_certificate_has_no_more_connections_than_its_share),
		server_test(who_has_neither_is_counted_in_all_alone),
		server_test(a_connection_that_does_nothing_is_ended),
		server_test(a_connection_with_a_call_open_is_not_idle),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
