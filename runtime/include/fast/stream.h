/* fast/stream.h - the client's side of a server stream. */
#ifndef FAST_STREAM_H
#define FAST_STREAM_H

#include <fast/client.h>

FAST_BEGIN_DECLS

/* Items that may wait unread at the client: the credit that it grants. */
#define FAST_STREAM_CREDIT 32
/* Items that may wait unsent at the server. */
#define FAST_STREAM_QUEUE_MAX 64

/* A stream of messages from the server. Use from one thread at a time. */
struct fast_stream;

/* Opens a stream: what generated stubs call. options->timeout_ms bounds the whole stream. Gives
 * *out, which the caller closes. Errors of the call itself show at fast_stream_next(). */
FAST_MUST_CHECK enum fast_status fast_client_stream(struct fast_client *client,
						    const struct fast_method *method,
						    const struct fast_call_options *options,
						    const ProtobufCMessage *request,
						    struct fast_stream **out);

/* Waits at most wait_ms (-1: without limit) for the next item. FAST_OK and *message: an item,
 * borrowed until the next call on this stream. FAST_OK and NULL: the stream has ended well.
 * DEADLINE_EXCEEDED with fast_stream_ended() false: nothing came in time; the stream goes on.
 * Any other status is how the stream ended. */
FAST_MUST_CHECK enum fast_status fast_stream_next(struct fast_stream *stream, int64_t wait_ms,
						  const ProtobufCMessage **message);

/* Whether the end has been returned by fast_stream_next(). */
bool fast_stream_ended(const struct fast_stream *stream);

/* Items that the server dropped because this reader was slow, so far. */
uint64_t fast_stream_dropped(const struct fast_stream *stream);

/* How the stream ended: sentence and details. Valid after the end, until close. */
const struct fast_reply *fast_stream_reply(const struct fast_stream *stream);

/* Makes a waiting fast_stream_next() return CANCELLED. The one function that may be called from
 * another thread. */
void fast_stream_cancel(struct fast_stream *stream);

/* Cancels the stream if it has not ended and frees it. NULL is allowed. */
void fast_stream_close(struct fast_stream *stream);

FAST_END_DECLS

#endif
