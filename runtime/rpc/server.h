/* rpc/server.h - the inside of a server: what its files share, and what tests hand it. */
#ifndef FAST_RPC_SERVER_H
#define FAST_RPC_SERVER_H

#include "base/list.h"
#include "base/timer.h"
#include "link/link.h"
#include "rpc/health.h"
#include "rpc/interceptor.h"
#include "rpc/methods.h"
#include "rpc/pool.h"
#include <fast/server.h>
#include <pthread.h>
#include <stdatomic.h>

struct fast_server_counters {
	atomic_uint_least64_t connections;
	atomic_uint_least64_t calls;
	atomic_uint_least64_t calls_ended;
	atomic_uint_least64_t calls_refused;
	atomic_uint_least64_t calls_failed;
	atomic_uint_least64_t packets_malformed;
};

struct fast_server {
	pthread_mutex_t lock;
	pthread_cond_t changed;             /* a connection has died, or is gone */
	struct fast_server_options options; /* every field has a value */
	struct fast_methods methods;        /* fixed once it listens */
	struct fast_interceptors interceptors;
	struct fast_timers *timers;
	bool owns_timers;
	struct fast_pool *pool;
	struct fast_server_counters counters;
	struct fast_timer reap_timer;
	struct fast_once_window *once;
	struct fast_timer drain_timer;
	struct fast_health health;
	struct fast_recent recent;
	int64_t open_unix_ns;
	char *node; /* NULL: nameless */

	/* all guarded by lock */
	struct fast_link_listener *listeners[FAST_SERVER_ENDPOINTS_MAX];
	size_t listener_count;
	struct fast_list connections; /* that have not ended */
	struct fast_list dead;        /* to which nobody refers any more */
	uint32_t connection_count;    /* until they are freed */
	uint64_t connection_ids;      /* given so far */
	bool has_started;
	bool is_closing;
	bool is_draining;
	bool drain_was_cut;                   /* calls were open at its timeout */
	void *kept[FAST_SERVER_SERVICES_MAX]; /* freed with the server */
	size_t kept_count;
};

/* A server on timers from outside, which stay borrowed; NULL: its own. */
FAST_MUST_CHECK enum fast_status fast_server_open_with(const struct fast_server_options *options,
						       struct fast_timers *timers,
						       struct fast_server **out);
/* A connection from outside. Takes link, and closes it where the server is full or closing. */
void fast_server_take_link(struct fast_server *server, struct fast_link *link);

/* Frees memory with the server: once for each service that was added, at most. */
void fast_server_keep(struct fast_server *server, void *memory);

/* fast_server_drain() without waiting. */
FAST_MUST_CHECK enum fast_status fast_server_drain_begin(struct fast_server *server,
							 int64_t timeout_ms);
/* No lock held. Ends all connections that have not ended. */
void fast_server_end_connections(struct fast_server *server);
/* No lock held; nobody listens any more. */
void fast_server_close_listeners(struct fast_server *server);

/* Frees the dead connections. No lock held; not from a completion of a link. */
void fast_server_reap(struct fast_server *server);
/* As a timer's function. */
void fast_server_reap_due(void *server);

static inline void fast_counter_add(atomic_uint_least64_t *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static inline uint64_t fast_counter_read(const atomic_uint_least64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

#endif
