/* The services that every server has, when there is no memory. */
#include "services_world.h"

#include "support/fault_alloc.h"
#include <fast/health.h>
#include <fast/v1/admin.fast.h>
#include <fast/v1/health.fast.h>
#include <fast/v1/reflection.fast.h>

#define SWEEP_MAX 1000

static struct world world;

static int setup(void **state)
{
	const struct fast_server_options options = {.size = sizeof options, .admin_for_all = true};

	(void)state;
	world_open(&world, &options);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fault_alloc_after(-1);
	world_run(&world);
	world_close(&world);
	return 0;
}

static void a_server_opens_or_not_at_each_failure(void **state)
{
	struct fast_server *server = NULL;
	enum fast_status status = FAST_OK;
	int n = 0;

	(void)state;
	for (; n < SWEEP_MAX; n++) {
		fault_alloc_after(n);
		status = fast_server_open(NULL, &server);
		if (!fault_alloc_fired()) {
			break;
		}
		assert_status(FAST_RESOURCE_EXHAUSTED, status);
		assert_null(server);
	}
	fault_alloc_after(-1);
	assert_true(n > 5);
	assert_ok(status);
	fast_server_close(server);
}

struct ending {
	unsigned count;
	enum fast_status status;
};

static void ending_note(const struct fast_reply *reply, void *arg)
{
	struct ending *ending = arg;

	ending->count++;
	ending->status = reply->status;
}

/* Asks while the n-th allocation fails. True: one has. */
static bool ask_with_fault(const struct fast_method *method, const ProtobufCMessage *request, int n,
			   struct ending *out)
{
	bool has_fired;

	*out = (struct ending){.count = 0};
	assert_ok(fast_client_start(world.client, method, NULL, request, ending_note, out));
	fault_alloc_after(n);
	world_run(&world);
	has_fired = fault_alloc_fired();
	fault_alloc_after(-1);
	world_run(&world);
	assert_int_equal(1, out->count);
	return has_fired;
}

static void sweep(const struct fast_method *method, const ProtobufCMessage *request)
{
	struct ending ending;
	int n = 0;

	ask_with_fault(method, request, -1, &ending); /* connects */
	assert_ok(ending.status);
	while (ask_with_fault(method, request, n, &ending)) {
		assert_true(n++ < SWEEP_MAX);
		ask_with_fault(method, request, -1, &ending); /* all is well again */
		assert_ok(ending.status);
	}
	assert_ok(ending.status);
	assert_true(n > 0);
}

static void every_question_is_answered_once_at_each_failure(void **state)
{
	const Fast__V1__HealthCheckRequest check = FAST__V1__HEALTH_CHECK_REQUEST__INIT;
	const Fast__V1__HealthListRequest list = FAST__V1__HEALTH_LIST_REQUEST__INIT;
	const Fast__V1__ListServicesRequest services = FAST__V1__LIST_SERVICES_REQUEST__INIT;
	const Fast__V1__AdminStatsRequest stats = FAST__V1__ADMIN_STATS_REQUEST__INIT;
	const Fast__V1__AdminConnectionsRequest connections =
		FAST__V1__ADMIN_CONNECTIONS_REQUEST__INIT;
	const Fast__V1__AdminCallsRequest calls = FAST__V1__ADMIN_CALLS_REQUEST__INIT;

	(void)state;
	sweep(&fast_v1_health_service.methods[0], &check.base);
	sweep(&fast_v1_health_service.methods[2], &list.base);
	sweep(&fast_v1_reflection_service.methods[0], &services.base);
	sweep(&fast_v1_admin_service.methods[0], &stats.base);
	sweep(&fast_v1_admin_service.methods[1], &connections.base);
	sweep(&fast_v1_admin_service.methods[2], &calls.base);
}

static void a_watcher_that_cannot_be_told_is_ended(void **state)
{
	Fast__V1__HealthWatchRequest request = FAST__V1__HEALTH_WATCH_REQUEST__INIT;
	const Fast__V1__HealthWatchResponse *item = NULL;
	struct fast_stream *stream = NULL;
	struct fast_server_stats stats;

	(void)state;
	assert_ok(fast_server_set_health(world.server, NULL, true));
	assert_ok(fast_v1_health_watch(world.client, NULL, &request, &stream));
	world_run(&world);
	assert_ok(fast_v1_health_watch_next(stream, 0, &item));
	fault_alloc_after(0);
	assert_ok(fast_server_set_health(world.server, NULL, false));
	assert_true(fault_alloc_fired());
	fault_alloc_after(-1);
	world_run(&world);
	assert_status(FAST_RESOURCE_EXHAUSTED, fast_v1_health_watch_next(stream, 0, &item));
	fast_stream_close(stream);
	fast_server_stats(world.server, &stats);
	assert_int_equal(0, stats.calls_open);
}

static void a_watch_ends_at_each_failure_or_goes_on(void **state)
{
	Fast__V1__HealthWatchRequest request = FAST__V1__HEALTH_WATCH_REQUEST__INIT;
	struct fast_server_stats stats;
	bool has_fired = true;

	(void)state;
	for (int n = 0; n < SWEEP_MAX && has_fired; n++) {
		struct fast_stream *stream = NULL;

		assert_ok(fast_v1_health_watch(world.client, NULL, &request, &stream));
		fault_alloc_after(n);
		world_run(&world);
		has_fired = fault_alloc_fired();
		fault_alloc_after(-1);
		assert_ok(fast_server_set_health(world.server, NULL, n % 2 != 0));
		world_run(&world);
		fast_stream_close(stream);
		world_run(&world);
		fast_server_stats(world.server, &stats);
		assert_int_equal(0, stats.calls_open);
	}
	assert_false(has_fired);
}

static void a_name_without_memory_is_not_known(void **state)
{
	(void)state;
	fault_alloc_after(0);
	assert_status(FAST_RESOURCE_EXHAUSTED, fast_server_set_health(world.server, "store", true));
	fault_alloc_after(-1);
	assert_ok(fast_server_set_health(world.server, "store", true));
}

#define fault_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_opens_or_not_at_each_failure),
		fault_test(every_question_is_answered_once_at_each_failure),
		fault_test(a_watcher_that_cannot_be_told_is_ended),
		fault_test(a_watch_ends_at_each_failure_or_goes_on),
		fault_test(a_name_without_memory_is_not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
