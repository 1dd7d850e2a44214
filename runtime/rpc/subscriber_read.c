/* What a subscriber does with what comes. */
#include "rpc/limits.h"
#include "rpc/subscriber.h"
#include "rpc/thread.h"
#include "wire/check.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS_PER_S 1000000000

static const struct fast_subscription *subscription_find(const struct fast_subscriber *subscriber,
							 const char *topic)
{
	for (size_t i = 0; i < subscriber->subscription_count; i++) {
		const char *prefix = subscriber->subscriptions[i].prefix;
		if (strncmp(topic, prefix, strlen(prefix)) == 0) {
			return &subscriber->subscriptions[i];
		}
	}
	return NULL;
}

/* Topic, a zero byte, and a packet. NULL: it is none, or nobody wants it; or no memory. */
static struct fast_subscriber_item *item_read(struct fast_subscriber *subscriber,
					      const uint8_t *message, size_t bytes)
{
	size_t topic_bytes = strnlen((const char *)message, bytes) + 1;
	struct fast_subscriber_stats *stats = &subscriber->stats;
	const struct fast_subscription *subscription;
	struct fast_subscriber_item *item;
	struct fast_packet packet;
	const char *reason;

	if (topic_bytes > bytes ||
	    fast_packet_read(message + topic_bytes, bytes - topic_bytes, &packet, &reason) !=
		    FAST_OK ||
	    packet.kind != FAST__V1__PACKET_KIND__PACKET_KIND_ITEM) {
		stats->malformed++;
		return NULL;
	}
	subscription = subscription_find(subscriber, (const char *)message);
	if (subscription == NULL) {
		return NULL;
	}
	stats->received++;
	item = malloc(sizeof *item + topic_bytes + packet.payload.bytes);
	if (item == NULL) {
		stats->dropped++;
		return NULL;
	}
	*item = (struct fast_subscriber_item){
		.subscription = subscription,
		.sequence = packet.sequence,
		.boot_id = packet.boot_id,
		.topic_bytes = topic_bytes,
		.payload_bytes = packet.payload.bytes,
	};
	memcpy(item->data, message, topic_bytes);
	if (packet.payload.bytes > 0) {
		memcpy(item->data + topic_bytes, packet.payload.data, packet.payload.bytes);
	}
	return item;
}

/* What is missing before the item, by its topic's numbers. */
static void publication_count(struct fast_subscriber *subscriber,
			      const struct fast_subscriber_item *item)
{
	struct fast_publication *publication = &subscriber->publication;
	struct fast_topic *topic = fast_topics_take(&subscriber->topics, (const char *)item->data,
						    item->topic_bytes - 1);

	if (topic == NULL) {
		return; /* as if it were the first of its topic */
	}
	if (topic->sequence != 0) {
		publication->is_restarted = topic->boot_id != item->boot_id;
		if (!publication->is_restarted && item->sequence > topic->sequence) {
			publication->missed = item->sequence - topic->sequence - 1;
		}
	}
	topic->sequence = item->sequence;
	topic->boot_id = item->boot_id;
}

/* No lock held. Makes subscriber->publication of the item, which lives as long. */
static enum fast_status publication_make(struct fast_subscriber *subscriber,
					 struct fast_subscriber_item *item)
{
	const ProtobufCMessageDescriptor *descriptor = item->subscription->message;
	const uint8_t *payload = item->data + item->topic_bytes;
	enum fast_status status = FAST_OK;
	const char *reason;

	free(subscriber->item);
	subscriber->item = item;
	subscriber->publication = (struct fast_publication){
		.topic = (const char *)item->data,
		.payload = payload,
		.payload_bytes = item->payload_bytes,
		.sequence = item->sequence,
		.boot_id = item->boot_id,
	};
	fast_arena_reset(&subscriber->arena);
	subscriber->arena.cap_bytes =
		item->payload_bytes * FAST_MESSAGE_AMPLIFICATION_MAX + FAST_MESSAGE_ARENA_BYTES_MIN;
	if (descriptor != NULL) {
		status = fast_message_unpack(descriptor, payload, item->payload_bytes,
					     &subscriber->arena, &subscriber->publication.message,
					     &reason);
	}
	if (status == FAST_OK) { /* else the next one of the topic tells of it */
		publication_count(subscriber, item);
	}
	pthread_mutex_lock(&subscriber->lock);
	subscriber->stats.missed += subscriber->publication.missed;
	subscriber->stats.malformed += status == FAST_INVALID_ARGUMENT;
	subscriber->stats.dropped += status == FAST_RESOURCE_EXHAUSTED;
	pthread_mutex_unlock(&subscriber->lock);
	return status;
}

