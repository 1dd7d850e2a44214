/* bench_rpc - calls between two processes, beside bare sockets, bare nng_stream and gRPC.
 *
 * Unless a family says otherwise both processes are pinned to the same CPU: a wake-up then costs
 * the same in every round. The peers are programs of their own, started before nng runs in here. */
#include "bench.h"
#include "contender.h"
#include "families.h"

#include <stdlib.h>
#include <string.h>

/* Short rounds and many: others' bursts spoil some, not the medians. */
#define ROUND_NS       25000000
#define ROUND_NS_QUICK 10000000
#define ROUNDS_TIMES   4
#define BASELINES      3

struct family {
	const char *name;
	uint32_t request_bytes;
	unsigned connections;
	unsigned in_flight;
	bool is_split; /* the client on one CPU, the server on another */
};

static const struct family families[] = {
	{"rpc.unary", REQUEST_BYTES, 1, 1, false},
	{"rpc.unary_split", REQUEST_BYTES, 1, 1, true},
	{"rpc.unary4k", 4096, 1, 1, false},
	{"rpc.unary1m", 1 << 20, 1, 1, false},
	{"rpc.inflight64", REQUEST_BYTES, 1, 64, false},
	{"rpc.inflight8x8", REQUEST_BYTES, 8, 8, false},
	{"rpc.inflight64_split", REQUEST_BYTES, 1, 64, true},
};

/* What all rounds of one baseline, and of ours beside it, came to. */
struct pairing {
	struct contender contender;
	bool is_there;
	struct bench_series value; /* p50_us or calls_per_s */
	struct bench_series p99_us;
	struct bench_series cpu_us;
	struct bench_series ratio; /* ours to it */
};

struct match {
	struct bench *bench;
	const struct family *family;
	struct load load;
	struct contender fast;
	struct pairing pairings[BASELINES];
	struct bench_series value;
	struct bench_series p99_us;
	struct bench_series cpu_us;
	uint64_t calls;
};

void bench_check(bool holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "bench_rpc: %s\n", what);
		exit(1);
	}
}

int64_t round_ns(const struct bench *bench)
{
	return bench->quick ? ROUND_NS_QUICK : ROUND_NS;
}

void contender_measure(struct contender *contender, int64_t duration_ns, struct sample *sample)
{
	struct sample warm_up = {0};
	int64_t begin_ns;
	int64_t used_ns;

	contender->ops->run(contender, duration_ns / 10, &warm_up);
	*sample = (struct sample){0};
	used_ns = place_cpu_ns(contender->client) + place_cpu_ns(contender->server);
	begin_ns = bench_now_ns();
	contender->ops->run(contender, duration_ns, sample);
	sample->calls_per_s = (double)sample->calls * 1e9 / (double)(bench_now_ns() - begin_ns);
	used_ns = place_cpu_ns(contender->client) + place_cpu_ns(contender->server) - used_ns;
	sample->cpu_us = (double)used_ns / 1000 / (double)sample->calls;
}

static bool is_latency(const struct match *match)
{
	return match->load.connections * match->load.in_flight == 1;
}

static double sample_value(const struct match *match, const struct sample *sample)
{
	return is_latency(match) ? sample->p50_us : sample->calls_per_s;
}

/* The baseline, and ours right after it. */
static void pairing_measure(struct match *match, struct pairing *pairing)
{
	int64_t duration_ns = round_ns(match->bench);
	struct sample theirs;
	struct sample ours;

	contender_measure(&pairing->contender, duration_ns, &theirs);
	contender_measure(&match->fast, duration_ns, &ours);
	bench_series_add(&pairing->value, sample_value(match, &theirs));
	bench_series_add(&pairing->p99_us, theirs.p99_us);
	bench_series_add(&pairing->cpu_us, theirs.cpu_us);
	bench_series_add(&pairing->ratio,
			 sample_value(match, &ours) / sample_value(match, &theirs));
	bench_series_add(&match->value, sample_value(match, &ours));
	bench_series_add(&match->p99_us, ours.p99_us);
	bench_series_add(&match->cpu_us, ours.cpu_us);
	match->calls += ours.calls;
}

/* prefix: "raw_" for a row of a baseline's own, "" for one of ours. */
static void match_print(const struct match *match, const char *prefix, const char *row,
			double value, const char *unit, bool noisy)
{
	char name[96];

	snprintf(name, sizeof name, "%s.%s.%s%s", match->family->name,
		 peer_transport_names[match->load.transport], prefix, row);
	bench_print(match->bench, name, value, unit, match->calls, noisy);
}

static void match_print_side(const struct match *match, const char *prefix,
			     struct bench_series *value, struct bench_series *p99_us,
			     struct bench_series *cpu_us, bool noisy)
{
	if (is_latency(match)) {
		match_print(match, prefix, "p50_us", bench_median(value), "us", noisy);
		match_print(match, prefix, "p99_us", bench_median(p99_us), "us", noisy);
	} else {
		match_print(match, prefix, "calls_per_s", bench_median(value), "1/s", noisy);
	}
	match_print(match, prefix, "cpu_us", bench_median(cpu_us), "us", noisy);
}

