/* cli/rpc_load.h - calls by a schedule that is fixed in advance, whatever the server does. */
#ifndef CLI_RPC_LOAD_H
#define CLI_RPC_LOAD_H

#include <fast/client.h>
#include <pthread.h>

/* Calls sent and not yet ended; what comes due beyond is counted as not sent. */
#define RPC_LOAD_FLIGHT_MAX 16384
#define RPC_LOAD_STATUSES   17

/* Latencies by size: 64 buckets an octave, so that a percentile is right to 1.6 percent. */
#define RPC_LOAD_STEPS   64
#define RPC_LOAD_OCTAVES 44

struct rpc_load_plan {
	const struct fast_method *method;
	const ProtobufCMessage *request;
	const struct fast_metadata *headers; /* of each call */
	struct fast_client *const *clients;
	size_t client_count;
	double rate;        /* calls a second */
	double duration_s;  /* of the schedule */
	int64_t timeout_ms; /* of each call */
};

struct rpc_load_result {
	uint64_t planned;
	uint64_t sent;
	uint64_t by_status[RPC_LOAD_STATUSES];
	uint64_t not_sent; /* RPC_LOAD_FLIGHT_MAX were open, or the client refused */
	double seconds;    /* from the first scheduled time to the last answer */
	int64_t max_ns;
	uint64_t latencies[RPC_LOAD_OCTAVES * RPC_LOAD_STEPS]; /* of calls that ended well */
};

/* Runs the plan; returns early when interrupted. False: no memory. */
bool rpc_load_run(const struct rpc_load_plan *plan, struct rpc_load_result *result);

/* Nanoseconds that this share (0.99) of the calls that ended well did not exceed; 0: there is none.
 */
int64_t rpc_load_percentile(const struct rpc_load_result *result, double share);

/* The bucket of a latency, for tests. */
size_t rpc_load_bucket(int64_t ns);

#endif
