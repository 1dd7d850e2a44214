/* node_world.h - a real fastd in a folder of its own, with a crowd of plugins in this process. */
#ifndef BENCH_NODE_WORLD_H
#define BENCH_NODE_WORLD_H

#include "bench.h"

#include <fast/client.h>
#include <fast/plugin.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#define CROWD_METRICS 10 /* of each plugin */
#define NODE_PATH_MAX 108

/* A running fastd. */
struct node_world {
	char folder[64];
	char plugin_socket[NODE_PATH_MAX];
	char http_socket[NODE_PATH_MAX];
	char endpoint[NODE_PATH_MAX + 8];
	pid_t pid;
	struct fast_client *client;
	double start_ms; /* from fork to the first answer */
};

/* What a crowd's plugins measure. */
enum crowd_kind {
	CROWD_MIXED, /* 4 counters, 2 gauges, 2 histograms, 2 heartbeats */
	CROWD_PLAIN, /* 5 counters, 5 gauges: one series each */
};

/* Plugins that all attach to one fastd; a thread works on every metric, rate_hz times a second. */
struct crowd {
	size_t count;
	struct fast_plugin **plugins;
	struct fast_metric **metrics; /* CROWD_METRICS of each plugin */
	enum crowd_kind kind;
	unsigned rate_hz;
	pthread_t thread;
	atomic_bool stop;
};

/* All of these end the program with a sentence when they fail. */

void node_world_start(struct node_world *world, const char *tick_ms);
/* With more options of fastd, up to a NULL; none when more is NULL. */
void node_world_start_with(struct node_world *world, const char *tick_ms, const char *const *more);
void node_world_stop(struct node_world *world);
/* VmRSS, in MiB. */
double node_world_rss_mib(const struct node_world *world);
/* CPU seconds that fastd has used. */
double node_world_cpu_s(const struct node_world *world);
/* One GET /metrics; gives the bytes of the answer's body. */
size_t node_world_scrape(const struct node_world *world);

void crowd_open(struct crowd *crowd, const struct node_world *world, size_t count,
		enum crowd_kind kind, unsigned rate_hz);
void crowd_close(struct crowd *crowd);

/* Says what failed and ends the program. */
void bench_die(const char *what, const char *why) __attribute__((noreturn));
void bench_check(enum fast_status status, const char *what);

#endif
