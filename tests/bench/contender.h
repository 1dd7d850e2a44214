/* contender.h - the ways to ask a peer that are measured side by side, behind one table. */
#ifndef BENCH_CONTENDER_H
#define BENCH_CONTENDER_H

#include "bench_peer.h"

#define REQUEST_BYTES 64
#define REPLY_BYTES   32

struct load {
	enum peer_transport transport;
	uint32_t request_bytes; /* packed */
	unsigned connections;
	unsigned in_flight; /* per connection */
};

/* What one round of a load came to. */
struct sample {
	double p50_us; /* of one at a time alone, as p99_us */
	double p99_us;
	double calls_per_s;
	double cpu_us; /* per call, of both processes */
	uint64_t calls;
};

struct contender;

struct contender_ops {
	const char *name;
	/* Connects. False: cannot be had. */
	bool (*open)(struct contender *contender, const struct load *load);
	/* Asks for so long; fills all of sample but calls_per_s and cpu_us. */
	void (*run)(struct contender *contender, int64_t duration_ns, struct sample *sample);
	void (*close)(struct contender *contender);
};

struct contender {
	const struct contender_ops *ops;
	const struct peer *peer;
	pid_t client; /* 0: this process */
	pid_t server;
	void *state; /* while open */
};

extern const struct contender_ops fast_ops;
extern const struct contender_ops raw_ops;
extern const struct contender_ops nng_stream_ops;
extern const struct contender_ops grpc_ops;

/* The length of a payload that makes a message of so many bytes, with its tag and length. */
uint32_t payload_bytes(uint32_t message_bytes);

/* One round of an open contender, after a warm-up. */
void contender_measure(struct contender *contender, int64_t duration_ns, struct sample *sample);

/* Ends the program unless holds. */
void bench_check(bool holds, const char *what);

#endif
