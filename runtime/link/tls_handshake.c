#include "link/tls_handshake.h"

#include "link/tls_error.h"
#include "link/tls_name.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_MS 1000000

/* What a job goes on with; what is under way on inner meanwhile is one receive or one send. */
enum phase {
	PHASE_STEP,     /* mbedTLS */
	PHASE_SENT,     /* out has gone; then as the step said */
	PHASE_FAREWELL, /* reads on, for nothing, until the peer has gone */
};

struct fast_tls_handshake {
	struct fast_tls_link *link;
	bool is_server;
	const char *host;
	fast_tls_handshake_fn *done;
	void *arg;
	struct fast_tls_job job;
	struct fast_timer timer;
	pthread_mutex_t lock;
	bool is_over; /* guarded by lock: can't be cancelled any more */
	/* guarded by link->lock */
	enum phase phase;
	int error; /* what the last step said */
	bool is_cancelled;
	bool is_late;
	bool has_verified;                  /* a certificate of the peer's: nothing was resumed */
	char reason[FAST_TLS_REASON_BYTES]; /* of a certificate that was refused; else "" */
};

/* What is under way on it then ends, and with it the handshake. */
static void inner_close(void *arg)
{
	struct fast_tls_handshake *handshake = arg;

	handshake->link->inner->ops->close(handshake->link->inner);
}

static void handshake_late(void *arg)
{
	struct fast_tls_handshake *handshake = arg;

	pthread_mutex_lock(&handshake->link->lock);
	handshake->is_late = true;
	pthread_mutex_unlock(&handshake->link->lock);
	inner_close(handshake);
}

void fast_tls_handshake_cancel(struct fast_tls_handshake *handshake)
{
	pthread_mutex_lock(&handshake->lock);
	if (!handshake->is_over) {
		pthread_mutex_lock(&handshake->link->lock);
		handshake->is_cancelled = true;
		pthread_mutex_unlock(&handshake->link->lock);
		inner_close(handshake);
	}
	pthread_mutex_unlock(&handshake->lock);
}

/* mbedTLS asks for each certificate of the chain, the peer's own last. */
static int peer_verify(void *arg, mbedtls_x509_crt *certificate, int depth, uint32_t *flags)
{
	struct fast_tls_handshake *handshake = arg;
	const struct fast_tls *tls = handshake->link->tls;
	const char *whose = handshake->is_server ? "the client's" : "the server's";

	handshake->has_verified = true;
	if (depth == 0 && !handshake->is_server) {
		*flags &= ~(uint32_t)MBEDTLS_X509_BADCERT_CN_MISMATCH;
		if (!fast_tls_names_match(certificate, handshake->host)) {
			*flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
		}
	}
	if (*flags == MBEDTLS_X509_BADCERT_CN_MISMATCH) {
		fast_tls_names_refuse(certificate, handshake->host, handshake->reason,
				      sizeof handshake->reason);
	} else if (*flags != 0 && handshake->reason[0] == 0) {
		fast_tls_refusal(certificate, *flags, depth == 0 ? whose : "the peer's CA's",
				 tls->ca_file, handshake->reason, sizeof handshake->reason);
	}
	/* Where a certificate is optional mbedTLS would let a bad one pass, but not this. */
	return depth == 0 && tls->allows_anonymous && handshake->reason[0] != 0
		       ? MBEDTLS_ERR_X509_FATAL_ERROR
		       : 0;
}

/* Why the handshake failed. Lock held. */
static enum fast_status failure_tell(struct fast_tls_handshake *handshake, char *out,
				     size_t out_bytes)
{
	const mbedtls_ssl_context *ssl = &handshake->link->ssl;
	const struct fast_tls *tls = handshake->link->tls;
	struct fast_tls_failure failure = {
		.error = handshake->error,
		.alert = ssl->in_msg == NULL ? 0 : ssl->in_msg[1], /* mbedTLS leaves it there */
		.is_server = handshake->is_server,
		.is_asked = ssl->client_auth != 0,
		.certificate = tls->has_certificate ? &tls->certificate : NULL,
	};

	if (handshake->is_cancelled) {
		snprintf(out, out_bytes, "it was given up");
		return FAST_CANCELLED;
	}
	if (handshake->reason[0] != 0) {
		snprintf(out, out_bytes, "%s", handshake->reason);
		return FAST_UNAUTHENTICATED;
	}
	if (handshake->is_late) {
		snprintf(out, out_bytes, "it does not answer the TLS handshake");
		return FAST_DEADLINE_EXCEEDED;
	}
	return fast_tls_failure_tell(&failure, out, out_bytes);
}

