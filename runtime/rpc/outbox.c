#include "rpc/outbox.h"

#include "rpc/limits.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

static struct fast_frame *frame_of(struct fast_list *node)
{
	return FAST_LIST_ENTRY(node, struct fast_frame, node);
}

void fast_outbox_init(struct fast_outbox *outbox, enum fast_sp_framing framing)
{
	*outbox = (struct fast_outbox){.framing = framing};
	for (int lane = 0; lane < FAST_LANES; lane++) {
		fast_list_init(&outbox->lanes[lane]);
	}
	fast_list_init(&outbox->sending);
}

void fast_outbox_fini(struct fast_outbox *outbox)
{
	if (outbox->sending.next == NULL) {
		return;
	}
	fast_outbox_fail(outbox);
	free(outbox->batch);
	outbox->batch = NULL;
}

void fast_outbox_push(struct fast_outbox *outbox, struct fast_frame *frame)
{
	assert(frame->state == FAST_FRAME_IDLE);
	frame->state = FAST_FRAME_WAITING;
	frame->left_bytes = frame->byte_count;
	fast_list_append(&outbox->lanes[frame->lane], &frame->node);
	outbox->waiting_count++;
	outbox->waiting_bytes += frame->left_bytes;
}

/* Takes what is left of a frame out of its lane. */
static void outbox_remove(struct fast_outbox *outbox, struct fast_frame *frame)
{
	fast_list_remove(&frame->node);
	outbox->waiting_count--;
	outbox->waiting_bytes -= frame->left_bytes;
	frame->left_bytes = 0;
}

struct fast_frame *fast_outbox_pop(struct fast_outbox *outbox)
{
	for (int lane = 0; lane < FAST_LANES; lane++) {
		FAST_LIST_FOREACH(node, &outbox->lanes[lane])
		{
			struct fast_frame *frame = frame_of(node);
			if (frame->state == FAST_FRAME_WAITING) {
				outbox_remove(outbox, frame);
				frame->state = FAST_FRAME_IDLE;
				return frame;
			}
		}
	}
	return NULL;
}

void fast_outbox_drop(struct fast_outbox *outbox, struct fast_frame *frame)
{
	bool is_waiting;

	if (frame == NULL) {
		return;
	}
	frame->kept = false;
	is_waiting = frame->state == FAST_FRAME_WAITING || frame->left_bytes > 0;
	if (is_waiting) {
		outbox_remove(outbox, frame);
	}
	if (frame->state != FAST_FRAME_SENDING || (is_waiting && !outbox->is_busy)) {
		fast_frame_free(frame);
	} else if (is_waiting) {
		/* The link may still read from it. */
		fast_list_append(&outbox->sending, &frame->node);
	}
}

/* Adds bytes to the send being made, joined with those before where they lie behind them. */
static void outbox_add(struct fast_outbox *outbox, const uint8_t *bytes, size_t byte_count)
{
	struct iovec *last = outbox->iov_count == 0 ? NULL : &outbox->iov[outbox->iov_count - 1];

	outbox->iov_bytes += byte_count;
	if (last != NULL && (uint8_t *)last->iov_base + last->iov_len == bytes) {
		last->iov_len += byte_count;
		return;
	}
	assert(outbox->iov_count < FAST_LINK_IOV_MAX);
	outbox->iov[outbox->iov_count++] = (struct iovec){
		.iov_base = (uint8_t *)(uintptr_t)bytes,
		.iov_len = byte_count,
	};
}

/* How much of the send being made a lane may fill. */
struct share {
	int iov_count;
	size_t batch_bytes;
};

/* The whole frame, copied when that joins it with others. False: no room. */
static bool outbox_add_frame(struct fast_outbox *outbox, struct fast_frame *frame,
			     const struct share *share, bool is_alone)
{
	bool is_copied = !is_alone && outbox->batch != NULL &&
			 frame->byte_count <= FAST_BATCH_FRAME_BYTES_MAX;
	uint8_t *copy = is_copied ? outbox->batch + outbox->batch_bytes : NULL;
	struct iovec *last = outbox->iov_count == 0 ? NULL : &outbox->iov[outbox->iov_count - 1];
	bool is_joined =
		is_copied && last != NULL && (uint8_t *)last->iov_base + last->iov_len == copy;

	if ((is_copied && outbox->batch_bytes + frame->byte_count > share->batch_bytes) ||
	    (!is_joined && outbox->iov_count >= share->iov_count)) {
		return false;
	}
	frame->batch_offset = outbox->iov_bytes;
	if (is_copied) {
		memcpy(copy, frame->bytes, frame->byte_count);
		outbox->batch_bytes += frame->byte_count;
	}
	outbox_add(outbox, is_copied ? copy : frame->bytes, frame->byte_count);
	return true;
}

