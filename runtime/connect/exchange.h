/* connect/exchange.h - one request and its answer, on the thread of its connection. */
#ifndef FAST_CONNECT_EXCHANGE_H
#define FAST_CONNECT_EXCHANGE_H

#include "base/arena.h"
#include "base/timer.h"
#include "connect/code.h"
#include "connect/headers.h"
#include "connect/routes.h"
#include <fast/connect.h>
#include <stdatomic.h>

/* Connections beyond the limit, which hear that there is no room. */
#define FAST_CONNECT_SURPLUS_MAX 8
#define FAST_CONNECT_SURPLUS_MS  2000
/* What is read and thrown away of a body that was refused, so that its sender hears why. */
#define FAST_CONNECT_DISCARD_BYTES_MAX (16u << 20)
/* How soon a caller that has gone, or a close, is noticed. */
#define FAST_CONNECT_POLL_MS 100
/* How long a stream waits for its server's headers before HTTP's go out without them. */
#define FAST_CONNECT_HEADERS_MS 250
/* A stream of events that is silent for so long gets a comment, so that nothing between closes it.
 */
#define FAST_CONNECT_COMMENT_MS 15000

struct fast_connect {
	struct fast_server *server;
	struct fast_connect_options options; /* every number has a value */
	struct fast_routes routes;
	struct fast_timers *timers;
	struct MHD_Daemon *daemon;
	atomic_bool is_closing;
	atomic_uint open; /* connections */
	char *index;      /* the page at "/" */
	char *openapi;    /* the document at "/openapi.json" */
};

/* One connection; used by its thread alone. */
struct fast_connect_peer {
	struct fast_connect *connect;
	struct fast_client *client; /* NULL before its first call */
	int fd;
	bool is_local; /* a unix socket's */
	bool is_surplus;
	struct fast_timer timer; /* until a request is whole */
};

/* How the request's message is packed, and the answer's. */
enum fast_codec { FAST_CODEC_PROTO, FAST_CODEC_JSON };

struct fast_exchange {
	struct fast_connect *connect;
	struct fast_connect_peer *peer;
	struct MHD_Connection *http;
	struct fast_arena arena; /* lives until the answer is sent */
	const char *path;        /* that was asked for, decoded; "/" where that could not be read */
	bool has_begun;          /* its head has been read */
	struct fast_route route; /* method NULL: no call */
	enum fast_codec codec;
	bool is_get;
	bool is_enveloped; /* Connect's streaming */
	bool is_events;    /* server-sent events */
	bool is_gzipped;   /* the request's message, where its envelope does not say otherwise */
	bool takes_gzip;   /* the caller does */
	bool is_program;   /* says Connect-Protocol-Version; its schema may be newer than ours */
	int64_t timeout_ms;
	struct fast_call_headers headers;
	uint8_t *body;
	size_t body_bytes;
	size_t body_capacity;
	size_t discarded_bytes; /* of a body that was refused */
	bool is_last;           /* the connection ends with the answer */
	uint8_t *unpacked;      /* the message of a body that was compressed; NULL: it was not */
	const struct fast_connect_page *page; /* NULL: none */
	const char *document;                 /* the index, or the like; NULL: none */
	const char *document_type;

	/* Why there will be no call; status FAST_OK: there will. */
	unsigned refused_code; /* HTTP's; 0: what fits the status */
	struct fast_reply refused;
};

/* Zeroed memory but for connect, peer and http becomes an exchange; reads the target. */
void fast_exchange_init(struct fast_exchange *exchange, const char *target);
/* Reads what stands before the body. */
void fast_exchange_begin(struct fast_exchange *exchange, const char *verb);
/* Takes a piece of the body. False: it has gone on for too long. */
bool fast_exchange_take(struct fast_exchange *exchange, const char *data, size_t bytes);
/* Whether the answer goes out before the body has been read, if at all. */
bool fast_exchange_is_hasty(const struct fast_exchange *exchange);
/* Refuses the request, unless that was done before. */
void fast_exchange_refuse(struct fast_exchange *exchange, unsigned http_code,
			  enum fast_status status, const char *format, ...) FAST_PRINTF(4, 5);
/* Does what was asked for and answers; may block. */
enum MHD_Result fast_exchange_answer(struct fast_exchange *exchange);
/* NULL is allowed. */
void fast_exchange_free(struct fast_exchange *exchange);

/* head.c: refuses what a browser sends for pages of strangers. */
void fast_exchange_check_browser(struct fast_exchange *exchange);
/* A word in the query; NULL: none. One with a zero byte is refused. */
const char *fast_exchange_query(struct fast_exchange *exchange, const char *name);
/* The verbs that what was asked for has, for Allow. */
const char *fast_exchange_verbs(const struct fast_exchange *exchange);
/* The method, codec and timeout of a request for a call. */
void fast_exchange_read_head(struct fast_exchange *exchange, const char *verb);

/* target.c: the path, or a refusal. */
void fast_exchange_read_target(struct fast_exchange *exchange, const char *target);

/* message.c: reads the request's message into *out, or refuses. The caller releases *out. */
bool fast_exchange_message(struct fast_exchange *exchange, struct fast_dynamic *out);
/* Appends the message to writer, as the codec has it. False: *reply says why not. */
bool fast_exchange_print(const struct fast_exchange *exchange, const ProtobufCMessage *message,
			 struct fast_writer *writer, struct fast_reply *reply);

/* call.c, stream.c: make the call and answer. */
enum MHD_Result fast_exchange_call(struct fast_exchange *exchange,
				   const struct fast_dynamic *request);
enum MHD_Result fast_exchange_stream(struct fast_exchange *exchange,
				     const struct fast_dynamic *request);
/* The options of the call, whose pointers lie in the exchange. */
struct fast_call_options fast_exchange_options(struct fast_exchange *exchange);

/* peer.c: of a new connection. NULL: no memory; its requests are not answered. */
struct fast_connect_peer *fast_peer_new(struct fast_connect *connect, int fd);
/* Ends its calls. NULL is allowed. */
void fast_peer_free(struct fast_connect_peer *peer);
/* A request is awaited, and the connection is closed when it is late; or it is there. */
void fast_peer_await(struct fast_connect_peer *peer);
void fast_peer_has_asked(struct fast_connect_peer *peer);
/* Who it is, as far as the kernel says. */
void fast_peer_know(const struct fast_connect_peer *peer, struct fast_peer *out);
/* The client that acts for the peer. NULL: no memory. */
struct fast_client *fast_peer_client(struct fast_connect_peer *peer);
/* Whether nobody waits for the answer any more: also a peer that has closed its half alone, since
 * that looks the same. */
bool fast_peer_has_gone(const struct fast_connect_peer *peer);

/* Answers with an error: in the way of unary calls, or of streams. */
enum MHD_Result fast_exchange_fail(struct fast_exchange *exchange, unsigned http_code,
				   const struct fast_reply *reply);
/* Sends what writer holds, which is taken. */
enum MHD_Result fast_exchange_send(struct fast_exchange *exchange, unsigned http_code,
				   const char *content_type, struct fast_writer *writer,
				   const struct fast_reply *reply);

/* openapi.c: makes the documents. NULL: no memory. */
char *fast_connect_openapi(const struct fast_routes *routes, const char *title);
/* index.c */
char *fast_connect_index(const struct fast_routes *routes,
			 const struct fast_connect_options *options);

#endif
