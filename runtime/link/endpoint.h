/* link/endpoint.h - "ipc:///path", "tcp://127.0.0.1:port", "tls+tcp://host:port",
 * "inproc://name" and "unix:///path", taken apart. */
#ifndef FAST_LINK_ENDPOINT_H
#define FAST_LINK_ENDPOINT_H

#include "link/link.h"

enum fast_endpoint_kind {
	FAST_ENDPOINT_IPC,
	FAST_ENDPOINT_TCP,
	FAST_ENDPOINT_TLS,
	FAST_ENDPOINT_INPROC,
	FAST_ENDPOINT_UNIX, /* as ipc, by sockets of our own */
};

#define FAST_HOST_BYTES_MAX 100

struct fast_endpoint {
	enum fast_endpoint_kind kind;
	char path[FAST_SOCKET_PATH_BYTES_MAX + 1]; /* ipc, unix; inproc: the name */
	char host[FAST_HOST_BYTES_MAX + 1];        /* tcp, tls; "127.0.0.1", "[::1]" or a name */
	uint16_t port;                             /* tcp, tls */
};

/* INVALID_ARGUMENT: not understood, a path of no or more than FAST_SOCKET_PATH_BYTES_MAX bytes, a
 * host that tcp may not have: one that is not this machine's loopback, or a name that is not 1 to
 * FAST_INPROC_NAME_BYTES_MAX letters, digits, '-', '_' and '.'. */
FAST_MUST_CHECK enum fast_status fast_endpoint_parse(const char *text, struct fast_endpoint *out);

/* The opposite. */
void fast_endpoint_print(const struct fast_endpoint *endpoint, char out[FAST_ENDPOINT_BYTES_MAX]);

/* The endpoint as nng takes it: "tcp://..." also for tls. */
void fast_endpoint_print_stream(const struct fast_endpoint *endpoint,
				char out[FAST_ENDPOINT_BYTES_MAX]);

/* As fast_peer.endpoint. */
const char *fast_endpoint_kind_name(enum fast_endpoint_kind kind);

#endif
