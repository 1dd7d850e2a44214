#include "rpc/subscriber.h"

#include "rpc/limits.h"
#include "rpc/thread.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void link_dial(void *arg, int64_t timeout_ms, fast_link_dialed_fn *dialed, void *dialed_arg)
{
	fast_link_dial(arg, timeout_ms, dialed, dialed_arg);
}

static void link_dialer_free(void *arg)
{
	fast_link_dialer_free(arg);
}

static const struct fast_dial_ops link_dial_ops = {
	.dial = link_dial,
	.free = link_dialer_free,
};

static void subscriber_tend(void *arg);
static void subscriber_is_silent(void *arg);

void fast_subscriber_tend_later(struct fast_subscriber *subscriber, int64_t due_ns)
{
	subscriber->has_lost_its_timer =
		!subscriber->is_closing &&
		fast_timer_set(subscriber->timers, &subscriber->tend_timer, due_ns, subscriber_tend,
			       subscriber) != FAST_OK;
}

/* Lock held. When to try again. */
static int64_t subscriber_backoff_ns(struct fast_subscriber *subscriber)
{
	int64_t now_ns = fast_timers_now_ns(subscriber->timers);

	subscriber->failures++;
	return fast_time_after_ms(now_ns, fast_backoff_ms(subscriber->failures, now_ns));
}

/* The connection has ended: another thread frees it. */
static void subscriber_ended(void *arg)
{
	struct fast_subscriber *subscriber = arg;

	pthread_mutex_lock(&subscriber->lock);
	assert(subscriber->dead == NULL);
	subscriber->dead = subscriber->connection;
	subscriber->connection = NULL;
	subscriber->stats.is_connected = false;
	/* A publisher that restarts comes back soon; one that closes at once is given time. */
	fast_subscriber_tend_later(subscriber, subscriber_backoff_ns(subscriber));
	pthread_cond_broadcast(&subscriber->changed);
	pthread_mutex_unlock(&subscriber->lock);
}

/* Lock held. False: no memory for the timer. */
static bool subscriber_watch(struct fast_subscriber *subscriber)
{
	return subscriber->options.silence_ms == 0 ||
	       fast_timer_set(
		       subscriber->timers, &subscriber->silence_timer,
		       fast_time_after_ms(subscriber->heard_ns, subscriber->options.silence_ms),
		       subscriber_is_silent, subscriber) == FAST_OK;
}

/* Lock held, by fast_connection. */
static void subscriber_received(void *arg)
{
	struct fast_subscriber *subscriber = arg;

	fast_connection_recv(subscriber->connection);
	if (!subscriber->is_watched) {
		subscriber->is_watched = subscriber_watch(subscriber);
	}
}

static const struct fast_connection_events subscriber_events = {
	.message = fast_subscriber_message,
	.received = subscriber_received,
	.ended = subscriber_ended,
};

/* On the timers' thread, which alone frees connections: this one cannot go away meanwhile. */
static void subscriber_is_silent(void *arg)
{
	struct fast_subscriber *subscriber = arg;
	struct fast_connection *connection;
	int64_t due_ns;

	fast_thread_enter();
	pthread_mutex_lock(&subscriber->lock);
	connection = subscriber->connection;
	due_ns = fast_time_after_ms(subscriber->heard_ns, subscriber->options.silence_ms);
	if (connection != NULL && due_ns > fast_timers_now_ns(subscriber->timers) &&
	    subscriber_watch(subscriber)) {
		connection = NULL;
	}
	pthread_mutex_unlock(&subscriber->lock);
	if (connection != NULL) {
		fast_connection_end(connection);
	}
	fast_thread_leave();
}

/* Takes link on success. Lock held. */
static enum fast_status subscriber_connect(struct fast_subscriber *subscriber,
					   struct fast_link *link)
{
	struct fast_connection *connection = calloc(1, sizeof *connection);
	const struct fast_connection_parts parts = {
		.lock = &subscriber->lock,
		.timers = subscriber->timers,
		.events = &subscriber_events,
		.arg = subscriber,
		.self = FAST_SP_SUB,
		.peer = FAST_SP_PUB,
		.message_bytes_max = subscriber->options.message_bytes_max,
	};

