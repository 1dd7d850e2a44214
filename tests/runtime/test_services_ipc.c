/* Health, Reflection and Admin over real sockets, with real threads. */
#include "rpc_real.h"

#include <fast/health.h>
#include <fast/v1/admin.fast.h>
#include <fast/v1/health.fast.h>
#include <fast/v1/reflection.fast.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#define PROBE    "testing.v1.Probe"
#define WATCHERS 20
#define CLIENTS  4
#define NAMES    3
#define FLIPS    200
#define CALLERS  3
#define CALLS    200

#define SERVING     FAST__V1__SERVING_STATUS__SERVING_STATUS_SERVING
#define NOT_SERVING FAST__V1__SERVING_STATUS__SERVING_STATUS_NOT_SERVING

static const char *const names[NAMES] = {PROBE, "", "store"};

struct watcher {
	struct fast_client *client;
	const char *name;
	struct gate *heard;            /* passed for each item */
	atomic_uint_least64_t changes; /* heard of, or told to have been left out */
	int last;
	bool has_ended_well;
	pthread_t thread;
};

static void *watcher_body(void *arg)
{
	struct watcher *watcher = arg;
	Fast__V1__HealthWatchRequest request = FAST__V1__HEALTH_WATCH_REQUEST__INIT;
	const Fast__V1__HealthWatchResponse *item = NULL;
	struct fast_stream *stream = NULL;
	enum fast_status status;
	uint64_t items = 0;

	request.service = (char *)(uintptr_t)watcher->name;
	if (fast_v1_health_watch(watcher->client, NULL, &request, &stream) != FAST_OK) {
		return NULL;
	}
	do {
		status = fast_v1_health_watch_next(stream, -1, &item);
		if (status == FAST_OK && item != NULL) {
			watcher->last = (int)item->status;
			items++;
			atomic_store(&watcher->changes, items + fast_stream_dropped(stream));
			gate_pass(watcher->heard);
		}
	} while (status == FAST_OK && item != NULL);
	watcher->has_ended_well = status == FAST_OK;
	fast_stream_close(stream);
	return NULL;
}

struct flipper {
	struct fast_server *server;
	const char *name;
	unsigned good;
	pthread_t thread;
};

/* Each is a change, the last one back to SERVING. */
static void *flipper_body(void *arg)
{
	struct flipper *flipper = arg;

	for (int i = 0; i < FLIPS; i++) {
		flipper->good += fast_server_set_health(flipper->server, flipper->name,
							i % 2 != 0) == FAST_OK;
	}
	return NULL;
}

static bool all_have_heard(struct watcher *watchers, uint64_t changes)
{
	for (unsigned i = 0; i < WATCHERS; i++) {
		if (atomic_load(&watchers[i].changes) < changes) {
			return false;
		}
	}
	return true;
}

static void wait_until_heard(struct watcher *watchers, struct gate *heard, uint64_t changes)
{
	for (;;) {
		unsigned count = gate_count(heard);
		if (all_have_heard(watchers, changes)) {
			return;
		}
		assert_true(gate_wait(heard, count + 1));
	}
}

static void flip(struct fast_server *server)
{
	struct flipper flippers[NAMES];

	for (unsigned i = 0; i < NAMES; i++) {
		flippers[i] = (struct flipper){.server = server, .name = names[i]};
		assert_int_equal(
			0, pthread_create(&flippers[i].thread, NULL, flipper_body, &flippers[i]));
	}
	for (unsigned i = 0; i < NAMES; i++) {
		assert_int_equal(0, pthread_join(flippers[i].thread, NULL));
		assert_int_equal(FLIPS, flippers[i].good);
	}
}

