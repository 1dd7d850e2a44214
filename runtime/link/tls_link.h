/* link/tls_link.h - a TLS session over another link, once its handshake is done: what it is made
 * of, for the handshake to make it. */
#ifndef FAST_LINK_TLS_LINK_H
#define FAST_LINK_TLS_LINK_H

#include "link/tls_context.h"
#include <pthread.h>

/* Ciphertext received at once. */
#define FAST_TLS_IN_BYTES 32768
/* Records that go out in one send, and room for each. */
#define FAST_TLS_OUT_RECORDS  2
#define FAST_TLS_RECORD_BYTES (MBEDTLS_SSL_OUT_CONTENT_LEN + 512)
#define FAST_TLS_OUT_BYTES    (FAST_TLS_OUT_RECORDS * FAST_TLS_RECORD_BYTES)

/* bytes[first, end) are held. */
struct fast_tls_bytes {
	uint8_t *bytes;
	size_t first;
	size_t end;
	size_t capacity;
};

/* The receive under way. Guarded by lock. */
struct fast_tls_receive {
	void *buffer;
	size_t bytes;
	bool is_wanted;
	bool is_running; /* the completion of one before */
};

/* The send under way. Guarded by lock. */
struct fast_tls_sending {
	struct iovec iov[FAST_LINK_IOV_MAX];
	int count;
	size_t taken; /* bytes of iov that are in out, or were; those of send_now() too */
	bool is_wanted;
	bool is_running; /* the completion of one before */
	bool is_flying;  /* inner reads from out */
};

struct fast_tls_link {
	struct fast_link base;
	struct fast_link *inner;
	struct fast_tls *tls;
	pthread_mutex_t lock; /* held for calls into inner, never for completions */
	/* guarded by lock */
	mbedtls_ssl_context ssl;
	struct fast_tls_bytes in;  /* ciphertext received; while inner receives, inner's */
	struct fast_tls_bytes out; /* ciphertext to be sent */
	struct fast_tls_receive receive;
	struct fast_tls_sending sending;
	bool is_open;            /* the handshake is done */
	bool has_ended;          /* inner gives nothing more */
	bool is_spent;           /* nothing is left to be read */
	bool has_failed;         /* nothing more can be written */
	bool is_closed;          /* by close() */
	bool is_interrupted;     /* recv_wait() is to return */
	struct fast_tls_job job; /* completes a receive for which all has come already */
	void *names;             /* what base.peer points to */
};

/* Sets up config's side of a session over inner, which it takes on success. Gives *out. */
FAST_MUST_CHECK enum fast_status fast_tls_link_new(struct fast_tls *tls,
						   const mbedtls_ssl_config *config,
						   struct fast_link *inner,
						   struct fast_tls_link **out);

/* Frees it, but not inner, on which nothing is under way. Half-built ones too; NULL is allowed. */
void fast_tls_link_abandon(struct fast_tls_link *link);

/* The handshake is done and nothing is under way on inner: from here on it is a link like any
 * other. RESOURCE_EXHAUSTED: no memory for the peer's names. */
FAST_MUST_CHECK enum fast_status fast_tls_link_open(struct fast_tls_link *link);

/* tls_send.c: the sending half, as operations and an event. */
void fast_tls_link_send(struct fast_link *base, const struct iovec *iov, int count);
size_t fast_tls_link_send_now(struct fast_link *base, const struct iovec *iov, int count);
void fast_tls_link_sent(void *link, enum fast_status status, size_t bytes);
/* Lock held. Tells the peer that this is the end, if it can be told at once; an alert of mbedTLS's
 * about what it could not read goes the same way. */
void fast_tls_link_say_goodbye(struct fast_tls_link *link);

#endif
