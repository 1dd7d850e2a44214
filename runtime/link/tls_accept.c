#include "link/tls_handshake.h"

#include <assert.h>
#include <fast/log.h>
#include <stdlib.h>

#define NS_PER_MS 1000000

/* A handshake under way. */
struct newcomer {
	struct fast_list node; /* in acceptor->newcomers, until it is cancelled or has ended */
	struct fast_tls_acceptor *acceptor;
	struct fast_tls_handshake *handshake;
};

struct fast_tls_acceptor {
	struct fast_tls *tls;
	fast_link_accepted_fn *accepted;
	void *arg;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* a newcomer has gone */
	/* guarded by lock */
	struct fast_list newcomers; /* oldest first */
	unsigned waiting_count;     /* of these */
	unsigned count;             /* until they are freed */
};

enum fast_status fast_tls_acceptor_new(struct fast_tls *tls, fast_link_accepted_fn *accepted,
				       void *arg, struct fast_tls_acceptor **out)
{
	struct fast_tls_acceptor *acceptor;

	if (!tls->has_certificate || !(tls->has_ca || tls->allows_anonymous)) {
		return FAST_FAILED_PRECONDITION;
	}
	acceptor = calloc(1, sizeof *acceptor);
	if (acceptor == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	pthread_mutex_init(&acceptor->lock, NULL);
	pthread_cond_init(&acceptor->changed, NULL);
	fast_list_init(&acceptor->newcomers);
	acceptor->tls = fast_tls_ref(tls);
	acceptor->accepted = accepted;
	acceptor->arg = arg;
	*out = acceptor;
	return FAST_OK;
}

/* Lock held. From here on nobody but its end knows the newcomer. */
static void newcomer_unlist(struct newcomer *newcomer)
{
	if (fast_list_is_linked(&newcomer->node)) {
		fast_list_remove(&newcomer->node);
		newcomer->acceptor->waiting_count--;
	}
}

static void newcomer_done(struct fast_tls_handshake *handshake,
			  const struct fast_tls_result *result, void *arg)
{
	struct newcomer *newcomer = arg;
	struct fast_tls_acceptor *acceptor = newcomer->acceptor;

	(void)handshake;
	/* The start of it holds the lock until all is in place. */
	pthread_mutex_lock(&acceptor->lock);
	newcomer_unlist(newcomer);
	pthread_mutex_unlock(&acceptor->lock);
	free(newcomer);
	if (result->status == FAST_OK) {
		acceptor->accepted(&result->link->base, acceptor->arg);
	} else if (result->status == FAST_UNAUTHENTICATED) {
		fast_log(FAST_LOG_INFO, "a client was refused: %s", result->reason);
	}
	pthread_mutex_lock(&acceptor->lock);
	acceptor->count--;
	pthread_cond_broadcast(&acceptor->changed);
	pthread_mutex_unlock(&acceptor->lock);
}

/* Lock held. */
static void newcomer_cancel(struct fast_tls_acceptor *acceptor)
{
	struct newcomer *oldest = FAST_LIST_ENTRY(acceptor->newcomers.next, struct newcomer, node);

	newcomer_unlist(oldest);
	fast_tls_handshake_cancel(oldest->handshake);
}

/* Lock held. Takes inner on success. */
static enum fast_status newcomer_start(struct fast_tls_acceptor *acceptor, struct fast_link *inner)
{
	struct newcomer *newcomer = calloc(1, sizeof *newcomer);
	struct fast_tls_handshake_parts parts = {
		.tls = acceptor->tls,
		.deadline_ns = fast_timers_now_ns(acceptor->tls->timers) +
			       (int64_t)acceptor->tls->handshake_ms * NS_PER_MS,
		.done = newcomer_done,
		.arg = newcomer,
	};
	enum fast_status status;

	if (newcomer == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	newcomer->acceptor = acceptor;
	status = fast_tls_handshake_start(&parts, inner, &newcomer->handshake);
	if (status != FAST_OK) {
		free(newcomer);
		return status;
	}
	fast_list_append(&acceptor->newcomers, &newcomer->node);
	acceptor->waiting_count++;
	acceptor->count++;
	return FAST_OK;
}

void fast_tls_acceptor_take(struct fast_tls_acceptor *acceptor, struct fast_link *inner)
{
	enum fast_status status = FAST_RESOURCE_EXHAUSTED;

	pthread_mutex_lock(&acceptor->lock);
	/* Who connects and says nothing must not keep others out. */
	if (acceptor->waiting_count == FAST_TLS_PENDING_MAX) {
		newcomer_cancel(acceptor);
	}
	if (acceptor->count < 2 * FAST_TLS_PENDING_MAX) {
		status = newcomer_start(acceptor, inner);
	}
	pthread_mutex_unlock(&acceptor->lock);
	if (status != FAST_OK) {
		inner->ops->free(inner);
	}
}

void fast_tls_acceptor_free(struct fast_tls_acceptor *acceptor)
{
	if (acceptor == NULL) {
		return;
	}
	pthread_mutex_lock(&acceptor->lock);
	while (!fast_list_is_empty(&acceptor->newcomers)) {
		newcomer_cancel(acceptor);
	}
	while (acceptor->count > 0) {
		pthread_cond_wait(&acceptor->changed, &acceptor->lock);
	}
	pthread_mutex_unlock(&acceptor->lock);
	fast_tls_unref(acceptor->tls);
	pthread_cond_destroy(&acceptor->changed);
	pthread_mutex_destroy(&acceptor->lock);
	free(acceptor);
}
