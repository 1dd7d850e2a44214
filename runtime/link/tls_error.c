#include "link/tls_error.h"

#include <mbedtls/ecp.h>
#include <mbedtls/pem.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <stdio.h>

struct error_row {
	int error;
	enum fast_status status;
	const char *sentence;
};

#define NOT_TLS   "what answers there does not speak TLS"
#define NO_TLS12  "it does not speak TLS 1.2"
#define NO_COMMON "there is no cipher, curve or signature that both sides know"
#define FORGED    "its handshake is not signed as it should be"
#define NO_MEMORY "no memory"

static const struct error_row error_rows[] = {
	{0, FAST_OK, ""},
	{MBEDTLS_ERR_SSL_CONN_EOF, FAST_UNAVAILABLE, "it closed the connection in the handshake"},
	{MBEDTLS_ERR_SSL_INVALID_RECORD, FAST_UNAVAILABLE, NOT_TLS},
	{MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE, FAST_UNAVAILABLE, NOT_TLS},
	{MBEDTLS_ERR_SSL_BAD_HS_CLIENT_HELLO, FAST_UNAVAILABLE, NOT_TLS},
	{MBEDTLS_ERR_SSL_BAD_HS_SERVER_HELLO, FAST_UNAVAILABLE, NOT_TLS},
	{MBEDTLS_ERR_SSL_BAD_HS_PROTOCOL_VERSION, FAST_UNAVAILABLE, NO_TLS12},
	{MBEDTLS_ERR_SSL_NO_CIPHER_CHOSEN, FAST_UNAVAILABLE, NO_COMMON},
	{MBEDTLS_ERR_SSL_NO_USABLE_CIPHERSUITE, FAST_UNAVAILABLE, NO_COMMON},
	{MBEDTLS_ERR_SSL_BAD_HS_SERVER_KEY_EXCHANGE, FAST_UNAUTHENTICATED, FORGED},
	{MBEDTLS_ERR_SSL_BAD_HS_CERTIFICATE_VERIFY, FAST_UNAUTHENTICATED, FORGED},
	{MBEDTLS_ERR_SSL_BAD_HS_CERTIFICATE, FAST_UNAUTHENTICATED,
	 "its certificate is malformed, or made for another use"},
	{MBEDTLS_ERR_SSL_BAD_HS_FINISHED, FAST_UNAUTHENTICATED, FORGED},
	{MBEDTLS_ERR_SSL_INVALID_MAC, FAST_UNAUTHENTICATED, FORGED},
	{MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE, FAST_UNAUTHENTICATED, "it shows no certificate"},
	{MBEDTLS_ERR_SSL_CERTIFICATE_REQUIRED, FAST_UNAUTHENTICATED, "it shows no certificate"},
	{MBEDTLS_ERR_X509_CERT_VERIFY_FAILED, FAST_UNAUTHENTICATED, "its certificate is refused"},
	{MBEDTLS_ERR_X509_FATAL_ERROR, FAST_UNAUTHENTICATED, "its certificate is refused"},
	{MBEDTLS_ERR_SSL_ALLOC_FAILED, FAST_RESOURCE_EXHAUSTED, NO_MEMORY},
	{MBEDTLS_ERR_X509_ALLOC_FAILED, FAST_RESOURCE_EXHAUSTED, NO_MEMORY},
	{MBEDTLS_ERR_PEM_ALLOC_FAILED, FAST_RESOURCE_EXHAUSTED, NO_MEMORY},
	{MBEDTLS_ERR_PK_ALLOC_FAILED, FAST_RESOURCE_EXHAUSTED, NO_MEMORY},
	{MBEDTLS_ERR_ECP_ALLOC_FAILED, FAST_RESOURCE_EXHAUSTED, NO_MEMORY},
	{MBEDTLS_ERR_MPI_ALLOC_FAILED, FAST_RESOURCE_EXHAUSTED, NO_MEMORY},
};

