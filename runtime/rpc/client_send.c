#include "rpc/client_stream.h"
#include "rpc/limits.h"
#include "rpc/thread.h"
#include <assert.h>
#include <time.h>

#define NS_PER_S 1000000000

void fast_stream_take_credit(struct fast_client_call *call, uint32_t credit)
{
	struct fast_stream *stream = (struct fast_stream *)call;

	stream->send_credit = credit > UINT32_MAX - stream->send_credit
				      ? UINT32_MAX
				      : stream->send_credit + credit;
	pthread_cond_broadcast(&call->changed); /* a reader may wait too */
}

static enum fast_status half_close_frame(enum fast_sp_framing framing, uint32_t id,
					 struct fast_frame **out)
{
	const struct fast_packet packet = {.kind = FAST__V1__PACKET_KIND__PACKET_KIND_HALF_CLOSE};
	uint8_t header[4];

	fast_id_write(id, header);
	return fast_frame_packet(framing, header, sizeof header, &packet, NULL,
				 FAST_MESSAGE_BYTES_MAX, out);
}

enum fast_status fast_stream_follow_up(const struct fast_client_call *call,
				       enum fast_sp_framing framing, uint32_t id,
				       struct fast_frame **out)
{
	*out = NULL;
	/* A half close that came before the connection did, or was lost with the request. */
	if (call->kind != FAST_CLIENT_CALL_STREAM ||
	    !((const struct fast_stream *)call)->is_half_closed) {
		return FAST_OK;
	}
	return half_close_frame(framing, id, out);
}

static bool stream_takes_items(const struct fast_stream *stream)
{
	enum fast_method_kind kind = stream->call.method->kind;

	return kind == FAST_METHOD_CLIENT_STREAM || kind == FAST_METHOD_BIDI_STREAM;
}

/* Lock held. Why nothing can be sent any more. FAST_OK: it can, perhaps not yet. */
static enum fast_status stream_end(const struct fast_stream *stream)
{
	if (stream->is_cancelled) {
		return FAST_CANCELLED;
	}
	if (stream->call.state != FAST_CLIENT_CALL_DONE) {
		return FAST_OK;
	}
	return stream->reply.status == FAST_OK ? FAST_OUT_OF_RANGE : stream->reply.status;
}

/* Lock held, but not meanwhile. FAST_OK: an item may be sent. DEADLINE_EXCEEDED: time is up. */
static enum fast_status stream_wait_for_credit(struct fast_stream *stream, int64_t until_ns)
{
	struct fast_client *client = stream->call.client;
	struct timespec until = {until_ns / NS_PER_S, until_ns % NS_PER_S};
	enum fast_status status;

	for (;;) {
		status = stream_end(stream);
		if (status != FAST_OK ||
		    (stream->call.state == FAST_CLIENT_CALL_OPEN && stream->send_credit > 0)) {
			return status;
		}
		if (until_ns == FAST_TIME_NEVER) {
			pthread_cond_wait(&stream->call.changed, &client->lock);
		} else if (until_ns <= fast_timers_now_ns(client->timers)) {
			return FAST_DEADLINE_EXCEEDED;
		} else {
			pthread_cond_timedwait(&stream->call.changed, &client->lock, &until);
		}
	}
}

/* Lock held. Takes frame, for which there was credit; the stream may have ended since. */
static enum fast_status stream_push(struct fast_stream *stream, struct fast_frame *frame,
				    const struct fast_packet *packet)
{
	struct fast_client_connection *connection = stream->call.connection;
	enum fast_status status = stream_wait_for_credit(stream, 0);
	uint8_t header[4];

	if (status != FAST_OK) {
		fast_frame_free(frame);
		return status;
	}
	fast_id_write(stream->call.id, header);
	fast_frame_seal(frame, connection->connection.rules.framing, header, sizeof header, packet);
	frame->lane = stream->call.frame->lane;
	stream->send_credit--;
	stream->sent_sequence++;
	fast_connection_push(&connection->connection, frame);
	fast_connection_flush(&connection->connection);
	return FAST_OK;
}

