#include "runtime/tls_world.h"

#include "base/timer.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define NS_PER_MS INT64_C(1000000)
#define DIAL_MS   15000

/* One dial between two that know each other. */
static void greet(struct tls_ends *ends)
{
	struct link_end client;
	struct link_end server;
	struct fast_link *link = NULL;

	assert_ok(tls_ends_dial(ends, DIAL_MS, &link));
	link_end_init(&client, link);
	link = link_inbox_take(&ends->inbox, ends->greeted++);
	assert_non_null(link);
	link_end_init(&server, link);
	link_pass_text(&client, &server, "who is there?");
	link_pass_text(&server, &client, "a friend");
	client.link->ops->free(client.link);
}

static void both_sides_show_certificates(void **state)
{
	struct tls_ends ends;

	(void)state;
	tls_ends_open(&ends, tls_make("ca", "server"), tls_make("ca", "client"), "localhost");
	greet(&ends);
	tls_ends_close(&ends);
}

static void rsa_does_too(void **state)
{
	struct tls_ends ends;

	(void)state;
	tls_ends_open(&ends, tls_make("rsa-ca", "rsa-server"), tls_make("rsa-ca", "rsa-client"),
		      "localhost");
	greet(&ends);
	tls_ends_close(&ends);
}

static void an_address_is_a_name_too(void **state)
{
	struct tls_ends ends;

	(void)state;
	tls_ends_open(&ends, tls_make("ca", "server"), tls_make("ca", "client"), "127.0.0.1");
	greet(&ends);
	tls_ends_close(&ends);
}

static void the_name_can_be_given(void **state)
{
	struct fast_tls_options options = tls_options("ca", "client");
	struct tls_ends ends;

	(void)state;
	options.server_name = "node.example";
	tls_ends_open(&ends, tls_make("ca", "server"), tls_make_with(&options), "127.0.0.1");
	greet(&ends);
	tls_ends_close(&ends);
	options.server_name = "A.example";
	tls_ends_open(&ends, tls_make("ca", "elsewhere"), tls_make_with(&options), "127.0.0.1");
	greet(&ends);
	tls_ends_close(&ends);
	options.server_name = "any.b.example";
	tls_ends_open(&ends, tls_make("ca", "elsewhere"), tls_make_with(&options), "127.0.0.1");
	greet(&ends);
	tls_ends_close(&ends);
}

static void each_knows_the_others_names(void **state)
{
	struct tls_ends ends;
	struct fast_link *client = NULL;
	const struct fast_peer *peer;

	(void)state;
	tls_ends_open(&ends, tls_make("ca", "server"), tls_make("ca", "client"), "localhost");
	assert_ok(tls_ends_dial(&ends, DIAL_MS, &client));
	peer = &link_inbox_take(&ends.inbox, 0)->peer;
	assert_string_equal("tls+tcp", peer->endpoint);
	assert_false(peer->has_credentials);
	assert_true(peer->has_certificate);
	assert_string_equal("client", peer->common_name);
	assert_int_equal(3, peer->name_count);
	assert_string_equal("controller.example", peer->names[0]);
	assert_string_equal("spiffe://example/controller", peer->names[1]);
	assert_string_equal("192.0.2.7", peer->names[2]);
	assert_string_equal("server", client->peer.common_name);
	assert_int_equal(4, client->peer.name_count);
	assert_string_equal("::1", client->peer.names[3]);
	client->ops->free(client);
	tls_ends_close(&ends);
}

/* Dials where one side has a wrong certificate: refused within the second, with this sentence. */
static void refused(struct fast_tls *server, struct fast_tls *client, const char *host,
		    enum fast_status status, const char *sentence)
{
	struct tls_ends ends;
	struct fast_link *link = NULL;

	tls_ends_open(&ends, server, client, host);
	assert_status(status, tls_ends_dial(&ends, DIAL_MS, &link));
	if (strstr(ends.reason, sentence) == NULL) {
		fail_msg("\"%s\" is not in \"%s\"", sentence, ends.reason);
	}
	assert_int_equal(0, gate_count(&ends.inbox.accepted));
	tls_ends_close(&ends);
}

static void each_wrong_server_is_named(void **state)
{
	static const struct {
		const char *server;
		const char *host;
		const char *sentence;
	} rows[] = {
		{"expired-server", "localhost",
		 "the server's certificate has expired on 2021-02-03"},
		{"future-server", "localhost",
		 "the server's certificate is not valid before 2048-05-06"},
		{"other-server", "localhost", "the server's certificate is not signed by a CA in"},
		{"elsewhere", "localhost",
		 "the server's certificate is for a.example, *.b.example, not for localhost"},
		{"elsewhere", "127.0.0.1",
		 "the server's certificate is for a.example, *.b.example, not for 127.0.0.1"},
		{"nameless", "localhost",
		 "the server's certificate names no host in its alternative names, so not "
		 "localhost"},
	};

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(rows); i++) {
		refused(tls_make("ca", rows[i].server), tls_make("ca", "client"), rows[i].host,
			FAST_UNAUTHENTICATED, rows[i].sentence);
	}
}

