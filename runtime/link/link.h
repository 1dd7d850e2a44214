/* link/link.h - byte streams to peers, behind a table of operations.
 *
 * Implementations: nng_stream for ipc:// and tcp:// (link_nng.c), TLS over another link
 * (tls_link.c), the process's own sockets for unix:// and where asked for (link_unix.c), memory for
 * inproc:// and for tests (link_memory.c). */
#ifndef FAST_LINK_H
#define FAST_LINK_H

#include "wire/sp.h"
#include <fast/call.h>
#include <fast/status.h>
#include <sys/uio.h>

#define FAST_LINK_IOV_MAX          8
#define FAST_ENDPOINT_BYTES_MAX    128
#define FAST_SOCKET_PATH_BYTES_MAX 107

struct fast_link;
struct fast_tls;

/* Completions. Each runs on a thread of the link, or inside the starting call never; at most one
 * received and one sent run at a time, possibly at once with each other. No lock of the link is
 * held. */
struct fast_link_events {
	/* FAST_OK with bytes > 0, or how the link ended: UNAVAILABLE (closed by either side) */
	void (*received)(void *arg, enum fast_status status, size_t bytes);
	/* FAST_OK with bytes > 0, perhaps fewer than asked, or how the link ended */
	void (*sent)(void *arg, enum fast_status status, size_t bytes);
};

struct fast_link_ops {
	/* Starts one receive into buffer; ends by events->received. At most one under way. */
	void (*recv)(struct fast_link *link, void *buffer, size_t bytes);
	/* Receives on the calling thread, until deadline_ns (monotonic). At most one under way, and
	 * none by recv. OK with *received > 0; DEADLINE_EXCEEDED: nothing was taken and the link
	 * goes on; CANCELLED: interrupted; UNAVAILABLE: the link has ended. */
	enum fast_status (*recv_wait)(struct fast_link *link, void *buffer, size_t bytes,
				      int64_t deadline_ns, size_t *received);
	/* Makes a recv_wait under way, or the next one, return CANCELLED. */
	void (*interrupt)(struct fast_link *link);
	/* Starts one send; ends by events->sent. iov and its bytes stay borrowed until then. At
	 * most one under way. */
	void (*send)(struct fast_link *link, const struct iovec *iov, int count);
	/* Sends on the calling thread what is taken at once, without a completion: returns those
	 * bytes; the next send begins with the rest. 0 also when the link has ended, which that
	 * send tells. Not while a send is under way. NULL: this link cannot. */
	size_t (*send_now)(struct fast_link *link, const struct iovec *iov, int count);
	/* Ends the link at once, without waiting: what is under way completes with UNAVAILABLE. May
	 * be called twice, and from completions. */
	void (*close)(struct fast_link *link);
	/* Closes, waits until no completion runs, frees. Not from a completion. */
	void (*free)(struct fast_link *link);
};

/* First member of each implementation's struct. */
struct fast_link {
	const struct fast_link_ops *ops;
	const struct fast_link_events *events; /* set by fast_link_start() */
	void *arg;
	enum fast_sp_framing framing;
	struct fast_peer peer;
};

/* Must be called before the first recv or send; again only while none is under way. */
static inline void fast_link_start(struct fast_link *link, const struct fast_link_events *events,
				   void *arg)
{
	link->events = events;
	link->arg = arg;
}

/* Listening. accepted takes link; it runs on a thread of the listener, never after close returned.
 */
struct fast_link_listener;
typedef void fast_link_accepted_fn(struct fast_link *link, void *arg);

/* As fast_server_listen(), which gives the statuses. */
FAST_MUST_CHECK enum fast_status fast_link_listen(const char *endpoint, unsigned mode,
						  fast_link_accepted_fn *accepted, void *arg,
						  struct fast_link_listener **out);
/* At "tls+tcp://host:port"; links are accepted after their handshake. tls is kept. */
FAST_MUST_CHECK enum fast_status fast_link_listen_tls(const char *endpoint, struct fast_tls *tls,
						      fast_link_accepted_fn *accepted, void *arg,
						      struct fast_link_listener **out);
/* The endpoint with its real port. */
const char *fast_link_listener_endpoint(const struct fast_link_listener *listener);
/* Stops, waits, unlinks the socket file. NULL is allowed. */
void fast_link_listener_close(struct fast_link_listener *listener);

/* Dialling. Ends by one dialed(): status and, on FAST_OK, a link that the function takes. */
struct fast_link_dialer;
typedef void fast_link_dialed_fn(enum fast_status status, struct fast_link *link, void *arg);

/* INVALID_ARGUMENT: the endpoint is not understood. A dialer dials any number of times, one at a
 * time. */
FAST_MUST_CHECK enum fast_status fast_link_dialer_new(const char *endpoint,
						      struct fast_link_dialer **out);
/* Also for "tls+tcp://host:port", for which tls is kept; others may have NULL. FAILED_PRECONDITION:
 * tls is missing, or has no CA. */
FAST_MUST_CHECK enum fast_status fast_link_dialer_new_tls(const char *endpoint,
							  struct fast_tls *tls,
							  struct fast_link_dialer **out);
/* Its dials are made on the process's own sockets, whatever the endpoint: no thread of NNG's is
 * started. Before the first of them. */
void fast_link_dialer_use_sockets(struct fast_link_dialer *dialer);
/* dialed runs on another thread, always. UNAVAILABLE: nobody serves there. DEADLINE_EXCEEDED.
 * PERMISSION_DENIED. UNAUTHENTICATED: one side refuses the other's certificate. CANCELLED: the
 * dialer is being freed. */
void fast_link_dial(struct fast_link_dialer *dialer, int64_t timeout_ms,
		    fast_link_dialed_fn *dialed, void *arg);
/* A sentence about the dial that has just failed; "" where the status says it all. Valid in dialed.
 */
const char *fast_link_dialer_reason(const struct fast_link_dialer *dialer);
/* Ends a dial under way and waits for its completion. NULL is allowed. Not from a completion. */
void fast_link_dialer_free(struct fast_link_dialer *dialer);

#endif
