/* rpc/client.h - the inside of a client: what its files share, and what tests hand it. */
#ifndef FAST_RPC_CLIENT_H
#define FAST_RPC_CLIENT_H

#include "base/list.h"
#include "base/timer.h"
#include "link/link.h"
#include "rpc/call_table.h"
#include "rpc/connection.h"
#include "rpc/limits.h"
#include <fast/interceptor.h>
#include <pthread.h>
#include <stdatomic.h>

/* Longest sentence about a failed dial, with its zero. */
#define FAST_DIAL_REASON_BYTES 768

/* How a client comes to a link. */
struct fast_dial_ops {
	/* Starts a dial; dialed(status, link, dialed_arg) follows on another thread, never inside.
	 */
	void (*dial)(void *arg, int64_t timeout_ms, fast_link_dialed_fn *dialed, void *dialed_arg);
	/* Ends a dial under way and waits for its dialed(); frees arg. */
	void (*free)(void *arg);
	/* In dialed(), of a dial that failed: a sentence, or "". NULL: there is never one. */
	const char *(*reason)(void *arg);
	/* The same: true, where there is another endpoint that the next dial leads to; else *status
	 * becomes that of all of them. NULL: there is but one. */
	bool (*next)(void *arg, enum fast_status *status);
	/* The link of the newest dial ended before its peer had said who it is. No dial is under
	 * way. NULL: that changes nothing. */
	void (*hung_up)(void *arg);
};

/* In a few words, why a dial failed that says no more. */
const char *fast_dial_sentence(enum fast_status status);

/* Who reads a connection. */
enum fast_reader {
	FAST_READER_NOBODY,
	FAST_READER_LINK,   /* a receive is under way on the link's threads */
	FAST_READER_CALLER, /* a thread in fast_client_call() */
};

/* A connection to the server; all guarded by client->lock. */
struct fast_client_connection {
	struct fast_connection connection;
	struct fast_client *client;
	struct fast_list node; /* in client->draining, or in ->dead */
	unsigned references;   /* 1 until the end, 1 per thread that reads or ends it */
	struct fast_call_table calls;
	enum fast_reader reader;
	bool has_hello;     /* the server's */
	bool is_going_away; /* takes no new calls */
	uint32_t calls_max;
	size_t peer_bytes_max;
	uint64_t boot_id; /* the server's; 0: it has not said HELLO */
};

struct fast_retry_policies;

/* Changed before the first call, read by any thread after. */
struct fast_client_interceptors {
	struct fast_client_interceptor chain[FAST_INTERCEPTORS_MAX];
	uint32_t count;
};

struct fast_client {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* for the close */
	char *endpoint;         /* or several */
	char *agent;            /* NULL: none */
	uint32_t message_bytes_max;
	uint32_t keepalive_ms; /* 0: none */
	struct fast_timers *timers;
	bool owns_timers;
	bool makes_keys; /* also for calls that do not ask for it */
	enum fast_once once;
	uint64_t seed[2];       /* random */
	uint64_t keys;          /* made so far; guarded by lock */
	struct fast_list keyed; /* calls that are not over, in the order of their keys; likewise */
	struct fast_client_interceptors interceptors;
	const struct fast_dial_ops *dial_ops;
	void *dial_arg;
	struct fast_timer house_timer;   /* runs callbacks, frees connections */
	struct fast_timer idle_timer;    /* has a connection read that nobody uses */
	struct fast_timer backoff_timer; /* dials again for those who wait */
	struct fast_timer rest_timer;    /* sends again what rests */

