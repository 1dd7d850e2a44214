/* link/tls.h - TLS over other links: what listener and dialer see of it. */
#ifndef FAST_LINK_TLS_H
#define FAST_LINK_TLS_H

#include "link/link.h"
#include <fast/tls.h>

/* Handshakes under way at one listener. One more ends the oldest; at twice as many, those whose end
 * takes its time included, newcomers are closed at once. */
#define FAST_TLS_PENDING_MAX 128
/* Longest sentence about a failed handshake. */
#define FAST_TLS_REASON_BYTES 256

struct fast_tls *fast_tls_ref(struct fast_tls *tls);
void fast_tls_unref(struct fast_tls *tls);

/* Turns links into TLS links, as a server. Gives *out. FAILED_PRECONDITION: tls lacks what a server
 * needs. */
struct fast_tls_acceptor;
FAST_MUST_CHECK enum fast_status fast_tls_acceptor_new(struct fast_tls *tls,
						       fast_link_accepted_fn *accepted, void *arg,
						       struct fast_tls_acceptor **out);
/* Takes inner. accepted follows on a thread of tls's pool when its handshake comes to a good end.
 */
void fast_tls_acceptor_take(struct fast_tls_acceptor *acceptor, struct fast_link *inner);
/* Ends the handshakes under way, waits until no accepted runs, frees. NULL is allowed. */
void fast_tls_acceptor_free(struct fast_tls_acceptor *acceptor);

/* Turns links into TLS links, as a client of one endpoint, whose last session it keeps. Gives *out.
 * FAILED_PRECONDITION: tls lacks a CA. */
struct fast_tls_connector;
FAST_MUST_CHECK enum fast_status fast_tls_connector_new(struct fast_tls *tls, const char *host,
							struct fast_tls_connector **out);
/* Takes inner on success; dialed follows on a thread of tls's pool, with a TLS link or a status.
 * One at a time. */
FAST_MUST_CHECK enum fast_status fast_tls_connect(struct fast_tls_connector *connector,
						  struct fast_link *inner, int64_t deadline_ns,
						  fast_link_dialed_fn *dialed, void *arg);
/* The sentence about the last handshake; "" when it was good. Valid in dialed and until the next.
 */
const char *fast_tls_connector_reason(const struct fast_tls_connector *connector);
/* Ends a handshake under way, waits until no dialed runs, frees. NULL is allowed. */
void fast_tls_connector_free(struct fast_tls_connector *connector);

#endif
