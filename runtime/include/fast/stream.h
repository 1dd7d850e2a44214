/* fast/stream.h - the client's side of a stream: of items from the server, to it, or both. */
#ifndef FAST_STREAM_H
#define FAST_STREAM_H

#include <fast/client.h>

FAST_BEGIN_DECLS

/* Items that may wait unread at their receiver: the credit that it grants. */
#define FAST_STREAM_CREDIT 32
/* Items that may wait unsent at the server. */
#define FAST_STREAM_QUEUE_MAX 64

/* A call with a stream of messages. One thread may send while another receives; each half is for
 * one thread at a time. */
struct fast_stream;

/* Opens a stream: what generated stubs call. options->timeout_ms bounds the whole stream. request
 * is NULL where the method takes a stream of them. Gives *out, which the caller closes. Errors of
 * the call itself show at fast_stream_next(), fast_stream_send() and fast_stream_finish(). */
FAST_MUST_CHECK enum fast_status fast_client_stream(struct fast_client *client,
						    const struct fast_method *method,
						    const struct fast_call_options *options,
						    const ProtobufCMessage *request,
						    struct fast_stream **out);

/* Sends one item to a method that takes a stream; it is packed before this returns. Waits at most
 * wait_ms (-1: without limit) until the server takes one. FAST_OK: it is queued.
 * FAILED_PRECONDITION: after the half close, or waiting on a thread of the runtime. Else nothing
 * was queued. With fast_stream_is_over() false the stream goes on: DEADLINE_EXCEEDED, the server
 * took none in time; RESOURCE_EXHAUSTED, the item is too long, or no memory; INVALID_ARGUMENT, it
 * cannot be packed. With true: OUT_OF_RANGE, the server has ended the call well, and wants no more;
 * or the status with which it ended. */
FAST_MUST_CHECK enum fast_status fast_stream_send(struct fast_stream *stream, int64_t wait_ms,
						  const ProtobufCMessage *message);

/* Whether nothing can be sent any more because the call has ended. From any thread. */
bool fast_stream_is_over(const struct fast_stream *stream);

/* Tells the server that no more items follow. FAST_OK also when that was done before, or the call
 * has ended. RESOURCE_EXHAUSTED: no memory; it may be tried again. */
FAST_MUST_CHECK enum fast_status fast_stream_half_close(struct fast_stream *stream);

/* Half-closes a client stream and waits for its one answer. Fills *reply, also when it fails, and
 * returns reply->status. Once; then the stream is to be closed. */
enum fast_status fast_stream_finish(struct fast_stream *stream, struct fast_reply *reply);

/* Waits at most wait_ms (-1: without limit) for the next item. Not on a client stream. FAST_OK and
 * *message: an item, borrowed until the next call of this function. FAST_OK and NULL: the stream
 * has ended well. DEADLINE_EXCEEDED with fast_stream_ended() false: nothing came in time; the
 * stream goes on. Any other status is how the stream ended. */
FAST_MUST_CHECK enum fast_status fast_stream_next(struct fast_stream *stream, int64_t wait_ms,
						  const ProtobufCMessage **message);

/* Whether the end has been returned by fast_stream_next() or fast_stream_finish(). */
bool fast_stream_ended(const struct fast_stream *stream);

/* Items that the server dropped because this reader was slow, so far. */
uint64_t fast_stream_dropped(const struct fast_stream *stream);

/* Waits at most wait_ms (-1: without limit) for the headers of the server, which come before its
 * first item, if at all. FAST_OK: what came, or none, because an item or the end came first.
 * DEADLINE_EXCEEDED: nothing in time. Borrowed until close; not after fast_stream_finish(), which
 * gives them away. From any thread. */
FAST_MUST_CHECK enum fast_status fast_stream_headers(struct fast_stream *stream, int64_t wait_ms,
						     const struct fast_metadata **headers);

/* How the stream ended: sentence, details and trailers. Valid after the end, until close; after
 * fast_stream_finish(), which gave them away, the status alone. */
const struct fast_reply *fast_stream_reply(const struct fast_stream *stream);

/* Makes the waiting functions return CANCELLED. From any thread. */
void fast_stream_cancel(struct fast_stream *stream);

/* Cancels the stream if it has not ended and frees it. NULL is allowed. */
void fast_stream_close(struct fast_stream *stream);

FAST_END_DECLS

#endif
