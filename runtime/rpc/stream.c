#include <fast/stream.h>

#include "base/arena.h"
#include "rpc/client_stream.h"
#include "rpc/limits.h"
#include "rpc/thread.h"
#include "wire/check.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS_PER_S 1000000000

const char *fast_stream_put(struct fast_client_call *call, struct fast_stream_item *item,
			    const struct fast_packet *packet)
{
	struct fast_stream *stream = (struct fast_stream *)call;
	const char *fault;

	if (packet->more) {
		return "the server sent an item in fragments";
	}
	if (stream->credit == 0) {
		return "the server sent more items than it was granted";
	}
	if (packet->sequence != stream->sequence + 1) {
		return "the server left out an item";
	}
	fault = call->method->resumable ? fast_stream_place(stream, item, packet) : NULL;
	if (fault != NULL) {
		return fault;
	}
	stream->credit--;
	stream->sequence++;
	stream->dropped += packet->dropped;
	if (item->is_mark && !item->gap.is_there) {
		fast_stream_item_free(item);
		stream->consumed++;
		fast_stream_grant(stream);
		return NULL;
	}
	fast_list_append(&stream->items, &item->node);
	stream->item_count++;
	pthread_cond_broadcast(&call->changed); /* a sender may wait too */
	return NULL;
}

static void stream_expired(void *arg)
{
	struct fast_stream *stream = arg;
	struct fast_client *client = stream->call.client;
	bool was_open;
	bool is_mine;

	pthread_mutex_lock(&client->lock);
	was_open = stream->call.state == FAST_CLIENT_CALL_OPEN;
	is_mine = fast_client_abandon(&stream->call);
	if (is_mine) {
		fast_client_call_expire(&stream->call, was_open);
		stream->call.state = FAST_CLIENT_CALL_DONE;
		pthread_cond_broadcast(&stream->call.changed);
	}
	pthread_mutex_unlock(&client->lock);
}

static struct fast_stream *stream_new(const struct fast_method *method)
{
	struct fast_stream *stream = calloc(1, sizeof *stream);

	if (stream != NULL) {
		fast_list_init(&stream->items);
		fast_arena_init(&stream->arena, 0);
		stream->credit = method->kind == FAST_METHOD_CLIENT_STREAM ? 0 : FAST_STREAM_CREDIT;
	}
	return stream;
}

/* Its call is over. */
static void stream_free(struct fast_stream *stream)
{
	fast_stream_items_free(&stream->items);
	fast_arena_fini(&stream->arena);
	fast_client_call_fini(&stream->call);
	fast_reply_fini(&stream->reply);
	free(stream);
}

