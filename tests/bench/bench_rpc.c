/* bench_rpc - calls between two processes on one CPU, beside bare sockets and bare nng_stream.
 *
 * Both processes are pinned to the same CPU: a wake-up then costs the same in every round. The peer
 * is this program again, started before nng runs in here. */
#include <fast/client.h>
#include <fast/server.h>
#include <fast/stream.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"
#include "bench_peer.h"

#define CALLS           2000
#define CALLS_QUICK     200
#define STREAM_ITEMS    20000
#define IN_FLIGHT       64
#define IN_FLIGHT_CALLS 20000

/* One way to ask 64 bytes and get 32 back. */
struct contender {
	const char *name;
	void (*ask)(struct contender *contender);
	struct fast_client *client;
	struct nng_echo *nng;
	int socket;
	struct bench_series latencies_us; /* of all rounds */
	double p50_us;                    /* of this round */
};

static void check(bool holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "bench_rpc: %s\n", what);
		exit(1);
	}
}

static void ask_raw(struct contender *contender)
{
	uint8_t bytes[PEER_REQUEST_BYTES] = {0};

	check(send(contender->socket, bytes, sizeof bytes, 0) == (ssize_t)sizeof bytes &&
		      recv(contender->socket, bytes, PEER_REPLY_BYTES, MSG_WAITALL) ==
			      PEER_REPLY_BYTES,
	      "the raw peer is gone");
}

static void ask_nng(struct contender *contender)
{
	check(nng_echo_ask(contender->nng), "the nng_stream peer is gone");
}

static void ask_fast(struct contender *contender)
{
	struct fast_reply reply;
	enum fast_status status = fast_client_call(contender->client, &peer_methods[PEER_ECHO],
						   NULL, peer_request(0), &reply);

	check(status == FAST_OK, reply.text);
	fast_reply_fini(&reply);
}

/* One round of one contender. */
static void measure(struct contender *contender, int calls)
{
	struct bench_series round = {.values = NULL};

	for (int i = 0; i < calls / 10; i++) {
		contender->ask(contender);
	}
	for (int i = 0; i < calls; i++) {
		int64_t begin_ns = bench_now_ns();
		contender->ask(contender);
		double us = (double)(bench_now_ns() - begin_ns) / 1000;
		bench_series_add(&round, us);
		bench_series_add(&contender->latencies_us, us);
	}
	contender->p50_us = bench_median(&round);
	bench_series_fini(&round);
}

static void print_row(struct bench *bench, const char *transport, const char *row, double value,
		      const char *unit, uint64_t n, bool noisy)
{
	char name[64];

	snprintf(name, sizeof name, "rpc.unary.%s.%s", transport, row);
	bench_print(bench, name, value, unit, n, noisy);
}

/* Calls one after the other: ours, and both baselines in each round. */
static void bench_unary(struct bench *bench, const char *transport, struct contender *fast,
			struct contender *raw, struct contender *nng)
{
	struct bench_series raw_p50 = {.values = NULL};
	struct bench_series nng_p50 = {.values = NULL};
	struct bench_series fast_p50 = {.values = NULL};
	struct bench_series over_raw = {.values = NULL};
	struct bench_series over_nng = {.values = NULL};
	int calls = bench->quick ? CALLS_QUICK : CALLS;
	uint64_t n = (uint64_t)calls * (uint64_t)bench->rounds;

	for (int round = 0; round < bench->rounds; round++) {
		measure(raw, calls);
		measure(fast, calls);
		measure(nng, calls);
		bench_series_add(&raw_p50, raw->p50_us);
		bench_series_add(&nng_p50, nng->p50_us);
		bench_series_add(&fast_p50, fast->p50_us);
		bench_series_add(&over_raw, fast->p50_us / raw->p50_us);
		bench_series_add(&over_nng, fast->p50_us / nng->p50_us);
	}
	bool noisy = bench_is_noisy(&raw_p50);
	print_row(bench, transport, "p50_us", bench_median(&fast_p50), "us", n, noisy);
	print_row(bench, transport, "p99_us", bench_quantile(&fast->latencies_us, 0.99), "us", n,
		  noisy);
	print_row(bench, transport, "raw_p50_us", bench_median(&raw_p50), "us", n, noisy);
	print_row(bench, transport, "nng_stream_p50_us", bench_median(&nng_p50), "us", n, noisy);
	print_row(bench, transport, "vs_raw", bench_median(&over_raw), "ratio", n, noisy);
	print_row(bench, transport, "vs_nng_stream", bench_median(&over_nng), "ratio", n, noisy);
	bench_series_fini(&raw_p50);
	bench_series_fini(&nng_p50);
	bench_series_fini(&fast_p50);
	bench_series_fini(&over_raw);
	bench_series_fini(&over_nng);
}

/* Calls in flight: each answer starts the next. */
struct flight {
	struct fast_client *client;
	pthread_mutex_t lock;
	pthread_cond_t landed;
	unsigned to_start; /* guarded by lock */
	unsigned to_land;  /* guarded by lock */
};

static void flight_answered(const struct fast_reply *reply, void *arg);

static void flight_start(struct flight *flight)
{
	enum fast_status status = fast_client_start(flight->client, &peer_methods[PEER_ECHO], NULL,
						    peer_request(0), flight_answered, flight);

	check(status == FAST_OK, "a call could not be started");
}