static void watchers_hear_of_every_change(void **state)
{
	struct real real;
	struct gate heard = GATE_INITIALIZER;
	struct fast_client *clients[CLIENTS];
	struct watcher watchers[WATCHERS];

	(void)state;
	real_open(&real, NULL, 0);
	assert_ok(fast_server_set_health(real.server, "store", true));
	for (unsigned i = 0; i < CLIENTS; i++) {
		clients[i] = real_client(real.endpoint);
	}
	for (unsigned i = 0; i < WATCHERS; i++) {
		watchers[i] = (struct watcher){
			.client = clients[i % CLIENTS], .name = names[i % NAMES], .heard = &heard};
		assert_int_equal(
			0, pthread_create(&watchers[i].thread, NULL, watcher_body, &watchers[i]));
	}
	wait_until_heard(watchers, &heard, 1);
	flip(real.server);
	wait_until_heard(watchers, &heard, 1 + FLIPS);
	real_stop(&real);
	for (unsigned i = 0; i < WATCHERS; i++) {
		assert_int_equal(0, pthread_join(watchers[i].thread, NULL));
		/* A reader that writes to the closed connection loses what it has not read. */
		assert_true(watchers[i].last == NOT_SERVING || !watchers[i].has_ended_well);
	}
	for (unsigned i = 0; i < CLIENTS; i++) {
		fast_client_close(clients[i]);
	}
	real_close(&real);
}

static void a_watcher_hears_of_the_close(void **state)
{
	struct real real;
	struct fast_client *client;
	struct fast_stream *stream = NULL;
	Fast__V1__HealthWatchRequest request = FAST__V1__HEALTH_WATCH_REQUEST__INIT;
	const Fast__V1__HealthWatchResponse *item = NULL;

	(void)state;
	real_open(&real, NULL, 0);
	client = real_client(real.endpoint);
	assert_ok(fast_v1_health_watch(client, NULL, &request, &stream));
	assert_ok(fast_v1_health_watch_next(stream, 20000, &item));
	assert_int_equal(SERVING, item->status);
	real_stop(&real);
	assert_ok(fast_v1_health_watch_next(stream, 20000, &item));
	assert_int_equal(NOT_SERVING, item->status);
	assert_ok(fast_v1_health_watch_next(stream, 20000, &item));
	assert_null(item);
	fast_stream_close(stream);
	fast_client_close(client);
	real_close(&real);
}

static void a_client_that_vanishes_takes_its_watches_along(void **state)
{
	struct real real;
	struct fast_client *client;
	struct fast_stream *streams[WATCHERS];
	Fast__V1__HealthWatchRequest request = FAST__V1__HEALTH_WATCH_REQUEST__INIT;
	const Fast__V1__HealthWatchResponse *item = NULL;
	struct fast_server_stats stats;

	(void)state;
	real_open(&real, NULL, 0);
	client = real_client(real.endpoint);
	for (unsigned i = 0; i < WATCHERS; i++) {
		assert_ok(fast_v1_health_watch(client, NULL, &request, &streams[i]));
		assert_ok(fast_v1_health_watch_next(streams[i], 20000, &item));
		assert_int_equal(SERVING, item->status);
	}
	for (unsigned i = 0; i < WATCHERS; i++) {
		fast_stream_close(streams[i]);
	}
	fast_client_close(client);
	do {
		assert_ok(fast_server_set_health(real.server, NULL, false));
		assert_ok(fast_server_set_health(real.server, NULL, true));
		fast_server_stats(real.server, &stats);
	} while (stats.connections_open > 0);
	assert_int_equal(0, stats.calls_open);
	assert_int_equal(0, stats.calls_failed);
	real_stop(&real);
	real_close(&real);
}

static void a_connection_is_shown_with_its_peer(void **state)
{
	const struct fast_client_options options = {.size = sizeof options,
						    .agent = "test\xc3\xa9\t1"};
	Fast__V1__AdminConnectionsRequest request = FAST__V1__ADMIN_CONNECTIONS_REQUEST__INIT;
	const Fast__V1__AdminConnectionsResponse *response;
	struct fast_client *client = NULL;
	struct fast_reply reply;
	struct real real;

	(void)state;
	real_open(&real, NULL, 0);
	assert_ok(fast_client_open(real.endpoint, &options, &client));
	assert_ok(fast_v1_admin_connections(client, NULL, &request, &reply));
	response = fast_v1_admin_connections_response(&reply);
	assert_int_equal(1, response->n_connections);
	assert_string_equal("ipc", response->connections[0]->transport);
	assert_string_equal("test???1", response->connections[0]->agent);
	assert_int_equal(geteuid(), response->connections[0]->uid);
	assert_int_equal(getpid(), response->connections[0]->pid);
	assert_string_equal("", response->connections[0]->peer_name);
	assert_int_equal(1, response->connections[0]->calls_open);
	fast_reply_fini(&reply);
	fast_client_close(client);
	real_stop(&real);
	real_close(&real);
}