enum fast_status fast_client_stream(struct fast_client *client, const struct fast_method *method,
				    const struct fast_call_options *options,
				    const ProtobufCMessage *request, struct fast_stream **out)
{
	struct fast_stream *stream = stream_new(method);
	enum fast_status status;

	assert(method->kind != FAST_METHOD_UNARY && out != NULL);
	if (stream == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	status = fast_client_call_init(&stream->call, FAST_CLIENT_CALL_STREAM, client, method,
				       options, request, &stream->reply);
	if (status != FAST_OK) {
		stream_free(stream);
		return status;
	}
	pthread_mutex_lock(&client->lock);
	if (stream->call.deadline_ns != FAST_TIME_NEVER &&
	    fast_timer_set(client->timers, &stream->call.timer, stream->call.deadline_ns,
			   stream_expired, stream) != FAST_OK) {
		pthread_mutex_unlock(&client->lock);
		stream_free(stream);
		return FAST_RESOURCE_EXHAUSTED;
	}
	client->stream_count++;
	client->active_ns = fast_timers_now_ns(client->timers);
	if (!fast_client_submit(&stream->call)) {
		stream->call.state = FAST_CLIENT_CALL_DONE; /* fast_stream_next() says why */
	}
	fast_client_read_on(client);
	pthread_mutex_unlock(&client->lock);
	*out = stream;
	return FAST_OK;
}

void fast_stream_grant(struct fast_stream *stream)
{
	struct fast_client_connection *connection = stream->call.connection;
	struct fast_packet packet = {
		.kind = FAST__V1__PACKET_KIND__PACKET_KIND_CREDIT,
		.credit = stream->consumed,
	};
	struct fast_frame *frame = NULL;
	uint8_t header[4];

	if (stream->consumed < FAST_STREAM_CREDIT / 2 ||
	    stream->call.state != FAST_CLIENT_CALL_OPEN) {
		return;
	}
	fast_id_write(stream->call.id, header);
	if (fast_frame_packet(connection->connection.rules.framing, header, sizeof header, &packet,
			      NULL, FAST_MESSAGE_BYTES_MAX, &frame) != FAST_OK) {
		return; /* tried again at the next item */
	}
	fast_connection_push(&connection->connection, frame);
	fast_connection_flush(&connection->connection);
	stream->credit += stream->consumed;
	stream->consumed = 0;
}

/* Lock held, but not meanwhile. False: time is up. */
static bool stream_wait(struct fast_stream *stream, int64_t until_ns)
{
	struct fast_client *client = stream->call.client;
	struct timespec until = {until_ns / NS_PER_S, until_ns % NS_PER_S};

	while ((fast_list_is_empty(&stream->items) || stream->is_cancelled) &&
	       stream->call.state != FAST_CLIENT_CALL_DONE) {
		if (until_ns == FAST_TIME_NEVER) {
			pthread_cond_wait(&stream->call.changed, &client->lock);
		} else if (until_ns <= fast_timers_now_ns(client->timers)) {
			return false;
		} else {
			pthread_cond_timedwait(&stream->call.changed, &client->lock, &until);
		}
	}
	return true;
}

void fast_stream_give_up(struct fast_stream *stream, enum fast_status status, const char *sentence)
{
	struct fast_client_call *call = &stream->call;

	if (fast_client_abandon(call)) {
		fast_reply_fail(call->reply, status, FAST_EXECUTED_UNKNOWN, "%s: %s",
				call->method->path, sentence);
		call->state = FAST_CLIENT_CALL_DONE;
		pthread_cond_broadcast(&call->changed);
	}
}

static enum fast_status stream_unpack(struct fast_stream *stream, struct fast_stream_item *item,
				      const ProtobufCMessage **message)
{
	struct fast_client *client = stream->call.client;
	const char *reason = NULL;
	enum fast_status status;

	fast_arena_reset(&stream->arena);
	stream->arena.cap_bytes =
		item->bytes * FAST_MESSAGE_AMPLIFICATION_MAX + FAST_MESSAGE_ARENA_BYTES_MIN;
	status = fast_message_unpack(stream->call.method->response, item->data, item->bytes,
				     &stream->arena, message, &reason);
	fast_stream_item_free(item);
	if (status == FAST_OK) {
		return FAST_OK;
	}
	pthread_mutex_lock(&client->lock);
	fast_stream_give_up(stream, FAST_DATA_LOSS, reason);
	pthread_mutex_unlock(&client->lock);
	stream->has_ended = true;
	return FAST_DATA_LOSS;
}

void fast_stream_pop(struct fast_stream *stream)
{
	fast_list_pop(&stream->items);
	stream->item_count--;
	stream->consumed++;
	fast_stream_grant(stream);
}

enum fast_status fast_stream_next(struct fast_stream *stream, int64_t wait_ms,
				  const ProtobufCMessage **message)
{
	struct fast_client *client = stream->call.client;
	int64_t until_ns = fast_time_after_ms(fast_timers_now_ns(client->timers), wait_ms);
	struct fast_list *node;
	bool has_gap;

	assert(stream->call.method->kind != FAST_METHOD_CLIENT_STREAM);
	*message = NULL;
	if (stream->has_ended) {
		return stream->reply.status;
	}
	if (wait_ms != 0 && fast_thread_is_runtime()) {
		return FAST_FAILED_PRECONDITION;
	}
	pthread_mutex_lock(&client->lock);
	if (!stream_wait(stream, until_ns)) {
		pthread_mutex_unlock(&client->lock);
		return FAST_DEADLINE_EXCEEDED;
	}
	node = stream->is_cancelled || fast_list_is_empty(&stream->items) ? NULL
									  : stream->items.next;
	has_gap =
		node != NULL &&
		fast_stream_take_gap(stream, FAST_LIST_ENTRY(node, struct fast_stream_item, node));
	if (stream->is_cancelled && stream->reply.status == FAST_OK) {
		/* It had ended well, but not been read to its end. */
		fast_reply_fail(&stream->reply, FAST_CANCELLED, FAST_EXECUTED_YES,
				"%s: the stream was cancelled", stream->call.method->path);
	}
	if (node != NULL && !has_gap) {
		fast_stream_pop(stream);
	}
	pthread_mutex_unlock(&client->lock);
	if (has_gap) {
		return FAST_DATA_LOSS; /* and the stream goes on */
	}
	if (node != NULL) {
		return stream_unpack(stream, FAST_LIST_ENTRY(node, struct fast_stream_item, node),
				     message);
	}
	stream->has_ended = true;
	return stream->reply.status;
}

bool fast_stream_ended(const struct fast_stream *stream)
{
	return stream->has_ended;
}

uint64_t fast_stream_dropped(const struct fast_stream *stream)
{
	struct fast_client *client = stream->call.client;
	uint64_t dropped;

	pthread_mutex_lock(&client->lock);
	dropped = stream->dropped;
	pthread_mutex_unlock(&client->lock);
	return dropped;
}

const struct fast_reply *fast_stream_reply(const struct fast_stream *stream)
{
	assert(stream->has_ended);
	return &stream->reply;
}

void fast_stream_cancel(struct fast_stream *stream)
{
	struct fast_client *client = stream->call.client;

	pthread_mutex_lock(&client->lock);
	fast_stream_give_up(stream, FAST_CANCELLED, "the stream was cancelled");
	stream->is_cancelled = true;
	pthread_mutex_unlock(&client->lock);
}

void fast_stream_close(struct fast_stream *stream)
{
	struct fast_client *client;
	struct fast_list failed;

	if (stream == NULL) {
		return;
	}
	client = stream->call.client;
	fast_list_init(&failed);
	pthread_mutex_lock(&client->lock);
	fast_stream_give_up(stream, FAST_CANCELLED, "the stream was closed");
	while (stream->call.state != FAST_CLIENT_CALL_DONE) {
		pthread_cond_wait(&stream->call.changed, &client->lock);
	}
	fast_client_submit_waiting(client, &failed);
	pthread_mutex_unlock(&client->lock);
	fast_client_finish_all(&failed);
	fast_timer_cancel_wait(client->timers, &stream->call.timer);
	fast_timer_cancel_wait(client->timers, &stream->resume.timer);
	stream_free(stream);
	/* Last: the client may be closed once no stream is left. */
	pthread_mutex_lock(&client->lock);
	client->stream_count--;
	pthread_mutex_unlock(&client->lock);
}
