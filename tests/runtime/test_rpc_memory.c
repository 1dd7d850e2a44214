/* Every allocation fails once: nothing leaks, nothing hangs, and each call still ends once. */
#include "rpc_world.h"

#include "rpc/pool.h"
#include "support/fault_alloc.h"
#include <fast/publisher.h>
#include <unistd.h>

/* Calls body with the first allocation failing, then the second, until none is left to fail. */
static void sweep(void (*body)(void))
{
	bool has_fired;
	int n = 0;

	do {
		fault_alloc_after(n++);
		body();
		has_fired = fault_alloc_fired();
		fault_alloc_after(-1);
	} while (has_fired);
	assert_true(n > 1);
}

static void open_a_server(void)
{
	struct fast_server *server = NULL;
	enum fast_status status = fast_server_open(NULL, &server);

	if (fault_alloc_fired()) {
		assert_status(FAST_RESOURCE_EXHAUSTED, status);
		assert_null(server);
		return;
	}
	assert_ok(status);
	status = fast_server_add(server, &testing_v1_probe_service, NULL, NULL, 0);
	assert_status(fault_alloc_fired() ? FAST_RESOURCE_EXHAUSTED : FAST_OK, status);
	fast_server_close(server);
}

static void a_server_opens_or_not(void **state)
{
	(void)state;
	sweep(open_a_server);
}

static void open_a_client(void)
{
	struct fast_client_options options = {.size = sizeof options, .agent = "test"};
	struct fast_client *client = NULL;
	enum fast_status status = fast_client_open("ipc:///nowhere/socket", &options, &client);

	assert_status(fault_alloc_fired() ? FAST_RESOURCE_EXHAUSTED : FAST_OK, status);
	assert_true((status == FAST_OK) == (client != NULL));
	fast_client_close(client);
}

static void a_client_opens_or_not(void **state)
{
	(void)state;
	sweep(open_a_client);
}

static void open_a_publisher(void)
{
	struct fast_publisher *publisher = NULL;
	enum fast_status status =
		fast_publisher_open("ipc:///tmp/fast_memory_publisher", 0600, &publisher);

	assert_status(fault_alloc_fired() ? FAST_RESOURCE_EXHAUSTED : FAST_OK, status);
	assert_true((status == FAST_OK) == (publisher != NULL));
	fast_publisher_close(publisher);
}

static void a_publisher_opens_or_not(void **state)
{
	(void)state;
	sweep(open_a_publisher);
	unlink("/tmp/fast_memory_publisher.lock");
}

static void open_a_pool(void)
{
	struct fast_pool *pool = NULL;
	enum fast_status status = fast_pool_new(2, 4, &pool);

	assert_status(fault_alloc_fired() ? FAST_RESOURCE_EXHAUSTED : FAST_OK, status);
	fast_pool_free(pool);
}

static void a_pool_opens_or_not(void **state)
{
	(void)state;
	sweep(open_a_pool);
}

/* One world for a whole sweep: what an earlier failure broke has to have healed. */
static struct world world;

/* True: an allocation failed in what came before; from here on none does. */
static bool end_fault(void)
{
	bool has_fired = fault_alloc_fired();

	fault_alloc_after(-1);
	return has_fired;
}

static void expect_service(void)
{
	struct outcome outcome;

	world_ask_read(&world, 6, 60000, &outcome);
	world_advance_ms(&world, 3000);
	assert_int_equal(1, outcome.count);
	if (world.handling == WORLD_ANSWERS) {
		assert_ok(outcome.status);
		assert_int_equal(6, outcome.number);
	} else {
		assert_status(FAST_OUT_OF_RANGE, outcome.status);
	}
}

