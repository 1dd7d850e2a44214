/* fast/client.h - calls to a server. */
#ifndef FAST_CLIENT_H
#define FAST_CLIENT_H

#include <fast/metadata.h>
#include <fast/service.h>
#include <fast/trace.h>

FAST_BEGIN_DECLS

#define FAST_CALL_TIMEOUT_MS_DEFAULT  10000
#define FAST_CALL_TIMEOUT_MS_NONE     (-1)
#define FAST_STATUS_MESSAGE_BYTES_MAX 1024
#define FAST_STATUS_DETAILS_MAX       8

/* A connection to one endpoint, opened at the first call and again after a loss. Use from any
 * thread; many calls may be in flight. */
struct fast_client;
struct fast_call;
struct fast_retry;
struct fast_tls;

/* A call of one request and one answer that may change something (its method has no
 * idempotency_level) carries a key: it runs once, however often it has to be sent, and survives the
 * loss of its connection until its deadline. */
enum fast_once {
	/* As the client's options say; there: a key, which is worth nothing when the connection is
	 * lost before the server has said HELLO: then the call ends, and may have run. */
	FAST_ONCE_DEFAULT,
	FAST_ONCE_ON,  /* nothing is sent before that HELLO, so that no loss ends the call */
	FAST_ONCE_OFF, /* no key */
};

struct fast_client_options {
	size_t size;                /* sizeof(struct fast_client_options) */
	const char *agent;          /* name for the peer's logs; NULL: none */
	uint32_t message_bytes_max; /* largest answer taken; 0: FAST_MESSAGE_BYTES_MAX (4 MiB) */
	struct fast_tls *tls;       /* for tls+tcp:// (fast/tls.h), kept by the client; else NULL */
	/* A server that is silent for so long while calls are open is asked for a sign of life; one
	 * that gives none within 10 s, or within this time again, is given up: its calls end with
	 * UNAVAILABLE. 0: 20000; less than FAST_KEEPALIVE_MS_MIN counts as that. */
	uint32_t keepalive_ms;
	enum fast_once once; /* of all its calls that say nothing else */
	/* Whatever the endpoint, connect as unix:// does: on sockets of this process, with one
	 * thread for all of them and none of NNG's. A process that is forked off then holds none of
	 * the connections, and may open clients of its own, with this set; those that were open
	 * before the fork it must not touch. */
	bool own_sockets;
};

struct fast_call_options {
	size_t size;         /* sizeof(struct fast_call_options) */
	int64_t timeout_ms;  /* 0: FAST_CALL_TIMEOUT_MS_DEFAULT, no limit for streams */
	bool wait_for_ready; /* wait for a server until the deadline, instead of UNAVAILABLE */
	const struct fast_metadata *metadata; /* headers; copied; NULL: none */
	const struct fast_trace *trace;       /* copied; NULL: that of the parent, if any */
	/* A call made on behalf of one that is being handled ends no later than that, and with
	 * CANCELLED when it is cancelled. NULL: the call whose handler runs on this thread and has
	 * not ended it, if any. */
	struct fast_call *parent;    /* has not been ended; on whichever thread */
	bool no_parent;              /* this call goes on its own */
	enum fast_priority priority; /* 0: the method's */
	enum fast_once once;
	const struct fast_retry *retry; /* fast/retry.h; copied; NULL: the client's policy */
};

struct fast_detail {
	const char *type; /* "fast.v1.ParamRefusal" */
	const uint8_t *value;
	size_t value_bytes;
};

/* How a call ended. Owned by its caller, who releases all of it by fast_reply_fini(), and only so
 * (never by free_unpacked). Zeroed memory is a valid empty reply. */
struct fast_reply {
	enum fast_status status;
	enum fast_executed executed;                  /* of a failed call */
	const ProtobufCMessage *message;              /* NULL unless status is FAST_OK */
	char text[FAST_STATUS_MESSAGE_BYTES_MAX + 1]; /* sentence of a failed call; "" for OK */
	uint32_t retry_after_ms;                      /* 0: no advice */
	size_t detail_count;
	struct fast_detail details[FAST_STATUS_DETAILS_MAX];
	void *arena; /* private */
	/* What the server sent beside its answer; of a call that had none, both are empty. */
	struct fast_metadata headers;
	struct fast_metadata trailers;
	const char *origin; /* node at which the failure arose; NULL: not said */
};

/* Releases what the reply holds and empties it. */
void fast_reply_fini(struct fast_reply *reply);

/* Called once per call, on a thread of the runtime, never before the starting function returned.
 * reply is borrowed until the function returns. Must not block. */
typedef void fast_reply_fn(const struct fast_reply *reply, void *arg);

/* Endpoints that one client may have. */
#define FAST_CLIENT_ENDPOINTS_MAX 8

/* endpoint: "ipc:///run/fastd/fastd.sock", "tcp://127.0.0.1:5000", "tls+tcp://node.example:5000",
 * "inproc://name" for a server in the same process; "unix:///path" reaches what ipc does, sooner.
 * Several, separated by commas, are tried in this order until one can be connected to; the client
 * stays with that one, and begins with the first again when it has to connect after a minute. One
 * that accepts and hangs up before it has said who it is counts as one that cannot be reached.
 * Gives *out, which the caller closes. Connects at the first call, so a missing server shows there.
 * INVALID_ARGUMENT: the endpoint is not understood. FAILED_PRECONDITION: it is tls+tcp, and the
 * options give no tls, or one without a CA. */
FAST_MUST_CHECK enum fast_status fast_client_open(const char *endpoint,
						  const struct fast_client_options *options,
						  struct fast_client **out);

/* Ends every call with CANCELLED, waits until no callback runs, and frees. NULL is allowed. Every
 * stream must have been closed before. Not from a callback. */
void fast_client_close(struct fast_client *client);

/* What generated stubs call. options may be NULL. Each fills *reply, also when it fails, and
 * returns reply->status. */
enum fast_status fast_client_call(struct fast_client *client, const struct fast_method *method,
				  const struct fast_call_options *options,
				  const ProtobufCMessage *request, struct fast_reply *reply);

/* As above without waiting: FAST_OK when fn will be called; else it will not. The request is packed
 * before this returns. */
FAST_MUST_CHECK enum fast_status fast_client_start(struct fast_client *client,
						   const struct fast_method *method,
						   const struct fast_call_options *options,
						   const ProtobufCMessage *request,
						   fast_reply_fn *fn, void *arg);

FAST_END_DECLS

#endif
