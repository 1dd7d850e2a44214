#include "services_world.h"

#include <fast/health.h>
#include <fast/v1/health.fast.h>
#include <stdio.h>
#include <string.h>

#define CHECK (&fast_v1_health_service.methods[0])
#define LIST  (&fast_v1_health_service.methods[2])

#define NOT_HERE    FAST__V1__SERVING_STATUS__SERVING_STATUS_UNSPECIFIED
#define SERVING     FAST__V1__SERVING_STATUS__SERVING_STATUS_SERVING
#define NOT_SERVING FAST__V1__SERVING_STATUS__SERVING_STATUS_NOT_SERVING

#define PROBE    "testing.v1.Probe"
#define WATCHERS 20

static struct world world;

static int setup(void **state)
{
	(void)state;
	world_open(&world, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_run(&world);
	world_close(&world);
	return 0;
}

/* The health of service, or the status with which Check failed, negative. */
static int check(const char *service)
{
	Fast__V1__HealthCheckRequest request = FAST__V1__HEALTH_CHECK_REQUEST__INIT;
	const Fast__V1__HealthCheckResponse *response;
	struct answer answer;
	int result;

	request.service = (char *)(uintptr_t)service;
	response = ask_service(&world, CHECK, &request.base, &answer);
	result = response == NULL ? -(int)answer.status : (int)response->status;
	answer_fini(&answer);
	return result;
}

static struct fast_stream *watch(const char *service)
{
	Fast__V1__HealthWatchRequest request = FAST__V1__HEALTH_WATCH_REQUEST__INIT;
	struct fast_stream *stream = NULL;

	request.service = (char *)(uintptr_t)service;
	assert_ok(fast_v1_health_watch(world.client, NULL, &request, &stream));
	world_run(&world);
	return stream;
}

static void expect(struct fast_stream *stream, Fast__V1__ServingStatus status)
{
	const Fast__V1__HealthWatchResponse *item = NULL;

	assert_ok(fast_v1_health_watch_next(stream, 0, &item));
	assert_non_null(item);
	assert_int_equal(status, item->status);
	world_run(&world);
}

static void expect_nothing(struct fast_stream *stream)
{
	const Fast__V1__HealthWatchResponse *item = NULL;

	assert_status(FAST_DEADLINE_EXCEEDED, fast_v1_health_watch_next(stream, 0, &item));
	assert_false(fast_stream_ended(stream));
}

static void set(const char *name, bool is_serving)
{
	assert_ok(fast_server_set_health(world.server, name, is_serving));
	world_run(&world);
}

static uint64_t calls_open(void)
{
	struct fast_server_stats stats;

	fast_server_stats(world.server, &stats);
	return stats.calls_open;
}

static void all_serve_from_the_start(void **state)
{
	(void)state;
	assert_int_equal(SERVING, check(""));
	assert_int_equal(SERVING, check(PROBE));
	assert_int_equal(SERVING, check("fast.v1.Health"));
	assert_int_equal(-FAST_NOT_FOUND, check("testing.v1.Other"));
}

static void each_name_has_a_health_of_its_own(void **state)
{
	(void)state;
	set(PROBE, false);
	assert_int_equal(NOT_SERVING, check(PROBE));
	assert_int_equal(SERVING, check(""));
	set(NULL, false);
	set(PROBE, true);
	assert_int_equal(SERVING, check(PROBE));
	assert_int_equal(NOT_SERVING, check(""));
	set("", true);
	assert_int_equal(SERVING, check(""));
}

static void the_list_is_sorted_and_has_each_name_once(void **state)
{
	const Fast__V1__HealthListRequest request = FAST__V1__HEALTH_LIST_REQUEST__INIT;
	const Fast__V1__HealthListResponse *response;
	struct answer answer;
	unsigned found = 0;

	(void)state;
	set("store", false);
	set(PROBE, false);
	set("", true);
	response = ask_service(&world, LIST, &request.base, &answer);
	assert_string_equal("", response->services[0]->service);
	assert_int_equal(SERVING, response->services[0]->status);
	for (size_t i = 1; i < response->n_services; i++) {
		const Fast__V1__HealthEntry *entry = response->services[i];
		assert_true(strcmp(response->services[i - 1]->service, entry->service) < 0);
		if (strcmp(entry->service, PROBE) == 0 || strcmp(entry->service, "store") == 0) {
			assert_int_equal(NOT_SERVING, entry->status);
			found++;
		}
	}
	assert_int_equal(2, found);
	answer_fini(&answer);
}

static void a_bare_peer_may_check(void **state)
{
	Fast__V1__HealthCheckRequest request = FAST__V1__HEALTH_CHECK_REQUEST__INIT;
	Fast__V1__HealthCheckResponse *response;
	Fast__V1__Packet *packet;
	struct peer peer;

	(void)state;
	set(NULL, false);
	bare_open(&world, &peer);
	packet = bare_ask(&peer, "fast.v1.Health/Check", &request.base);
	assert_null(packet->status);
	response = fast__v1__health_check_response__unpack(NULL, packet->payload.len,
							   packet->payload.data);
	assert_non_null(response);
	assert_int_equal(NOT_SERVING, response->status);
	fast__v1__health_check_response__free_unpacked(response, NULL);
	fast__v1__packet__free_unpacked(packet, NULL);
	peer_close(&peer);
}

static void names_that_cannot_be_told_are_refused(void **state)
{
	char name[FAST_HEALTH_NAME_BYTES_MAX + 2];

	(void)state;
	memset(name, 'n', sizeof name);
	name[sizeof name - 1] = 0;
	assert_status(FAST_INVALID_ARGUMENT, fast_server_set_health(world.server, name, true));
	name[sizeof name - 2] = 0;
	assert_ok(fast_server_set_health(world.server, name, true));
	assert_status(FAST_INVALID_ARGUMENT, fast_server_set_health(world.server, "a b", true));
	assert_status(FAST_INVALID_ARGUMENT, fast_server_set_health(world.server, "\xff", true));
	for (int i = 1; i < FAST_HEALTH_NAMES_MAX; i++) {
		snprintf(name, sizeof name, "n%d", i);
		assert_ok(fast_server_set_health(world.server, name, true));
	}
	assert_status(FAST_RESOURCE_EXHAUSTED, fast_server_set_health(world.server, "more", true));
	assert_ok(fast_server_set_health(world.server, "n1", false));
}

static void a_watcher_hears_the_state_and_each_change(void **state)
{
	struct fast_stream *stream;

	(void)state;
	stream = watch(PROBE);
	expect(stream, SERVING);
	expect_nothing(stream);
	set(PROBE, true); /* no change */
	set("", false);   /* of another */
	expect_nothing(stream);
	set(PROBE, false);
	expect(stream, NOT_SERVING);
	set(PROBE, true);
	expect(stream, SERVING);
	fast_stream_close(stream);
}

static void a_watch_of_what_is_not_here_goes_on_when_it_appears(void **state)
{
	struct fast_stream *stream;

	(void)state;
	stream = watch("store");
	expect(stream, NOT_HERE);
	set("store", true);
	expect(stream, SERVING);
	set("store", false);
	expect(stream, NOT_SERVING);
	fast_stream_close(stream);
}

static void a_slow_watcher_gets_the_newest_state_alone(void **state)
{
	struct fast_stream *stream;
	unsigned items = 0;
	Fast__V1__ServingStatus last = NOT_HERE;

	(void)state;
	stream = watch(PROBE);
	for (int i = 0; i < 501; i++) {
		set(PROBE, i % 2 != 0); /* ends with NOT_SERVING */
	}
	for (;;) {
		const Fast__V1__HealthWatchResponse *item = NULL;
		enum fast_status status = fast_v1_health_watch_next(stream, 0, &item);
		world_run(&world);
		if (status == FAST_DEADLINE_EXCEEDED) {
			break;
		}
		assert_ok(status);
		last = item->status;
		items++;
	}
	assert_int_equal(NOT_SERVING, last);
	/* What the reader granted, and the newest one. */
	assert_int_equal(FAST_STREAM_CREDIT + 1, items);
	assert_int_equal(502 - items, fast_stream_dropped(stream));
	set(PROBE, true);
	expect(stream, SERVING);
	fast_stream_close(stream);
}

static void twenty_watchers_all_hear_of_it(void **state)
{
	struct fast_stream *streams[WATCHERS];

	(void)state;
	for (int i = 0; i < WATCHERS; i++) {
		streams[i] = watch(i % 2 == 0 ? PROBE : "");
		expect(streams[i], SERVING);
	}
	set(PROBE, false);
	for (int i = 0; i < WATCHERS; i++) {
		if (i % 2 == 0) {
			expect(streams[i], NOT_SERVING);
		}
		expect_nothing(streams[i]);
	}
	for (int i = 0; i < WATCHERS; i++) {
		fast_stream_close(streams[i]);
	}
	world_run(&world);
	assert_int_equal(0, calls_open());
}

static void a_watcher_that_leaves_is_forgotten(void **state)
{
	struct fast_stream *stream;
	struct fast_server_stats stats;

	(void)state;
	stream = watch(PROBE);
	assert_int_equal(1, calls_open());
	fast_stream_close(stream);
	world_run(&world);
	assert_int_equal(0, calls_open());
	set(PROBE, false);
	fast_server_stats(world.server, &stats);
	assert_int_equal(0, stats.calls_failed);
}

static void the_watch_ends_at_its_deadline(void **state)
{
	const struct fast_call_options options = {.size = sizeof options, .timeout_ms = 50};
	Fast__V1__HealthWatchRequest request = FAST__V1__HEALTH_WATCH_REQUEST__INIT;
	const Fast__V1__HealthWatchResponse *item = NULL;
	struct fast_stream *stream = NULL;

	(void)state;
	assert_ok(fast_v1_health_watch(world.client, &options, &request, &stream));
	world_run(&world);
	expect(stream, SERVING);
	world_advance_ms(&world, 51);
	assert_int_equal(0, calls_open());
	assert_status(FAST_DEADLINE_EXCEEDED, fast_v1_health_watch_next(stream, 0, &item));
	assert_true(fast_stream_ended(stream));
	fast_stream_close(stream);
}

#define health_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		health_test(all_serve_from_the_start),
		health_test(each_name_has_a_health_of_its_own),
		health_test(the_list_is_sorted_and_has_each_name_once),
		health_test(a_bare_peer_may_check),
		health_test(names_that_cannot_be_told_are_refused),
		health_test(a_watcher_hears_the_state_and_each_change),
		health_test(a_watch_of_what_is_not_here_goes_on_when_it_appears),
		health_test(a_slow_watcher_gets_the_newest_state_alone),
		health_test(twenty_watchers_all_hear_of_it),
		health_test(a_watcher_that_leaves_is_forgotten),
		health_test(the_watch_ends_at_its_deadline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
