#include "link/tls_context.h"

#include "link/tls_error.h"
#include <assert.h>
#include <errno.h>
#include <mbedtls/ecdsa.h>
#include <mbedtls/pem.h>
#include <mbedtls/platform_util.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A file of certificates or a key is never longer. */
#define PEM_BYTES_MAX (1u << 20)

struct complaint {
	char *text; /* NULL: nobody wants it */
	size_t bytes;
};

static enum fast_status complain(const struct complaint *complaint, enum fast_status status,
				 const char *format, ...) FAST_PRINTF(3, 4);

static enum fast_status complain(const struct complaint *complaint, enum fast_status status,
				 const char *format, ...)
{
	va_list arguments;

	if (complaint->text != NULL && complaint->bytes > 0) {
		va_start(arguments, format);
		vsnprintf(complaint->text, complaint->bytes, format, arguments);
		va_end(arguments);
	}
	return status;
}

static enum fast_status errno_status(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return FAST_NOT_FOUND;
	case EACCES:
	case EPERM:
		return FAST_PERMISSION_DENIED;
	case ENOMEM:
	case EMFILE:
	case ENFILE:
		return FAST_RESOURCE_EXHAUSTED;
	default:
		return FAST_INVALID_ARGUMENT;
	}
}

/* Gives *out with a zero behind the contents, which mbedTLS wants for PEM; *bytes counts it. */
static enum fast_status file_read(const char *path, const struct complaint *complaint,
				  unsigned char **out, size_t *bytes)
{
	FILE *file = fopen(path, "re");
	unsigned char *data;
	size_t got;

	if (file == NULL) {
		return complain(complaint, errno_status(errno), "cannot read %s: %s", path,
				strerror(errno));
	}
	data = malloc(PEM_BYTES_MAX + 1);
	got = data == NULL ? 0 : fread(data, 1, PEM_BYTES_MAX, file);
	if (data == NULL || ferror(file) || got == PEM_BYTES_MAX) {
		enum fast_status status =
			data == NULL ? FAST_RESOURCE_EXHAUSTED : FAST_INVALID_ARGUMENT;
		free(data);
		fclose(file);
		return complain(complaint, status, "cannot read %s: it is too long or no file",
				path);
	}
	fclose(file);
	data[got] = 0;
	*out = data;
	*bytes = got + 1;
	return FAST_OK;
}

static enum fast_status certificates_load(const char *path, mbedtls_x509_crt *chain,
					  const struct complaint *complaint)
{
	unsigned char *data = NULL;
	size_t bytes = 0;
	enum fast_status status = file_read(path, complaint, &data, &bytes);
	int error;

	if (status != FAST_OK) {
		return status;
	}
	error = mbedtls_x509_crt_parse(chain, data, bytes); /* > 0: so many were left out */
	free(data);
	if (error == 0) {
		return FAST_OK;
	}
	if (fast_tls_status(error) == FAST_RESOURCE_EXHAUSTED) {
		return complain(complaint, FAST_RESOURCE_EXHAUSTED, "no memory for %s", path);
	}
	return complain(complaint, FAST_INVALID_ARGUMENT,
			"%s has no certificate in PEM form, or one that is malformed", path);
}

static enum fast_status key_load(struct fast_tls *tls, const struct fast_tls_options *options,
				 const struct complaint *complaint)
{
	unsigned char *data = NULL;
	size_t bytes = 0;
	enum fast_status status = file_read(options->key_file, complaint, &data, &bytes);
	int error;

	if (status != FAST_OK) {
		return status;
	}
	error = mbedtls_pk_parse_key(&tls->key, data, bytes, NULL, 0);
	mbedtls_platform_zeroize(data, bytes);
	free(data);
	if (error == MBEDTLS_ERR_PK_PASSWORD_REQUIRED ||
	    error == MBEDTLS_ERR_PEM_PASSWORD_REQUIRED) {
		return complain(complaint, FAST_INVALID_ARGUMENT, "the key in %s is encrypted",
				options->key_file);
	}
	if (fast_tls_status(error) == FAST_RESOURCE_EXHAUSTED) {
		return complain(complaint, FAST_RESOURCE_EXHAUSTED, "no memory for %s",
				options->key_file);
	}
	if (error != 0) {
		return complain(complaint, FAST_INVALID_ARGUMENT,
				"%s has no key in PEM form that is RSA or ECDSA",
				options->key_file);
	}
	if (mbedtls_pk_check_pair(&tls->certificate.pk, &tls->key) != 0) {
		return complain(complaint, FAST_INVALID_ARGUMENT, "%s is not the key of %s",
				options->key_file, options->certificate_file);
	}
	return FAST_OK;
}

/* mbedTLS keeps a table in a key's group at its first use, without a lock; so that first use is
 * here, before other threads have it. */
static void group_warm(struct fast_tls *tls, const mbedtls_pk_context *key)
{
	mbedtls_ecp_keypair *pair;
	mbedtls_ecp_point point;
	mbedtls_mpi one;

	if (!mbedtls_pk_can_do(key, MBEDTLS_PK_ECKEY)) {
		return;
	}
	pair = mbedtls_pk_ec(*key);
	mbedtls_ecp_point_init(&point);
	mbedtls_mpi_init(&one);
	if (mbedtls_mpi_lset(&one, 1) == 0) {
		/* Without memory there is no table; the next use tries again. */
		int error = mbedtls_ecp_mul(&pair->grp, &point, &one, &pair->grp.G,
					    mbedtls_ctr_drbg_random, &tls->random);
		(void)error;
	}
	mbedtls_mpi_free(&one);
	mbedtls_ecp_point_free(&point);
}

