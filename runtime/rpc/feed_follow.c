/* One stream that follows a feed. */
#include "rpc/feed.h"

#include "rpc/limits.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Items that a filter leaves out before the reader is told where its stream stands, so that it need
 * not go over them again. */
#define SKIPS_MAX 256

/* What a runner finds to do. */
enum next {
	NEXT_ITEM,
	NEXT_GAP,
	NEXT_FLUSH,
	NEXT_AGAIN,
	NEXT_REST, /* it is no runner any more */
	NEXT_END,
};

struct step {
	enum next next;
	uint64_t first; /* of a gap */
	uint64_t last;
	enum fast_status status; /* of an end */
	const char *text;
};

static struct step step_end(enum fast_status status, const char *text)
{
	return (struct step){.next = NEXT_END, .status = status, .text = text};
}

/* Lock held. What the ring has overtaken. */
static struct step step_gap(struct fast_follower *follower, uint64_t oldest)
{
	struct fast_feed *feed = follower->feed;
	struct step step = {.next = NEXT_GAP, .first = follower->position + 1, .last = oldest - 1};

	/* A caller that comes back late has not been slow. */
	if (follower->has_begun) {
		feed->missed += step.last - step.first + 1;
		if (feed->options.slow == FAST_FEED_SLOW_ENDS) {
			feed->ended++;
			return step_end(
				FAST_RESOURCE_EXHAUSTED,
				"the reader is slower than the feed, which has overtaken it");
		}
	}
	follower->position = step.last;
	return step;
}

/* Lock held. Nothing to be sent, or no room. */
static struct step step_rest(struct fast_follower *follower, bool has_room)
{
	if (follower->runs_again) {
		follower->runs_again = false;
		return (struct step){.next = NEXT_AGAIN};
	}
	if (follower->has_unflushed) {
		return (struct step){.next = NEXT_FLUSH};
	}
	follower->wants_items = has_room;
	follower->is_busy = false;
	return (struct step){.next = NEXT_REST};
}

/* Lock held. */
static struct step step_find(struct fast_follower *follower, bool has_room)
{
	struct fast_feed *feed = follower->feed;
	uint64_t oldest = feed->newest - feed->count + 1;

	if (follower->is_cancelled) {
		return step_end(FAST_CANCELLED, "nobody reads");
	}
	if (feed->is_closing) {
		return step_end(FAST_UNAVAILABLE, "the feed was closed");
	}
	if (!has_room) {
		return step_rest(follower, false);
	}
	if (follower->position + 1 < oldest) {
		return step_gap(follower, oldest);
	}
	if (follower->position == feed->newest) {
		return feed->is_finished ? step_end(FAST_OK, NULL) : step_rest(follower, true);
	}
	follower->position++;
	follower->item = feed->ring[(feed->oldest + (follower->position - oldest)) %
				    feed->options.items_max];
	assert(follower->item->cursor == follower->position);
	follower->item->references++;
	if (feed->waiters > 0) {
		pthread_cond_broadcast(&feed->changed);
	}
	return (struct step){.next = NEXT_ITEM};
}

/* The connection's lock held. */
static struct fast_job *follower_has_room(void *arg)
{
	struct fast_follower *follower = arg;
	bool is_mine;

	pthread_mutex_lock(&follower->feed->lock);
	is_mine = fast_follower_claim(follower);
	pthread_mutex_unlock(&follower->feed->lock);
	return is_mine ? &follower->job : NULL;
}

static bool follower_resumes(const struct fast_follower *follower)
{
	return follower->call->entry->method->resumable;
}

static enum fast_status follower_gap(struct fast_follower *follower, const struct step *step)
{
	bool has_begun = follower->has_begun;

	follower->has_begun = true;
	if (follower_resumes(follower) && !(has_begun && follower->call->entry->method->lossy)) {
		return fast_call_send_gap(follower->call, step->first, step->last);
	}
	follower->missed += step->last - step->first + 1;
	return FAST_OK;
}

static bool follower_wants(const struct fast_follower *follower)
{
	const struct fast_feed_item *item = follower->item;

	return follower->options.filter == NULL ||
	       follower->options.filter((const char *)item->data, item->data + item->topic_bytes,
					item->payload_bytes, follower->options.arg);
}

static enum fast_status follower_item(struct fast_follower *follower)
{
	const struct fast_feed_item *item = follower->item;
	const struct fast_frame_item plain = {.dropped = follower->missed};
	enum fast_status status = FAST_OK;

	follower->has_begun = true;
	if (!follower_wants(follower)) {
		if (++follower->skipped == SKIPS_MAX) {
			follower->skipped = 0;
			status = follower_resumes(follower)
					 ? fast_call_send_mark(follower->call, item->cursor)
					 : FAST_OK;
		}
		return status;
	}
	status = follower_resumes(follower)
			 ? fast_call_put_at(follower->call, item->cursor, follower->missed,
					    item->data + item->topic_bytes, item->payload_bytes)
			 : fast_call_put(follower->call, &plain, item->data + item->topic_bytes,
					 item->payload_bytes);
	follower->missed = 0;
	follower->skipped = 0;
	follower->has_unflushed = true;
	return status;
}

