/* Many calls over real sockets, through proxies that do harm at random. Counted: every call ends
 * once, none a second late, no write is applied twice, what was said not to have run has not, no
 * stream misses an item unnoticed, and nothing is left behind. */
#include "deadlines.h"
#include "random.h"
#include "support/fault_proxy.h"
#include "support/flat.h"
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CALLS          100000
#define IN_FLIGHT      400
#define EPISODE_CALLS  250
#define WAYS           2
#define STREAM_ITEMS   100
#define HEAP_SLACK     (1 << 20)
#define SETTLE_MS_MAX  20000
#define ONCE_WINDOW_MS 1000

struct soaked {
	uint32_t number;
	bool is_write;
	bool is_keyed;
	int64_t deadline_ms;
	atomic_uint ended;
	enum fast_status status;
	enum fast_executed executed;
	bool is_wrong; /* the answer is another's */
	int64_t late_ms;
};

static struct {
	uint64_t seed;
	char folder[64];
	struct fast_server *server;
	struct fault_proxy *proxies[WAYS];
	struct fast_client *clients[WAYS];
	struct soaked *calls;
	atomic_uchar *applied; /* by number */
	uint32_t started;
	pthread_mutex_t lock;
	pthread_cond_t moved;
	uint32_t ended; /* guarded by lock */
	atomic_bool stops;
	atomic_uint streams_whole;
	atomic_uint streams_cut;
	atomic_uint gaps;
} soak = {.lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER};

static void on_echo(struct fast_call *call, const Testing__V1__ProbeRequest *request, void *arg)
{
	Testing__V1__ProbeResponse response = TESTING__V1__PROBE_RESPONSE__INIT;

	(void)arg;
	if (request->number < CALLS) {
		atomic_fetch_add(&soak.applied[request->number], 1);
	}
	response.number = request->number;
	response.blob = request->blob;
	fast_call_reply(call, &response.base);
}

/* An item that finds no room is dropped, and counted; but the last one, which tells of the others.
 */
static void on_watch(struct fast_call *call, const Testing__V1__ProbeRequest *request, void *arg)
{
	Testing__V1__ProbeResponse item = TESTING__V1__PROBE_RESPONSE__INIT;
	enum fast_status status = FAST_OK;

	(void)arg;
	for (item.number = 1; item.number <= request->number; item.number++) {
		do {
			status = testing_v1_probe_watch_send(call, &item);
			sched_yield();
		} while (status == FAST_RESOURCE_EXHAUSTED && item.number == request->number);
		if (status != FAST_OK && status != FAST_RESOURCE_EXHAUSTED) {
			fast_call_fail(call, status, "nobody reads");
			return;
		}
	}
	fast_call_finish(call);
}

static const struct testing_v1_probe_handlers handlers = {
	.echo = on_echo, .read = on_echo, .watch = on_watch};

static void soaked_ended(const struct fast_reply *reply, void *arg)
{
	struct soaked *call = arg;
	const Testing__V1__ProbeResponse *response =
		(const Testing__V1__ProbeResponse *)reply->message;

	call->status = reply->status;
	call->executed = reply->executed;
	call->is_wrong = response != NULL && response->number != call->number;
	call->late_ms = deadlines_now_ms() - call->deadline_ms;
	atomic_fetch_add(&call->ended, 1);
	pthread_mutex_lock(&soak.lock);
	soak.ended++;
	pthread_cond_signal(&soak.moved);
	pthread_mutex_unlock(&soak.lock);
}

static void start_one(void)
{
	struct soaked *call = &soak.calls[soak.started];
	struct fast_client *client = soak.clients[random_below(&soak.seed, WAYS)];
	struct fast_call_options options = {
		.size = sizeof options,
		.timeout_ms = 20 + random_below(&soak.seed, 130),
		.wait_for_ready = random_below(&soak.seed, 4) != 0,
	};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	uint8_t blob[2000] = {0};

	call->number = request.number = soak.started++;
	call->is_write = random_below(&soak.seed, 2) == 0;
	call->is_keyed = call->is_write && random_below(&soak.seed, 2) == 0;
	options.once = call->is_keyed ? FAST_ONCE_ON : FAST_ONCE_OFF;
	call->deadline_ms = deadlines_now_ms() + options.timeout_ms;
	request.blob.data = blob;
	request.blob.len = random_below(&soak.seed, 50) == 0 ? sizeof blob : 10;
	assert_ok(fast_client_start(client,
				    &testing_v1_probe_service.methods[call->is_write ? 0 : 1],
				    &options, &request.base, soaked_ended, call));
}

/* Waits until at most so many are in flight. */
static void wait_for_room(uint32_t in_flight)
{
	pthread_mutex_lock(&soak.lock);
	while (soak.started - soak.ended > in_flight) {
		pthread_cond_wait(&soak.moved, &soak.lock);
	}
	pthread_mutex_unlock(&soak.lock);
}