enum fast_status fast_stream_send(struct fast_stream *stream, int64_t wait_ms,
				  const ProtobufCMessage *message)
{
	struct fast_client *client = stream->call.client;
	int64_t until_ns = fast_time_after_ms(fast_timers_now_ns(client->timers), wait_ms);
	struct fast_packet packet = {.kind = FAST__V1__PACKET_KIND__PACKET_KIND_CLIENT_ITEM};
	struct fast_frame *frame = NULL;
	size_t head_bytes = 0;
	size_t bytes_max = 0;
	enum fast_status status;

	assert(stream_takes_items(stream));
	assert(message->descriptor == stream->call.method->request);
	if (wait_ms != 0 && fast_thread_is_runtime()) {
		return FAST_FAILED_PRECONDITION;
	}
	pthread_mutex_lock(&client->lock);
	if (stream->is_half_closed) {
		pthread_mutex_unlock(&client->lock);
		return FAST_FAILED_PRECONDITION;
	}
	status = stream_wait_for_credit(stream, until_ns);
	if (status == FAST_OK) {
		packet.sequence = stream->sent_sequence + 1;
		head_bytes = fast_frame_head_bytes_max(4, &packet);
		bytes_max = stream->call.connection->peer_bytes_max;
	}
	pthread_mutex_unlock(&client->lock);
	if (status != FAST_OK) {
		return status;
	}
	status = bytes_max <= head_bytes
			 ? FAST_RESOURCE_EXHAUSTED
			 : fast_frame_new(message, bytes_max - head_bytes, head_bytes, &frame);
	if (status != FAST_OK) {
		return status;
	}
	pthread_mutex_lock(&client->lock);
	status = stream_push(stream, frame, &packet);
	pthread_mutex_unlock(&client->lock);
	return status;
}

bool fast_stream_is_over(const struct fast_stream *stream)
{
	struct fast_client *client = stream->call.client;
	bool is_over;

	pthread_mutex_lock(&client->lock);
	is_over = stream_end(stream) != FAST_OK;
	pthread_mutex_unlock(&client->lock);
	return is_over;
}

enum fast_status fast_stream_half_close(struct fast_stream *stream)
{
	struct fast_client *client = stream->call.client;
	struct fast_client_call *call = &stream->call;
	enum fast_status status = FAST_OK;
	struct fast_frame *frame = NULL;

	assert(stream_takes_items(stream));
	pthread_mutex_lock(&client->lock);
	if (!stream->is_half_closed && call->state == FAST_CLIENT_CALL_OPEN) {
		struct fast_connection *connection = &call->connection->connection;
		status = half_close_frame(connection->rules.framing, call->id, &frame);
		if (status == FAST_OK) {
			frame->lane = call->frame->lane;
			fast_connection_push(connection, frame);
			fast_connection_flush(connection);
		}
	}
	stream->is_half_closed = status == FAST_OK; /* sent with the request, if that waits */
	pthread_mutex_unlock(&client->lock);
	return status;
}

enum fast_status fast_stream_finish(struct fast_stream *stream, struct fast_reply *reply)
{
	struct fast_client *client = stream->call.client;
	enum fast_status status = FAST_FAILED_PRECONDITION;

	assert(stream->call.method->kind == FAST_METHOD_CLIENT_STREAM);
	fast_reply_init(reply);
	if (stream->has_ended || fast_thread_is_runtime()) {
		fast_reply_fail(reply, status, FAST_EXECUTED_UNKNOWN, "%s: %s",
				stream->call.method->path,
				stream->has_ended ? "the stream was finished before"
						  : "a thread of the runtime must not wait");
		return status;
	}
	status = fast_stream_half_close(stream);
	pthread_mutex_lock(&client->lock);
	if (status != FAST_OK) {
		fast_stream_give_up(stream, status, "no memory to half-close the stream");
	}
	while (stream->call.state != FAST_CLIENT_CALL_DONE) {
		pthread_cond_wait(&stream->call.changed, &client->lock);
	}
	*reply = stream->reply;
	fast_reply_init(&stream->reply); /* what it held is the caller's now */
	stream->reply.status = reply->status;
	stream->has_ended = true;
	pthread_mutex_unlock(&client->lock);
	return reply->status;
}