/* The next piece of the frame. False: no room. */
static bool outbox_add_piece(struct fast_outbox *outbox, struct fast_frame *frame,
			     const struct share *share, size_t piece_bytes)
{
	size_t rest_bytes = frame->payload_bytes - frame->cut_bytes;
	uint8_t *head =
		outbox->heads[outbox->iov_count < FAST_LINK_IOV_MAX ? outbox->iov_count : 0];

	if (outbox->iov_count + (frame->is_cut ? 2 : 1) > share->iov_count) {
		return false;
	}
	frame->batch_offset = outbox->iov_bytes;
	if (!frame->is_cut) {
		fast_fragment_cut(frame, outbox->framing, piece_bytes);
		outbox_add(outbox, frame->bytes, frame->byte_count);
		return true;
	}
	piece_bytes = rest_bytes < piece_bytes ? rest_bytes : piece_bytes;
	outbox_add(outbox, head, fast_fragment_head(frame, outbox->framing, piece_bytes, head));
	outbox_add(outbox,
		   frame->room + frame->room_bytes - frame->payload_bytes + frame->cut_bytes,
		   piece_bytes);
	frame->cut_bytes += piece_bytes;
	return true;
}

/* Whether the frame goes as one. Pieces let control pass between them, but what the window takes at
 * once nobody can overtake anyhow, and a message in one piece costs the peer no copy. */
static bool outbox_goes_whole(const struct fast_outbox *outbox, const struct fast_frame *frame,
			      size_t piece_bytes)
{
	if (frame->is_cut) {
		return false;
	}
	return piece_bytes == 0 || frame->payload_bytes <= piece_bytes ||
	       (frame->lane == FAST_LANE_BULK &&
		frame->byte_count <= fast_window_left(&outbox->window));
}

/* Adds the lane's first frame, or a piece of it. False: no room. */
static bool outbox_take(struct fast_outbox *outbox, struct fast_frame *frame,
			const struct share *share, bool is_alone)
{
	size_t piece_bytes = outbox->fragment_bytes;
	size_t taken_bytes = frame->left_bytes;
	size_t before_bytes = outbox->iov_bytes;
	bool is_whole;

	if (frame->lane == FAST_LANE_BULK && piece_bytes > fast_window_piece(&outbox->window)) {
		piece_bytes = fast_window_piece(&outbox->window);
	}
	is_whole = outbox_goes_whole(outbox, frame, piece_bytes);
	if (!(is_whole ? outbox_add_frame(outbox, frame, share, is_alone)
		       : outbox_add_piece(outbox, frame, share, piece_bytes))) {
		return false;
	}
	frame->state = FAST_FRAME_SENDING;
	if (frame->lane == FAST_LANE_BULK) {
		outbox->window.sent += outbox->iov_bytes - before_bytes;
	}
	if (!is_whole && frame->cut_bytes < frame->payload_bytes) {
		size_t rest_bytes = frame->payload_bytes - frame->cut_bytes;
		taken_bytes = frame->left_bytes - rest_bytes;
		frame->left_bytes = rest_bytes;
		outbox->waiting_bytes -= taken_bytes;
		return true;
	}
	outbox_remove(outbox, frame);
	fast_list_append(&outbox->sending, &frame->node);
	return true;
}

static void outbox_fill(struct fast_outbox *outbox, enum fast_lane lane, struct share share,
			bool is_alone)
{
	struct fast_list *frames = &outbox->lanes[lane];

	while (!fast_list_is_empty(frames)) {
		if (lane == FAST_LANE_BULK && !outbox->is_pressed &&
		    fast_window_is_full(&outbox->window)) {
			outbox->window.is_limited = true;
			return;
		}
		if (!outbox_take(outbox, frame_of(frames->next), &share, is_alone) ||
		    (lane == FAST_LANE_BULK && fast_window_wants_mark(&outbox->window, false))) {
			return; /* so that marks lie close together, before a long way too */
		}
	}
}

