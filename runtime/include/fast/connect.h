/* fast/connect.h - a server's methods over HTTP/1.1, for curl, browsers and whatever speaks the
 * Connect protocol (connectrpc.com/docs/protocol): unary calls by POST with JSON or protobuf, by
 * GET where a method has no side effects; server streams as Connect's envelopes, and by GET as
 * server-sent events. Made from the schemas that the server has; no route is written by hand.
 *
 * The library is fast::connect (libmicrohttpd). docs/connect.md is the guide. */
#ifndef FAST_CONNECT_H
#define FAST_CONNECT_H

#include <fast/server.h>

FAST_BEGIN_DECLS

#define FAST_CONNECT_CONNECTIONS_MAX 64
/* A connection whose next request is not there, whole, within so long is closed. */
#define FAST_CONNECT_REQUEST_MS     60000
#define FAST_CONNECT_HEAD_BYTES_MAX (64u << 10)

struct fast_connect;

/* What a page gives; body is from malloc, and taken. */
struct fast_connect_answer {
	unsigned code;            /* HTTP's: 200, 503 */
	const char *content_type; /* static */
	char *body;
	size_t body_bytes;
};

/* Fills *out for a GET or HEAD of a page that is no method; out has code 200 and no body before.
 * accept is the request's header, or NULL. RESOURCE_EXHAUSTED: answered with 503. Runs on a thread
 * of the connection's; many may run at once. */
typedef enum fast_status fast_connect_page_fn(void *arg, const char *accept,
					      struct fast_connect_answer *out);

#define FAST_CONNECT_REASON_BYTES_MAX 600

/* Whether the peer may have the page at path. If not, reason, which holds
 * FAST_CONNECT_REASON_BYTES_MAX bytes, says why, and the answer is 403. Runs where pages do. */
typedef bool fast_connect_page_allow_fn(void *arg, const struct fast_peer *peer, const char *path,
					char *reason);

struct fast_connect_page {
	const char *path;  /* "/metrics" */
	const char *about; /* a sentence for the index; NULL: not listed there */
	fast_connect_page_fn *fn;
};

/* Pointers stay borrowed until close. */
struct fast_connect_options {
	size_t size;       /* sizeof(struct fast_connect_options) */
	const char *title; /* of the index; NULL: "Services" */
	/* Each has a thread; a few more are told with 503 that there is no room, and closed.
	 * 0: FAST_CONNECT_CONNECTIONS_MAX */
	uint32_t connections_max;
	uint32_t message_bytes_max; /* of a request's message; 0: FAST_MESSAGE_BYTES_MAX */
	const struct fast_connect_page *pages;
	size_t page_count;
	void *page_arg;
	uint32_t request_ms; /* 0: FAST_CONNECT_REQUEST_MS */
	/* Of page_arg. NULL: every peer may have every page. */
	fast_connect_page_allow_fn *page_allow;
};

/* Serves on fd, a listening socket of the family AF_UNIX, AF_INET or AF_INET6, which is taken on
 * success. The server has all its services; it is borrowed until close, and sees a peer with
 * endpoint "http", over a unix socket with the kernel's word on who it is. Gives *out, which the
 * caller closes before the server. RESOURCE_EXHAUSTED: no memory, or no threads.
 * INVALID_ARGUMENT: a service whose schema cannot be read. */
FAST_MUST_CHECK enum fast_status fast_connect_open(struct fast_server *server, int fd,
						   const struct fast_connect_options *options,
						   struct fast_connect **out);

/* Ends calls and connections, waits for their threads, frees. NULL is allowed. */
void fast_connect_close(struct fast_connect *connect);

FAST_END_DECLS

#endif