static void match_report(struct match *match)
{
	bool noisy = bench_is_noisy(&match->pairings[0].value);
	char prefix[32];
	char name[96];

	match_print_side(match, "", &match->value, &match->p99_us, &match->cpu_us, noisy);
	for (size_t i = 0; i < BASELINES; i++) {
		struct pairing *pairing = &match->pairings[i];
		const char *baseline = pairing->contender.ops->name;

		if (!pairing->is_there) {
			snprintf(name, sizeof name, "%s.%s.vs_%s", match->family->name,
				 peer_transport_names[match->load.transport], baseline);
			bench_skip(match->bench, name, "the peer was not built");
			continue;
		}
		noisy = bench_is_noisy(&pairing->value);
		snprintf(prefix, sizeof prefix, "%s_", baseline);
		match_print_side(match, prefix, &pairing->value, &pairing->p99_us, &pairing->cpu_us,
				 noisy);
		snprintf(prefix, sizeof prefix, "vs_%s", baseline);
		match_print(match, prefix, "", bench_median(&pairing->ratio), "ratio", noisy);
	}
}

static void match_fini(struct match *match)
{
	for (size_t i = 0; i < BASELINES; i++) {
		struct pairing *pairing = &match->pairings[i];
		if (pairing->is_there) {
			pairing->contender.ops->close(&pairing->contender);
		}
		bench_series_fini(&pairing->value);
		bench_series_fini(&pairing->p99_us);
		bench_series_fini(&pairing->cpu_us);
		bench_series_fini(&pairing->ratio);
	}
	match->fast.ops->close(&match->fast);
	bench_series_fini(&match->value);
	bench_series_fini(&match->p99_us);
	bench_series_fini(&match->cpu_us);
}

static void peer_pin(const struct peer *peer, bool is_split)
{
	int server_cpu = peer->cpus[is_split ? 1 : 0];

	place_pin(0, peer->cpus[0]);
	place_pin(peer->pid, server_cpu);
	if (peer->grpc_commands != NULL) {
		place_pin(peer->grpc_client, peer->cpus[0]);
		place_pin(peer->grpc_pid, server_cpu);
	}
}

static void family_measure(struct bench *bench, const struct peer *peer,
			   const struct family *family, enum peer_transport transport)
{
	struct match match = {
		.bench = bench,
		.family = family,
		.load = {transport, family->request_bytes, family->connections, family->in_flight},
		.fast = {.ops = &fast_ops, .peer = peer, .server = peer->pid},
		.pairings = {{.contender = {&raw_ops, peer, 0, peer->pid, NULL}},
			     {.contender = {&nng_stream_ops, peer, 0, peer->pid, NULL}},
			     {.contender = {&grpc_ops, peer, peer->grpc_client, peer->grpc_pid,
					    NULL}}},
	};

	bench_check(match.fast.ops->open(&match.fast, &match.load), "no connection");
	for (size_t i = 0; i < BASELINES; i++) {
		struct pairing *pairing = &match.pairings[i];
		pairing->is_there = pairing->contender.ops->open(&pairing->contender, &match.load);
	}
	bench_check(match.pairings[0].is_there && match.pairings[1].is_there,
		    "a baseline cannot be reached");
	for (int round = 0; round < ROUNDS_TIMES * bench->rounds; round++) {
		for (size_t i = 0; i < BASELINES; i++) {
			if (match.pairings[i].is_there) {
				pairing_measure(&match, &match.pairings[i]);
			}
		}
	}
	match_report(&match);
	match_fini(&match);
}

static void bench_family(struct bench *bench, const struct peer *peer, const struct family *family)
{
	char name[96];

	for (enum peer_transport i = 0; i < PEER_TRANSPORTS; i++) {
		snprintf(name, sizeof name, "%s.%s.", family->name, peer_transport_names[i]);
		if (!bench_wants_some(bench, name)) {
			continue;
		}
		if (family->is_split && peer->cpu_count < 2) {
			bench_skip(bench, name, "it wants two CPUs");
		} else if (i == PEER_TLS && peer->certificates == NULL) {
			bench_skip(bench, name, "there are no certificates");
		} else {
			peer_pin(peer, family->is_split);
			family_measure(bench, peer, family, i);
		}
	}
}

int main(int argc, char **argv)
{
	struct bench bench;
	struct peer peer;

	if (argc == 3 && strcmp(argv[1], "--serve") == 0) {
		return peer_serve(argv[2]);
	}
	bench_init(&bench, argc, argv);
	bench_check(peer_start(&peer), "the peer could not be started");
	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
		bench_family(&bench, &peer, &families[i]);
	}
	peer_pin(&peer, false);
	bench_streams(&bench, &peer);
	bench_deadlines(&bench, &peer);
	bench_handshakes(&bench, &peer);
	peer_stop(&peer);
	bench_check(peer_start(&peer), "the peer could not be started again");
	bench_memory(&bench, &peer);
	peer_stop(&peer);
	return 0;
}
