/* Keyed calls while connections break and servers restart: none runs twice, and what callers are
 * told is true. */
#include "random.h"
#include "rpc_world.h"

#include "rpc/once.h"
#include <stdlib.h>

#define CALLS     6000
#define IN_FLIGHT 24

struct soaked {
	unsigned runs; /* of its handler */
	unsigned ends;
	enum fast_status status;
	enum fast_executed executed;
};

struct soak {
	struct world world;
	uint64_t random;
	struct soaked *calls;
	uint32_t started;
	uint32_t ended;
	unsigned kept_seen;
};

static void soaked_ended(const struct fast_reply *reply, void *arg)
{
	struct soaked *call = arg;

	call->ends++;
	call->status = reply->status;
	call->executed = reply->executed;
}

static void start_one(struct soak *soak)
{
	struct fast_call_options options = {
		.size = sizeof options,
		.timeout_ms = 1 + random_below(&soak->random, 3000),
		.wait_for_ready = random_below(&soak->random, 2) == 0,
		.once = FAST_ONCE_ON,
	};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;

	request.number = soak->started;
	assert_ok(testing_v1_probe_echo_start(soak->world.client, &options, &request, soaked_ended,
					      &soak->calls[soak->started]));
	soak->started++;
}

/* Counts the handlers that have run since. */
static void note_runs(struct soak *soak)
{
	for (; soak->kept_seen < soak->world.kept_count; soak->kept_seen++) {
		soak->calls[soak->world.kept_numbers[soak->kept_seen]].runs++;
	}
}

static void answer_one(struct soak *soak)
{
	struct world *world = &soak->world;
	Testing__V1__ProbeResponse response = TESTING__V1__PROBE_RESPONSE__INIT;
	struct fast_call *call;
	unsigned i;

	note_runs(soak);
	if (world->kept_count == 0) {
		return;
	}
	i = random_below(&soak->random, world->kept_count);
	call = world->kept[i];
	response.number = world->kept_numbers[i];
	world->kept_count--;
	soak->kept_seen--;
	world->kept[i] = world->kept[world->kept_count];
	world->kept_numbers[i] = world->kept_numbers[world->kept_count];
	testing_v1_probe_echo_reply(call, &response);
}

static void lose_connection(struct soak *soak)
{
	struct fast_client_connection *connection = soak->world.client->connection;

	if (connection != NULL) {
		connection->connection.link->ops->close(connection->connection.link);
	}
}

static void restart_server(struct soak *soak)
{
	struct world *world = &soak->world;

	lose_connection(soak);
	fast_memory_run(world->net);
	for (;;) {
		note_runs(soak);
		if (world->kept_count == 0) {
			break;
		}
		answer_one(soak);
	}
	world_stop_server(world);
	world_start_server(world, NULL);
}

static uint32_t count_ended(const struct soak *soak)
{
	uint32_t ended = 0;

	for (uint32_t i = 0; i < soak->started; i++) {
		ended += soak->calls[i].ends;
	}
	return ended;
}

/* Something happens, and then the links move a little, so that the next thing may happen anywhere
 * in the life of a call. */
static void soak_step(struct soak *soak)
{
	struct world *world = &soak->world;
	uint32_t dice = random_below(&soak->random, 1000);

	if (dice < 350 && soak->started < CALLS && soak->started - soak->ended < IN_FLIGHT) {
		start_one(soak);
	} else if (dice < 700) {
		answer_one(soak);
	} else if (dice < 740) {
		lose_connection(soak);
	} else if (dice < 743) {
		restart_server(soak);
	} else if (dice < 760) {
		world->is_unreachable = random_below(&soak->random, 3) == 0;
	} else {
		world_advance_ms(world, random_below(&soak->random, 60));
	}
	for (uint32_t i = random_below(&soak->random, 12); i > 0; i--) {
		fast_memory_step(world->net);
	}
	note_runs(soak);
	soak->ended = count_ended(soak);
}

static void a_counter_counts_every_call_that_was_told_so_and_no_other(void **state)
{
	struct soak soak = {.random = 88172645463325252u};
	uint32_t by_verdict[4] = {0};

	(void)state;
	soak.calls = calloc(CALLS, sizeof *soak.calls);
	assert_non_null(soak.calls);
	world_open(&soak.world, NULL);
	soak.world.handling = WORLD_KEEPS;
	while (soak.ended < CALLS) {
		soak_step(&soak);
	}
	while (soak.world.kept_count > 0) {
		answer_one(&soak);
	}
	for (uint32_t i = 0; i < CALLS; i++) {
		const struct soaked *call = &soak.calls[i];

		assert_int_equal(1, call->ends);
		assert_in_range(call->runs, 0, 1);
		if (call->status == FAST_OK) {
			assert_int_equal(1, call->runs);
			by_verdict[3]++;
		} else {
			assert_int_not_equal(FAST_EXECUTED_YES, call->executed);
			assert_true(call->executed != FAST_EXECUTED_NO || call->runs == 0);
			by_verdict[call->executed]++;
		}
	}
	/* Each kind of end was met. */
	assert_true(by_verdict[FAST_EXECUTED_UNKNOWN] > CALLS / 100);
	assert_true(by_verdict[FAST_EXECUTED_NO] > CALLS / 100);
	assert_true(by_verdict[3] > CALLS / 2);
	world_close(&soak.world);
	free(soak.calls);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_counter_counts_every_call_that_was_told_so_and_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
