/* A server stream that goes on after its connection was lost, or is being left. */
#include <fast/resume.h>

#include "rpc/client_stream.h"
#include "rpc/limits.h"
#include "rpc/thread.h"

void fast_stream_ask(struct fast_client_call *call, struct fast_packet *request)
{
	struct fast_stream *stream = (struct fast_stream *)call;

	if (call->kind != FAST_CLIENT_CALL_STREAM) {
		return;
	}
	stream->credit += stream->consumed; /* while the request waited */
	stream->consumed = 0;
	request->credit = stream->credit;
	request->mark = call->method->resumable;
	request->epoch = stream->resume.epoch;
	request->resume_after = stream->resume.cursor;
}

const char *fast_stream_place(struct fast_stream *stream, struct fast_stream_item *item,
			      const struct fast_packet *packet)
{
	struct fast_stream_resume *resume = &stream->resume;
	bool is_new = packet->epoch != 0 && packet->epoch != resume->epoch;

	resume->has_moved = true;
	if (!packet->mark && packet->cursor == 0) {
		resume->has_bare_items = true;
		return NULL;
	}
	if (is_new && resume->epoch != 0) {
		/* Without a mark nobody knows how many were before the item. */
		item->gap = (struct fast_item_gap){
			.is_there = true,
			.is_reset = true,
			.last = packet->mark ? packet->cursor : packet->cursor - 1,
		};
	} else if (packet->gap_first > 0) {
		item->gap = (struct fast_item_gap){
			.is_there = true,
			.first = packet->gap_first,
			.last = packet->cursor,
		};
	}
	if (is_new) {
		resume->epoch = packet->epoch;
		resume->cursor = 0;
	}
	if (packet->mark ? packet->cursor < resume->cursor : packet->cursor <= resume->cursor) {
		return "the server sent an item again";
	}
	resume->cursor = packet->cursor;
	return NULL;
}

bool fast_stream_take_gap(struct fast_stream *stream, struct fast_stream_item *item)
{
	if (!item->gap.is_there) {
		return false;
	}
	stream->gap = item->gap;
	item->gap.is_there = false;
	if (item->is_mark) {
		fast_stream_pop(stream);
		fast_stream_item_free(item);
	}
	return true;
}

/* Lock held. Joins those who wait for a connection. */
static void stream_unpark(struct fast_stream *stream)
{
	struct fast_client *client = stream->call.client;

	stream->resume.is_parked = false;
	fast_list_append(&client->waiting, &stream->call.node);
	fast_client_dial(client);
}

static void stream_resume_due(void *arg)
{
	struct fast_stream *stream = arg;
	struct fast_client *client = stream->call.client;
	struct fast_list failed;

	fast_thread_enter();
	fast_list_init(&failed);
	pthread_mutex_lock(&client->lock);
	if (stream->resume.is_parked && stream->call.state == FAST_CLIENT_CALL_WAITING) {
		stream_unpark(stream);
		fast_client_submit_waiting(client, &failed);
	}
	pthread_mutex_unlock(&client->lock);
	fast_client_finish_all(&failed);
	fast_thread_leave();
}

/* Whether a stream that was not answered goes on. */
static bool stream_can_resume(const struct fast_stream *stream, bool is_lost)
{
	const struct fast_client_call *call = &stream->call;
	const struct fast_stream_resume *resume = &stream->resume;
	/* A server that has never taken it refuses it, as for any other call. */
	bool is_begun =
		resume->count > 0 || resume->epoch != 0 || (is_lost && call->connection->has_hello);

	return is_begun && !resume->has_bare_items && !call->client->is_closing &&
	       call->client->waiting_count < FAST_CALLS_WAITING_MAX &&
	       (call->frame->state == FAST_FRAME_SENT || call->frame->state == FAST_FRAME_IDLE);
}

/* Sets the timer after which the stream is opened again. A server that takes it and ends it at
 * once, over and over, is given time. False: at once. */
static bool stream_set_timer(struct fast_stream *stream)
{
	struct fast_timers *timers = stream->call.client->timers;
	struct fast_stream_resume *resume = &stream->resume;
	int64_t now_ns = fast_timers_now_ns(timers);

	resume->failures = resume->has_moved ? 0 : resume->failures + 1;
	resume->has_moved = false;
	return resume->failures > 0 &&
	       fast_timer_set(timers, &resume->timer,
			      fast_time_after_ms(now_ns, fast_backoff_ms(resume->failures, now_ns)),
			      stream_resume_due, stream) == FAST_OK;
}

bool fast_stream_resume(struct fast_client_call *call, bool is_lost)
{
	struct fast_stream *stream = (struct fast_stream *)call;

	if (call->kind != FAST_CLIENT_CALL_STREAM || !call->method->resumable ||
	    !stream_can_resume(stream, is_lost)) {
		return false;
	}
	stream->resume.is_parked = stream_set_timer(stream);
	if (!stream->resume.is_parked && !is_lost) {
		return false; /* no memory to wait */
	}
	call->may_have_run = fast_client_call_is_begun(call);
	fast_call_table_remove(&call->connection->calls, call->id);
	call->state = FAST_CLIENT_CALL_WAITING;
	call->connection = NULL;
	call->attempt++;
	call->waits_for_ready = true; /* from here on the stream's deadline alone ends it */
	call->client->waiting_count++;
	stream->credit = FAST_STREAM_CREDIT - stream->item_count;
	stream->consumed = 0;
	stream->sequence = 0;
	stream->resume.count++;
	if (!stream->resume.is_parked) {
		stream_unpark(stream);
	}
	return true;
}

void fast_streams_leave(struct fast_client_connection *connection)
{
	struct fast_client_call *call;
	uint32_t slot = 0;

	while ((call = fast_call_table_next(&connection->calls, &slot)) != NULL) {
		uint32_t id = call->id;

		if (call->frame->state == FAST_FRAME_SENT && fast_stream_resume(call, true)) {
			fast_client_send_cancel(connection, id);
		} else {
			slot++;
		}
	}
}

struct fast_gap fast_stream_gap(const struct fast_stream *stream)
{
	return (struct fast_gap){
		.is_reset = stream->gap.is_reset,
		.first = stream->gap.first,
		.last = stream->gap.last,
	};
}

uint64_t fast_stream_resumed(const struct fast_stream *stream)
{
	struct fast_client *client = stream->call.client;
	uint64_t count;

	pthread_mutex_lock(&client->lock);
	count = stream->resume.count;
	pthread_mutex_unlock(&client->lock);
	return count;
}
