/* Clients that are slow, wrong, many, or gone. */
#include "tests/connect/http_peer.h"
#include "tests/connect/probe_world.h"
#include "tests/support/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHORT_MS        200
#define CHUNK_BYTES     4096
#define CHUNKS_MAX      100000 /* far more than a server should bear */
#define PIPELINED       20
#define CONNECTIONS_MAX 2

static struct probe_world *open_with(const struct fast_connect_options *options)
{
	struct probe_world *world = probe_world_open(options);

	assert_non_null(world);
	return world;
}

static struct http_peer *peer_of(const struct probe_world *world)
{
	struct http_peer *peer = http_peer_open(probe_world_port(world));

	assert_non_null(peer);
	return peer;
}

/* After whatever happened, the next caller is served. */
static void close_served(struct probe_world *world)
{
	struct http_peer *peer = peer_of(world);

	assert_true(http_peer_post(peer, "Echo", "{\"number\":77}"));
	assert_true(http_peer_hears(peer, "\"number\":77"));
	http_peer_close(peer);
	probe_world_close(world);
}

static void who_never_finishes_a_request_is_closed(void **state)
{
	static const char *const beginnings[] = {
		"",
		"POST /testing.v1.Pro",
		"POST /testing.v1.Probe/Echo HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
		"POST /testing.v1.Probe/Echo HTTP/1.1\r\nHost: localhost\r\n"
		"Content-Type: application/json\r\nContent-Length: 10\r\n\r\n{",
		"POST /testing.v1.Probe/Echo HTTP/1.1\r\nHost: localhost\r\n"
		"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{",
	};
	struct fast_connect_options options = {.size = sizeof options, .request_ms = SHORT_MS};
	struct probe_world *world = open_with(&options);

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(beginnings); i++) {
		struct http_peer *peer = peer_of(world);

		assert_true(http_peer_say(peer, beginnings[i]));
		assert_true(http_peer_hears_end(peer));
		http_peer_close(peer);
	}
	close_served(world);
}

static void who_has_asked_may_wait_as_long_as_it_likes(void **state)
{
	struct fast_connect_options options = {.size = sizeof options, .request_ms = SHORT_MS};
	struct probe_world *world = open_with(&options);
	struct http_peer *stream = peer_of(world);
	struct http_peer *silent = peer_of(world);

	(void)state;
	assert_true(http_peer_post_stream(stream, "Watch", "{\"number\":1,\"text\":\"wait\"}"));
	assert_true(http_peer_hears(stream, "\"number\":1"));
	/* By the time that one who asks nothing is closed, the stream still is not. */
	assert_true(http_peer_hears_end(silent));
	assert_true(probe_world_waiting(world, 1));
	http_peer_close(stream);
	assert_true(probe_world_cancelled(world, 1));
	http_peer_close(silent);
	close_served(world);
}

static void requests_in_one_piece_are_answered_in_their_order(void **state)
{
	struct probe_world *world = open_with(NULL);
	struct http_peer *peer = peer_of(world);
	const char *found;
	char wanted[32];

	(void)state;
	for (int i = 1; i <= PIPELINED; i++) {
		snprintf(wanted, sizeof wanted, "{\"number\":%d}", 1000 + i);
		assert_true(http_peer_post(peer, "Echo", wanted));
	}
	assert_true(http_peer_hears(peer, wanted));
	found = peer->heard;
	for (int i = 1; i <= PIPELINED; i++) {
		snprintf(wanted, sizeof wanted, "{\"number\":%d}", 1000 + i);
		found = strstr(found, wanted);
		assert_non_null(found);
	}
	http_peer_close(peer);
	close_served(world);
}

