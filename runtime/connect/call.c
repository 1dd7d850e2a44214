/* A unary call for a request. */
#include "connect/exchange.h"

#include "rpc/reply.h"
#include <pthread.h>
#include <time.h>

#define NS_PER_MS 1000000
#define NS_PER_S  1000000000

/* The call under way. */
struct waiting {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool is_done;
	struct fast_reply reply;
};

static void call_done(const struct fast_reply *reply, void *arg)
{
	struct waiting *waiting = arg;

	pthread_mutex_lock(&waiting->lock);
	fast_reply_take((struct fast_reply *)(uintptr_t)reply, &waiting->reply);
	waiting->is_done = true;
	pthread_cond_signal(&waiting->changed);
	pthread_mutex_unlock(&waiting->lock);
}

/* Waits for the end of the call, and brings it about when nobody wants it any more. */
static void call_wait(struct waiting *waiting, struct fast_connect_peer *peer)
{
	struct timespec until;

	pthread_mutex_lock(&waiting->lock);
	while (!waiting->is_done) {
		(void)clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += FAST_CONNECT_POLL_MS * (long)NS_PER_MS;
		until.tv_sec += until.tv_nsec / NS_PER_S;
		until.tv_nsec %= NS_PER_S;
		(void)pthread_cond_timedwait(&waiting->changed, &waiting->lock, &until);
		if (waiting->is_done || peer->client == NULL || !fast_peer_has_gone(peer)) {
			continue;
		}
		pthread_mutex_unlock(&waiting->lock);
		fast_client_close(peer->client); /* ends its calls, and the server hears it */
		peer->client = NULL;
		pthread_mutex_lock(&waiting->lock);
	}
	pthread_mutex_unlock(&waiting->lock);
}

static void waiting_init(struct waiting *waiting)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&waiting->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	pthread_mutex_init(&waiting->lock, NULL);
	waiting->is_done = false;
	fast_reply_init(&waiting->reply);
}

static void waiting_fini(struct waiting *waiting)
{
	fast_reply_fini(&waiting->reply);
	pthread_cond_destroy(&waiting->changed);
	pthread_mutex_destroy(&waiting->lock);
}

static enum MHD_Result call_answer(struct fast_exchange *exchange, struct fast_reply *reply)
{
	struct fast_writer writer = {.data = NULL};

	if (reply->status == FAST_OK &&
	    fast_exchange_print(exchange, reply->message, &writer, reply)) {
		return fast_exchange_send(exchange, MHD_HTTP_OK,
					  exchange->codec == FAST_CODEC_JSON ? "application/json"
									     : "application/proto",
					  &writer, reply);
	}
	fast_writer_fini(&writer);
	return fast_exchange_fail(exchange, 0, reply);
}

enum MHD_Result fast_exchange_call(struct fast_exchange *exchange,
				   const struct fast_dynamic *request)
{
	struct fast_call_options options = fast_exchange_options(exchange);
	struct fast_client *client = fast_peer_client(exchange->peer);
	struct waiting waiting;
	enum MHD_Result result;
	enum fast_status status = FAST_RESOURCE_EXHAUSTED;

	waiting_init(&waiting);
	if (client != NULL) {
		status = fast_client_start(client, exchange->route.method, &options,
					   request->message, call_done, &waiting);
	}
	if (status == FAST_OK) {
		call_wait(&waiting, exchange->peer);
	} else {
		fast_reply_fail(&waiting.reply, status, FAST_EXECUTED_NO, "%s: %s",
				exchange->route.method->path, fast_status_sentence(status));
	}
	result = call_answer(exchange, &waiting.reply);
	waiting_fini(&waiting);
	return result;
}
