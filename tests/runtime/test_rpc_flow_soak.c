/* Many streams of both kinds in random order, while connections break and servers answer early:
 * every call ends once at each side, and none that was cut off passes for a whole one. */
#include "flow_world.h"
#include "random.h"

#define CALLS     60000
#define IN_FLIGHT 60

/* One call at the client. */
struct drifter {
	struct fast_stream *stream; /* NULL: free */
	uint64_t sum;               /* of what was sent */
	uint64_t got;               /* of what came back */
	bool is_bidi;
	bool is_half_closed;
};

static struct flow flow;
static struct drifter drifters[IN_FLIGHT];
static uint64_t seed;
static unsigned started;
static unsigned ended;
static unsigned by_status[17];

static void start_one(struct drifter *drifter)
{
	bool has_deadline = random_below(&seed, 3) == 0;
	struct fast_call_options options = {
		.size = sizeof options,
		.timeout_ms = has_deadline ? (int64_t)random_below(&seed, 300) + 1 : 0,
		.wait_for_ready = random_below(&seed, 4) != 0,
	};

	*drifter = (struct drifter){.is_bidi = random_below(&seed, 2) == 0};
	started++;
	if (drifter->is_bidi) {
		assert_ok(testing_v1_flow_echo(flow.world.client, &options, &drifter->stream));
	} else {
		assert_ok(testing_v1_flow_sum(flow.world.client, &options, &drifter->stream));
	}
}

static void end_one(struct drifter *drifter, enum fast_status status)
{
	by_status[status]++;
	ended++;
	fast_stream_close(drifter->stream);
	drifter->stream = NULL;
}

static void put_one(struct drifter *drifter)
{
	Testing__V1__FlowNumber item = TESTING__V1__FLOW_NUMBER__INIT;
	uint8_t blob[600] = {0};

	item.number = random_below(&seed, 1000);
	item.blob.data = blob;
	item.blob.len = random_below(&seed, 8) == 0 ? sizeof blob : 3;
	if (testing_v1_flow_sum_put(drifter->stream, 0, &item) == FAST_OK) {
		assert_false(drifter->is_half_closed);
		drifter->sum += item.number;
	}
}

static void half_close_one(struct drifter *drifter)
{
	assert_ok(fast_stream_half_close(drifter->stream));
	drifter->is_half_closed = true;
}

/* What came back was sent; perhaps not all of it, since servers answer early here. */
static void read_one(struct drifter *drifter)
{
	const Testing__V1__FlowNumber *item = NULL;
	struct fast_reply reply;
	enum fast_status status;

	if (drifter->is_bidi) {
		status = testing_v1_flow_echo_next(drifter->stream, 0, &item);
		if (item != NULL) {
			drifter->got += item->number;
		} else if (fast_stream_ended(drifter->stream)) {
			assert_true(drifter->got <= drifter->sum);
			end_one(drifter, status);
		}
	} else if (fast_stream_is_over(drifter->stream)) {
		status = testing_v1_flow_sum_finish(drifter->stream, &reply);
		if (status == FAST_OK) {
			assert_true(testing_v1_flow_sum_response(&reply)->sum <= drifter->sum);
		}
		fast_reply_fini(&reply);
		end_one(drifter, status);
	}
}

static void use_one(void)
{
	struct drifter *drifter = &drifters[random_below(&seed, IN_FLIGHT)];
	uint32_t what = random_below(&seed, 100);

	if (drifter->stream == NULL) {
		if (started < CALLS) {
			start_one(drifter);
		}
	} else if (what < 50) {
		put_one(drifter);
	} else if (what < 85) {
		read_one(drifter);
	} else if (what < 95) {
		half_close_one(drifter);
	} else if (what < 97) {
		fast_stream_cancel(drifter->stream);
	} else if (what < 98) {
		end_one(drifter, FAST_CANCELLED);
	}
}

