/* fast/tls.h - calls between hosts: tls+tcp://HOST:PORT with certificates on both sides. */
#ifndef FAST_TLS_H
#define FAST_TLS_H

#include <fast/client.h>
#include <fast/server.h>

FAST_BEGIN_DECLS

/* A handshake that takes longer has failed. */
#define FAST_TLS_HANDSHAKE_MS 10000
/* Room for every sentence of fast_tls_new(). */
#define FAST_TLS_ERROR_BYTES 512

/* Who we are and whom we trust, read from files once. One object serves any number of clients and
 * servers, which keep what they need of it. Use from any thread. */
struct fast_tls;

/* All files are PEM. Strings are borrowed for the call. */
struct fast_tls_options {
	size_t size;                  /* sizeof(struct fast_tls_options) */
	const char *ca_file;          /* who may have signed the peer's certificate */
	const char *certificate_file; /* our own certificate, then those between it and its CA */
	const char *key_file;         /* of that certificate, not encrypted */
	const char *server_name;      /* client: the name (DNS or IP) that the server's certificate
					 must have; NULL: the endpoint's host */
	bool allow_anonymous_clients; /* server: a client may come without a certificate; one that
					 it shows must be good all the same */
	uint32_t handshake_ms;        /* 0: FAST_TLS_HANDSHAKE_MS */
};

struct fast_tls_stats {
	uint64_t handshakes; /* that came to a good end, on either side */
	uint64_t resumed;    /* of these, those that resumed a session */
	uint64_t failed;
};

/* Gives *out, which the caller frees. A server needs a certificate, its key and, unless it allows
 * anonymous clients, a CA; a client needs a CA, and for most servers the other two. On failure a
 * sentence for people is written to error, which may be NULL: NOT_FOUND, PERMISSION_DENIED: of a
 * file. INVALID_ARGUMENT: a file's contents, or a key that is not the certificate's. */
FAST_MUST_CHECK enum fast_status fast_tls_new(const struct fast_tls_options *options,
					      struct fast_tls **out, char *error,
					      size_t error_bytes);

/* Clients and servers that use it may go on. NULL is allowed. */
void fast_tls_free(struct fast_tls *tls);

void fast_tls_stats(const struct fast_tls *tls, struct fast_tls_stats *out);

/* As fast_server_listen(), at "tls+tcp://ADDRESS:PORT", which need not be loopback; 0.0.0.0 and
 * [::] are every address. FAILED_PRECONDITION: tls lacks what a server needs. Who calls is in
 * fast_call_peer(): the names of a certificate that was verified. */
FAST_MUST_CHECK enum fast_status fast_server_listen_tls(struct fast_server *server,
							const char *endpoint, struct fast_tls *tls);

FAST_END_DECLS

#endif