static void change_weather(void)
{
	struct fault_proxy *proxy = soak.proxies[random_below(&soak.seed, WAYS)];
	struct fault_plan plan = {.delay_ms = 0};
	uint32_t what = random_below(&soak.seed, 100);

	if (what < 25) {
		fault_proxy_cut(proxy);
		return;
	}
	if (what < 35) {
		plan.delay_ms = 1 + random_below(&soak.seed, 10);
	} else if (what < 45) {
		plan.chunk_bytes = 1 + random_below(&soak.seed, 40);
	} else if (what < 48) {
		plan.bytes_per_s = 125000; /* 1 Mbit/s */
	} else if (what < 51) {
		plan.is_half_open = true;
	} else if (what < 54) {
		plan.hold_connects = 2;
	}
	fault_proxy_set(proxy, &plan);
}

/* Reads one stream; counts it by how it went. */
static void watch_one(struct fast_client *client)
{
	struct fast_call_options options = {.size = sizeof options, .timeout_ms = 500};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	const Testing__V1__ProbeResponse *item = NULL;
	struct fast_stream *stream = NULL;
	enum fast_status status;
	uint64_t items = 0;
	uint32_t last = 0;

	request.number = STREAM_ITEMS;
	assert_ok(testing_v1_probe_watch(client, &options, &request, &stream));
	do {
		status = testing_v1_probe_watch_next(stream, -1, &item);
		if (item != NULL && status == FAST_OK) {
			items++;
			/* It may know already of what is missing behind this item. */
			atomic_fetch_add(&soak.gaps,
					 item->number <= last ||
						 item->number >
							 items + fast_stream_dropped(stream));
			last = item->number;
		}
	} while (status == FAST_OK && item != NULL);
	if (status == FAST_OK) {
		/* The last item counts each time that it found no room. */
		atomic_fetch_add(&soak.gaps, items + fast_stream_dropped(stream) < STREAM_ITEMS);
		atomic_fetch_add(&soak.streams_whole, 1);
	} else {
		atomic_fetch_add(&soak.streams_cut, 1);
	}
	fast_stream_close(stream);
}

static void *watch_body(void *client)
{
	while (!atomic_load(&soak.stops)) {
		watch_one(client);
	}
	return NULL;
}

static void soak_open(void)
{
	/* Longer than any call lasts; then its answer is forgotten. */
	const struct fast_server_options options = {.size = sizeof options,
						    .once_window_ms = ONCE_WINDOW_MS};
	char endpoint[WAYS][FAULT_PROXY_ENDPOINT_BYTES];

	soak.seed = random_seed();
	soak.calls = calloc(CALLS, sizeof *soak.calls);
	soak.applied = calloc(CALLS, sizeof *soak.applied);
	assert_true(soak.calls != NULL && soak.applied != NULL);
	snprintf(soak.folder, sizeof soak.folder, "/tmp/fast_soak.XXXXXX");
	assert_non_null(mkdtemp(soak.folder));
	snprintf(endpoint[0], sizeof endpoint[0], "ipc://%s/s", soak.folder);
	assert_ok(fast_server_open(&options, &soak.server));
	assert_ok(fast_server_add(soak.server, &testing_v1_probe_service, &handlers, NULL, 0));
	assert_ok(fast_server_listen(soak.server, endpoint[0], 0600));
	assert_ok(fast_server_listen(soak.server, "tcp://127.0.0.1:0", 0));
	snprintf(endpoint[0], sizeof endpoint[0], "ipc://%s/p", soak.folder);
	snprintf(endpoint[1], sizeof endpoint[1], "tcp://127.0.0.1:0");
	for (size_t i = 0; i < WAYS; i++) {
		soak.proxies[i] =
			fault_proxy_open(endpoint[i], fast_server_endpoint(soak.server, i));
		assert_non_null(soak.proxies[i]);
		soak.clients[i] = real_client(fault_proxy_endpoint(soak.proxies[i]));
	}
}

static void soak_close(void)
{
	char path[128];
	int64_t begin_ms = deadlines_now_ms();

	for (size_t i = 0; i < WAYS; i++) {
		fast_client_close(soak.clients[i]);
	}
	fast_server_close(soak.server);
	assert_in_range(deadlines_now_ms() - begin_ms, 0, DEADLINES_LATE_MS_MAX);
	for (size_t i = 0; i < WAYS; i++) {
		fault_proxy_close(soak.proxies[i]);
	}
	snprintf(path, sizeof path, "%s/s.lock", soak.folder);
	unlink(path);
	assert_int_equal(0, rmdir(soak.folder));
}

static void run_calls(uint32_t until)
{
	while (soak.started < until) {
		wait_for_room(IN_FLIGHT - 1);
		start_one();
		if (soak.started % EPISODE_CALLS == 0) {
			change_weather();
		}
	}
}

