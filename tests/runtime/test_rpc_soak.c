/* Many calls in flight, answered in random order while connections break: every call ends once, and
 * not after its deadline. */
#include "random.h"
#include "rpc_world.h"

#include "support/flat.h"
#include <stdlib.h>

#if defined(__SANITIZE_THREAD__)
#define CALLS 20000 /* all on one thread, where there is little to find */
#else
#define CALLS 100000
#endif
#define IN_FLIGHT  1000
#define NS_PER_MS  1000000
#define HEAP_SLACK (1 << 20)

struct soaked {
	struct world *world;
	struct soak *soak;
	int64_t deadline_ns;
	uint32_t number;
	unsigned count;
};

struct soak {
	struct world world;
	uint64_t random;
	struct soaked *calls;
	uint32_t started;
	uint32_t ended;
	uint32_t late;
	uint32_t wrong;
	uint32_t by_status[17];
};

static void soaked_ended(const struct fast_reply *reply, void *arg)
{
	struct soaked *call = arg;
	const Testing__V1__ProbeResponse *response =
		(const Testing__V1__ProbeResponse *)reply->message;

	call->count++;
	call->soak->ended++;
	call->soak->by_status[reply->status]++;
	call->soak->late += fast_timers_now_ns(call->world->timers) > call->deadline_ns;
	if (reply->status == FAST_OK && response->number != call->number) {
		call->soak->wrong++;
	}
}

static void start_one(struct soak *soak)
{
	struct soaked *call = &soak->calls[soak->started];
	int64_t timeout_ms = 1 + random_below(&soak->random, 400);
	struct fast_call_options options = {
		.size = sizeof options,
		.timeout_ms = timeout_ms,
		.wait_for_ready = random_below(&soak->random, 4) != 0,
	};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	uint8_t blob[3000] = {0};
	const struct fast_method *method =
		&testing_v1_probe_service.methods[random_below(&soak->random, 2)];

	*call = (struct soaked){.world = &soak->world,
				.soak = soak,
				.deadline_ns = soak->world.now_ns + timeout_ms * NS_PER_MS,
				.number = soak->started};
	request.number = soak->started;
	request.blob.data = blob;
	request.blob.len = random_below(&soak->random, 8) == 0 ? sizeof blob : 10;
	soak->started++;
	assert_ok(fast_client_start(soak->world.client, method, &options, &request.base,
				    soaked_ended, call));
}

/* Ends one of the calls that the handlers keep, whether anybody still waits for it or not. */
static void answer_one(struct soak *soak)
{
	struct world *world = &soak->world;
	Testing__V1__ProbeResponse response = TESTING__V1__PROBE_RESPONSE__INIT;
	unsigned i;
	struct fast_call *call;

	if (world->kept_count == 0) {
		return;
	}
	i = random_below(&soak->random, world->kept_count);
	call = world->kept[i];
	world->kept[i] = world->kept[--world->kept_count];
	if (random_below(&soak->random, 20) == 0) {
		fast_call_fail(call, FAST_ABORTED, "by chance");
	} else {
		response.number = world->kept_numbers[i];
		fast_call_reply(call, &response.base);
	}
	world->kept_numbers[i] = world->kept_numbers[world->kept_count];
}

/* Breaks the connection, as the client or the server would. */
static void break_connection(struct soak *soak)
{
	struct world *world = &soak->world;
	struct fast_client_connection *connection = world->client->connection;

	if (connection == NULL || connection->connection.has_ended) {
		return;
	}
	connection->connection.link->ops->close(connection->connection.link);
}

static void step(struct soak *soak)
{
	struct world *world = &soak->world;
	uint32_t what = random_below(&soak->random, 1000);

	if (what < 400 && soak->started < CALLS && soak->started - soak->ended < IN_FLIGHT) {
		start_one(soak);
	} else if (what < 800 || soak->world.kept_count > WORLD_KEPT_MAX / 2) {
		answer_one(soak);
	} else if (what < 803) {
		break_connection(soak);
	} else if (what < 810) {
		fast_memory_set_chunk(world->net, random_below(&soak->random, 3000));
	} else if (what < 950) {
		for (uint32_t i = random_below(&soak->random, 20); i > 0; i--) {
			fast_memory_step(world->net);
		}
	} else if (what < 980) {
		world_run(world);
	} else {
		world_advance_ms(world, random_below(&soak->random, 5));
	}
}

static void every_call_ends_once_and_in_time(void **state)
{
	struct soak *soak = calloc(1, sizeof *soak);
	struct fast_server_stats stats;
	size_t heap_bytes = 0;

	(void)state;
	assert_non_null(soak);
	soak->random = random_seed();
	soak->calls = calloc(CALLS, sizeof *soak->calls);
	assert_non_null(soak->calls);
	world_open(&soak->world, NULL);
	soak->world.handling = WORLD_KEEPS;
	soak->world.capacity = 2048;
	while (soak->ended < CALLS) {
		step(soak);
		if (heap_bytes == 0 && soak->ended > CALLS / 4) {
			heap_bytes = flat_heap_bytes();
		}
	}
	fast_memory_set_chunk(soak->world.net, 0);
	world_advance_ms(&soak->world, 1000);
	while (soak->world.kept_count > 0) {
		answer_one(soak);
		world_run(&soak->world);
	}
	assert_true(flat_heap_bytes() <= heap_bytes + HEAP_SLACK);
	for (uint32_t i = 0; i < CALLS; i++) {
		assert_int_equal(1, soak->calls[i].count);
	}
	assert_int_equal(0, soak->late);
	assert_int_equal(0, soak->wrong);
	/* Each way to end was met. */
	assert_true(soak->by_status[FAST_OK] > CALLS / 10);
	assert_true(soak->by_status[FAST_ABORTED] > 0);
	assert_true(soak->by_status[FAST_DEADLINE_EXCEEDED] > 0);
	assert_true(soak->by_status[FAST_UNAVAILABLE] > 0);
	assert_int_equal(CALLS, soak->by_status[FAST_OK] + soak->by_status[FAST_ABORTED] +
					soak->by_status[FAST_DEADLINE_EXCEEDED] +
					soak->by_status[FAST_UNAVAILABLE]);
	fast_server_stats(soak->world.server, &stats);
	assert_int_equal(0, stats.calls_open);
	world_close(&soak->world);
	free(soak->calls);
	free(soak);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_call_ends_once_and_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
