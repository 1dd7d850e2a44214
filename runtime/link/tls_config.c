#include "link/tls_context.h"

#include "link/tls_error.h"

/* ECDHE with AEAD alone. ChaCha20 first: in mbedTLS it is the fastest everywhere. */
static const int ciphersuites[] = {
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	0,
};

static const mbedtls_ecp_group_id curves[] = {
	MBEDTLS_ECP_DP_CURVE25519,
	MBEDTLS_ECP_DP_SECP256R1,
	MBEDTLS_ECP_DP_SECP384R1,
	MBEDTLS_ECP_DP_NONE,
};

static const int signature_hashes[] = {
	MBEDTLS_MD_SHA256,
	MBEDTLS_MD_SHA384,
	MBEDTLS_MD_SHA512,
	MBEDTLS_MD_NONE,
};

bool fast_tls_is_in_time(const mbedtls_x509_crt *certificate)
{
	return !mbedtls_x509_time_is_past(&certificate->valid_to) &&
	       !mbedtls_x509_time_is_future(&certificate->valid_from);
}

/* A resumed session runs no verification, so what may have changed since is looked at here; then
 * the handshake is a full one, which says what is wrong. The ticket holds the client's certificate,
 * so its names are known as before. */
static int ticket_read(void *arg, mbedtls_ssl_session *session, unsigned char *ticket, size_t bytes)
{
	struct fast_tls *tls = arg;
	int error = mbedtls_ssl_ticket_parse(&tls->tickets, session, ticket, bytes);
	bool is_good;

	if (error != 0) {
		return error;
	}
	is_good = session->peer_cert != NULL
			  ? session->verify_result == 0 && fast_tls_is_in_time(session->peer_cert)
			  : tls->allows_anonymous;
	if (!is_good) {
		return MBEDTLS_ERR_SSL_SESSION_TICKET_EXPIRED;
	}
	atomic_fetch_add_explicit(&tls->resumed, 1, memory_order_relaxed);
	return 0;
}

static int ticket_write(void *arg, const mbedtls_ssl_session *session, unsigned char *start,
			const unsigned char *end, size_t *bytes, uint32_t *lifetime_s)
{
	struct fast_tls *tls = arg;

	return mbedtls_ssl_ticket_write(&tls->tickets, session, start, end, bytes, lifetime_s);
}

/* What both sides have in common. */
static int config_fill(struct fast_tls *tls, mbedtls_ssl_config *config, int endpoint)
{
	int error = mbedtls_ssl_config_defaults(config, endpoint, MBEDTLS_SSL_TRANSPORT_STREAM,
						MBEDTLS_SSL_PRESET_DEFAULT);

	if (error != 0) {
		return error;
	}
	mbedtls_ssl_conf_min_version(config, MBEDTLS_SSL_MAJOR_VERSION_3,
				     MBEDTLS_SSL_MINOR_VERSION_3); /* TLS 1.2 */
	mbedtls_ssl_conf_ciphersuites(config, ciphersuites);
	mbedtls_ssl_conf_curves(config, curves);
	mbedtls_ssl_conf_sig_hashes(config, signature_hashes);
	mbedtls_ssl_conf_renegotiation(config, MBEDTLS_SSL_RENEGOTIATION_DISABLED);
	mbedtls_ssl_conf_rng(config, mbedtls_ctr_drbg_random, &tls->random);
	if (tls->has_ca) {
		mbedtls_ssl_conf_ca_chain(config, &tls->ca, NULL);
	}
	return tls->has_certificate
		       ? mbedtls_ssl_conf_own_cert(config, &tls->certificate, &tls->key)
		       : 0;
}

static int server_authmode(const struct fast_tls *tls)
{
	if (!tls->has_ca) {
		return MBEDTLS_SSL_VERIFY_NONE;
	}
	return tls->allows_anonymous ? MBEDTLS_SSL_VERIFY_OPTIONAL : MBEDTLS_SSL_VERIFY_REQUIRED;
}

enum fast_status fast_tls_configure(struct fast_tls *tls)
{
	int error = config_fill(tls, &tls->client, MBEDTLS_SSL_IS_CLIENT);

	if (error == 0) {
		error = config_fill(tls, &tls->server, MBEDTLS_SSL_IS_SERVER);
	}
	if (error == 0) {
		error = mbedtls_ssl_ticket_setup(&tls->tickets, mbedtls_ctr_drbg_random,
						 &tls->random, MBEDTLS_CIPHER_AES_256_GCM,
						 FAST_TLS_TICKET_S);
	}
	if (error != 0) {
		return fast_tls_status(error);
	}
	mbedtls_ssl_conf_authmode(&tls->client, MBEDTLS_SSL_VERIFY_REQUIRED);
	mbedtls_ssl_conf_session_tickets(&tls->client, MBEDTLS_SSL_SESSION_TICKETS_ENABLED);
	mbedtls_ssl_conf_authmode(&tls->server, server_authmode(tls));
	mbedtls_ssl_conf_session_tickets_cb(&tls->server, ticket_write, ticket_read, tls);
	return FAST_OK;
}