/* Both ways are open, and nothing is in flight. */
static void make_fair(void)
{
	const struct fault_plan fair = {.delay_ms = 0};

	for (size_t i = 0; i < WAYS; i++) {
		fault_proxy_set(soak.proxies[i], &fair);
	}
	wait_for_room(0);
	for (size_t i = 0; i < WAYS; i++) {
		int64_t until_ms = deadlines_now_ms() + SETTLE_MS_MAX;
		while (real_echo(soak.clients[i], CALLS, 1000, NULL) != FAST_OK) {
			assert_true(deadlines_now_ms() < until_ms);
		}
	}
}

/* With a key: that has the server forget the answers that have had their time. */
static void call_keyed(struct fast_client *client)
{
	struct fast_call_options options = {.size = sizeof options, .once = FAST_ONCE_ON};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct fast_reply reply;

	request.number = CALLS;
	assert_ok(testing_v1_probe_echo(client, &options, &request, &reply));
	fast_reply_fini(&reply);
}

/* What has ended goes a little later than its end is told, answers when their time has come. */
static bool becomes_flat(size_t descriptors, size_t heap_bytes)
{
	int64_t until_ms = deadlines_now_ms() + SETTLE_MS_MAX;

	do {
		int64_t next_ms = deadlines_now_ms() + SETTLE_MS_MAX / 100;
		do {
			make_fair();
		} while (deadlines_now_ms() < next_ms);
		call_keyed(soak.clients[0]);
		if (flat_descriptors() <= descriptors && flat_heap_bytes() <= heap_bytes) {
			return true;
		}
	} while (deadlines_now_ms() < until_ms);
	return false;
}

static void expect_invariants(void)
{
	uint32_t by_status[17] = {0};
	uint32_t unknown = 0;
	uint32_t lost_plain = 0;
	uint32_t lost_keyed = 0;

	for (uint32_t i = 0; i < CALLS; i++) {
		struct soaked *call = &soak.calls[i];
		unsigned applied = atomic_load(&soak.applied[i]);

		assert_int_equal(1, atomic_load(&call->ended));
		assert_true(call->late_ms < DEADLINES_LATE_MS_MAX);
		assert_false(call->is_wrong);
		by_status[call->status]++;
		assert_true(!call->is_write || applied <= 1);
		assert_true(call->status != FAST_OK || applied >= 1);
		if (call->status != FAST_OK && call->executed == FAST_EXECUTED_NO) {
			assert_int_equal(0, applied);
		}
		unknown += call->status != FAST_OK && call->executed == FAST_EXECUTED_UNKNOWN;
		lost_plain += call->status == FAST_UNAVAILABLE && call->is_write && !call->is_keyed;
		lost_keyed += call->status == FAST_UNAVAILABLE && call->is_keyed;
	}
	printf("calls: %u OK, %u UNAVAILABLE, %u DEADLINE_EXCEEDED; %u of them unknown\n"
	       "writes lost: %u plain, %u keyed; streams: %u whole, %u cut\n",
	       by_status[FAST_OK], by_status[FAST_UNAVAILABLE], by_status[FAST_DEADLINE_EXCEEDED],
	       unknown, lost_plain, lost_keyed, atomic_load(&soak.streams_whole),
	       atomic_load(&soak.streams_cut));
	assert_int_equal(CALLS, by_status[FAST_OK] + by_status[FAST_UNAVAILABLE] +
					by_status[FAST_DEADLINE_EXCEEDED]);
	/* Each way to end was met. */
	assert_true(by_status[FAST_OK] > CALLS / 4);
	assert_true(by_status[FAST_UNAVAILABLE] > 0 && by_status[FAST_DEADLINE_EXCEEDED] > 0);
	assert_true(atomic_load(&soak.streams_whole) > 0 && atomic_load(&soak.streams_cut) > 0);
	assert_int_equal(0, atomic_load(&soak.gaps));
}

static void calls_survive_a_network_that_does_harm(void **state)
{
	pthread_t watchers[WAYS];
	size_t descriptors;
	size_t heap_bytes;
	bool is_flat;

	(void)state;
	soak_open();
	for (size_t i = 0; i < WAYS; i++) {
		assert_int_equal(0,
				 pthread_create(&watchers[i], NULL, watch_body, soak.clients[i]));
	}
	run_calls(CALLS / 4);
	make_fair();
	descriptors = flat_descriptors();
	heap_bytes = flat_heap_bytes();
	run_calls(CALLS);
	is_flat = becomes_flat(descriptors, heap_bytes + HEAP_SLACK);
	atomic_store(&soak.stops, true);
	for (size_t i = 0; i < WAYS; i++) {
		assert_int_equal(0, pthread_join(watchers[i], NULL));
	}
	assert_true(is_flat);
	soak_close();
	expect_invariants();
	free(soak.calls);
	free(soak.applied);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_survive_a_network_that_does_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
