/* Streams, memory and deadlines. */
#include "contender.h"
#include "families.h"
#include "fast_side.h"

#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>

#define STREAM_ITEMS        20000u
#define STREAMS_OPEN        500
#define CONNECTIONS_OPEN    128
#define DEADLINES_AT_ONCE   16
#define DEADLINES           4000
#define DEADLINES_QUICK     2000
#define DEADLINE_MS_MAX     8
#define MEMORY_SETTLE_CALLS 16
#define ROUND_WARM_NS       20000000

static struct fast_stream *stream_open(struct fast_client *client, uint32_t items)
{
	Bench__V1__WatchRequest request = BENCH__V1__WATCH_REQUEST__INIT;
	struct fast_stream *stream = NULL;

	request.items = items;
	bench_check(bench_v1_flow_watch(client, NULL, &request, &stream) == FAST_OK,
		    "the stream could not be opened");
	return stream;
}

static double stream_items_per_s(struct fast_client *client, uint32_t items)
{
	int64_t begin_ns = bench_now_ns();
	struct fast_stream *stream = stream_open(client, items);
	const Bench__V1__WatchResponse *item = NULL;
	uint32_t count = 0;

	while (bench_v1_flow_watch_next(stream, -1, &item) == FAST_OK && item != NULL) {
		count++;
	}
	bench_check(count == items, "a stream was cut off");
	fast_stream_close(stream);
	return items * 1e9 / (double)(bench_now_ns() - begin_ns);
}

static void bench_stream_items(struct bench *bench, const struct peer *peer,
			       enum peer_transport transport)
{
	struct bench_series rates = {.values = NULL};
	uint32_t items = STREAM_ITEMS / (bench->quick ? 10 : 1);
	struct fast_tls *tls = NULL;
	struct fast_client *client;
	char name[64];

	snprintf(name, sizeof name, "rpc.stream.%s.items_per_s", peer_transport_names[transport]);
	if (!bench_wants(bench, name)) {
		return;
	}
	if (transport == PEER_TLS && peer->certificates == NULL) {
		bench_skip(bench, name, "there are no certificates");
		return;
	}
	if (transport == PEER_TLS) {
		tls = peer_tls(peer, "client");
	}
	client = fast_side_open(peer, transport, tls);
	(void)stream_items_per_s(client, items / 10);
	for (int round = 0; round < bench->rounds; round++) {
		bench_series_add(&rates, stream_items_per_s(client, items));
	}
	bench_print(bench, name, bench_median(&rates), "1/s", (uint64_t)bench->rounds * items,
		    bench_is_noisy(&rates));
	bench_series_fini(&rates);
	fast_client_close(client);
	fast_tls_free(tls);
}

/* Round trips: what was opened before has arrived. */
static void settle(struct fast_client *client)
{
	for (int i = 0; i < MEMORY_SETTLE_CALLS; i++) {
		(void)stream_items_per_s(client, 1);
	}
}

static void bench_stream_memory(struct bench *bench, const struct peer *peer)
{
	static struct fast_stream *streams[STREAMS_OPEN];
	struct fast_client *client;
	size_t client_bytes;
	int64_t server_bytes;

	if (!bench_wants(bench, "rpc.stream.server_bytes") &&
	    !bench_wants(bench, "rpc.stream.client_bytes")) {
		return;
	}
	client = fast_side_open(peer, PEER_IPC, NULL);
	settle(client);
	client_bytes = mallinfo2().uordblks;
	server_bytes = place_memory_bytes(peer->pid);
	for (size_t i = 0; i < STREAMS_OPEN; i++) {
		streams[i] = stream_open(client, 0);
	}
	settle(client);
	client_bytes = mallinfo2().uordblks - client_bytes;
	server_bytes = place_memory_bytes(peer->pid) - server_bytes;
	bench_print(bench, "rpc.stream.server_bytes", (double)server_bytes / STREAMS_OPEN, "B",
		    STREAMS_OPEN, false);
	bench_print(bench, "rpc.stream.client_bytes", (double)client_bytes / STREAMS_OPEN, "B",
		    STREAMS_OPEN, false);
	for (size_t i = 0; i < STREAMS_OPEN; i++) {
		fast_stream_close(streams[i]);
	}
	fast_client_close(client);
}

void bench_streams(struct bench *bench, const struct peer *peer)
{
	bench_stream_items(bench, peer, PEER_IPC);
	bench_stream_items(bench, peer, PEER_UNIX);
	bench_stream_items(bench, peer, PEER_TLS);
}

