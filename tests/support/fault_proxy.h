/* support/fault_proxy.h - stands between a client and a server on real sockets, and does harm when
 * told. One thread of its own; its functions may be called from any other. */
#ifndef FAST_TEST_FAULT_PROXY_H
#define FAST_TEST_FAULT_PROXY_H

#include <stdbool.h>
#include <stdint.h>

#define FAULT_PROXY_CONNECTIONS_MAX 64
#define FAULT_PROXY_ENDPOINT_BYTES  128

struct fault_proxy;

/* What it does to every connection, from now on. Zeroed: it forwards. */
struct fault_plan {
	uint32_t delay_ms;      /* what has arrived waits so long */
	uint32_t chunk_bytes;   /* no write is longer; 0: no limit */
	uint32_t bytes_per_s;   /* of each connection, each way; 0: no limit */
	bool is_half_open;      /* forwards nothing, closes nothing, sees no end */
	uint32_t hold_connects; /* connections wait until there are so many; then the latest goes
				 * first */
};

/* Both are "ipc:///path" or "tcp://127.0.0.1:port", where 0 means any port. NULL: it cannot. */
struct fault_proxy *fault_proxy_open(const char *endpoint, const char *target);
/* Closes all connections. NULL is allowed. */
void fault_proxy_close(struct fault_proxy *proxy);

/* With its real port. */
const char *fault_proxy_endpoint(const struct fault_proxy *proxy);

/* Each returns when it has taken effect. */
void fault_proxy_set(struct fault_proxy *proxy, const struct fault_plan *plan);
/* Closes all connections; new ones may come. */
void fault_proxy_cut(struct fault_proxy *proxy);

/* Accepted so far. */
unsigned fault_proxy_accepted(struct fault_proxy *proxy);

#endif