static void handshake_free(struct fast_tls_handshake *handshake)
{
	pthread_mutex_destroy(&handshake->lock);
	free(handshake);
}

/* No lock held. Nothing is under way on inner. Frees the handshake. */
static void handshake_end(struct fast_tls_handshake *handshake)
{
	struct fast_tls_link *link = handshake->link;
	struct fast_tls *tls = link->tls;
	struct fast_tls_result result = {.status = FAST_OK, .link = link};
	char reason[FAST_TLS_REASON_BYTES] = "";

	pthread_mutex_lock(&handshake->lock);
	handshake->is_over = true;
	pthread_mutex_unlock(&handshake->lock);
	fast_timer_cancel_wait(tls->timers, &handshake->timer);
	pthread_mutex_lock(&link->lock);
	if (handshake->error != 0 || handshake->is_late || handshake->is_cancelled) {
		result.status = failure_tell(handshake, reason, sizeof reason);
	} else {
		result.status = fast_tls_link_open(link);
		snprintf(reason, sizeof reason, "%s", result.status == FAST_OK ? "" : "no memory");
	}
	pthread_mutex_unlock(&link->lock);
	result.is_resumed = !handshake->is_server && !handshake->has_verified;
	result.reason = reason;
	atomic_fetch_add_explicit(result.status == FAST_OK ? &tls->handshakes : &tls->failed, 1,
				  memory_order_relaxed);
	if (result.status == FAST_OK && result.is_resumed) {
		atomic_fetch_add_explicit(&tls->resumed, 1, memory_order_relaxed);
	}
	if (result.status != FAST_OK) {
		link->base.ops->free(&link->base);
		result.link = NULL;
	}
	handshake->done(handshake, &result, handshake->arg); /* tls may be gone */
	handshake_free(handshake);
}

/* Lock held. */
static void inner_recv(struct fast_tls_handshake *handshake)
{
	struct fast_tls_link *link = handshake->link;

	link->in.first = 0;
	link->in.end = 0;
	link->inner->ops->recv(link->inner, link->in.bytes, link->in.capacity);
}

/* Lock held. */
static void inner_send(struct fast_tls_handshake *handshake)
{
	struct fast_tls_bytes *out = &handshake->link->out;
	struct iovec iov = {out->bytes + out->first, out->end - out->first};

	handshake->link->inner->ops->send(handshake->link->inner, &iov, 1);
}

/* Lock held. The server, having refused, waits for the client to read why: what the client still
 * sends would else have the kernel throw the alert away. */
static bool farewell_begin(struct fast_tls_handshake *handshake)
{
	struct fast_tls *tls = handshake->link->tls;
	int64_t due_ns =
		fast_timers_now_ns(tls->timers) + (int64_t)FAST_TLS_FAREWELL_MS * NS_PER_MS;

	if (!handshake->is_server || handshake->error == MBEDTLS_ERR_SSL_CONN_EOF ||
	    handshake->link->has_ended || handshake->is_late || handshake->is_cancelled ||
	    fast_timer_set(tls->timers, &handshake->timer, due_ns, inner_close, handshake) !=
		    FAST_OK) {
		return false;
	}
	handshake->phase = PHASE_FAREWELL;
	inner_recv(handshake);
	return true;
}

/* Lock held. After a step whose bytes have gone. False: the handshake has ended. */
static bool handshake_go_on(struct fast_tls_handshake *handshake)
{
	switch (handshake->error) {
	case MBEDTLS_ERR_SSL_WANT_WRITE:
		handshake->phase = PHASE_STEP;
		fast_tls_pool_post(handshake->link->tls->pool, &handshake->job, false);
		return true;
	case MBEDTLS_ERR_SSL_WANT_READ:
		handshake->phase = PHASE_STEP;
		inner_recv(handshake);
		return true;
	case 0:
		return false;
	default:
		return farewell_begin(handshake);
	}
}

/* Lock held. False: the handshake has ended. */
static bool handshake_step(struct fast_tls_handshake *handshake)
{
	struct fast_tls_link *link = handshake->link;

	handshake->error = mbedtls_ssl_handshake(&link->ssl);
	if (handshake->error == MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE) {
		/* mbedTLS says nothing to the client here. */
		int error =
			mbedtls_ssl_send_alert_message(&link->ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL,
						       MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE);
		(void)error;
	}
	if (link->out.first < link->out.end) {
		handshake->phase = PHASE_SENT;
		inner_send(handshake);
		return true;
	}
	return handshake_go_on(handshake);
}