static void each_wrong_client_is_named(void **state)
{
	static const struct {
		const char *client;
		const char *sentence;
	} rows[] = {
		{"expired-client",
		 "the server refused this client's certificate: it has expired on 2021-02-03"},
		{"future-client", "the server refused this client's certificate: it is not valid "
				  "before 2048-05-06"},
		{"other-client", "the server refused this client's certificate: unknown CA"},
		{"elsewhere", "the server refused this client's certificate: wrong kind"},
		{NULL, "the server wants a client certificate, and this client has none"},
	};

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(rows); i++) {
		refused(tls_make("ca", "server"), tls_make("ca", rows[i].client), "localhost",
			FAST_UNAUTHENTICATED, rows[i].sentence);
	}
}

static void anonymous_clients_come_only_where_they_may(void **state)
{
	struct fast_tls_options options = tls_options("ca", "server");
	struct tls_ends ends;

	(void)state;
	options.allow_anonymous_clients = true;
	tls_ends_open(&ends, tls_make_with(&options), tls_make("ca", NULL), "localhost");
	greet(&ends);
	assert_false(ends.inbox.links[0]->peer.has_certificate);
	assert_int_equal(0, ends.inbox.links[0]->peer.name_count);
	tls_ends_close(&ends);

	tls_ends_open(&ends, tls_make_with(&options), tls_make("ca", "client"), "localhost");
	greet(&ends);
	assert_true(ends.inbox.links[0]->peer.has_certificate);
	tls_ends_close(&ends);

	refused(tls_make_with(&options), tls_make("ca", "other-client"), "localhost",
		FAST_UNAUTHENTICATED, "the server refused this client's certificate");

	options.ca_file = NULL;
	tls_ends_open(&ends, tls_make_with(&options), tls_make("ca", "client"), "localhost");
	greet(&ends);
	assert_false(ends.inbox.links[0]->peer.has_certificate);
	tls_ends_close(&ends);
}

static void a_silent_client_is_closed_in_time(void **state)
{
	struct fast_tls_options options = tls_options("ca", "server");
	struct tls_ends ends;
	int fd;

	(void)state;
	options.handshake_ms = 100;
	tls_ends_open(&ends, tls_make_with(&options), tls_make("ca", "client"), "localhost");
	fd = tls_connect_plain(ends.listener);
	assert_true(tls_plain_is_closed(fd));
	close(fd);
	fd = tls_connect_plain(ends.listener);
	assert_int_equal(3, send(fd, "\x16\x03\x01", 3, 0)); /* and no more of it */
	assert_true(tls_plain_is_closed(fd));
	close(fd);
	tls_ends_close(&ends);
}

static void a_silent_server_is_left_in_time(void **state)
{
	struct fast_tls_options options = tls_options("ca", "client");
	struct link_inbox inbox;
	struct fast_link_listener *listener = NULL;
	struct tls_ends ends = {.listener = NULL};
	struct fast_tls *tls;
	struct fast_link *link = NULL;
	int64_t before_ns = fast_clock_now_ns();

	(void)state;
	options.handshake_ms = 100;
	tls = tls_make_with(&options);
	link_inbox_init(&inbox);
	link_inbox_init(&ends.inbox);
	assert_ok(fast_link_listen("tcp://127.0.0.1:0", 0, link_inbox_accepted, &inbox, &listener));
	assert_ok(fast_link_dialer_new_tls(tls_endpoint_at(listener, "127.0.0.1"), tls,
					   &ends.dialer));
	assert_status(FAST_DEADLINE_EXCEEDED, tls_ends_dial(&ends, DIAL_MS, &link));
	assert_true(fast_clock_now_ns() - before_ns < 5000 * NS_PER_MS);
	assert_string_equal("it does not answer the TLS handshake", ends.reason);
	fast_tls_free(tls);
	tls_ends_close(&ends);
	link = link_inbox_take(&inbox, 0);
	assert_non_null(link);
	link->ops->free(link);
	fast_link_listener_close(listener);
}

static void what_is_no_tls_is_closed(void **state)
{
	static const char *const texts[] = {
		"GET / HTTP/1.0\r\n\r\n",           "\0SP\0\0\x30\0\0 and more of it",
		"\x16\x03\x01\xff\xff lorem ipsum", "\x16\x03\x01\0\x05hello",
		"\x15\x03\x03\0\x02\x02\x28",
	};
	static const size_t bytes[] = {18, 23, 17, 10, 7};
	struct tls_ends ends;

	(void)state;
	tls_ends_open(&ends, tls_make("ca", "server"), tls_make("ca", "client"), "localhost");
	for (size_t i = 0; i < FAST_TEST_COUNT(texts); i++) {
		int fd = tls_connect_plain(ends.listener);
		assert_int_equal(bytes[i], send(fd, texts[i], bytes[i], 0));
		shutdown(fd, SHUT_WR);
		assert_true(tls_plain_is_closed(fd));
		close(fd);
	}
	greet(&ends);
	tls_ends_close(&ends);
}