	if (connection == NULL || fast_connection_init(connection, &parts, link) != FAST_OK) {
		free(connection);
		return FAST_RESOURCE_EXHAUSTED;
	}
	subscriber->connection = connection;
	subscriber->stats.is_connected = true;
	subscriber->stats.connections++;
	subscriber->heard_ns = fast_timers_now_ns(subscriber->timers);
	fast_connection_flush(connection);
	fast_connection_recv(connection);
	subscriber->is_watched = subscriber_watch(subscriber);
	return FAST_OK;
}

static void subscriber_dialed(enum fast_status status, struct fast_link *link, void *arg)
{
	struct fast_subscriber *subscriber = arg;

	fast_thread_enter();
	pthread_mutex_lock(&subscriber->lock);
	subscriber->is_dialing = false;
	if (status == FAST_OK) {
		status = subscriber->is_closing ? FAST_CANCELLED
						: subscriber_connect(subscriber, link);
		if (status == FAST_OK) {
			link = NULL;
		}
	}
	if (status != FAST_OK) {
		fast_subscriber_tend_later(subscriber, subscriber_backoff_ns(subscriber));
	}
	pthread_mutex_unlock(&subscriber->lock);
	if (link != NULL) {
		link->ops->free(link);
	}
	fast_thread_leave();
}

static void connection_free(struct fast_connection *connection)
{
	if (connection != NULL) {
		fast_connection_fini(connection);
		free(connection);
	}
}

/* On the timers' thread. */
static void subscriber_tend(void *arg)
{
	struct fast_subscriber *subscriber = arg;
	struct fast_connection *dead;
	bool dials;

	pthread_mutex_lock(&subscriber->lock);
	dead = subscriber->dead;
	subscriber->dead = NULL;
	dials = subscriber->connection == NULL && !subscriber->is_dialing &&
		!subscriber->is_closing;
	subscriber->is_dialing = subscriber->is_dialing || dials;
	pthread_mutex_unlock(&subscriber->lock);
	connection_free(dead);
	if (dials) {
		subscriber->dial_ops->dial(subscriber->dial_arg, FAST_DIAL_MS, subscriber_dialed,
					   subscriber);
	}
}

/* A caller built against an older header has a shorter struct. */
static struct fast_subscriber_options subscriber_options(
	const struct fast_subscriber_options *options)
{
	struct fast_subscriber_options all = {.size = sizeof all};

	if (options != NULL) {
		assert(options->size >= sizeof options->size);
		memcpy(&all, options, options->size < sizeof all ? options->size : sizeof all);
	}
	all.queue_max = all.queue_max == 0 ? FAST_SUBSCRIBER_QUEUE_DEFAULT : all.queue_max;
	all.message_bytes_max =
		all.message_bytes_max == 0 ? FAST_MESSAGE_BYTES_MAX : all.message_bytes_max;
	return all;
}

/* Half-built objects too. */
static void subscriber_free(struct fast_subscriber *subscriber)
{
	struct fast_list *node;

	while ((node = fast_list_pop(&subscriber->items)) != NULL) {
		free(FAST_LIST_ENTRY(node, struct fast_subscriber_item, node));
	}
	for (size_t i = 0; i < subscriber->subscription_count; i++) {
		free((char *)(uintptr_t)subscriber->subscriptions[i].prefix);
	}
	if (subscriber->owns_timers) {
		fast_timers_free(subscriber->timers);
	}
	fast_topics_fini(&subscriber->topics);
	fast_arena_fini(&subscriber->arena);
	free(subscriber->item);
	free(subscriber->subscriptions);
	pthread_cond_destroy(&subscriber->changed);
	pthread_mutex_destroy(&subscriber->lock);
	free(subscriber);
}

