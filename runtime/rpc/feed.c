#include "rpc/feed.h"

#include "rpc/limits.h"
#include "rpc/thread.h"
#include "wire/check.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define NS_PER_S 1000000000

/* A caller built against an older header has a shorter struct. */
static struct fast_feed_options feed_options(const struct fast_feed_options *options)
{
	struct fast_feed_options all = {.size = sizeof all};

	if (options != NULL) {
		assert(options->size >= sizeof options->size);
		memcpy(&all, options, options->size < sizeof all ? options->size : sizeof all);
	}
	all.items_max = all.items_max == 0 ? FAST_FEED_ITEMS_DEFAULT : all.items_max;
	all.bytes_max = all.bytes_max == 0 ? FAST_FEED_BYTES_DEFAULT : all.bytes_max;
	all.followers_max =
		all.followers_max == 0 ? FAST_FEED_FOLLOWERS_DEFAULT : all.followers_max;
	while (all.epoch == 0) {
		if (getrandom(&all.epoch, sizeof all.epoch, 0) != (ssize_t)sizeof all.epoch) {
			all.epoch = (uint64_t)fast_clock_now_ns();
		}
	}
	return all;
}

enum fast_status fast_feed_new(const ProtobufCMessageDescriptor *item,
			       const struct fast_feed_options *options, struct fast_feed **out)
{
	struct fast_feed_options all = feed_options(options);
	pthread_condattr_t monotonic;
	struct fast_feed *feed;

	assert(item != NULL && out != NULL);
	if (all.items_max > FAST_FEED_ITEMS_MAX) {
		return FAST_INVALID_ARGUMENT;
	}
	feed = calloc(1, sizeof *feed);
	if (feed == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	feed->ring = calloc(all.items_max, sizeof *feed->ring);
	if (feed->ring == NULL) {
		free(feed);
		return FAST_RESOURCE_EXHAUSTED;
	}
	pthread_mutex_init(&feed->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&feed->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	fast_list_init(&feed->followers);
	feed->descriptor = item;
	feed->options = all;
	*out = feed;
	return FAST_OK;
}

void fast_feed_item_release(struct fast_feed_item *item)
{
	if (item != NULL && --item->references == 0) {
		free(item);
	}
}

static enum fast_status item_new(const struct fast_feed *feed, const char *topic,
				 const ProtobufCMessage *message, struct fast_feed_item **out)
{
	size_t topic_bytes = strnlen(topic, FAST_FEED_TOPIC_BYTES_MAX + 1) + 1;
	struct fast_feed_item *item;
	size_t bytes = 0;
	enum fast_status status;

	assert(message->descriptor == feed->descriptor);
	if (topic_bytes > FAST_FEED_TOPIC_BYTES_MAX + 1) {
		return FAST_INVALID_ARGUMENT;
	}
	status = fast_message_size(message, FAST_MESSAGE_BYTES_MAX, &bytes);
	if (status != FAST_OK) {
		return status;
	}
	if (topic_bytes + bytes > feed->options.bytes_max) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	item = malloc(sizeof *item + topic_bytes + bytes);
	if (item == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	item->references = 1;
	item->topic_bytes = topic_bytes;
	item->payload_bytes = bytes;
	memcpy(item->data, topic, topic_bytes);
	protobuf_c_message_pack(message, item->data + topic_bytes);
	*out = item;
	return FAST_OK;
}

static size_t item_bytes(const struct fast_feed_item *item)
{
	return item->topic_bytes + item->payload_bytes;
}

/* Lock held. Whether a follower has yet to see the oldest item. */
static bool feed_is_needed(const struct fast_feed *feed)
{
	uint64_t oldest = feed->newest - feed->count + 1;

	FAST_LIST_FOREACH(node, &feed->followers)
	{
		if (FAST_LIST_ENTRY(node, struct fast_follower, node)->position < oldest) {
			return true;
		}
	}
	return false;
}

/* Lock held. False: items that somebody needs are in the way. */
static bool feed_make_room(struct fast_feed *feed, size_t bytes)
{
	while (feed->count == feed->options.items_max ||
	       feed->bytes + bytes > feed->options.bytes_max) {
		struct fast_feed_item *oldest = feed->ring[feed->oldest];
		if (feed->options.slow == FAST_FEED_SLOW_WAITS && feed_is_needed(feed)) {
			return false;
		}
		feed->oldest = (feed->oldest + 1) % feed->options.items_max;
		feed->count--;
		feed->bytes -= item_bytes(oldest);
		fast_feed_item_release(oldest);
	}
	return true;
}

bool fast_follower_claim(struct fast_follower *follower)
{
	if (follower->is_busy) {
		follower->runs_again = true;
		return false;
	}
	follower->is_busy = true;
	return true;
}

/* Lock held. Those that wait for an item, or that are to end, go to started. */
static void feed_wake(struct fast_feed *feed, struct fast_list *started)
{
	fast_list_init(started);
	FAST_LIST_FOREACH(node, &feed->followers)
	{
		struct fast_follower *follower = FAST_LIST_ENTRY(node, struct fast_follower, node);
		if ((follower->is_busy || follower->wants_items || feed->is_closing) &&
		    fast_follower_claim(follower)) {
			fast_list_append(started, &follower->run_node);
		}
	}
}

static struct fast_follower *started_pop(struct fast_list *started)
{
	struct fast_list *node = fast_list_pop(started);

	return node == NULL ? NULL : FAST_LIST_ENTRY(node, struct fast_follower, run_node);
}

/* No lock held. */
static void feed_start(struct fast_list *started)
{
	struct fast_follower *follower;

	while ((follower = started_pop(started)) != NULL) {
		fast_call_run_job(follower->call, &follower->job);
	}
}

/* Lock held, but not while it waits. FAST_OK: there is room. */
static enum fast_status feed_await_room(struct fast_feed *feed, size_t bytes, int64_t until_ns)
{
	struct timespec until = {until_ns / NS_PER_S, until_ns % NS_PER_S};

	while (!feed->is_finished && !feed_make_room(feed, bytes)) {
		if (until_ns <= fast_clock_now_ns()) {
			return FAST_RESOURCE_EXHAUSTED;
		}
		feed->waiters++;
		if (until_ns == FAST_TIME_NEVER) {
			pthread_cond_wait(&feed->changed, &feed->lock);
		} else {
			pthread_cond_timedwait(&feed->changed, &feed->lock, &until);
		}
		feed->waiters--;
	}
	return feed->is_finished ? FAST_FAILED_PRECONDITION : FAST_OK;
}

enum fast_status fast_feed_add_wait(struct fast_feed *feed, const char *topic,
				    const ProtobufCMessage *message, int64_t wait_ms,
				    uint64_t *cursor)
{
	int64_t until_ns = wait_ms == 0 ? 0 : fast_time_after_ms(fast_clock_now_ns(), wait_ms);
	struct fast_feed_item *item = NULL;
	struct fast_list started;
	enum fast_status status;

	if (wait_ms != 0 && fast_thread_is_runtime()) {
		return FAST_FAILED_PRECONDITION;
	}
	status = item_new(feed, topic == NULL ? "" : topic, message, &item);
	if (status != FAST_OK) {
		return status;
	}
	pthread_mutex_lock(&feed->lock);
	status = feed_await_room(feed, item_bytes(item), until_ns);
	if (status != FAST_OK) {
		pthread_mutex_unlock(&feed->lock);
		free(item);
		return status;
	}
	item->cursor = ++feed->newest;
	feed->ring[(feed->oldest + feed->count) % feed->options.items_max] = item;
	feed->count++;
	feed->bytes += item_bytes(item);
	if (cursor != NULL) {
		*cursor = item->cursor;
	}
	feed_wake(feed, &started);
	pthread_mutex_unlock(&feed->lock);
	feed_start(&started);
	return FAST_OK;
}

enum fast_status fast_feed_add(struct fast_feed *feed, const char *topic,
			       const ProtobufCMessage *message, uint64_t *cursor)
{
	return fast_feed_add_wait(feed, topic, message, 0, cursor);
}

void fast_feed_finish(struct fast_feed *feed)
{
	struct fast_list started;

	pthread_mutex_lock(&feed->lock);
	feed->is_finished = true;
	feed_wake(feed, &started);
	pthread_cond_broadcast(&feed->changed);
	pthread_mutex_unlock(&feed->lock);
	feed_start(&started);
}

void fast_feed_stats(struct fast_feed *feed, struct fast_feed_stats *out)
{
	pthread_mutex_lock(&feed->lock);
	*out = (struct fast_feed_stats){
		.followers = feed->follower_count,
		.items = feed->count,
		.bytes = feed->bytes,
		.newest = feed->newest,
		.missed = feed->missed,
		.ended = feed->ended,
	};
	pthread_mutex_unlock(&feed->lock);
}

void fast_feed_close(struct fast_feed *feed)
{
	struct fast_follower *follower;
	struct fast_list started;

	if (feed == NULL) {
		return;
	}
	pthread_mutex_lock(&feed->lock);
	feed->is_finished = true;
	feed->is_closing = true;
	feed_wake(feed, &started);
	pthread_mutex_unlock(&feed->lock);
	while ((follower = started_pop(&started)) != NULL) {
		fast_follower_run(&follower->job);
	}
	pthread_mutex_lock(&feed->lock);
	while (feed->follower_count > 0) {
		pthread_cond_wait(&feed->changed, &feed->lock);
	}
	pthread_mutex_unlock(&feed->lock);
	for (; feed->count > 0; feed->count--) {
		fast_feed_item_release(feed->ring[feed->oldest]);
		feed->oldest = (feed->oldest + 1) % feed->options.items_max;
	}
	pthread_cond_destroy(&feed->changed);
	pthread_mutex_destroy(&feed->lock);
	free(feed->ring);
	free(feed);
}