static void what_is_said_wrongly_is_answered_or_closed_and_harms_nobody(void **state)
{
	static const struct {
		const char *text;
		const char *answer; /* NULL: the end alone */
	} cases[] = {
		{"\r\n\r\n", NULL},
		{"HELLO\r\n\r\n", NULL},
		{"GET / HTTP/9.9\r\n\r\n", NULL},
		{"POST /testing.v1.Probe/Echo HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
		 "HTTP/1.1 400"},
		{"POST /testing.v1.Probe/Echo HTTP/1.1\r\nHost: localhost\r\n"
		 "Content-Length: 99999999999999999999999\r\n\r\n",
		 "HTTP/1.1 413"},
		{"POST /testing.v1.Probe/Echo HTTP/1.1\r\nHost: localhost\r\n"
		 "Content-Type: application/json\r\nContent-Length: 9999999999\r\n\r\n",
		 "\"code\":\"resource_exhausted\""},
		{"POST /testing.v1.Probe/Echo HTTP/1.1\r\nHost: localhost\r\n"
		 "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
		 "HTTP/1.1 400"},
		{"OPTIONS /testing.v1.Probe/Read HTTP/1.1\r\nHost: localhost\r\n"
		 "Connection: close\r\n\r\n",
		 "Allow: GET, POST"},
		{"DELETE /testing.v1.Probe/Echo HTTP/1.1\r\nHost: localhost\r\n"
		 "Connection: close\r\n\r\n",
		 "Allow: POST"},
		{"HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "HTTP/1.1 200"},
		{"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
		 "Content-Length: 0\r\n\r\n",
		 "Allow: GET, HEAD"},
		{"GET /testing.v1.Probe/Read?message=%zz%00&base64=1 HTTP/1.1\r\nHost: a\r\n"
		 "Connection: close\r\n\r\n",
		 "HTTP/1.1 4"},
		{"GET /%ff//../ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
		 "HTTP/1.1 400"},
	};
	struct probe_world *world = open_with(NULL);

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(cases); i++) {
		struct http_peer *peer = peer_of(world);

		assert_true(http_peer_say(peer, cases[i].text));
		if (cases[i].answer == NULL) {
			http_peer_finish(peer);
		} else {
			assert_true(http_peer_hears(peer, cases[i].answer));
		}
		assert_true(http_peer_hears_end(peer));
		http_peer_close(peer);
	}
	close_served(world);
}

static void a_head_without_end_is_refused(void **state)
{
	struct probe_world *world = open_with(NULL);
	struct http_peer *peer = peer_of(world);
	char line[CHUNK_BYTES];
	int lines = 0;

	(void)state;
	memset(line, 'x', sizeof line);
	memcpy(line, "X-Long: ", strlen("X-Long: "));
	memcpy(line + sizeof line - 2, "\r\n", 2);
	assert_true(http_peer_say(peer, "GET / HTTP/1.1\r\nHost: localhost\r\n"));
	while (lines < CHUNKS_MAX && http_peer_send(peer, line, sizeof line)) {
		lines++;
	}
	assert_true(lines < CHUNKS_MAX);
	http_peer_close(peer);
	close_served(world);
}

static void a_body_in_pieces_without_end_is_cut_off(void **state)
{
	struct fast_connect_options options = {.size = sizeof options, .message_bytes_max = 1000};
	struct probe_world *world = open_with(&options);
	struct http_peer *peer = peer_of(world);
	char chunk[CHUNK_BYTES + 8];
	int chunks = 0;

	(void)state;
	memset(chunk, ' ', sizeof chunk);
	memcpy(chunk, "1000\r\n", 6); /* 4096 */
	memcpy(chunk + 6 + CHUNK_BYTES, "\r\n", 2);
	assert_true(http_peer_say(peer, "POST /testing.v1.Probe/Echo HTTP/1.1\r\n"
					"Host: localhost\r\nContent-Type: application/json\r\n"
					"Transfer-Encoding: chunked\r\n\r\n"));
	while (chunks < CHUNKS_MAX && http_peer_send(peer, chunk, sizeof chunk)) {
		chunks++;
	}
	assert_true(chunks < CHUNKS_MAX);
	http_peer_close(peer);

	/* One that ends hears why. */
	peer = peer_of(world);
	assert_true(http_peer_say(peer, "POST /testing.v1.Probe/Echo HTTP/1.1\r\n"
					"Host: localhost\r\nContent-Type: application/json\r\n"
					"Transfer-Encoding: chunked\r\n\r\n"));
	assert_true(http_peer_send(peer, chunk, sizeof chunk));
	assert_true(http_peer_say(peer, "0\r\n\r\n"));
	assert_true(http_peer_hears(peer, "at most 1000 bytes"));
	http_peer_close(peer);
	close_served(world);
}

static void who_expects_a_word_first_gets_it_or_the_refusal(void **state)
{
	struct probe_world *world = open_with(NULL);
	struct http_peer *peer = peer_of(world);

	(void)state;
	assert_true(http_peer_say(peer, "POST /testing.v1.Probe/Echo HTTP/1.1\r\n"
					"Host: localhost\r\nContent-Type: application/json\r\n"
					"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n"));
	assert_true(http_peer_hears(peer, "HTTP/1.1 100"));
	assert_true(http_peer_say(peer, "{}"));
	assert_true(http_peer_hears(peer, "HTTP/1.1 200"));
	http_peer_close(peer);

	peer = peer_of(world);
	assert_true(http_peer_say(peer, "POST /testing.v1.Probe/Nothing HTTP/1.1\r\n"
					"Host: localhost\r\nContent-Type: application/json\r\n"
					"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n"));
	assert_true(http_peer_hears(peer, "HTTP/1.1 404"));
	assert_null(strstr(peer->heard, "HTTP/1.1 100"));
	http_peer_close(peer);
	close_served(world);
}

