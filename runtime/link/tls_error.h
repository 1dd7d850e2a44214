/* link/tls_error.h - mbedTLS's error numbers, alerts and verification flags end here. */
#ifndef FAST_LINK_TLS_ERROR_H
#define FAST_LINK_TLS_ERROR_H

#include <fast/status.h>
#include <mbedtls/x509_crt.h>

/* OK for 0. */
enum fast_status fast_tls_status(int error);

/* Why a certificate was refused, of whom: "the server's". flags: of mbedtls's verification, not 0;
 * a wrong name is fast_tls_names_refuse()'s matter. ca_file: for the sentence. */
void fast_tls_refusal(const mbedtls_x509_crt *certificate, uint32_t flags, const char *whose,
		      const char *ca_file, char *out, size_t out_bytes);

/* How a handshake failed. */
struct fast_tls_failure {
	int error;
	unsigned char alert;                 /* the peer's, if that is the error */
	bool is_server;                      /* we are */
	bool is_asked;                       /* the server wants a certificate of this client */
	const mbedtls_x509_crt *certificate; /* our own; NULL: none */
};

/* Its status, and a sentence: "the server refused this client's certificate: unknown CA". */
enum fast_status fast_tls_failure_tell(const struct fast_tls_failure *failure, char *out,
				       size_t out_bytes);

#endif
