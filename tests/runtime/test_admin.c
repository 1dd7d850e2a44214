#include "admin_world.h"

#include "rpc/stats.h"
#include <fast/v1/admin.fast.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const Fast__V1__MethodStats *method_of(const Fast__V1__AdminStatsResponse *response,
					      const char *path)
{
	for (size_t i = 0; i < response->n_methods; i++) {
		if (strcmp(response->methods[i]->method, path) == 0) {
			return response->methods[i];
		}
	}
	fail_msg("no method %s", path);
	return NULL;
}

static void expect_method(const Fast__V1__AdminStatsResponse *response, const char *path,
			  uint64_t begun, uint64_t failed, uint64_t open)
{
	const Fast__V1__MethodStats *method = method_of(response, path);
	uint64_t ended = 0;

	for (size_t i = 0; i < method->n_duration_buckets; i++) {
		ended += method->duration_buckets[i];
	}
	assert_int_equal(begun, method->calls);
	assert_int_equal(failed, method->failed);
	assert_int_equal(open, method->open);
	assert_int_equal(begun - open, ended);
}

static void the_numbers_are_those_of_what_was_done(void **state)
{
	struct outcome outcomes[8];
	const Fast__V1__AdminStatsResponse *response;

	(void)state;
	for (unsigned i = 0; i < 5; i++) { /* well */
		world_ask(&world, i, 0, &outcomes[0]);
		world_run(&world);
	}
	world.handling = WORLD_FAILS;
	for (unsigned i = 0; i < 3; i++) { /* failed */
		world_ask_read(&world, i, 0, &outcomes[0]);
		world_run(&world);
	}
	world.handling = WORLD_KEEPS;
	world_ask(&world, 1, 100, &outcomes[0]); /* cancelled: its client has given up */
	world_ask(&world, 2, 0, &outcomes[1]);   /* open */
	world_ask_read(&world, 3, 0, &outcomes[2]);
	world_advance_ms(&world, 100);
	assert_status(FAST_DEADLINE_EXCEEDED, outcomes[0].status);
	fast_call_fail(world.kept[0], FAST_CANCELLED, "nobody waits");
	world_run(&world);

	response = stats();
	expect_method(response, ECHO, 7, 1, 1);
	expect_method(response, READ, 4, 3, 1);
	expect_method(response, WATCH, 0, 0, 0);
	expect_method(response, "fast.v1.Admin/Stats", 1, 0, 1); /* this one */
	assert_int_equal(12, response->calls_total);
	assert_int_equal(3, response->calls_open);
	assert_int_equal(4, response->calls_failed);
	assert_int_equal(0, response->calls_refused);
	assert_int_equal(0, response->packets_malformed);
	assert_int_equal(1, response->connections_total);
	assert_int_equal(1, response->connections_open);
	assert_true(response->open_time_unix_ns > 0);
	answer_kept(1);
	answer_kept(2);
	world.kept_count = 0;
	response = stats();
	expect_method(response, ECHO, 7, 1, 0);
	expect_method(response, READ, 4, 3, 0);
	expect_method(response, "fast.v1.Admin/Stats", 2, 0, 1);
}

static void methods_are_sorted(void **state)
{
	const Fast__V1__AdminStatsResponse *response = stats();

	(void)state;
	assert_true(response->n_methods >= 3 + 8);
	for (size_t i = 1; i < response->n_methods; i++) {
		assert_true(strcmp(response->methods[i - 1]->method, response->methods[i]->method) <
			    0);
	}
}

static void refused_calls_are_counted_where_they_stopped(void **state)
{
	Fast__V1__AdminStatsRequest request = FAST__V1__ADMIN_STATS_REQUEST__INIT;
	const Fast__V1__AdminStatsResponse *response;
	struct peer peer;
	uint32_t id;

	(void)state;
	bare_open(&world, &peer);
	/* No such method: no call begins. */
	fast__v1__packet__free_unpacked(bare_ask(&peer, "testing.v1.Probe/None", &request.base),
					NULL);
	/* A stream for a bare peer: no call begins. */
	fast__v1__packet__free_unpacked(bare_ask(&peer, WATCH, &request.base), NULL);
	/* A request that cannot be read: a call begins, and fails before its handler. */
	Fast__V1__Packet packet = FAST__V1__PACKET__INIT;
	packet.kind = FAST__V1__PACKET_KIND__PACKET_KIND_REQUEST;
	packet.method = (char *)(uintptr_t)ECHO;
	packet.payload.data = (uint8_t *)(uintptr_t) "\x12\x7f";
	packet.payload.len = 2;
	assert_true(peer_send_packet(&peer, 0x80000009u, &packet));
	fast__v1__packet__free_unpacked(peer_take(&peer, &id), NULL);

	response = stats();
	assert_int_equal(3, response->calls_refused);
	assert_int_equal(1, response->calls_failed);
	assert_int_equal(1, response->packets_malformed);
	expect_method(response, ECHO, 1, 1, 0);
	expect_method(response, WATCH, 0, 0, 0);
	assert_int_equal(2, response->calls_total);
	assert_int_equal(2, response->connections_total);
	assert_int_equal(0, world.requests);
	peer_close(&peer);
	world_run(&world);
	response = stats();
	assert_int_equal(2, response->connections_total);
	assert_int_equal(1, response->connections_open);
}