/* The call is ended and the follower gone. */
static void follower_end(struct fast_follower *follower, enum fast_status status, const char *text)
{
	struct fast_feed *feed = follower->feed;

	if (status == FAST_OK) {
		fast_call_finish(follower->call);
	} else {
		fast_call_fail(follower->call, status, "%s", text);
	}
	if (follower->options.done != NULL) {
		follower->options.done(follower->options.arg);
	}
	pthread_mutex_lock(&feed->lock);
	fast_list_remove(&follower->node);
	feed->follower_count--;
	pthread_cond_broadcast(&feed->changed);
	pthread_mutex_unlock(&feed->lock);
	free(follower);
}

/* False: it rests, or is gone. */
static bool follower_turn(struct fast_follower *follower)
{
	struct fast_feed *feed = follower->feed;
	bool has_room = fast_call_has_room(follower->call, follower_has_room, follower);
	enum fast_status status = FAST_OK;
	struct step step;

	pthread_mutex_lock(&feed->lock);
	fast_feed_item_release(follower->item);
	follower->item = NULL;
	step = step_find(follower, has_room);
	pthread_mutex_unlock(&feed->lock);
	switch (step.next) {
	case NEXT_ITEM:
		status = follower_item(follower);
		break;
	case NEXT_GAP:
		status = follower_gap(follower, &step);
		break;
	case NEXT_FLUSH:
		follower->has_unflushed = false;
		fast_call_flush(follower->call);
		break;
	case NEXT_AGAIN:
		break;
	case NEXT_REST:
		return false;
	case NEXT_END:
		follower_end(follower, step.status, step.text);
		return false;
	}
	if (status != FAST_OK) {
		pthread_mutex_lock(&feed->lock);
		fast_feed_item_release(follower->item);
		pthread_mutex_unlock(&feed->lock);
		follower_end(follower, status,
			     "an item is longer than the reader takes, or there is no memory");
	}
	return status == FAST_OK;
}

void fast_follower_run(struct fast_job *job)
{
	struct fast_follower *follower =
		(struct fast_follower *)((char *)job - offsetof(struct fast_follower, job));

	while (follower_turn(follower)) {
	}
}

/* Must not end the call itself, so another thread does. */
static void follower_cancelled(struct fast_call *call, void *arg)
{
	struct fast_follower *follower = arg;
	bool is_mine;

	pthread_mutex_lock(&follower->feed->lock);
	follower->is_cancelled = true;
	is_mine = fast_follower_claim(follower);
	pthread_mutex_unlock(&follower->feed->lock);
	if (is_mine) {
		fast_pool_resume(call->connection->server->pool, &follower->job);
	}
}

/* A caller built against an older header has a shorter struct. */
static struct fast_feed_follow follow_options(const struct fast_feed_follow *options)
{
	struct fast_feed_follow all = {.size = sizeof all};

	if (options != NULL) {
		assert(options->size >= sizeof options->size);
		memcpy(&all, options, options->size < sizeof all ? options->size : sizeof all);
	}
	return all;
}

/* Enters the follower, where it is to begin. */
static struct step feed_enter(struct fast_feed *feed, struct fast_follower *follower,
			      enum fast_resume resume, uint64_t after)
{
	struct step step = {.next = NEXT_AGAIN};
	uint64_t before = feed->newest - feed->count;

	if (feed->is_closing) {
		return step_end(FAST_UNAVAILABLE, "the feed was closed");
	}
	if (feed->follower_count == feed->options.followers_max) {
		return step_end(FAST_RESOURCE_EXHAUSTED, "too many streams follow the feed");
	}
	if (resume == FAST_RESUME_AFTER && after > feed->newest) {
		return step_end(FAST_INVALID_ARGUMENT, "the feed has not come to this cursor yet");
	}
	follower->position = feed->newest;
	if (resume == FAST_RESUME_AFTER) {
		follower->position = after;
	} else if (resume == FAST_RESUME_LOST || follower->options.from_oldest) {
		follower->position = before;
	}
	fast_list_append(&feed->followers, &follower->node);
	feed->follower_count++;
	return step;
}

void fast_feed_follow(struct fast_feed *feed, struct fast_call *call,
		      const struct fast_feed_follow *options)
{
	struct fast_feed_follow all = follow_options(options);
	struct fast_follower *follower = calloc(1, sizeof *follower);
	enum fast_resume resume = FAST_RESUME_NOT;
	enum fast_status status = FAST_OK;
	uint64_t after = 0;
	uint64_t position;
	struct step step = step_end(FAST_RESOURCE_EXHAUSTED, "no memory to follow the feed");

	assert(call->entry->method->kind == FAST_METHOD_SERVER_STREAM);
	assert(call->entry->method->response == feed->descriptor);
	if (call->entry->method->resumable) {
		resume = fast_call_resume_after(call, feed->options.epoch, &after);
	}
	if (follower != NULL) {
		follower->job.run = fast_follower_run;
		follower->feed = feed;
		follower->call = call;
		follower->options = all;
		follower->is_busy = true;
		pthread_mutex_lock(&feed->lock);
		step = feed_enter(feed, follower, resume, after);
		position = follower->position;
		pthread_mutex_unlock(&feed->lock);
	}
	if (step.next == NEXT_END) {
		free(follower);
		fast_call_fail(call, step.status, "%s", step.text);
		if (all.done != NULL) {
			all.done(all.arg);
		}
		return;
	}
	fast_call_on_cancel(call, follower_cancelled, follower);
	if (call->entry->method->resumable && resume != FAST_RESUME_AFTER) {
		status = fast_call_send_mark(call, position);
	}
	if (status == FAST_OK) {
		fast_follower_run(&follower->job);
	} else {
		follower_end(follower, status, "no memory to follow the feed");
	}
}