/* A plain link at the other end sends first, as an SP server does. */
static void a_server_that_speaks_no_tls_is_told(void **state)
{
	struct link_inbox inbox;
	struct link_end server;
	struct iovec hello = {"\0SP\0\0\x31\0\0", 8};
	struct fast_link_listener *listener = NULL;
	struct tls_ends ends = {.listener = NULL};
	struct dial_state {
		struct link_outcome outcome;
	} dial = {.outcome = {.done = GATE_INITIALIZER}};
	struct fast_tls *tls = tls_make("ca", "client");

	(void)state;
	link_inbox_init(&inbox);
	link_inbox_init(&ends.inbox);
	assert_ok(fast_link_listen("tcp://127.0.0.1:0", 0, link_inbox_accepted, &inbox, &listener));
	assert_ok(fast_link_dialer_new_tls(tls_endpoint_at(listener, "127.0.0.1"), tls,
					   &ends.dialer));
	fast_link_dial(ends.dialer, DIAL_MS, link_outcome_dialed, &dial.outcome);
	link_end_init(&server, link_inbox_take(&inbox, 0));
	server.link->ops->send(server.link, &hello, 1);
	assert_true(gate_wait(&dial.outcome.done, 1));
	assert_status(FAST_UNAVAILABLE, dial.outcome.status);
	assert_string_equal("what answers there does not speak TLS",
			    fast_link_dialer_reason(ends.dialer));
	fast_tls_free(tls);
	tls_ends_close(&ends);
	server.link->ops->free(server.link);
	fast_link_listener_close(listener);
}

static void many_who_say_nothing_keep_nobody_out(void **state)
{
	struct tls_ends ends;
	int fds[FAST_TLS_PENDING_MAX + 40];

	(void)state;
	tls_ends_open(&ends, tls_make("ca", "server"), tls_make("ca", "client"), "localhost");
	for (size_t i = 0; i < FAST_TEST_COUNT(fds); i++) {
		fds[i] = tls_connect_plain(ends.listener);
	}
	for (size_t i = 0; i < 40; i++) {
		assert_true(tls_plain_is_closed(fds[i])); /* the oldest make room */
	}
	greet(&ends);
	for (size_t i = 0; i < FAST_TEST_COUNT(fds); i++) {
		close(fds[i]);
	}
	tls_ends_close(&ends);
}

static void closing_the_listener_ends_its_handshakes(void **state)
{
	struct tls_ends ends;
	int fd;
	int64_t before_ns = fast_clock_now_ns();

	(void)state;
	tls_ends_open(&ends, tls_make("ca", "server"), tls_make("ca", "client"), "localhost");
	fd = tls_connect_plain(ends.listener);
	greet(&ends); /* so the one before was accepted, too */
	tls_ends_close(&ends);
	assert_true(fast_clock_now_ns() - before_ns < 5000 * NS_PER_MS);
	assert_true(tls_plain_is_closed(fd));
	close(fd);
}

static void freeing_the_dialer_ends_its_handshake(void **state)
{
	struct link_inbox inbox;
	struct fast_link_listener *listener = NULL;
	struct fast_link_dialer *dialer = NULL;
	struct link_outcome outcome = {.done = GATE_INITIALIZER};
	struct fast_tls *tls = tls_make("ca", "client");

	(void)state;
	link_inbox_init(&inbox);
	assert_ok(fast_link_listen("tcp://127.0.0.1:0", 0, link_inbox_accepted, &inbox, &listener));
	assert_ok(fast_link_dialer_new_tls(tls_endpoint_at(listener, "127.0.0.1"), tls, &dialer));
	fast_tls_free(tls);
	fast_link_dial(dialer, DIAL_MS, link_outcome_dialed, &outcome);
	assert_non_null(link_inbox_take(&inbox, 0));
	fast_link_dialer_free(dialer);
	assert_int_equal(1, gate_count(&outcome.done));
	assert_status(FAST_CANCELLED, outcome.status);
	inbox.links[0]->ops->free(inbox.links[0]);
	fast_link_listener_close(listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_sides_show_certificates),
		cmocka_unit_test(rsa_does_too),
		cmocka_unit_test(an_address_is_a_name_too),
		cmocka_unit_test(the_name_can_be_given),
		cmocka_unit_test(each_knows_the_others_names),
		cmocka_unit_test(each_wrong_server_is_named),
		cmocka_unit_test(each_wrong_client_is_named),
		cmocka_unit_test(anonymous_clients_come_only_where_they_may),
		cmocka_unit_test(a_silent_client_is_closed_in_time),
		cmocka_unit_test(a_silent_server_is_left_in_time),
		cmocka_unit_test(what_is_no_tls_is_closed),
		cmocka_unit_test(a_server_that_speaks_no_tls_is_told),
		cmocka_unit_test(many_who_say_nothing_keep_nobody_out),
		cmocka_unit_test(closing_the_listener_ends_its_handshakes),
		cmocka_unit_test(freeing_the_dialer_ends_its_handshake),
	};

	return cmocka_run_group_tests(tests, tls_world_make, tls_world_remove);
}