/* One of the newest calls at the server answers, or fails, whenever it likes. */
static void end_at_server(void)
{
	unsigned back = 1 + random_below(&seed, 100);
	struct flow_call *state;

	if (back > flow.call_count) {
		return;
	}
	state = &flow.calls[flow.call_count - back];
	if (state->call == NULL) {
		return;
	}
	if (random_below(&seed, 4) == 0) {
		struct fast_call *call = state->call;
		state->call = NULL;
		fast_call_fail(call, FAST_ABORTED, "by chance");
	} else {
		flow_end(state);
	}
}

static void break_connection(void)
{
	struct fast_client_connection *connection = flow.world.client->connection;

	if (connection != NULL && !connection->connection.has_ended) {
		connection->connection.link->ops->close(connection->connection.link);
	}
}

static void step(void)
{
	uint32_t what = random_below(&seed, 1000);

	if (what < 700) {
		use_one();
	} else if (what < 720) {
		end_at_server();
	} else if (what < 721) {
		break_connection();
	} else if (what < 725) {
		fast_memory_set_chunk(flow.world.net, random_below(&seed, 2000));
	} else if (what < 727) {
		flow.handling = random_below(&seed, 4) == 0 ? FLOW_WAITS : FLOW_ANSWERS;
		flow.answer_after = random_below(&seed, 4) == 0 ? random_below(&seed, 20) : 0;
	} else if (what < 970) {
		for (uint32_t i = random_below(&seed, 20); i > 0; i--) {
			fast_memory_step(flow.world.net);
		}
	} else if (what < 990) {
		world_run(&flow.world);
	} else {
		world_advance_ms(&flow.world, random_below(&seed, 5));
	}
}

static void every_stream_ends_once(void **state)
{
	struct fast_server_stats stats;

	(void)state;
	flow_open(&flow);
	flow.world.capacity = 2048;
	while (started < CALLS) {
		step();
	}
	fast_memory_set_chunk(flow.world.net, 0);
	for (unsigned i = 0; i < IN_FLIGHT; i++) {
		if (drifters[i].stream != NULL) {
			end_one(&drifters[i], FAST_CANCELLED);
		}
	}
	world_run(&flow.world);
	for (unsigned i = 0; i < flow.call_count; i++) {
		assert_true(flow.calls[i].ends <= 1);
		if (flow.calls[i].call != NULL) {
			assert_int_equal(1, flow.calls[i].ends);
			flow_end(&flow.calls[i]);
		}
	}
	world_run(&flow.world);
	assert_int_equal(CALLS, ended);
	assert_int_equal(0, flow.world.client->stream_count);
	/* Each way to end was met. */
	assert_true(by_status[FAST_OK] > CALLS / 10);
	assert_true(by_status[FAST_ABORTED] > 0);
	assert_true(by_status[FAST_CANCELLED] > 0);
	assert_true(by_status[FAST_DEADLINE_EXCEEDED] > 0);
	assert_true(by_status[FAST_UNAVAILABLE] > 0);
	fast_server_stats(flow.world.server, &stats);
	assert_int_equal(0, stats.calls_open);
	flow_close(&flow);
}

/* Opens, sends, half-closes, reads to the end. What was refused leaves no trace. */
static void a_stream_without_faults_is_whole(void **state)
{
	(void)state;
	flow_open(&flow);
	for (unsigned round = 0; round < 200; round++) {
		struct fast_stream *stream = flow_sum(&flow, 0);
		char text[FAST_STATUS_MESSAGE_BYTES_MAX + 1];
		uint64_t expected = 0;
		uint64_t sum = 0;

		fast_memory_set_chunk(flow.world.net, 1 + random_below(&seed, 50));
		for (uint32_t i = random_below(&seed, 100); i > 0; i--) {
			uint64_t number = random_next(&seed) >> 8;
			expected += flow_put(&flow, stream, number) == FAST_OK ? number : 0;
		}
		assert_ok(flow_finish(&flow, stream, &sum, text));
		assert_true(sum == expected);
	}
	flow_close(&flow);
}

int main(void)
{
	seed = random_seed();

	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_stream_ends_once),
		cmocka_unit_test(a_stream_without_faults_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
