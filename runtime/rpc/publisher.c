#include <fast/publisher.h>

#include "rpc/hello.h"
#include "rpc/limits.h"
#include "rpc/publisher.h"
#include "rpc/thread.h"
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* One SUB socket at the other end. Guarded by publisher->lock, as all of this. */
struct subscriber {
	struct fast_connection connection;
	struct fast_publisher *publisher;
	struct fast_list node; /* in publisher->subscribers, then in ->dead */
	struct fast_timer first_timer;
	unsigned references; /* until the end, and while a thread ends it */
};

struct fast_publisher {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* a subscriber has died */
	struct fast_timers *timers;
	bool owns_timers;
	struct fast_link_listener *listener;
	struct fast_timer reap_timer;
	enum fast_sp_framing framing; /* of all subscribers: there is one endpoint */
	uint64_t boot_id;

	/* all guarded by lock */
	struct fast_list subscribers;
	struct fast_list dead;
	uint32_t subscriber_count; /* until they are freed */
	uint64_t sequence;
	uint64_t sent;
	uint64_t dropped;
	bool is_closing;
};

static void publisher_reap(void *arg);

/* Lock held. */
static void subscriber_unref(struct subscriber *subscriber)
{
	struct fast_publisher *publisher = subscriber->publisher;

	if (--subscriber->references > 0) {
		return;
	}
	fast_list_append(&publisher->dead, &subscriber->node);
	if (!publisher->is_closing) {
		/* Without memory for the timer it waits for the next one, or for the close. */
		enum fast_status status = fast_timer_set(publisher->timers, &publisher->reap_timer,
							 fast_timers_now_ns(publisher->timers),
							 publisher_reap, publisher);
		(void)status;
	}
	pthread_cond_broadcast(&publisher->changed);
}

static void subscriber_ended(void *arg)
{
	struct subscriber *subscriber = arg;
	struct fast_publisher *publisher = subscriber->publisher;

	pthread_mutex_lock(&publisher->lock);
	fast_list_remove(&subscriber->node);
	subscriber_unref(subscriber);
	pthread_mutex_unlock(&publisher->lock);
}

/* SUB sockets have nothing to say; what they say is not looked at. */
static bool subscriber_message(void *arg, const uint8_t *message, size_t bytes)
{
	(void)arg;
	(void)message;
	(void)bytes;
	return true;
}

static void subscriber_received(void *arg)
{
	struct subscriber *subscriber = arg;

	/* The hello was right, or the connection would have ended. */
	if (subscriber->connection.input.has_hello) {
		fast_timer_cancel(subscriber->publisher->timers, &subscriber->first_timer);
	}
	fast_connection_recv(&subscriber->connection);
}

static const struct fast_connection_events subscriber_events = {
	.message = subscriber_message,
	.received = subscriber_received,
	.ended = subscriber_ended,
};

static void subscriber_is_mute(void *arg)
{
	struct subscriber *subscriber = arg;

	fast_thread_enter();
	fast_connection_end(&subscriber->connection);
	fast_thread_leave();
}

static void subscriber_free(struct subscriber *subscriber)
{
	if (subscriber == NULL) {
		return;
	}
	fast_timer_cancel_wait(subscriber->publisher->timers, &subscriber->first_timer);
	fast_connection_fini(&subscriber->connection);
	free(subscriber);
}

static void publisher_reap(void *arg)
{
	struct fast_publisher *publisher = arg;

	for (;;) {
		pthread_mutex_lock(&publisher->lock);
		struct fast_list *node = fast_list_pop(&publisher->dead);
		pthread_mutex_unlock(&publisher->lock);
		if (node == NULL) {
			return;
		}
		subscriber_free(FAST_LIST_ENTRY(node, struct subscriber, node));
		pthread_mutex_lock(&publisher->lock);
		publisher->subscriber_count--;
		pthread_cond_broadcast(&publisher->changed);
		pthread_mutex_unlock(&publisher->lock);
	}
}

/* Takes link on success. */
static struct subscriber *subscriber_new(struct fast_publisher *publisher, struct fast_link *link)
{
	struct subscriber *subscriber = calloc(1, sizeof *subscriber);
	struct fast_connection_parts parts = {
		.lock = &publisher->lock,
		.timers = publisher->timers,
		.events = &subscriber_events,
		.arg = subscriber,
		.self = FAST_SP_PUB,
		.peer = FAST_SP_SUB,
		.message_bytes_max = FAST_PUBLISHER_TOPIC_BYTES_MAX,
	};

