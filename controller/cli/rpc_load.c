#include "cli/rpc_load.h"

#include "client/interrupt.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define NANOS INT64_C(1000000000)

struct load;

/* A call under way. */
struct flight {
	struct load *load;
	int64_t scheduled_ns;
	struct flight *next; /* free; guarded by lock */
};

struct load {
	const struct rpc_load_plan *plan;
	struct rpc_load_result *result; /* guarded by lock */
	pthread_mutex_t lock;
	pthread_cond_t landed;
	struct flight *flights;
	struct flight *spare; /* guarded by lock */
	size_t open;          /* guarded by lock */
	int64_t last_ns;      /* guarded by lock */
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NANOS + now.tv_nsec;
}

size_t rpc_load_bucket(int64_t ns)
{
	uint64_t value = ns < RPC_LOAD_STEPS ? RPC_LOAD_STEPS : (uint64_t)ns;
	unsigned octave = 63u - (unsigned)__builtin_clzll(value) - 6; /* 64 = 1 << 6 steps */
	size_t bucket = octave * RPC_LOAD_STEPS + (size_t)(value >> octave) - RPC_LOAD_STEPS;
	size_t last = (size_t)RPC_LOAD_OCTAVES * RPC_LOAD_STEPS - 1;

	return bucket < last ? bucket : last;
}

/* The largest latency of a bucket. */
static int64_t bucket_ns(size_t bucket)
{
	size_t octave = bucket / RPC_LOAD_STEPS;
	uint64_t value = RPC_LOAD_STEPS + bucket % RPC_LOAD_STEPS + 1;

	return (int64_t)(value << octave) - 1;
}

int64_t rpc_load_percentile(const struct rpc_load_result *result, double share)
{
	uint64_t total = result->by_status[FAST_OK], seen = 0;
	double wanted = share * (double)total;

	for (size_t i = 0; total > 0 && i < RPC_LOAD_OCTAVES * RPC_LOAD_STEPS; i++) {
		seen += result->latencies[i];
		if (result->latencies[i] > 0 && (double)seen >= wanted) {
			return bucket_ns(i) < result->max_ns ? bucket_ns(i) : result->max_ns;
		}
	}
	return 0;
}

static void load_landed(const struct fast_reply *reply, void *arg)
{
	struct flight *flight = arg;
	struct load *load = flight->load;
	int64_t now = now_ns(), latency = now - flight->scheduled_ns;

	pthread_mutex_lock(&load->lock);
	load->result->by_status[reply->status]++;
	if (reply->status == FAST_OK) {
		load->result->latencies[rpc_load_bucket(latency)]++;
		if (latency > load->result->max_ns) {
			load->result->max_ns = latency;
		}
	}
	load->last_ns = now;
	flight->next = load->spare;
	load->spare = flight;
	load->open--;
	if (load->open == 0) {
		pthread_cond_signal(&load->landed);
	}
	pthread_mutex_unlock(&load->lock);
}

/* NULL: too many calls are open. */
static struct flight *load_take(struct load *load)
{
	struct flight *flight;

	pthread_mutex_lock(&load->lock);
	flight = load->spare;
	if (flight != NULL) {
		load->spare = flight->next;
		load->open++;
	}
	pthread_mutex_unlock(&load->lock);
	return flight;
}

/* Counts a call that was not sent; gives back its flight, unless there was none. */
static void load_refused(struct load *load, struct flight *flight)
{
	pthread_mutex_lock(&load->lock);
	load->result->not_sent++;
	if (flight != NULL) {
		flight->next = load->spare;
		load->spare = flight;
		load->open--;
	}
	pthread_mutex_unlock(&load->lock);
}

static void load_send(struct load *load, uint64_t number, int64_t scheduled_ns)
{
	const struct rpc_load_plan *plan = load->plan;
	const struct fast_call_options options = {
		.size = sizeof options, .timeout_ms = plan->timeout_ms, .metadata = plan->headers};
	struct flight *flight = load_take(load);

	if (flight == NULL) {
		load_refused(load, NULL);
		return;
	}
	flight->scheduled_ns = scheduled_ns;
	if (fast_client_start(plan->clients[number % plan->client_count], plan->method, &options,
			      plan->request, load_landed, flight) != FAST_OK) {
		load_refused(load, flight);
	} else {
		load->result->sent++; /* the scheduling thread's alone, until all have landed */
	}
}

/* Each call at its time; what is late is sent at once, and its latency counts from its time. */
static void load_schedule(struct load *load, int64_t begin_ns)
{
	double between_ns = (double)NANOS / load->plan->rate;

	for (uint64_t i = 0; i < load->result->planned && !interrupt_seen(); i++) {
		int64_t due_ns = begin_ns + (int64_t)((double)i * between_ns);
		const struct timespec due = {due_ns / NANOS, due_ns % NANOS};

		while (now_ns() < due_ns && !interrupt_seen()) {
			(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
		}
		load_send(load, i, due_ns);
	}
}

bool rpc_load_run(const struct rpc_load_plan *plan, struct rpc_load_result *result)
{
	struct load load = {.plan = plan, .result = result};
	int64_t begin_ns;

	*result = (struct rpc_load_result){.planned = (uint64_t)(plan->rate * plan->duration_s)};
	load.flights = calloc(RPC_LOAD_FLIGHT_MAX, sizeof *load.flights);
	if (load.flights == NULL) {
		return false;
	}
	for (size_t i = 0; i < RPC_LOAD_FLIGHT_MAX; i++) {
		load.flights[i] = (struct flight){&load, 0, load.spare};
		load.spare = &load.flights[i];
	}
	pthread_mutex_init(&load.lock, NULL);
	pthread_cond_init(&load.landed, NULL);
	begin_ns = load.last_ns = now_ns();
	load_schedule(&load, begin_ns);

	/* Every call ends, at the latest at its deadline. */
	pthread_mutex_lock(&load.lock);
	while (load.open > 0) {
		pthread_cond_wait(&load.landed, &load.lock);
	}
	pthread_mutex_unlock(&load.lock);
	result->seconds = (double)(load.last_ns - begin_ns) / (double)NANOS;
	pthread_cond_destroy(&load.landed);
	pthread_mutex_destroy(&load.lock);
	free(load.flights);
	return true;
}
