#include "runtime/tls_world.h"

#include <stdio.h>
#include <string.h>

#define DIAL_MS 15000

/* A server and a client that come together again and again. */
struct meetings {
	struct tls_ends ends;
	struct fast_tls *server;
	struct fast_tls *client;
};

static void meetings_open(struct meetings *meetings, const char *client)
{
	meetings->server = tls_make("ca", "server");
	meetings->client = tls_make("ca", client);
	tls_ends_open(&meetings->ends, fast_tls_ref(meetings->server),
		      fast_tls_ref(meetings->client), "localhost");
}

static void meetings_close(struct meetings *meetings)
{
	tls_ends_close(&meetings->ends);
	fast_tls_free(meetings->server);
	fast_tls_free(meetings->client);
	tls_set_time(0);
}

/* Meets once; the server's end stays in the inbox. */
static enum fast_status meet(struct meetings *meetings)
{
	struct fast_link *link = NULL;
	enum fast_status status = tls_ends_dial(&meetings->ends, DIAL_MS, &link);

	if (status == FAST_OK) {
		assert_non_null(link_inbox_take(&meetings->ends.inbox, meetings->ends.greeted++));
		link->ops->free(link);
	}
	return status;
}

static uint64_t resumed(const struct fast_tls *tls)
{
	struct fast_tls_stats stats;

	fast_tls_stats(tls, &stats);
	return stats.resumed;
}

static void the_second_time_a_session_is_resumed(void **state)
{
	struct meetings meetings;
	struct fast_tls_stats stats;

	(void)state;
	meetings_open(&meetings, "client");
	for (unsigned i = 0; i < 4; i++) {
		assert_ok(meet(&meetings));
		assert_int_equal(i, resumed(meetings.server));
		assert_int_equal(i, resumed(meetings.client));
	}
	fast_tls_stats(meetings.server, &stats);
	assert_int_equal(4, stats.handshakes);
	assert_int_equal(0, stats.failed);
	meetings_close(&meetings);
}

static void a_resumed_session_has_the_same_names(void **state)
{
	struct meetings meetings;
	const struct fast_peer *peers[2];

	(void)state;
	meetings_open(&meetings, "client");
	assert_ok(meet(&meetings));
	assert_ok(meet(&meetings));
	assert_int_equal(1, resumed(meetings.server));
	for (unsigned i = 0; i < 2; i++) {
		peers[i] = &link_inbox_take(&meetings.ends.inbox, i)->peer;
		assert_true(peers[i]->has_certificate);
		assert_string_equal("client", peers[i]->common_name);
		assert_int_equal(3, peers[i]->name_count);
		assert_string_equal("controller.example", peers[i]->names[0]);
		assert_string_equal("spiffe://example/controller", peers[i]->names[1]);
	}
	meetings_close(&meetings);
}

static void a_session_ends_after_an_hour(void **state)
{
	struct meetings meetings;

	(void)state;
	meetings_open(&meetings, "client");
	assert_ok(meet(&meetings));
	tls_set_time(3590);
	assert_ok(meet(&meetings));
	assert_int_equal(1, resumed(meetings.server));
	tls_set_time(3700);
	assert_ok(meet(&meetings));
	assert_int_equal(1, resumed(meetings.server));
	tls_set_time(3800);
	assert_ok(meet(&meetings));
	assert_int_equal(2, resumed(meetings.server));
	meetings_close(&meetings);
}

static void a_client_that_has_expired_meanwhile_is_refused(void **state)
{
	struct meetings meetings;

	(void)state;
	tls_set_date("20391231235000");
	meetings_open(&meetings, "short-client");
	assert_ok(meet(&meetings));
	tls_set_date("20391231235500");
	assert_ok(meet(&meetings));
	assert_int_equal(1, resumed(meetings.server));
	tls_set_date("20400101000500");
	assert_status(FAST_UNAUTHENTICATED, meet(&meetings));
	assert_string_equal(
		"the server refused this client's certificate: it has expired on 2040-01-01",
		meetings.ends.reason);
	assert_int_equal(1, resumed(meetings.server));
	/* The sentence is about that dial alone. */
	fast_link_listener_close(meetings.ends.listener);
	meetings.ends.listener = NULL;
	assert_status(FAST_UNAVAILABLE, meet(&meetings));
	assert_string_equal("", meetings.ends.reason);
	meetings_close(&meetings);
}

static void a_server_that_has_expired_meanwhile_is_refused(void **state)
{
	struct meetings meetings;

	(void)state;
	tls_set_date("20491231233000");
	meetings_open(&meetings, "client");
	assert_ok(meet(&meetings));
	tls_set_date("20500101000500");
	assert_status(FAST_UNAUTHENTICATED, meet(&meetings));
	assert_string_equal("the server's certificate has expired on 2049-12-31",
			    meetings.ends.reason);
	assert_int_equal(0, resumed(meetings.client));
	meetings_close(&meetings);
}

/* A server that was started anew has other keys for its tickets. */
static void another_server_takes_the_client_anew(void **state)
{
	struct meetings meetings;
	char endpoint[FAST_ENDPOINT_BYTES_MAX];

	(void)state;
	meetings_open(&meetings, "client");
	assert_ok(meet(&meetings));
	snprintf(endpoint, sizeof endpoint, "%s",
		 fast_link_listener_endpoint(meetings.ends.listener));
	fast_link_listener_close(meetings.ends.listener);
	fast_tls_free(meetings.server);
	meetings.server = tls_make("ca", "server");
	assert_ok(fast_link_listen_tls(endpoint, meetings.server, link_inbox_accepted,
				       &meetings.ends.inbox, &meetings.ends.listener));
	assert_ok(meet(&meetings));
	assert_int_equal(0, resumed(meetings.server));
	assert_ok(meet(&meetings));
	assert_int_equal(1, resumed(meetings.server));
	meetings_close(&meetings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_second_time_a_session_is_resumed),
		cmocka_unit_test(a_resumed_session_has_the_same_names),
		cmocka_unit_test(a_session_ends_after_an_hour),
		cmocka_unit_test(a_client_that_has_expired_meanwhile_is_refused),
		cmocka_unit_test(a_server_that_has_expired_meanwhile_is_refused),
		cmocka_unit_test(another_server_takes_the_client_anew),
	};

	return cmocka_run_group_tests(tests, tls_world_make, tls_world_remove);
}