static void durations_are_counted_by_powers_of_two(void **state)
{
	static const struct {
		int64_t ns;
		size_t bucket;
	} cases[] = {
		{-1, 0},
		{0, 0},
		{1000, 0},
		{1001, 1},
		{2000, 1},
		{2001, 2},
		{4000, 2},
		{4001, 3},
		{1024000, 10},
		{1024001, 11},
		{INT64_MAX / 2, FAST_DURATION_BUCKETS - 1},
	};
	const Fast__V1__MethodStats *method;
	struct outcome outcome;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(cases[i].bucket, fast_duration_bucket(cases[i].ns));
	}
	world_ask(&world, 1, 0, &outcome);
	world_run(&world);
	world.handling = WORLD_KEEPS;
	world_ask(&world, 2, 0, &outcome);
	world_advance_ms(&world, 3);
	answer_kept(0);
	world.kept_count = 0;
	method = method_of(stats(), ECHO);
	assert_int_equal(13, method->n_duration_buckets); /* 2048 < 3000 <= 4096 */
	assert_int_equal(1, method->duration_buckets[0]);
	assert_int_equal(1, method->duration_buckets[12]);
	assert_true(method->duration_seconds_sum > 0.00299 &&
		    method->duration_seconds_sum < 0.00301);
}

static void a_stream_is_open_until_its_end_is_on_its_way(void **state)
{
	struct fast_stream *stream = NULL;
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;

	(void)state;
	request.number = 60; /* more than the reader grants at first */
	assert_ok(testing_v1_probe_watch(world.client, NULL, &request, &stream));
	world_run(&world);
	expect_method(stats(), WATCH, 1, 0, 1);
	assert_int_equal(2, calls()->n_open); /* and the asking one */
	fast_stream_close(stream);
	world_run(&world);
	expect_method(stats(), WATCH, 1, 0, 0);
	assert_int_equal(1, calls()->n_open);
}

static void only_local_peers_of_root_and_our_own_are_answered(void **state)
{
	static const Fast__V1__AdminStatsRequest request = FAST__V1__ADMIN_STATS_REQUEST__INIT;
	const struct {
		bool has_credentials;
		uint32_t uid;
		enum fast_status expected;
		const char *words;
	} cases[] = {
		{true, 0, FAST_OK, NULL},
		{true, geteuid(), FAST_OK, NULL},
		{true, geteuid() + 1000, FAST_PERMISSION_DENIED, "this caller is user"},
		{false, 0, FAST_PERMISSION_DENIED, "came by inproc"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct fast_link *ours = NULL;
		struct fast_link *theirs = NULL;
		Fast__V1__Packet *packet;
		struct peer peer;

		assert_ok(fast_memory_link_pair(world.net, world.capacity, &ours, &theirs));
		theirs->peer.has_credentials = cases[i].has_credentials;
		theirs->peer.uid = cases[i].uid;
		fast_server_take_link(world.server, theirs);
		peer_open(&peer, world.net, ours);
		peer_send_hello(&peer, FAST_SP_REQ);
		for (size_t k = 0; k < fast_v1_admin_service.method_count; k++) {
			packet = bare_ask(&peer, fast_v1_admin_service.methods[k].path,
					  &request.base);
			assert_int_equal(cases[i].expected,
					 packet->status == NULL ? 0 : packet->status->code);
			if (cases[i].words != NULL) {
				assert_non_null(strstr(packet->status->message, cases[i].words));
			}
			fast__v1__packet__free_unpacked(packet, NULL);
		}
		peer_close(&peer);
	}
}

static void methods_noted(const struct fast_method_stats *method, void *arg)
{
	char *text = arg;
	size_t used = strlen(text);

	if (method->calls > 0) {
		snprintf(text + used, 200 - used, "%s %u;", method->method,
			 (unsigned)method->calls);
	}
}

static void a_program_can_read_the_numbers_itself(void **state)
{
	struct outcome outcome;
	char text[200] = "";

	(void)state;
	fast_server_each_method(world.server, methods_noted, text);
	assert_string_equal("", text); /* nothing before the first listen */
	world_ask_read(&world, 1, 0, &outcome);
	world_ask(&world, 1, 0, &outcome);
	world_ask(&world, 1, 0, &outcome);
	world_run(&world);
	fast_server_each_method(world.server, methods_noted, text);
	assert_string_equal(ECHO " 2;" READ " 1;", text);
}

static void text_of_peers_is_made_printable(void **state)
{
	char text[9];

	(void)state;
	fast_text_copy(text, sizeof text, "a\x1b[2J\xc3\xa9");
	assert_string_equal("a?[2J??", text);
	fast_text_copy(text, sizeof text, "123456789");
	assert_string_equal("12345678", text);
	fast_text_copy(text, 1, "1");
	assert_string_equal("", text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		admin_test(the_numbers_are_those_of_what_was_done),
		admin_test(methods_are_sorted),
		admin_test(refused_calls_are_counted_where_they_stopped),
		admin_test(durations_are_counted_by_powers_of_two),
		admin_test(a_stream_is_open_until_its_end_is_on_its_way),
		admin_test(a_program_can_read_the_numbers_itself),
		cmocka_unit_test_setup_teardown(only_local_peers_of_root_and_our_own_are_answered,
						setup_default, teardown),
		cmocka_unit_test(text_of_peers_is_made_printable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
