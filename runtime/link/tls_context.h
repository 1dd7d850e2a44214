/* link/tls_context.h - the inside of struct fast_tls: files read, configurations, tickets. */
#ifndef FAST_LINK_TLS_CONTEXT_H
#define FAST_LINK_TLS_CONTEXT_H

#include "base/timer.h"
#include "link/tls.h"
#include "link/tls_pool.h"
#include <stdatomic.h>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ticket.h>

#if !defined(MBEDTLS_THREADING_C) || !defined(MBEDTLS_SSL_KEEP_PEER_CERTIFICATE)
#error "mbedTLS must be built with threading, and so that sessions keep the peer's certificate"
#endif

/* Sessions are resumed for so long at most. */
#define FAST_TLS_TICKET_S 3600

/* Everything but counters and references is constant once it is made. mbedTLS locks its random
 * numbers, RSA keys and ticket keys itself; EC groups are filled before threads share them. */
struct fast_tls {
	atomic_uint references;
	mbedtls_entropy_context entropy;
	mbedtls_ctr_drbg_context random;
	mbedtls_x509_crt ca;
	mbedtls_x509_crt certificate;
	mbedtls_pk_context key;
	bool has_ca;
	bool has_certificate;
	bool allows_anonymous;
	bool has_tickets;
	mbedtls_ssl_config client;
	mbedtls_ssl_config server;
	mbedtls_ssl_ticket_context tickets;
	char *ca_file;     /* for sentences; NULL: none */
	char *server_name; /* NULL: the endpoint's host */
	uint32_t handshake_ms;
	struct fast_timers *timers;
	struct fast_tls_pool *pool;
	atomic_uint_least64_t handshakes;
	atomic_uint_least64_t resumed;
	atomic_uint_least64_t failed;
};

/* tls_config.c. Fills tls->client and tls->server. */
FAST_MUST_CHECK enum fast_status fast_tls_configure(struct fast_tls *tls);

/* Whether now lies within what the certificate says. */
bool fast_tls_is_in_time(const mbedtls_x509_crt *certificate);

#endif