static const struct error_row other_error = {-1, FAST_UNAVAILABLE, "the handshake is broken"};

static const struct error_row *error_find(int error)
{
	for (size_t i = 0; i < sizeof error_rows / sizeof error_rows[0]; i++) {
		if (error_rows[i].error == error) {
			return &error_rows[i];
		}
	}
	return &other_error;
}

enum fast_status fast_tls_status(int error)
{
	return error_find(error)->status;
}

struct alert_row {
	unsigned char alert;
	bool is_about_certificate;
	const char *sentence;
};

static const struct alert_row alert_rows[] = {
	{MBEDTLS_SSL_ALERT_MSG_BAD_CERT, true, "bad certificate"},
	{MBEDTLS_SSL_ALERT_MSG_UNSUPPORTED_CERT, true, "wrong kind of certificate"},
	{MBEDTLS_SSL_ALERT_MSG_CERT_REVOKED, true, "it was revoked"},
	{MBEDTLS_SSL_ALERT_MSG_CERT_EXPIRED, true, "it has expired"},
	{MBEDTLS_SSL_ALERT_MSG_CERT_UNKNOWN, true, "it is not acceptable"},
	{MBEDTLS_SSL_ALERT_MSG_UNKNOWN_CA, true, "unknown CA"},
	{MBEDTLS_SSL_ALERT_MSG_ACCESS_DENIED, true, "access denied"},
	{MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE, false, NO_COMMON},
	{MBEDTLS_SSL_ALERT_MSG_PROTOCOL_VERSION, false, NO_TLS12},
	{MBEDTLS_SSL_ALERT_MSG_INSUFFICIENT_SECURITY, false, "it wants stronger ciphers"},
	{MBEDTLS_SSL_ALERT_MSG_UNRECOGNIZED_NAME, false, "it does not serve this name"},
	{MBEDTLS_SSL_ALERT_MSG_DECRYPT_ERROR, false, FORGED},
};

static const struct alert_row other_alert = {0, false, "it ended the handshake"};

static const struct alert_row *alert_find(unsigned char alert)
{
	for (size_t i = 0; i < sizeof alert_rows / sizeof alert_rows[0]; i++) {
		if (alert_rows[i].alert == alert) {
			return &alert_rows[i];
		}
	}
	return &other_alert;
}

static void expired_write(const mbedtls_x509_crt *certificate, const char *ca_file, char *out,
			  size_t out_bytes)
{
	const mbedtls_x509_time *time = &certificate->valid_to;

	(void)ca_file;
	snprintf(out, out_bytes, "has expired on %04d-%02d-%02d", time->year, time->mon, time->day);
}

static void future_write(const mbedtls_x509_crt *certificate, const char *ca_file, char *out,
			 size_t out_bytes)
{
	const mbedtls_x509_time *time = &certificate->valid_from;

	(void)ca_file;
	snprintf(out, out_bytes, "is not valid before %04d-%02d-%02d", time->year, time->mon,
		 time->day);
}

static void untrusted_write(const mbedtls_x509_crt *certificate, const char *ca_file, char *out,
			    size_t out_bytes)
{
	(void)certificate;
	snprintf(out, out_bytes, "is not signed by a CA in %s", ca_file == NULL ? "use" : ca_file);
}

static void usage_write(const mbedtls_x509_crt *certificate, const char *ca_file, char *out,
			size_t out_bytes)
{
	(void)certificate;
	(void)ca_file;
	snprintf(out, out_bytes, "is not made for this use");
}

static void weak_write(const mbedtls_x509_crt *certificate, const char *ca_file, char *out,
		       size_t out_bytes)
{
	(void)certificate;
	(void)ca_file;
	snprintf(out, out_bytes, "has a key or signature that is too weak or of an unknown kind");
}