static bool call_once(int n)
{
	struct fast_call_options options = {.size = sizeof options, .timeout_ms = 1000};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct outcome outcome = {.count = 0};
	enum fast_status status;
	bool has_fired;

	request.number = 5;
	fault_alloc_after(n);
	status = testing_v1_probe_echo_start(world.client, &options, &request, outcome_note,
					     &outcome);
	world_advance_ms(&world, 1000);
	has_fired = end_fault();
	assert_int_equal(status == FAST_OK, outcome.count);
	if (!has_fired) {
		assert_status(world.handling == WORLD_FAILS ? FAST_OUT_OF_RANGE : FAST_OK,
			      outcome.status);
	}
	expect_service();
	return has_fired;
}

/* As call_once(), on a connection that has yet to come. */
static bool connect_and_call(int n)
{
	struct fast_client_connection *connection = world.client->connection;

	if (connection != NULL) {
		connection->connection.link->ops->close(connection->connection.link);
		world_advance_ms(&world, 2000);
	}
	return call_once(n);
}

static bool stream_once(int n)
{
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	const Testing__V1__ProbeResponse *item = NULL;
	struct fast_stream *stream = NULL;
	enum fast_status status;
	uint32_t items = 0;
	bool has_fired;

	request.number = 40; /* more than the first credit */
	fault_alloc_after(n);
	status = testing_v1_probe_watch(world.client, NULL, &request, &stream);
	world_advance_ms(&world, 2000);
	while (status == FAST_OK) {
		status = testing_v1_probe_watch_next(stream, 0, &item);
		world_advance_ms(&world, 2000);
		if (status != FAST_OK || item == NULL) {
			break;
		}
		assert_int_equal(++items, item->number);
	}
	has_fired = end_fault();
	assert_true(has_fired || (status == FAST_OK && items == 40));
	assert_true(stream == NULL || fast_stream_ended(stream));
	fast_stream_close(stream);
	world_advance_ms(&world, 1000);
	expect_service();
	return has_fired;
}

static void sweep_world(bool (*body)(int n), enum world_handling handling)
{
	struct fast_server_stats stats;
	int n = 0;

	world_open(&world, NULL);
	world.handling = handling;
	expect_service();
	while (body(n++)) {
	}
	assert_true(n > 3);
	fast_server_stats(world.server, &stats);
	assert_int_equal(0, stats.calls_open);
	world_close(&world);
}

static void a_call_ends_once_whatever_fails(void **state)
{
	(void)state;
	sweep_world(call_once, WORLD_ANSWERS);
}

static void a_failing_call_ends_once_whatever_fails(void **state)
{
	(void)state;
	sweep_world(call_once, WORLD_FAILS);
}

static void a_connecting_call_ends_once_whatever_fails(void **state)
{
	(void)state;
	sweep_world(connect_and_call, WORLD_ANSWERS);
}

static void a_stream_ends_whatever_fails(void **state)
{
	(void)state;
	sweep_world(stream_once, WORLD_ANSWERS);
}

static void a_call_on_a_warm_connection_allocates_little(void **state)
{
	struct outcome outcome;
	unsigned long before;

	(void)state;
	world_open(&world, NULL);
	for (int i = 0; i < 10; i++) {
		world_ask(&world, 1, 1000, &outcome);
		world_run(&world);
	}
	before = fault_alloc_count();
	for (int i = 0; i < 100; i++) {
		world_ask(&world, 1, 1000, &outcome);
		world_run(&world);
	}
	/* The request's frame, the answer's, and the reply's arena in its block. */
	assert_int_equal(300, fault_alloc_count() - before);
	world_close(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_opens_or_not),
		cmocka_unit_test(a_client_opens_or_not),
		cmocka_unit_test(a_publisher_opens_or_not),
		cmocka_unit_test(a_pool_opens_or_not),
		cmocka_unit_test(a_call_ends_once_whatever_fails),
		cmocka_unit_test(a_failing_call_ends_once_whatever_fails),
		cmocka_unit_test(a_connecting_call_ends_once_whatever_fails),
		cmocka_unit_test(a_stream_ends_whatever_fails),
		cmocka_unit_test(a_call_on_a_warm_connection_allocates_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