static enum fast_status files_load(struct fast_tls *tls, const struct fast_tls_options *options,
				   const struct complaint *complaint)
{
	enum fast_status status = FAST_OK;

	if ((options->certificate_file == NULL) != (options->key_file == NULL)) {
		return complain(complaint, FAST_INVALID_ARGUMENT,
				"a certificate and its key go together; one of them is missing");
	}
	if (options->ca_file != NULL) {
		status = certificates_load(options->ca_file, &tls->ca, complaint);
		tls->has_ca = true;
	}
	if (status == FAST_OK && options->certificate_file != NULL) {
		status = certificates_load(options->certificate_file, &tls->certificate, complaint);
		tls->has_certificate = true;
		if (status == FAST_OK) {
			status = key_load(tls, options, complaint);
		}
	}
	if (status != FAST_OK) {
		return status;
	}
	group_warm(tls, &tls->key);
	for (const mbedtls_x509_crt *ca = &tls->ca; ca != NULL; ca = ca->next) {
		group_warm(tls, &ca->pk);
	}
	return FAST_OK;
}

static bool text_keep(const char *text, char **out)
{
	if (text == NULL) {
		return true;
	}
	*out = strdup(text);
	return *out != NULL;
}

/* Half-built ones too. */
static void tls_discard(struct fast_tls *tls)
{
	fast_tls_pool_free(tls->pool);
	fast_timers_free(tls->timers);
	mbedtls_ssl_ticket_free(&tls->tickets);
	mbedtls_ssl_config_free(&tls->server);
	mbedtls_ssl_config_free(&tls->client);
	mbedtls_pk_free(&tls->key);
	mbedtls_x509_crt_free(&tls->certificate);
	mbedtls_x509_crt_free(&tls->ca);
	mbedtls_ctr_drbg_free(&tls->random);
	mbedtls_entropy_free(&tls->entropy);
	free(tls->server_name);
	free(tls->ca_file);
	free(tls);
}

static struct fast_tls *tls_alloc(void)
{
	struct fast_tls *tls = calloc(1, sizeof *tls);

	if (tls == NULL) {
		return NULL;
	}
	mbedtls_entropy_init(&tls->entropy);
	mbedtls_ctr_drbg_init(&tls->random);
	mbedtls_x509_crt_init(&tls->ca);
	mbedtls_x509_crt_init(&tls->certificate);
	mbedtls_pk_init(&tls->key);
	mbedtls_ssl_config_init(&tls->client);
	mbedtls_ssl_config_init(&tls->server);
	mbedtls_ssl_ticket_init(&tls->tickets);
	atomic_init(&tls->references, 1);
	return tls;
}

static enum fast_status tls_fill(struct fast_tls *tls, const struct fast_tls_options *options,
				 const struct complaint *complaint)
{
	enum fast_status status;

	tls->allows_anonymous = options->allow_anonymous_clients;
	tls->handshake_ms =
		options->handshake_ms == 0 ? FAST_TLS_HANDSHAKE_MS : options->handshake_ms;
	if (mbedtls_ctr_drbg_seed(&tls->random, mbedtls_entropy_func, &tls->entropy, NULL, 0) !=
	    0) {
		return complain(complaint, FAST_RESOURCE_EXHAUSTED, "no random numbers");
	}
	status = files_load(tls, options, complaint);
	if (status != FAST_OK) {
		return status;
	}
	if (!text_keep(options->ca_file, &tls->ca_file) ||
	    !text_keep(options->server_name, &tls->server_name) ||
	    fast_timers_new(&tls->timers) != FAST_OK || fast_tls_pool_new(&tls->pool) != FAST_OK ||
	    fast_tls_configure(tls) != FAST_OK) {
		return complain(complaint, FAST_RESOURCE_EXHAUSTED, "no memory");
	}
	return FAST_OK;
}

enum fast_status fast_tls_new(const struct fast_tls_options *options, struct fast_tls **out,
			      char *error, size_t error_bytes)
{
	struct fast_tls_options all = {.size = sizeof all};
	struct complaint complaint = {error, error_bytes};
	struct fast_tls *tls;
	enum fast_status status;

	assert(options != NULL && options->size >= sizeof options->size);
	assert(out != NULL);
	memcpy(&all, options, options->size < sizeof all ? options->size : sizeof all);
	tls = tls_alloc();
	if (tls == NULL) {
		return complain(&complaint, FAST_RESOURCE_EXHAUSTED, "no memory");
	}
	status = tls_fill(tls, &all, &complaint);
	if (status != FAST_OK) {
		tls_discard(tls);
		return status;
	}
	*out = tls;
	return FAST_OK;
}

struct fast_tls *fast_tls_ref(struct fast_tls *tls)
{
	atomic_fetch_add_explicit(&tls->references, 1, memory_order_relaxed);
	return tls;
}

void fast_tls_unref(struct fast_tls *tls)
{
	if (tls != NULL &&
	    atomic_fetch_sub_explicit(&tls->references, 1, memory_order_acq_rel) == 1) {
		tls_discard(tls);
	}
}

void fast_tls_free(struct fast_tls *tls)
{
	fast_tls_unref(tls);
}

void fast_tls_stats(const struct fast_tls *tls, struct fast_tls_stats *out)
{
	*out = (struct fast_tls_stats){
		.handshakes = atomic_load_explicit(&tls->handshakes, memory_order_relaxed),
		.resumed = atomic_load_explicit(&tls->resumed, memory_order_relaxed),
		.failed = atomic_load_explicit(&tls->failed, memory_order_relaxed),
	};
}