/* The first that applies is told. */
static const struct flag_row {
	uint32_t flags;
	void (*write)(const mbedtls_x509_crt *certificate, const char *ca_file, char *out,
		      size_t out_bytes);
} flag_rows[] = {
	{MBEDTLS_X509_BADCERT_NOT_TRUSTED, untrusted_write},
	{MBEDTLS_X509_BADCERT_EXPIRED, expired_write},
	{MBEDTLS_X509_BADCERT_FUTURE, future_write},
	{MBEDTLS_X509_BADCERT_KEY_USAGE | MBEDTLS_X509_BADCERT_EXT_KEY_USAGE |
		 MBEDTLS_X509_BADCERT_NS_CERT_TYPE,
	 usage_write},
};

void fast_tls_refusal(const mbedtls_x509_crt *certificate, uint32_t flags, const char *whose,
		      const char *ca_file, char *out, size_t out_bytes)
{
	char what[160];
	size_t row = 0;

	while (row < sizeof flag_rows / sizeof flag_rows[0] && !(flags & flag_rows[row].flags)) {
		row++;
	}
	if (row < sizeof flag_rows / sizeof flag_rows[0]) {
		flag_rows[row].write(certificate, ca_file, what, sizeof what);
	} else {
		weak_write(certificate, ca_file, what, sizeof what);
	}
	snprintf(out, out_bytes, "%s certificate %s", whose, what);
}

/* What is wrong with our own certificate, if it is its time; else otherwise. */
static void time_write(const mbedtls_x509_crt *certificate, const char *otherwise, char *out,
		       size_t out_bytes)
{
	char what[64];

	if (mbedtls_x509_time_is_past(&certificate->valid_to)) {
		expired_write(certificate, NULL, what, sizeof what);
		snprintf(out, out_bytes, "it %s", what);
	} else if (mbedtls_x509_time_is_future(&certificate->valid_from)) {
		future_write(certificate, NULL, what, sizeof what);
		snprintf(out, out_bytes, "it %s", what);
	} else {
		snprintf(out, out_bytes, "%s", otherwise);
	}
}

static enum fast_status unasked_tell(char *out, size_t out_bytes)
{
	snprintf(out, out_bytes, "the server wants a client certificate, and this client has none");
	return FAST_UNAUTHENTICATED;
}

static enum fast_status alert_tell(const struct fast_tls_failure *failure, char *out,
				   size_t out_bytes)
{
	const struct alert_row *row = alert_find(failure->alert);
	const char *peer = failure->is_server ? "client" : "server";
	const char *self = failure->is_server ? "server" : "client";
	char why[80];

	if (!failure->is_server && failure->is_asked && failure->certificate == NULL) {
		return unasked_tell(out, out_bytes);
	}
	if (!row->is_about_certificate || failure->certificate == NULL) {
		snprintf(out, out_bytes, "the %s refused the handshake: %s", peer, row->sentence);
		return FAST_UNAVAILABLE;
	}
	if (failure->alert == MBEDTLS_SSL_ALERT_MSG_UNKNOWN_CA) {
		snprintf(why, sizeof why, "%s", row->sentence);
	} else {
		time_write(failure->certificate, row->sentence, why, sizeof why);
	}
	snprintf(out, out_bytes, "the %s refused this %s's certificate: %s", peer, self, why);
	return FAST_UNAUTHENTICATED;
}

enum fast_status fast_tls_failure_tell(const struct fast_tls_failure *failure, char *out,
				       size_t out_bytes)
{
	if (failure->error == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE) {
		return alert_tell(failure, out, out_bytes);
	}
	/* Some servers say nothing to a client whose certificate they refuse, or miss. */
	if (failure->error == MBEDTLS_ERR_SSL_CONN_EOF && failure->is_asked &&
	    !failure->is_server) {
		if (failure->certificate == NULL) {
			return unasked_tell(out, out_bytes);
		}
		snprintf(out, out_bytes,
			 "the server closed the connection in the handshake; it may refuse this "
			 "client's certificate");
		return FAST_UNAVAILABLE;
	}
	snprintf(out, out_bytes, "%s", error_find(failure->error)->sentence);
	return fast_tls_status(failure->error);
}
