/* fast/resume.h - server streams that outlive their connection: the option `resumable`. */
#ifndef FAST_RESUME_H
#define FAST_RESUME_H

#include <fast/call.h>
#include <fast/stream.h>

FAST_BEGIN_DECLS

/* Items of such a stream carry cursors: numbers of the service's own, from 1, rising, with or
 * without holes, alike for whoever reads. When the connection is lost, the client connects again,
 * as often and as long as the stream's deadline lets it, and asks for what follows the newest item
 * that it has. What the service has no more shows as a gap. Cursors count in an epoch, another
 * number of the service's: where that changes, say because a restart has begun to count anew, what
 * was missed cannot be known, and that is a gap too. A stream begins with its first item or mark:
 * what the service made before is no part of it. */

/* The server's side. */

enum fast_resume {
	FAST_RESUME_NOT,   /* the caller has nothing: begin as the method says */
	FAST_RESUME_AFTER, /* go on with the item behind *after */
	/* The caller has items of another epoch: begin as the method says, best with all that there
	 * is. The caller is told of the gap by the first item or mark. */
	FAST_RESUME_LOST,
};

/* Where the caller's stream is to go on; before the first item. epoch is the service's; 0: the
 * process's own, another one at each start. A handler that does not ask, and sends its items from
 * the first, is right too: those that the caller has are left out. */
enum fast_resume fast_call_resume_after(struct fast_call *call, uint64_t epoch, uint64_t *after);

/* As fast_call_send(). INVALID_ARGUMENT: the cursor is not above that of the item before. FAST_OK
 * without doing anything: the caller has the item. An item sent without a cursor ends what can be
 * resumed: the stream then ends with its connection. */
FAST_MUST_CHECK enum fast_status fast_call_send_at(struct fast_call *call, uint64_t cursor,
						   const ProtobufCMessage *message);

/* Tells the reader that the items first to last are missing for good; the next is behind last. A
 * reader that knows no gaps has them counted as dropped. Else as fast_call_send_at(). */
FAST_MUST_CHECK enum fast_status fast_call_send_gap(struct fast_call *call, uint64_t first,
						    uint64_t last);

/* Tells where the stream stands when that is no item: it begins with the item behind cursor, or
 * those up to cursor are not for this reader. 0: before the first. Else as fast_call_send_at(). */
FAST_MUST_CHECK enum fast_status fast_call_send_mark(struct fast_call *call, uint64_t cursor);

/* The client's side: fast_stream_next() returns DATA_LOSS, with fast_stream_ended() false, where
 * items are missing. The stream goes on behind them. */
struct fast_gap {
	bool is_reset;  /* another epoch: everything since the last item may be missing */
	uint64_t first; /* missing; 0: not known (is_reset) */
	uint64_t last;  /* is_reset: the new epoch's cursor behind which the stream goes on */
};

/* The newest gap that fast_stream_next() has returned; zeroed before. The reader's. */
struct fast_gap fast_stream_gap(const struct fast_stream *stream);

/* Times that the stream was opened again, so far. From any thread. */
uint64_t fast_stream_resumed(const struct fast_stream *stream);

FAST_END_DECLS

#endif
