#include "link/tls_handshake.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_MS 1000000

struct fast_tls_connector {
	struct fast_tls *tls;
	char *host;
	fast_link_dialed_fn *dialed;
	void *arg;
	char reason[FAST_TLS_REASON_BYTES]; /* whose turn it is: handshake, then dialed */
	pthread_mutex_t lock;
	pthread_cond_t changed; /* a completion has returned */
	/* guarded by lock */
	struct fast_tls_handshake *handshake; /* under way; NULL: none */
	unsigned completions;                 /* that run */
	mbedtls_ssl_session session;          /* the last one */
	bool has_session;
};

enum fast_status fast_tls_connector_new(struct fast_tls *tls, const char *host,
					struct fast_tls_connector **out)
{
	struct fast_tls_connector *connector;

	if (!tls->has_ca) {
		return FAST_FAILED_PRECONDITION;
	}
	connector = calloc(1, sizeof *connector);
	if (connector == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	pthread_mutex_init(&connector->lock, NULL);
	pthread_cond_init(&connector->changed, NULL);
	mbedtls_ssl_session_init(&connector->session);
	connector->tls = fast_tls_ref(tls);
	connector->host = strdup(tls->server_name != NULL ? tls->server_name : host);
	if (connector->host == NULL) {
		fast_tls_connector_free(connector);
		return FAST_RESOURCE_EXHAUSTED;
	}
	*out = connector;
	return FAST_OK;
}

/* Lock held. */
static void session_forget(struct fast_tls_connector *connector)
{
	mbedtls_ssl_session_free(&connector->session);
	mbedtls_ssl_session_init(&connector->session);
	connector->has_session = false;
}

/* Lock held. A session that was resumed is the one that we have. */
static void session_keep(struct fast_tls_connector *connector, const struct fast_tls_result *result)
{
	if (result->status != FAST_OK) {
		session_forget(connector);
	} else if (!result->is_resumed) {
		session_forget(connector);
		pthread_mutex_lock(&result->link->lock);
		connector->has_session =
			mbedtls_ssl_get_session(&result->link->ssl, &connector->session) == 0;
		pthread_mutex_unlock(&result->link->lock);
	}
}

/* Lock held. The session to offer. No certificate is verified again then, so its time is looked at
 * here; else the handshake is a full one. */
static const mbedtls_ssl_session *session_offer(const struct fast_tls_connector *connector)
{
	bool is_good = connector->has_session && connector->session.peer_cert != NULL &&
		       fast_tls_is_in_time(connector->session.peer_cert);

	return is_good ? &connector->session : NULL;
}

static void connector_done(struct fast_tls_handshake *handshake,
			   const struct fast_tls_result *result, void *arg)
{
	struct fast_tls_connector *connector = arg;
	fast_link_dialed_fn *dialed;
	void *dialed_arg;

	(void)handshake;
	pthread_mutex_lock(&connector->lock);
	session_keep(connector, result);
	snprintf(connector->reason, sizeof connector->reason, "%s", result->reason);
	connector->handshake = NULL;
	connector->completions++;
	dialed = connector->dialed;
	dialed_arg = connector->arg;
	pthread_mutex_unlock(&connector->lock);
	dialed(result->status, result->link == NULL ? NULL : &result->link->base, dialed_arg);
	pthread_mutex_lock(&connector->lock);
	connector->completions--;
	pthread_cond_broadcast(&connector->changed);
	pthread_mutex_unlock(&connector->lock);
}

enum fast_status fast_tls_connect(struct fast_tls_connector *connector, struct fast_link *inner,
				  int64_t deadline_ns, fast_link_dialed_fn *dialed, void *arg)
{
	struct fast_tls *tls = connector->tls;
	int64_t limit_ns = fast_timers_now_ns(tls->timers) + (int64_t)tls->handshake_ms * NS_PER_MS;
	struct fast_tls_handshake_parts parts = {
		.tls = tls,
		.host = connector->host,
		.deadline_ns = limit_ns < deadline_ns ? limit_ns : deadline_ns,
		.done = connector_done,
		.arg = connector,
	};
	enum fast_status status;

	pthread_mutex_lock(&connector->lock);
	assert(connector->handshake == NULL);
	connector->dialed = dialed;
	connector->arg = arg;
	parts.session = session_offer(connector);
	status = fast_tls_handshake_start(&parts, inner, &connector->handshake);
	pthread_mutex_unlock(&connector->lock);
	return status;
}

const char *fast_tls_connector_reason(const struct fast_tls_connector *connector)
{
	return connector->reason;
}

void fast_tls_connector_free(struct fast_tls_connector *connector)
{
	if (connector == NULL) {
		return;
	}
	pthread_mutex_lock(&connector->lock);
	if (connector->handshake != NULL) {
		fast_tls_handshake_cancel(connector->handshake);
	}
	while (connector->handshake != NULL || connector->completions > 0) {
		pthread_cond_wait(&connector->changed, &connector->lock);
	}
	pthread_mutex_unlock(&connector->lock);
	mbedtls_ssl_session_free(&connector->session);
	fast_tls_unref(connector->tls);
	pthread_cond_destroy(&connector->changed);
	pthread_mutex_destroy(&connector->lock);
	free(connector->host);
	free(connector);
}