	if (subscriber == NULL ||
	    fast_connection_init(&subscriber->connection, &parts, link) != FAST_OK) {
		free(subscriber);
		return NULL;
	}
	subscriber->publisher = publisher;
	subscriber->references = 2; /* until the end, and until it is accepted */
	return subscriber;
}

void fast_publisher_take_link(struct fast_publisher *publisher, struct fast_link *link)
{
	struct subscriber *subscriber = NULL;
	int64_t now_ns = fast_timers_now_ns(publisher->timers);
	bool has_timer;

	pthread_mutex_lock(&publisher->lock);
	if (!publisher->is_closing &&
	    publisher->subscriber_count < FAST_PUBLISHER_SUBSCRIBERS_MAX) {
		subscriber = subscriber_new(publisher, link);
	}
	if (subscriber == NULL) {
		pthread_mutex_unlock(&publisher->lock);
		link->ops->free(link);
		return;
	}
	publisher->subscriber_count++;
	fast_list_append(&publisher->subscribers, &subscriber->node);
	has_timer = fast_timer_set(publisher->timers, &subscriber->first_timer,
				   fast_time_after_ms(now_ns, FAST_FIRST_FRAME_MS),
				   subscriber_is_mute, subscriber) == FAST_OK;
	fast_connection_flush(&subscriber->connection);
	fast_connection_recv(&subscriber->connection);
	pthread_mutex_unlock(&publisher->lock);
	if (!has_timer) {
		/* A mute peer would stay for ever. */
		fast_connection_end(&subscriber->connection);
	}
	pthread_mutex_lock(&publisher->lock);
	subscriber_unref(subscriber);
	pthread_mutex_unlock(&publisher->lock);
}

static void publisher_accepted(struct fast_link *link, void *arg)
{
	fast_publisher_take_link(arg, link);
}

/* Half-built objects too. */
static void publisher_free(struct fast_publisher *publisher)
{
	if (publisher == NULL) {
		return;
	}
	if (publisher->owns_timers) {
		fast_timers_free(publisher->timers);
	}
	pthread_cond_destroy(&publisher->changed);
	pthread_mutex_destroy(&publisher->lock);
	free(publisher);
}

enum fast_status fast_publisher_open_with(struct fast_timers *timers, enum fast_sp_framing framing,
					  struct fast_publisher **out)
{
	struct fast_publisher *publisher = calloc(1, sizeof *publisher);

	assert(out != NULL);
	if (publisher == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	pthread_mutex_init(&publisher->lock, NULL);
	pthread_cond_init(&publisher->changed, NULL);
	fast_list_init(&publisher->subscribers);
	fast_list_init(&publisher->dead);
	publisher->framing = framing;
	publisher->boot_id = fast_boot_id();
	publisher->timers = timers;
	if (timers == NULL) {
		if (fast_timers_new(&publisher->timers) != FAST_OK) {
			publisher_free(publisher);
			return FAST_RESOURCE_EXHAUSTED;
		}
		publisher->owns_timers = true;
	}
	*out = publisher;
	return FAST_OK;
}

enum fast_status fast_publisher_open(const char *endpoint, unsigned mode,
				     struct fast_publisher **out)
{
	enum fast_sp_framing framing =
		strncmp(endpoint, "ipc:", 4) == 0 ? FAST_SP_IPC : FAST_SP_TCP;
	struct fast_publisher *publisher = NULL;
	enum fast_status status = fast_publisher_open_with(NULL, framing, &publisher);