/* Control first, but bulk has its part of every send, so that neither waits for ever. */
bool fast_outbox_begin(struct fast_outbox *outbox)
{
	bool is_alone = outbox->waiting_count == 1; /* it is sent from where it lies */
	bool has_bulk = !fast_list_is_empty(&outbox->lanes[FAST_LANE_BULK]);
	struct share share = {FAST_LINK_IOV_MAX, FAST_BATCH_BYTES_MAX};

	assert(fast_list_is_empty(&outbox->sending) && !outbox->is_busy);
	outbox->written_bytes = 0;
	outbox->iov_bytes = 0;
	outbox->batch_bytes = 0;
	outbox->iov_first = 0;
	outbox->iov_count = 0;
	if (outbox->waiting_count > 1 && outbox->batch == NULL) {
		outbox->batch = malloc(FAST_BATCH_BYTES_MAX); /* NULL: sent one by one */
	}
	if (has_bulk) {
		share.iov_count /= 2;
		share.batch_bytes /= 2;
	}
	outbox_fill(outbox, FAST_LANE_CONTROL, share, is_alone);
	if (has_bulk) {
		share = (struct share){FAST_LINK_IOV_MAX - outbox->window.is_on,
				       FAST_BATCH_BYTES_MAX};
		outbox_fill(outbox, FAST_LANE_BULK, share, is_alone);
		if (fast_window_wants_mark(&outbox->window,
					   !fast_list_is_empty(&outbox->lanes[FAST_LANE_BULK]))) {
			outbox_add(
				outbox, outbox->mark,
				fast_window_mark(&outbox->window, outbox->framing, outbox->mark));
		}
	}
	outbox->is_busy = outbox->iov_count > 0;
	return outbox->is_busy;
}

/* Ends a frame that was handed to the link. */
static void frame_end(struct fast_frame *frame, enum fast_frame_state state)
{
	fast_list_remove(&frame->node);
	frame->state = state;
	if (!frame->kept) {
		fast_frame_free(frame);
	}
}

bool fast_outbox_advance(struct fast_outbox *outbox, size_t bytes)
{
	outbox->written_bytes += bytes;
	while (outbox->iov_first < outbox->iov_count) {
		struct iovec *iov = &outbox->iov[outbox->iov_first];
		if (bytes < iov->iov_len) {
			iov->iov_base = (uint8_t *)iov->iov_base + bytes;
			iov->iov_len -= bytes;
			return true;
		}
		bytes -= iov->iov_len;
		outbox->iov_first++;
	}
	assert(bytes == 0);
	outbox->is_busy = false;
	while (!fast_list_is_empty(&outbox->sending)) {
		frame_end(frame_of(outbox->sending.next), FAST_FRAME_SENT);
	}
	for (int lane = 0; lane < FAST_LANES; lane++) {
		if (!fast_list_is_empty(&outbox->lanes[lane])) {
			struct fast_frame *frame = frame_of(outbox->lanes[lane].next);
			frame->is_begun = frame->state == FAST_FRAME_SENDING;
		}
	}
	return false;
}

/* What became of a frame that was handed to the link, at least in part. */
static enum fast_frame_state frame_fate(const struct fast_outbox *outbox,
					const struct fast_frame *frame)
{
	return frame->is_begun || frame->batch_offset < outbox->written_bytes ? FAST_FRAME_SENT
									      : FAST_FRAME_IDLE;
}

void fast_outbox_fail(struct fast_outbox *outbox)
{
	while (!fast_list_is_empty(&outbox->sending)) {
		struct fast_frame *frame = frame_of(outbox->sending.next);
		frame_end(frame, frame_fate(outbox, frame));
	}
	for (int lane = 0; lane < FAST_LANES; lane++) {
		while (!fast_list_is_empty(&outbox->lanes[lane])) {
			struct fast_frame *frame = frame_of(outbox->lanes[lane].next);
			bool is_begun = frame->state == FAST_FRAME_SENDING;
			outbox_remove(outbox, frame);
			frame_end(frame, is_begun ? frame_fate(outbox, frame) : FAST_FRAME_IDLE);
		}
	}
	outbox->is_busy = false;
}
