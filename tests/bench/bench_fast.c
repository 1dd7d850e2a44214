#include "bench.h"
#include "contender.h"
#include "fast_side.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Calls in flight: each answer starts the next. */
struct flights {
	struct load load;
	Bench__V1__AskRequest request;
	struct fast_client **clients;
	struct fast_tls *tls;
	struct flight *all; /* load.connections * load.in_flight */
	int64_t end_ns;
	pthread_mutex_t lock;
	pthread_cond_t landed;
	unsigned in_the_air; /* guarded by lock */
};

struct flight {
	struct flights *flights;
	struct fast_client *client;
	uint64_t calls; /* by the one thread that runs its callback */
};

uint32_t payload_bytes(uint32_t message_bytes)
{
	uint32_t field_bytes = 2; /* tag, and one digit of the length */

	for (uint32_t rest = message_bytes >> 7; rest > 0; rest >>= 7) {
		field_bytes++;
	}
	return message_bytes - field_bytes;
}

struct fast_client *fast_side_open(const struct peer *peer, enum peer_transport transport,
				   struct fast_tls *tls)
{
	struct fast_client_options options = {.size = sizeof options, .tls = tls};
	struct fast_client *client = NULL;

	bench_check(fast_client_open(peer->fast[transport], &options, &client) == FAST_OK,
		    "a client could not be opened");
	return client;
}

static void ask(struct flights *flights, struct fast_client *client)
{
	struct fast_reply reply;

	bench_check(bench_v1_echo_ask(client, NULL, &flights->request, &reply) == FAST_OK,
		    reply.text);
	fast_reply_fini(&reply);
}

static bool flights_open(struct contender *contender, const struct load *load)
{
	struct flights *flights = calloc(1, sizeof *flights);
	size_t count = (size_t)load->connections * load->in_flight;

	bench_check(flights != NULL, "no memory");
	flights->load = *load;
	pthread_mutex_init(&flights->lock, NULL);
	pthread_cond_init(&flights->landed, NULL);
	bench__v1__ask_request__init(&flights->request);
	flights->request.payload.len = payload_bytes(load->request_bytes);
	flights->request.payload.data = calloc(1, load->request_bytes);
	flights->clients = calloc(load->connections, sizeof(struct fast_client *));
	flights->all = calloc(count, sizeof *flights->all);
	bench_check(flights->request.payload.data != NULL && flights->clients != NULL &&
			    flights->all != NULL,
		    "no memory");
	if (load->transport == PEER_TLS) {
		flights->tls = peer_tls(contender->peer, "client");
	}
	for (unsigned i = 0; i < load->connections; i++) {
		flights->clients[i] =
			fast_side_open(contender->peer, load->transport, flights->tls);
		ask(flights, flights->clients[i]);
	}
	for (size_t i = 0; i < count; i++) {
		flights->all[i].flights = flights;
		flights->all[i].client = flights->clients[i / load->in_flight];
	}
	contender->state = flights;
	return true;
}

static void flights_close(struct contender *contender)
{
	struct flights *flights = contender->state;

	for (unsigned i = 0; i < flights->load.connections; i++) {
		fast_client_close(flights->clients[i]);
	}
	fast_tls_free(flights->tls);
	pthread_cond_destroy(&flights->landed);
	pthread_mutex_destroy(&flights->lock);
	free(flights->request.payload.data);
	free(flights->clients);
	free(flights->all);
	free(flights);
}

static void flight_landed(const struct fast_reply *reply, void *arg);

static void flight_start(struct flight *flight)
{
	bench_check(bench_v1_echo_ask_start(flight->client, NULL, &flight->flights->request,
					    flight_landed, flight) == FAST_OK,
		    "a call could not be started");
}

static void flight_landed(const struct fast_reply *reply, void *arg)
{
	struct flight *flight = arg;
	struct flights *flights = flight->flights;

	bench_check(reply->status == FAST_OK, reply->text);
	flight->calls++;
	if (bench_now_ns() < flights->end_ns) {
		flight_start(flight);
		return;
	}
	pthread_mutex_lock(&flights->lock);
	if (--flights->in_the_air == 0) {
		pthread_cond_signal(&flights->landed);
	}
	pthread_mutex_unlock(&flights->lock);
}

static void run_in_flight(struct flights *flights, struct sample *sample)
{
	unsigned count = flights->load.connections * flights->load.in_flight;

	flights->in_the_air = count;
	for (unsigned i = 0; i < count; i++) {
		flights->all[i].calls = 0;
		flight_start(&flights->all[i]);
	}
	pthread_mutex_lock(&flights->lock);
	while (flights->in_the_air > 0) {
		pthread_cond_wait(&flights->landed, &flights->lock);
	}
	pthread_mutex_unlock(&flights->lock);
	for (unsigned i = 0; i < count; i++) {
		sample->calls += flights->all[i].calls;
	}
}

static void run_one_by_one(struct flights *flights, struct sample *sample)
{
	struct bench_series latencies = {.values = NULL};
	int64_t now_ns = bench_now_ns();

	while (now_ns < flights->end_ns) {
		int64_t begin_ns = now_ns;
		ask(flights, flights->clients[0]);
		now_ns = bench_now_ns();
		bench_series_add(&latencies, (double)(now_ns - begin_ns) / 1000);
	}
	sample->p50_us = bench_median(&latencies);
	sample->p99_us = bench_quantile(&latencies, 0.99);
	sample->calls = latencies.count;
	bench_series_fini(&latencies);
}

static void flights_run(struct contender *contender, int64_t duration_ns, struct sample *sample)
{
	struct flights *flights = contender->state;

	flights->end_ns = bench_now_ns() + duration_ns;
	if (flights->load.connections * flights->load.in_flight == 1) {
		run_one_by_one(flights, sample);
	} else {
		run_in_flight(flights, sample);
	}
}

const struct contender_ops fast_ops = {"fast", flights_open, flights_run, flights_close};