	if (status != FAST_OK) {
		return status;
	}
	status = fast_link_listen(endpoint, mode, publisher_accepted, publisher,
				  &publisher->listener);
	if (status != FAST_OK) {
		fast_publisher_close(publisher);
		return status;
	}
	*out = publisher;
	return FAST_OK;
}

/* Lock held. Makes room for one message: the oldest that was not begun goes. */
static void subscriber_make_room(struct subscriber *subscriber)
{
	struct fast_outbox *outbox = &subscriber->connection.outbox;

	if (outbox->waiting_count >= FAST_PUBLISHER_QUEUE_MAX) {
		fast_frame_free(fast_outbox_pop(outbox));
		subscriber->publisher->dropped++;
	}
}

/* Lock held. Hands the message to all subscribers; it is packed once. Topic, a zero byte, and the
 * packet: PROTOCOL.md, "PUB endpoints". */
static enum fast_status publisher_spread(struct fast_publisher *publisher, const char *topic,
					 const ProtobufCMessage *message)
{
	struct fast_packet packet = {
		.kind = FAST__V1__PACKET_KIND__PACKET_KIND_ITEM,
		.sequence = publisher->sequence + 1,
		.boot_id = publisher->boot_id,
	};
	struct fast_shared_frame *shared = NULL;
	struct fast_frame *frame = NULL;
	enum fast_status status =
		fast_frame_packet(publisher->framing, (const uint8_t *)topic, strlen(topic) + 1,
				  &packet, message, FAST_MESSAGE_BYTES_MAX, &frame);

	if (status == FAST_OK) {
		status = fast_shared_frame_new(frame, &shared);
	}
	if (status != FAST_OK) {
		fast_frame_free(frame);
		return status;
	}
	publisher->sequence++;
	FAST_LIST_FOREACH(node, &publisher->subscribers)
	{
		struct subscriber *subscriber = FAST_LIST_ENTRY(node, struct subscriber, node);
		if (fast_shared_frame_copy(shared, &frame) != FAST_OK) {
			publisher->dropped++;
			continue;
		}
		subscriber_make_room(subscriber);
		fast_connection_push(&subscriber->connection, frame);
		fast_connection_flush(&subscriber->connection);
		publisher->sent++;
	}
	fast_shared_frame_release(shared);
	return FAST_OK;
}

enum fast_status fast_publisher_send(struct fast_publisher *publisher, const char *topic,
				     const ProtobufCMessage *message)
{
	enum fast_status status;
	size_t topic_bytes = strnlen(topic, FAST_PUBLISHER_TOPIC_BYTES_MAX + 1);

	if (topic_bytes == 0 || topic_bytes > FAST_PUBLISHER_TOPIC_BYTES_MAX) {
		return FAST_INVALID_ARGUMENT;
	}
	pthread_mutex_lock(&publisher->lock);
	status = publisher_spread(publisher, topic, message);
	pthread_mutex_unlock(&publisher->lock);
	return status;
}

const char *fast_publisher_endpoint(const struct fast_publisher *publisher)
{
	return fast_link_listener_endpoint(publisher->listener);
}

void fast_publisher_stats(const struct fast_publisher *publisher, struct fast_publisher_stats *out)
{
	struct fast_publisher *unlocked = (struct fast_publisher *)(uintptr_t)publisher;

	pthread_mutex_lock(&unlocked->lock);
	*out = (struct fast_publisher_stats){
		.subscribers = publisher->subscriber_count,
		.sent = publisher->sent,
		.dropped = publisher->dropped,
	};
	pthread_mutex_unlock(&unlocked->lock);
}

/* Ends one subscriber that has not ended. False: there is none. */
static bool publisher_end_one(struct fast_publisher *publisher)
{
	struct subscriber *subscriber = NULL;

	pthread_mutex_lock(&publisher->lock);
	FAST_LIST_FOREACH(node, &publisher->subscribers)
	{
		struct subscriber *one = FAST_LIST_ENTRY(node, struct subscriber, node);
		if (!one->connection.has_ended) {
			subscriber = one;
			subscriber->references++;
			break;
		}
	}
	pthread_mutex_unlock(&publisher->lock);
	if (subscriber == NULL) {
		return false;
	}
	fast_connection_end(&subscriber->connection);
	pthread_mutex_lock(&publisher->lock);
	subscriber_unref(subscriber);
	pthread_mutex_unlock(&publisher->lock);
	return true;
}

void fast_publisher_close(struct fast_publisher *publisher)
{
	if (publisher == NULL) {
		return;
	}
	pthread_mutex_lock(&publisher->lock);
	publisher->is_closing = true;
	pthread_mutex_unlock(&publisher->lock);
	fast_link_listener_close(publisher->listener);
	while (publisher_end_one(publisher)) {
	}
	fast_timer_cancel_wait(publisher->timers, &publisher->reap_timer);
	pthread_mutex_lock(&publisher->lock);
	while (publisher->subscriber_count > 0) {
		if (fast_list_is_empty(&publisher->dead)) {
			pthread_cond_wait(&publisher->changed, &publisher->lock);
		}
		pthread_mutex_unlock(&publisher->lock);
		publisher_reap(publisher);
		pthread_mutex_lock(&publisher->lock);
	}
	pthread_mutex_unlock(&publisher->lock);
	publisher_free(publisher);
}
