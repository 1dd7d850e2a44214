/* fast/server.h - serves calls on one or more endpoints. */
#ifndef FAST_SERVER_H
#define FAST_SERVER_H

#include <fast/call.h>

FAST_BEGIN_DECLS

/* Largest message taken or sent, unless an option says otherwise. */
#define FAST_MESSAGE_BYTES_MAX      (4u << 20)
#define FAST_SERVER_SERVICES_MAX    64
#define FAST_SERVER_ENDPOINTS_MAX   16
#define FAST_SERVER_CONNECTIONS_MAX 1024
#define FAST_SERVER_QUEUE_MAX       1024

/* Use from any thread. */
struct fast_server;

struct fast_server_options {
	size_t size;                /* sizeof(struct fast_server_options) */
	uint32_t workers;           /* threads that run handlers; 0: 4 */
	uint32_t queue_max;         /* calls waiting for a worker; 0: FAST_SERVER_QUEUE_MAX */
	uint32_t connections_max;   /* 0: FAST_SERVER_CONNECTIONS_MAX */
	uint32_t calls_max;         /* open calls per connection; 0: 1024 */
	uint32_t message_bytes_max; /* largest request taken; 0: FAST_MESSAGE_BYTES_MAX */
	uint32_t first_frame_ms;    /* a new connection must speak within; 0: 5000 */
	bool no_reflection;         /* fast.v1.Reflection is not served */
	bool admin_for_all;         /* fast.v1.Admin answers not only root and our user on ipc */
	/* A client with open calls that is silent for so long is asked for a sign of life; one that
	 * gives none within 10 s, or within this time again, has gone. 0: 20000. */
	uint32_t keepalive_ms;
	const char *node; /* names this server in its failures (origin); NULL: nameless */
	/* Calls that carry a key (fast_call_options.once) and were answered are remembered for so
	 * long; 0: 30000. While as many results are kept, or as many bytes, new ones are refused.
	 */
	uint32_t once_window_ms;
	uint32_t once_results_max; /* 0: 65536 */
	uint32_t once_bytes_max;   /* 0: 64 MiB */
	/* Connections of one user on a unix socket, and of one certificate; 0: as many as there may
	 * be in all. More are closed at once. */
	uint32_t connections_per_uid_max;
	uint32_t connections_per_certificate_max;
	uint32_t idle_ms; /* a connection that did nothing for so long is drained; 0: never */
};

enum fast_service_flags {
	/* Handlers run on the thread that read the request: they must not block. */
	FAST_SERVICE_INLINE = 1,
};

struct fast_server_stats {
	uint64_t connections_total;
	uint64_t connections_open;
	uint64_t calls_total;
	uint64_t calls_open;
	uint64_t calls_refused; /* before running: queue full, limits */
	uint64_t calls_failed;  /* ended with a status other than OK */
	uint64_t packets_malformed;
};

/* Bucket i counts the durations in (2^(i-1), 2^i] microseconds, the first all up to 1, the last all
 * that are longer. */
#define FAST_DURATION_BUCKETS 40

struct fast_method_stats {
	const char *method; /* "fast.v1.Param/Get"; lives as long as the server */
	uint64_t calls;     /* begun */
	uint64_t failed;    /* of these, ended with a status other than OK */
	uint64_t open;      /* of these */
	uint64_t duration_buckets[FAST_DURATION_BUCKETS]; /* of those that ended */
	double duration_seconds_sum;
};
typedef void fast_method_stats_fn(const struct fast_method_stats *stats, void *arg);

/* options may be NULL. Gives *out, which the caller closes. */
FAST_MUST_CHECK enum fast_status fast_server_open(const struct fast_server_options *options,
						  struct fast_server **out);

/* Adds a service; handlers is the generated struct of that service and stays borrowed. A handler
 * that is NULL answers UNIMPLEMENTED. Before the first listen. ALREADY_EXISTS, RESOURCE_EXHAUSTED.
 */
FAST_MUST_CHECK enum fast_status fast_server_add(struct fast_server *server,
						 const struct fast_service *service,
						 const void *handlers, void *arg, unsigned flags);

/* endpoint: "ipc:///path" (a stale socket is taken over; mode is the file's, e.g. 0660; 0: by
 * umask) or "unix:///path" (the same, without NNG between, for clients of either),
 * "tcp://127.0.0.1:0", or "inproc://name" for clients in the same process (1 to 64 letters, digits,
 * '-', '_' and '.'; at most 256 names). INVALID_ARGUMENT: not understood, a path of more than 107
 * bytes, or tcp that is not loopback. ALREADY_EXISTS: somebody serves there. PERMISSION_DENIED. */
FAST_MUST_CHECK enum fast_status fast_server_listen(struct fast_server *server,
						    const char *endpoint, unsigned mode);

/* The endpoint with its real port, of the listener with this index. NULL past the end. Valid until
 * drain or close. */
const char *fast_server_endpoint(const struct fast_server *server, size_t index);

void fast_server_stats(const struct fast_server *server, struct fast_server_stats *out);

/* Calls fn for each method, those that every server has too, sorted; for none before the first
 * listen. */
void fast_server_each_method(const struct fast_server *server, fast_method_stats_fn *fn, void *arg);

/* For a restart that fails no call: stops listening at once, asks clients to take new calls
 * elsewhere, lets what runs end by itself, and cancels the rest after timeout_ms (-1: never). Calls
 * that were on their way are still taken. Returns when all clients have gone; the server is closed
 * afterwards, as ever. DEADLINE_EXCEEDED: calls were cut off. FAILED_PRECONDITION: it was called
 * before. RESOURCE_EXHAUSTED: no memory, nothing has changed. Not from a handler. */
FAST_MUST_CHECK enum fast_status fast_server_drain(struct fast_server *server, int64_t timeout_ms);

/* Takes no new calls, cancels those that run, waits until every handler has ended its call, frees.
 * A peer that does not read delays nothing. NULL is allowed. Not from a handler. */
void fast_server_close(struct fast_server *server);

FAST_END_DECLS

#endif