static void who_leaves_is_heard_by_the_handler(void **state)
{
	struct probe_world *world = open_with(NULL);
	struct http_peer *peer = peer_of(world);

	(void)state;
	assert_true(http_peer_post(peer, "Echo", "{\"text\":\"wait\"}"));
	assert_true(probe_world_waiting(world, 1));
	http_peer_close(peer);
	assert_true(probe_world_cancelled(world, 1));

	/* A stream on which nothing happens; and one whose reader has closed its half. */
	peer = peer_of(world);
	assert_true(http_peer_post_stream(peer, "Watch", "{\"text\":\"wait\"}"));
	assert_true(probe_world_waiting(world, 2));
	http_peer_close(peer);
	assert_true(probe_world_cancelled(world, 2));
	peer = peer_of(world);
	assert_true(http_peer_post_stream(peer, "Watch", "{\"text\":\"wait\"}"));
	assert_true(probe_world_waiting(world, 3));
	http_peer_finish(peer);
	assert_true(probe_world_cancelled(world, 3));
	http_peer_close(peer);
	close_served(world);
}

static void a_reader_that_stops_reading_holds_up_nobody(void **state)
{
	struct probe_world *world = open_with(NULL);
	struct http_peer *peer = peer_of(world);

	(void)state;
	assert_true(http_peer_post_stream(peer, "Watch", "{\"number\":1000000}"));
	assert_true(http_peer_hears(peer, "\"number\":1}"));
	close_served(world);
	http_peer_close(peer);
}

static void close_waits_for_no_caller(void **state)
{
	static const char *const requests[] = {
		"", "POST /testing.v1.Probe/Echo HTTP/1.1\r\nContent-Length: 5\r\n\r\n{",
		"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"};
	struct probe_world *world = open_with(NULL);
	struct http_peer *peers[6] = {NULL};

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(peers); i++) {
		peers[i] = peer_of(world);
	}
	for (size_t i = 0; i < FAST_TEST_COUNT(requests); i++) {
		assert_true(http_peer_say(peers[i], requests[i]));
	}
	assert_true(http_peer_post(peers[3], "Echo", "{\"text\":\"wait\"}"));
	assert_true(http_peer_post_stream(peers[4], "Watch", "{\"text\":\"wait\"}"));
	assert_true(http_peer_say(peers[5],
				  "GET /testing.v1.Probe/Read?message={\"text\":\"wait\"} "
				  "HTTP/1.1\r\nHost: localhost\r\n\r\n"));
	assert_true(probe_world_waiting(world, 3));
	probe_world_close(world); /* would not return */
	for (size_t i = 0; i < FAST_TEST_COUNT(peers); i++) {
		http_peer_close(peers[i]);
	}
}

static void who_comes_when_all_is_full_is_told(void **state)
{
	struct fast_connect_options options = {.size = sizeof options,
					       .connections_max = CONNECTIONS_MAX};
	struct probe_world *world = open_with(&options);
	struct http_peer *held[CONNECTIONS_MAX];
	struct http_peer *peer;
	bool is_served = false;

	(void)state;
	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		held[i] = peer_of(world);
		assert_true(http_peer_post(held[i], "Echo", "{}"));
		assert_true(http_peer_hears(held[i], "HTTP/1.1 200"));
	}
	peer = peer_of(world);
	assert_true(http_peer_post(peer, "Echo", "{}"));
	assert_true(http_peer_hears(peer, "HTTP/1.1 503"));
	assert_true(http_peer_hears(peer, "all 2 connections are in use"));
	assert_true(http_peer_hears_end(peer));
	http_peer_close(peer);

	http_peer_close(held[0]);
	while (!is_served) { /* until the place is free; ctest bounds it */
		peer = peer_of(world);
		assert_true(http_peer_post(peer, "Echo", "{}"));
		assert_true(http_peer_hears(peer, "HTTP/1.1 "));
		is_served = strstr(peer->heard, "HTTP/1.1 200") != NULL;
		http_peer_close(peer);
	}
	http_peer_close(held[1]);
	probe_world_close(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_never_finishes_a_request_is_closed),
		cmocka_unit_test(who_has_asked_may_wait_as_long_as_it_likes),
		cmocka_unit_test(requests_in_one_piece_are_answered_in_their_order),
		cmocka_unit_test(what_is_said_wrongly_is_answered_or_closed_and_harms_nobody),
		cmocka_unit_test(a_head_without_end_is_refused),
		cmocka_unit_test(a_body_in_pieces_without_end_is_cut_off),
		cmocka_unit_test(who_expects_a_word_first_gets_it_or_the_refusal),
		cmocka_unit_test(who_leaves_is_heard_by_the_handler),
		cmocka_unit_test(a_reader_that_stops_reading_holds_up_nobody),
		cmocka_unit_test(close_waits_for_no_caller),
		cmocka_unit_test(who_comes_when_all_is_full_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