static enum fast_status subscriber_subscribe(struct fast_subscriber *subscriber,
					     const struct fast_subscription *subscriptions,
					     size_t count)
{
	subscriber->subscriptions = calloc(count, sizeof *subscriptions);
	if (subscriber->subscriptions == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	for (size_t i = 0; i < count; i++) {
		struct fast_subscription *copy = &subscriber->subscriptions[i];
		copy->message = subscriptions[i].message;
		copy->prefix = strdup(subscriptions[i].prefix);
		if (copy->prefix == NULL) {
			return FAST_RESOURCE_EXHAUSTED;
		}
		subscriber->subscription_count++;
	}
	return FAST_OK;
}

/* The first dial is the timers' thread's too. */
static enum fast_status subscriber_begin(struct fast_subscriber *subscriber,
					 struct fast_timers *timers)
{
	enum fast_status status = FAST_OK;

	subscriber->timers = timers;
	if (timers == NULL) {
		status = fast_timers_new(&subscriber->timers);
		subscriber->owns_timers = status == FAST_OK;
	}
	return status != FAST_OK ? status
				 : fast_timer_set(subscriber->timers, &subscriber->tend_timer,
						  fast_timers_now_ns(subscriber->timers),
						  subscriber_tend, subscriber);
}

enum fast_status fast_subscriber_open_with(const struct fast_subscription *subscriptions,
					   size_t subscription_count,
					   const struct fast_subscriber_options *options,
					   struct fast_timers *timers,
					   const struct fast_dial_ops *dial_ops, void *dial_arg,
					   struct fast_subscriber **out)
{
	struct fast_subscriber *subscriber = calloc(1, sizeof *subscriber);
	pthread_condattr_t monotonic;
	enum fast_status status;

	assert(out != NULL);
	if (subscriber == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	pthread_mutex_init(&subscriber->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&subscriber->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	fast_list_init(&subscriber->items);
	fast_topics_init(&subscriber->topics, FAST_SUBSCRIBER_TOPICS_MAX);
	fast_arena_init(&subscriber->arena, 0);
	subscriber->options = subscriber_options(options);
	subscriber->dial_ops = dial_ops;
	subscriber->dial_arg = dial_arg;
	status = subscriber_subscribe(subscriber, subscriptions, subscription_count);
	if (status == FAST_OK) {
		status = subscriber_begin(subscriber, timers);
	}
	if (status != FAST_OK) {
		subscriber_free(subscriber);
		return status;
	}
	*out = subscriber;
	return FAST_OK;
}

enum fast_status fast_subscriber_open(const char *endpoint,
				      const struct fast_subscription *subscriptions,
				      size_t subscription_count,
				      const struct fast_subscriber_options *options,
				      struct fast_subscriber **out)
{
	struct fast_link_dialer *dialer = NULL;
	enum fast_status status;

	if (subscription_count == 0 || subscription_count > FAST_SUBSCRIPTIONS_MAX) {
		return FAST_INVALID_ARGUMENT;
	}
	status = fast_link_dialer_new_tls(endpoint, subscriber_options(options).tls, &dialer);
	if (status != FAST_OK) {
		return status;
	}
	status = fast_subscriber_open_with(subscriptions, subscription_count, options, NULL,
					   &link_dial_ops, dialer, out);
	if (status != FAST_OK) {
		fast_link_dialer_free(dialer);
	}
	return status;
}

void fast_subscriber_cancel(struct fast_subscriber *subscriber)
{
	pthread_mutex_lock(&subscriber->lock);
	subscriber->is_cancelled = true;
	pthread_cond_broadcast(&subscriber->changed);
	pthread_mutex_unlock(&subscriber->lock);
}

void fast_subscriber_stats(struct fast_subscriber *subscriber, struct fast_subscriber_stats *out)
{
	pthread_mutex_lock(&subscriber->lock);
	*out = subscriber->stats;
	pthread_mutex_unlock(&subscriber->lock);
}

void fast_subscriber_close(struct fast_subscriber *subscriber)
{
	struct fast_connection *connection;

	if (subscriber == NULL) {
		return;
	}
	assert(!fast_thread_is_runtime());
	pthread_mutex_lock(&subscriber->lock);
	subscriber->is_closing = true;
	pthread_mutex_unlock(&subscriber->lock);
	/* No dial begins any more, and no connection is freed but here. */
	fast_timer_cancel_wait(subscriber->timers, &subscriber->tend_timer);
	fast_timer_cancel_wait(subscriber->timers, &subscriber->silence_timer);
	subscriber->dial_ops->free(subscriber->dial_arg);
	pthread_mutex_lock(&subscriber->lock);
	connection = subscriber->connection;
	pthread_mutex_unlock(&subscriber->lock);
	if (connection != NULL) {
		fast_connection_end(connection);
	}
	pthread_mutex_lock(&subscriber->lock);
	while (subscriber->connection != NULL) {
		pthread_cond_wait(&subscriber->changed, &subscriber->lock);
	}
	pthread_mutex_unlock(&subscriber->lock);
	connection_free(subscriber->dead);
	subscriber_free(subscriber);
}
