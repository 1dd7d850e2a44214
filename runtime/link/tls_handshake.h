/* link/tls_handshake.h - one handshake: driven by inner's completions, computed on the pool. */
#ifndef FAST_LINK_TLS_HANDSHAKE_H
#define FAST_LINK_TLS_HANDSHAKE_H

#include "link/tls_link.h"

/* A peer that was refused may read why for so long. */
#define FAST_TLS_FAREWELL_MS 1000

struct fast_tls_handshake;

/* How it ended. */
struct fast_tls_result {
	enum fast_status status;
	struct fast_tls_link *link; /* on FAST_OK; the function takes it */
	const char *reason;         /* else a sentence */
	bool is_resumed;            /* client: an earlier session was */
};

/* Once, on a thread of the pool; the handshake is gone when it returns. No lock held. */
typedef void fast_tls_handshake_fn(struct fast_tls_handshake *handshake,
				   const struct fast_tls_result *result, void *arg);

struct fast_tls_handshake_parts {
	struct fast_tls *tls;
	const char *host;                   /* that the server must be; NULL: we are the server */
	const mbedtls_ssl_session *session; /* client: to be resumed; NULL: none */
	int64_t deadline_ns;
	fast_tls_handshake_fn *done;
	void *arg;
};

/* Takes inner on success. *out is valid until done has returned. */
FAST_MUST_CHECK enum fast_status fast_tls_handshake_start(
	const struct fast_tls_handshake_parts *parts, struct fast_link *inner,
	struct fast_tls_handshake **out);

/* Ends it soon, with CANCELLED unless it has ended already. */
void fast_tls_handshake_cancel(struct fast_tls_handshake *handshake);

#endif