/* Of the server, per connection that has been used once. */
static double connection_bytes(struct contender *contender)
{
	const struct load load = {PEER_IPC, REQUEST_BYTES, CONNECTIONS_OPEN, 1};
	const struct load one = {PEER_IPC, REQUEST_BYTES, 1, 1};
	struct contender first = *contender;
	struct sample sample = {0};
	int64_t bytes;
	double each;

	if (!first.ops->open(&first, &one)) {
		return -1;
	}
	first.ops->run(&first, ROUND_WARM_NS, &sample);
	first.ops->close(&first);
	bytes = place_memory_bytes(contender->server);
	bench_check(contender->ops->open(contender, &load), "no connections");
	contender->ops->run(contender, ROUND_WARM_NS, &sample);
	each = (double)(place_memory_bytes(contender->server) - bytes) / CONNECTIONS_OPEN;
	contender->ops->close(contender);
	return each;
}

void bench_memory(struct bench *bench, const struct peer *peer)
{
	struct contender fast = {.ops = &fast_ops, .peer = peer, .server = peer->pid};
	struct contender grpc = {&grpc_ops, peer, peer->grpc_client, peer->grpc_pid, NULL};
	double bytes;

	bench_stream_memory(bench, peer);
	if (bench_wants(bench, "rpc.conn.idle_bytes")) {
		bytes = connection_bytes(&fast);
		bench_print(bench, "rpc.conn.idle_bytes", bytes, "B", CONNECTIONS_OPEN, false);
	}
	if (!bench_wants(bench, "rpc.conn.grpc_idle_bytes")) {
		return;
	}
	bytes = connection_bytes(&grpc);
	if (bytes < 0) {
		bench_skip(bench, "rpc.conn.grpc_idle_bytes", "the peer was not built");
	} else {
		bench_print(bench, "rpc.conn.grpc_idle_bytes", bytes, "B", CONNECTIONS_OPEN, false);
	}
}

/* Calls to a server that never answers; each that ends starts the next. */
struct waits {
	struct fast_client *client;
	struct bench_series lateness_us; /* guarded by lock, as what follows */
	unsigned to_start;
	unsigned to_end;
	pthread_mutex_t lock;
	pthread_cond_t ended;
};

struct wait {
	struct waits *waits;
	int64_t timeout_ms;
	int64_t due_ns;
};

static void wait_ended(const struct fast_reply *reply, void *arg);

static void wait_start(struct wait *wait)
{
	Bench__V1__AskRequest request = BENCH__V1__ASK_REQUEST__INIT;
	struct fast_call_options options = {.size = sizeof options};

	wait->timeout_ms = wait->timeout_ms % DEADLINE_MS_MAX + 1;
	options.timeout_ms = wait->timeout_ms;
	wait->due_ns = bench_now_ns() + wait->timeout_ms * 1000000;
	bench_check(bench_v1_echo_ask_start(wait->waits->client, &options, &request, wait_ended,
					    wait) == FAST_OK,
		    "a call could not be started");
}

static void wait_ended(const struct fast_reply *reply, void *arg)
{
	int64_t now_ns = bench_now_ns();
	struct wait *wait = arg;
	struct waits *waits = wait->waits;
	bool starts;

	bench_check(reply->status == FAST_DEADLINE_EXCEEDED, reply->text);
	pthread_mutex_lock(&waits->lock);
	bench_series_add(&waits->lateness_us, (double)(now_ns - wait->due_ns) / 1000);
	starts = waits->to_start > 0;
	waits->to_start -= starts;
	if (--waits->to_end == 0) {
		pthread_cond_signal(&waits->ended);
	}
	pthread_mutex_unlock(&waits->lock);
	if (starts) {
		wait_start(wait);
	}
}

void bench_deadlines(struct bench *bench, const struct peer *peer)
{
	unsigned count = bench->quick ? DEADLINES_QUICK : DEADLINES;
	struct waits waits = {.to_start = count - DEADLINES_AT_ONCE, .to_end = count};
	struct wait all[DEADLINES_AT_ONCE];

	if (!bench_wants_some(bench, "rpc.deadline.")) {
		return;
	}
	bench_check(fast_client_open(peer->mute, NULL, &waits.client) == FAST_OK,
		    "a client could not be opened");
	pthread_mutex_init(&waits.lock, NULL);
	pthread_cond_init(&waits.ended, NULL);
	for (unsigned i = 0; i < DEADLINES_AT_ONCE; i++) {
		all[i] = (struct wait){.waits = &waits, .timeout_ms = i};
		wait_start(&all[i]);
	}
	pthread_mutex_lock(&waits.lock);
	while (waits.to_end > 0) {
		pthread_cond_wait(&waits.ended, &waits.lock);
	}
	pthread_mutex_unlock(&waits.lock);
	fast_client_close(waits.client);
	bench_print(bench, "rpc.deadline.lateness_p50_us", bench_median(&waits.lateness_us), "us",
		    count, false);
	bench_print(bench, "rpc.deadline.lateness_p999_us",
		    bench_quantile(&waits.lateness_us, 0.999), "us", count, false);
	bench_series_fini(&waits.lateness_us);
	pthread_cond_destroy(&waits.ended);
	pthread_mutex_destroy(&waits.lock);
}