/* Lock held. The oldest gives way. */
static void subscriber_queue(struct fast_subscriber *subscriber, struct fast_subscriber_item *item)
{
	if (subscriber->item_count == subscriber->options.queue_max) {
		struct fast_list *oldest = fast_list_pop(&subscriber->items);
		free(FAST_LIST_ENTRY(oldest, struct fast_subscriber_item, node));
		subscriber->item_count--;
		subscriber->stats.dropped++;
	}
	fast_list_append(&subscriber->items, &item->node);
	subscriber->item_count++;
	pthread_cond_signal(&subscriber->changed);
}

bool fast_subscriber_message(void *arg, const uint8_t *message, size_t bytes)
{
	struct fast_subscriber *subscriber = arg;
	fast_publication_fn *fn = subscriber->options.fn;
	struct fast_subscriber_item *item;

	pthread_mutex_lock(&subscriber->lock);
	subscriber->failures = 0;
	subscriber->heard_ns = fast_timers_now_ns(subscriber->timers);
	item = item_read(subscriber, message, bytes);
	if (item != NULL && fn == NULL) {
		subscriber_queue(subscriber, item);
	}
	pthread_mutex_unlock(&subscriber->lock);
	if (item != NULL && fn != NULL && publication_make(subscriber, item) == FAST_OK) {
		fn(&subscriber->publication, subscriber->options.arg);
	}
	return true;
}

/* Lock held, but not meanwhile. */
static enum fast_status subscriber_wait(struct fast_subscriber *subscriber, int64_t until_ns)
{
	struct timespec until = {until_ns / NS_PER_S, until_ns % NS_PER_S};

	if (subscriber->has_lost_its_timer) {
		fast_subscriber_tend_later(subscriber, fast_timers_now_ns(subscriber->timers));
	}
	while (!subscriber->is_cancelled && fast_list_is_empty(&subscriber->items)) {
		if (until_ns == FAST_TIME_NEVER) {
			pthread_cond_wait(&subscriber->changed, &subscriber->lock);
		} else if (until_ns <= fast_timers_now_ns(subscriber->timers)) {
			return FAST_DEADLINE_EXCEEDED;
		} else {
			pthread_cond_timedwait(&subscriber->changed, &subscriber->lock, &until);
		}
	}
	return subscriber->is_cancelled ? FAST_CANCELLED : FAST_OK;
}

enum fast_status fast_subscriber_next(struct fast_subscriber *subscriber, int64_t wait_ms,
				      const struct fast_publication **out)
{
	int64_t until_ns = fast_time_after_ms(fast_timers_now_ns(subscriber->timers), wait_ms);
	struct fast_subscriber_item *item = NULL;
	enum fast_status status;

	*out = NULL;
	if (subscriber->options.fn != NULL || (wait_ms != 0 && fast_thread_is_runtime())) {
		return FAST_FAILED_PRECONDITION;
	}
	do {
		pthread_mutex_lock(&subscriber->lock);
		status = subscriber_wait(subscriber, until_ns);
		if (status == FAST_OK) {
			item = FAST_LIST_ENTRY(fast_list_pop(&subscriber->items),
					       struct fast_subscriber_item, node);
			subscriber->item_count--;
		}
		pthread_mutex_unlock(&subscriber->lock);
		if (status != FAST_OK) {
			return status;
		}
		status = publication_make(subscriber, item);
	} while (status == FAST_INVALID_ARGUMENT); /* counted */
	if (status == FAST_OK) {
		*out = &subscriber->publication;
	}
	return status;
}