	/* all guarded by lock */
	struct fast_client_connection *connection; /* NULL: none */
	uint32_t connection_count;                 /* until they are freed */
	struct fast_list draining;                 /* connections that take no new calls */
	uint32_t draining_count;
	int64_t handover_ns; /* until then a server that is not there is waited for */
	struct fast_list dead;
	bool is_dialing;
	bool wants_dial; /* the timers' thread is to start the dial */
	bool is_closing;
	bool has_idle_timer;
	unsigned dial_failures;                   /* one after the other */
	enum fast_status dial_status;             /* of the last dial */
	char dial_reason[FAST_DIAL_REASON_BYTES]; /* a sentence about it, or "" */
	int64_t active_ns;                        /* when a caller last came */
	uint32_t next_id;
	struct fast_list waiting; /* calls for which there is no connection, or no room */
	struct fast_list held;    /* calls that interceptors have sent later */
	struct fast_list resting; /* calls that are sent again after a while */
	uint32_t waiting_count;   /* in these three; at most FAST_CALLS_WAITING_MAX */
	struct fast_retry_policies *policies; /* NULL: none */
	int64_t rest_due_ns;                  /* when rest_timer runs; 0: it is not set */
	int retry_tokens;                     /* 0 to FAST_RETRY_TOKENS_MAX */
	uint64_t randoms;                     /* made so far */
	struct fast_list callers;             /* calls whose threads wait, and could read instead */
	struct fast_list finished; /* calls whose callbacks the timers' thread is to run */
	uint32_t caller_count;     /* threads in fast_client_call() */
	uint32_t async_count;      /* calls whose callback has not returned */
	uint32_t stream_count;
	struct fast_list spare; /* asynchronous calls for reuse */
	uint32_t spare_count;
	uint64_t strays; /* packets for calls that are not open */
};

/* A client on a clock and links from outside, which gives keys only to calls that ask for them.
 * timers stay borrowed; NULL: its own. Takes dial_arg
 * on success. */
FAST_MUST_CHECK enum fast_status fast_client_open_with(const char *endpoint,
						       const struct fast_client_options *options,
						       struct fast_timers *timers,
						       const struct fast_dial_ops *dial_ops,
						       void *dial_arg, struct fast_client **out);

/* Takes link on success. The hellos of both layers are queued. NULL: no memory. */
struct fast_client_connection *fast_client_connection_new(struct fast_client *client,
							  struct fast_link *link);
/* No lock held. Not from a completion of its link. */
void fast_client_connection_free(struct fast_client_connection *connection);

/* Lock held, unless it says otherwise. */

/* The connection, when it takes new calls now; else NULL. */
struct fast_client_connection *fast_client_usable(const struct fast_client *client);
/* Has the timers' thread dial, unless a connection is there or on its way. */
void fast_client_dial(struct fast_client *client);
/* No lock held. Starts the dial that is wanted, if any. */
void fast_client_start_dial(struct fast_client *client);
/* How long to wait after so many failures, from 1. Lock held or not. */
int64_t fast_backoff_ms(unsigned failures, int64_t now_ns);
/* Finds a reader for a connection that has none. */
void fast_client_read_on(struct fast_client *client);
void fast_client_connection_ref(struct fast_client_connection *connection);
void fast_client_connection_unref(struct fast_client_connection *connection);
/* No lock held. */
void fast_client_reap(struct fast_client *client);
/* Lock held or not. Has the house timer run at once. False: no memory for it. */
bool fast_client_wake_house(struct fast_client *client);

/* client_drain.c. Lock held, all of these. */

/* Whether the server went away a moment ago, so that another one is expected. */
bool fast_client_is_handed_over(const struct fast_client *client);
/* The server takes no new calls here. False: none is open, and the connection is to be closed. */
bool fast_client_leave(struct fast_client_connection *connection);
/* The connection has ended. */
void fast_client_forget(struct fast_client_connection *connection);
/* Has connections read that are being left. */
void fast_client_read_draining(struct fast_client *client);
/* All connections, each with a reference. */
unsigned fast_client_connections(struct fast_client *client,
				 struct fast_client_connection *out[FAST_CLIENT_DRAINING_MAX + 1]);

/* client_packet.c: an event of the connection. */
bool fast_client_connection_message(void *arg, const uint8_t *message, size_t bytes);

#endif