struct caller {
	const char *endpoint;
	unsigned good;
	pthread_t thread;
};

/* Each call on a connection of its own now and then, so that the lists change. */
static void *caller_body(void *arg)
{
	struct caller *caller = arg;
	struct fast_client *client = NULL;

	for (uint32_t i = 0; i < CALLS; i++) {
		if (i % 50 == 0) {
			fast_client_close(client);
			client = real_client(caller->endpoint);
		}
		caller->good += real_echo(client, i, 20000, NULL) == FAST_OK;
	}
	fast_client_close(client);
	return NULL;
}

static bool look(struct fast_client *client)
{
	Fast__V1__AdminConnectionsRequest connections = FAST__V1__ADMIN_CONNECTIONS_REQUEST__INIT;
	Fast__V1__AdminCallsRequest calls = FAST__V1__ADMIN_CALLS_REQUEST__INIT;
	Fast__V1__ListServicesRequest services = FAST__V1__LIST_SERVICES_REQUEST__INIT;
	struct fast_reply reply;
	bool is_good;

	is_good = fast_v1_admin_connections(client, NULL, &connections, &reply) == FAST_OK;
	fast_reply_fini(&reply);
	is_good &= fast_v1_admin_calls(client, NULL, &calls, &reply) == FAST_OK;
	fast_reply_fini(&reply);
	is_good &= fast_v1_reflection_list_services(client, NULL, &services, &reply) == FAST_OK;
	fast_reply_fini(&reply);
	return is_good;
}

/* Adds up the calls of Echo; open ones must be none. */
static uint64_t echo_calls(struct fast_client *client)
{
	Fast__V1__AdminStatsRequest request = FAST__V1__ADMIN_STATS_REQUEST__INIT;
	const Fast__V1__AdminStatsResponse *response;
	struct fast_reply reply;
	uint64_t count = 0;

	assert_ok(fast_v1_admin_stats(client, NULL, &request, &reply));
	response = fast_v1_admin_stats_response(&reply);
	for (size_t i = 0; i < response->n_methods; i++) {
		if (strcmp(response->methods[i]->method, PROBE "/Echo") == 0) {
			count = response->methods[i]->calls;
			assert_int_equal(0, response->methods[i]->open);
		}
	}
	assert_int_equal(1, response->calls_open); /* this one */
	fast_reply_fini(&reply);
	return count;
}

static void whoever_has_an_answer_finds_it_counted(void **state)
{
	struct real real;
	struct fast_client *caller;
	struct fast_client *looker;

	(void)state;
	real_open(&real, NULL, 0);
	caller = real_client(real.endpoint);
	looker = real_client(real.endpoint);
	for (uint32_t i = 1; i <= 200; i++) {
		assert_ok(real_echo(caller, i, 20000, NULL));
		assert_int_equal(i, echo_calls(looker));
	}
	fast_client_close(caller);
	fast_client_close(looker);
	real_stop(&real);
	real_close(&real);
}

static void looking_on_disturbs_nobody(void **state)
{
	struct real real;
	struct fast_client *client;
	struct caller callers[CALLERS];
	unsigned good = 0;

	(void)state;
	real_open(&real, NULL, 0);
	client = real_client(real.endpoint);
	for (unsigned i = 0; i < CALLERS; i++) {
		callers[i] = (struct caller){.endpoint = real.endpoint};
		assert_int_equal(
			0, pthread_create(&callers[i].thread, NULL, caller_body, &callers[i]));
	}
	for (unsigned i = 0; i < 100; i++) {
		good += look(client);
	}
	assert_int_equal(100, good);
	for (unsigned i = 0; i < CALLERS; i++) {
		assert_int_equal(0, pthread_join(callers[i].thread, NULL));
		assert_int_equal(CALLS, callers[i].good);
	}
	assert_int_equal(CALLERS * CALLS, echo_calls(client));
	fast_client_close(client);
	real_stop(&real);
	real_close(&real);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(watchers_hear_of_every_change),
		cmocka_unit_test(a_watcher_hears_of_the_close),
		cmocka_unit_test(a_client_that_vanishes_takes_its_watches_along),
		cmocka_unit_test(a_connection_is_shown_with_its_peer),
		cmocka_unit_test(whoever_has_an_answer_finds_it_counted),
		cmocka_unit_test(looking_on_disturbs_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