/* Lock held. What the peer sends after it was refused; false: it has gone. */
static bool farewell_go_on(struct fast_tls_handshake *handshake)
{
	if (handshake->link->has_ended) {
		return false;
	}
	inner_recv(handshake);
	return true;
}

static void handshake_run(void *arg)
{
	static bool (*const phases[])(struct fast_tls_handshake *) = {
		[PHASE_STEP] = handshake_step,
		[PHASE_SENT] = handshake_go_on,
		[PHASE_FAREWELL] = farewell_go_on,
	};
	struct fast_tls_handshake *handshake = arg;
	struct fast_tls_link *link = handshake->link;
	bool goes_on;

	pthread_mutex_lock(&link->lock);
	goes_on = phases[handshake->phase](handshake);
	pthread_mutex_unlock(&link->lock);
	if (!goes_on) {
		handshake_end(handshake);
	}
}

static void handshake_received(void *arg, enum fast_status status, size_t bytes)
{
	struct fast_tls_handshake *handshake = arg;
	struct fast_tls_link *link = handshake->link;

	pthread_mutex_lock(&link->lock);
	link->in.end = status == FAST_OK ? bytes : 0;
	link->has_ended = status != FAST_OK;
	fast_tls_pool_post(link->tls->pool, &handshake->job, false);
	pthread_mutex_unlock(&link->lock);
}

static void handshake_sent(void *arg, enum fast_status status, size_t bytes)
{
	struct fast_tls_handshake *handshake = arg;
	struct fast_tls_link *link = handshake->link;

	pthread_mutex_lock(&link->lock);
	link->out.first += status == FAST_OK ? bytes : 0;
	if (status == FAST_OK && link->out.first < link->out.end) {
		inner_send(handshake);
	} else {
		/* A peer that has gone may have said why before: that is read next. */
		link->out.first = 0;
		link->out.end = 0;
		fast_tls_pool_post(link->tls->pool, &handshake->job, false);
	}
	pthread_mutex_unlock(&link->lock);
}

static const struct fast_link_events handshake_events = {
	.received = handshake_received,
	.sent = handshake_sent,
};

/* What the session is told before it begins. */
static int session_prepare(struct fast_tls_handshake *handshake,
			   const struct fast_tls_handshake_parts *parts)
{
	mbedtls_ssl_context *ssl = &handshake->link->ssl;
	uint8_t address[16];
	int error = 0;

	mbedtls_ssl_set_verify(ssl, peer_verify, handshake);
	/* The name goes to the server, too, unless it is an address. */
	if (parts->host != NULL && fast_tls_address_parse(parts->host, address) == 0) {
		error = mbedtls_ssl_set_hostname(ssl, parts->host);
	}
	if (error == 0 && parts->session != NULL) {
		error = mbedtls_ssl_set_session(ssl, parts->session);
	}
	return error;
}

enum fast_status fast_tls_handshake_start(const struct fast_tls_handshake_parts *parts,
					  struct fast_link *inner, struct fast_tls_handshake **out)
{
	struct fast_tls *tls = parts->tls;
	struct fast_tls_handshake *handshake = calloc(1, sizeof *handshake);
	enum fast_status status = FAST_RESOURCE_EXHAUSTED;

	if (handshake == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	pthread_mutex_init(&handshake->lock, NULL);
	if (fast_tls_pool_ready(tls->pool) != FAST_OK) {
		goto fail;
	}
	status = fast_tls_link_new(tls, parts->host == NULL ? &tls->server : &tls->client, inner,
				   &handshake->link);
	if (status != FAST_OK) {
		goto fail;
	}
	handshake->is_server = parts->host == NULL;
	handshake->host = parts->host;
	handshake->done = parts->done;
	handshake->arg = parts->arg;
	handshake->job.fn = handshake_run;
	handshake->job.arg = handshake;
	fast_link_start(inner, &handshake_events, handshake);
	if (session_prepare(handshake, parts) != 0 ||
	    fast_timer_set(tls->timers, &handshake->timer, parts->deadline_ns, handshake_late,
			   handshake) != FAST_OK) {
		status = FAST_RESOURCE_EXHAUSTED;
		goto fail;
	}
	*out = handshake;
	pthread_mutex_lock(&handshake->link->lock);
	if (handshake->is_server) {
		inner_recv(handshake);
	} else {
		fast_tls_pool_post(tls->pool, &handshake->job, false);
	}
	pthread_mutex_unlock(&handshake->link->lock);
	return FAST_OK;

fail:
	fast_tls_link_abandon(handshake->link);
	handshake_free(handshake);
	return status;
}
