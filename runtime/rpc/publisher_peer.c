/* The subscribers of a publisher. */
#include "rpc/limits.h"
#include "rpc/publisher.h"
#include "rpc/thread.h"
#include <assert.h>
#include <stdlib.h>

/* Lock held. */
static void peer_unref(struct fast_publisher_peer *peer)
{
	struct fast_publisher *publisher = peer->publisher;

	if (--peer->references > 0) {
		return;
	}
	fast_list_append(&publisher->dead, &peer->node);
	if (!publisher->is_closing) {
		/* Without memory for the timer it waits for the next one, or for the close. */
		enum fast_status status = fast_timer_set(publisher->timers, &publisher->reap_timer,
							 fast_timers_now_ns(publisher->timers),
							 fast_publisher_reap, publisher);
		(void)status;
	}
	pthread_cond_broadcast(&publisher->changed);
}

static void peer_ended(void *arg)
{
	struct fast_publisher_peer *peer = arg;
	struct fast_publisher *publisher = peer->publisher;

	pthread_mutex_lock(&publisher->lock);
	fast_list_remove(&peer->node);
	peer_unref(peer);
	pthread_mutex_unlock(&publisher->lock);
}

/* SUB sockets have nothing to say; what they say is not looked at. */
static bool peer_message(void *arg, const uint8_t *message, size_t bytes)
{
	(void)arg;
	(void)message;
	(void)bytes;
	return true;
}

static void peer_received(void *arg)
{
	struct fast_publisher_peer *peer = arg;

	/* The hello was right, or the connection would have ended. */
	if (peer->connection.input.has_hello) {
		fast_timer_cancel(peer->publisher->timers, &peer->first_timer);
	}
	fast_connection_recv(&peer->connection);
}

static const struct fast_connection_events peer_events = {
	.message = peer_message,
	.received = peer_received,
	.ended = peer_ended,
};

static void peer_is_mute(void *arg)
{
	struct fast_publisher_peer *peer = arg;

	fast_thread_enter();
	fast_connection_end(&peer->connection);
	fast_thread_leave();
}

static void peer_free(struct fast_publisher_peer *peer)
{
	if (peer == NULL) {
		return;
	}
	fast_timer_cancel_wait(peer->publisher->timers, &peer->first_timer);
	fast_connection_fini(&peer->connection);
	free(peer);
}

void fast_publisher_reap(void *arg)
{
	struct fast_publisher *publisher = arg;

	for (;;) {
		pthread_mutex_lock(&publisher->lock);
		struct fast_list *node = fast_list_pop(&publisher->dead);
		pthread_mutex_unlock(&publisher->lock);
		if (node == NULL) {
			return;
		}
		peer_free(FAST_LIST_ENTRY(node, struct fast_publisher_peer, node));
		pthread_mutex_lock(&publisher->lock);
		publisher->subscriber_count--;
		pthread_cond_broadcast(&publisher->changed);
		pthread_mutex_unlock(&publisher->lock);
	}
}

/* Takes link on success. */
static struct fast_publisher_peer *peer_new(struct fast_publisher *publisher,
					    struct fast_link *link, uint64_t groups)
{
	struct fast_publisher_peer *peer = calloc(1, sizeof *peer);
	struct fast_connection_parts parts = {
		.lock = &publisher->lock,
		.timers = publisher->timers,
		.events = &peer_events,
		.arg = peer,
		.self = FAST_SP_PUB,
		.peer = FAST_SP_SUB,
		.message_bytes_max = FAST_PUBLISHER_TOPIC_BYTES_MAX,
	};

	if (peer == NULL || fast_connection_init(&peer->connection, &parts, link) != FAST_OK) {
		free(peer);
		return NULL;
	}
	peer->publisher = publisher;
	peer->groups = groups;
	peer->begin_ns = fast_timers_now_ns(publisher->timers);
	peer->references = 2; /* until the end, and until it is accepted */
	return peer;
}

void fast_publisher_take_link(struct fast_publisher *publisher, struct fast_link *link)
{
	struct fast_publisher_peer *peer = NULL;
	int64_t now_ns = fast_timers_now_ns(publisher->timers);
	uint64_t groups = publisher->groups == NULL
				  ? UINT64_MAX
				  : publisher->groups(publisher->groups_arg, &link->peer);
	bool has_timer;

	pthread_mutex_lock(&publisher->lock);
	if (!publisher->is_closing &&
	    publisher->subscriber_count < FAST_PUBLISHER_SUBSCRIBERS_MAX) {
		peer = peer_new(publisher, link, groups);
	}
	if (peer == NULL) {
		pthread_mutex_unlock(&publisher->lock);
		link->ops->free(link);
		return;
	}
	publisher->subscriber_count++;
	fast_list_append(&publisher->subscribers, &peer->node);
	has_timer = fast_timer_set(publisher->timers, &peer->first_timer,
				   fast_time_after_ms(now_ns, FAST_FIRST_FRAME_MS), peer_is_mute,
				   peer) == FAST_OK;
	fast_connection_flush(&peer->connection);
	fast_connection_recv(&peer->connection);
	pthread_mutex_unlock(&publisher->lock);
	if (!has_timer) {
		/* A mute peer would stay for ever. */
		fast_connection_end(&peer->connection);
	}
	pthread_mutex_lock(&publisher->lock);
	peer_unref(peer);
	pthread_mutex_unlock(&publisher->lock);
}

void fast_publisher_peer_push(struct fast_publisher_peer *peer, struct fast_shared_frame *shared)
{
	struct fast_outbox *outbox = &peer->connection.outbox;
	struct fast_frame *frame = NULL;

	if (fast_shared_frame_copy(shared, &frame) != FAST_OK) {
		peer->dropped++;
		peer->publisher->dropped++;
		return;
	}
	if (outbox->waiting_count >= FAST_PUBLISHER_QUEUE_MAX) {
		struct fast_frame *oldest = fast_outbox_pop(outbox); /* NULL: all were begun */
		peer->dropped += oldest != NULL;
		peer->publisher->dropped += oldest != NULL;
		fast_frame_free(oldest);
	}
	fast_connection_push(&peer->connection, frame);
	fast_connection_flush(&peer->connection);
	peer->sent++;
	peer->publisher->sent++;
}

bool fast_publisher_end_one(struct fast_publisher *publisher)
{
	struct fast_publisher_peer *peer = NULL;

	pthread_mutex_lock(&publisher->lock);
	FAST_LIST_FOREACH(node, &publisher->subscribers)
	{
		struct fast_publisher_peer *one =
			FAST_LIST_ENTRY(node, struct fast_publisher_peer, node);
		if (!one->connection.has_ended) {
			peer = one;
			peer->references++;
			break;
		}
	}
	pthread_mutex_unlock(&publisher->lock);
	if (peer == NULL) {
		return false;
	}
	fast_connection_end(&peer->connection);
	pthread_mutex_lock(&publisher->lock);
	peer_unref(peer);
	pthread_mutex_unlock(&publisher->lock);
	return true;
}