static void flight_answered(const struct fast_reply *reply, void *arg)
{
	struct flight *flight = arg;
	bool starts;

	check(reply->status == FAST_OK, reply->text);
	pthread_mutex_lock(&flight->lock);
	starts = flight->to_start > 0;
	flight->to_start -= starts;
	if (--flight->to_land == 0) {
		pthread_cond_signal(&flight->landed);
	}
	pthread_mutex_unlock(&flight->lock);
	if (starts) {
		flight_start(flight);
	}
}

static double flight_calls_per_s(struct fast_client *client, unsigned calls)
{
	struct flight flight = {.client = client, .to_start = calls - IN_FLIGHT, .to_land = calls};
	int64_t begin_ns = bench_now_ns();

	pthread_mutex_init(&flight.lock, NULL);
	pthread_cond_init(&flight.landed, NULL);
	for (unsigned i = 0; i < IN_FLIGHT; i++) {
		flight_start(&flight);
	}
	pthread_mutex_lock(&flight.lock);
	while (flight.to_land > 0) {
		pthread_cond_wait(&flight.landed, &flight.lock);
	}
	pthread_mutex_unlock(&flight.lock);
	pthread_cond_destroy(&flight.landed);
	pthread_mutex_destroy(&flight.lock);
	return calls * 1e9 / (double)(bench_now_ns() - begin_ns);
}

static double stream_items_per_s(struct fast_client *client, uint32_t items)
{
	const ProtobufCMessage *item = NULL;
	struct fast_stream *stream = NULL;
	uint32_t count = 0;
	int64_t begin_ns = bench_now_ns();

	check(fast_client_stream(client, &peer_methods[PEER_WATCH], NULL, peer_request(items),
				 &stream) == FAST_OK,
	      "the stream could not be opened");
	while (fast_stream_next(stream, -1, &item) == FAST_OK && item != NULL) {
		count++;
	}
	check(count == items, fast_stream_reply(stream)->text);
	fast_stream_close(stream);
	return items * 1e9 / (double)(bench_now_ns() - begin_ns);
}

static void bench_throughput(struct bench *bench, struct fast_client *client)
{
	struct bench_series calls = {.values = NULL};
	struct bench_series items = {.values = NULL};
	unsigned divisor = bench->quick ? 10 : 1;

	for (int round = 0; round < bench->rounds; round++) {
		bench_series_add(&calls, flight_calls_per_s(client, IN_FLIGHT_CALLS / divisor));
		bench_series_add(&items, stream_items_per_s(client, STREAM_ITEMS / divisor));
	}
	bench_print(bench, "rpc.inflight64.ipc.calls_per_s", bench_median(&calls), "1/s",
		    (uint64_t)bench->rounds * IN_FLIGHT_CALLS / divisor, bench_is_noisy(&calls));
	bench_print(bench, "rpc.stream.ipc.items_per_s", bench_median(&items), "1/s",
		    (uint64_t)bench->rounds * STREAM_ITEMS / divisor, bench_is_noisy(&items));
	bench_series_fini(&calls);
	bench_series_fini(&items);
}

static bool wants_any(const struct bench *bench, const char *family)
{
	size_t n = strlen(family);

	return bench->prefix == NULL || strncmp(bench->prefix, family, n) == 0 ||
	       strncmp(bench->prefix, family, strlen(bench->prefix)) == 0;
}

static struct fast_client *client_open(const char *endpoint)
{
	struct fast_client *client = NULL;

	check(fast_client_open(endpoint, NULL, &client) == FAST_OK,
	      "the client could not be opened");
	return client;
}

static void bench_transport(struct bench *bench, const struct peer *peer, bool is_ipc)
{
	struct contender fast = {.ask = ask_fast};
	struct contender raw = {.ask = ask_raw};
	struct contender nng = {.ask = ask_nng};
	const char *transport = is_ipc ? "ipc" : "tcp";
	char family[32];

	snprintf(family, sizeof family, "rpc.unary.%s", transport);
	if (!wants_any(bench, family)) {
		return;
	}
	raw.socket = peer_connect(peer, is_ipc);
	nng.nng = nng_echo_open(is_ipc ? peer->nng_ipc : peer->nng_tcp);
	fast.client = client_open(is_ipc ? peer->fast_ipc : peer->fast_tcp);
	check(raw.socket >= 0 && nng.nng != NULL, "a baseline's peer cannot be reached");
	bench_unary(bench, transport, &fast, &raw, &nng);
	fast_client_close(fast.client);
	nng_echo_close(nng.nng);
	close(raw.socket);
	bench_series_fini(&fast.latencies_us);
	bench_series_fini(&raw.latencies_us);
	bench_series_fini(&nng.latencies_us);
}

int main(int argc, char **argv)
{
	struct bench bench;
	struct peer peer;

	if (argc == 3 && strcmp(argv[1], "--serve") == 0) {
		return peer_serve(argv[2]);
	}
	bench_init(&bench, argc, argv);
	check(peer_start(&peer), "the peer could not be started");
	bench_transport(&bench, &peer, true);
	bench_transport(&bench, &peer, false);
	if (wants_any(&bench, "rpc.inflight64") || wants_any(&bench, "rpc.stream")) {
		struct fast_client *client = client_open(peer.fast_ipc);
		bench_throughput(&bench, client);
		fast_client_close(client);
	}
	peer_stop(&peer);
	return 0;
}
