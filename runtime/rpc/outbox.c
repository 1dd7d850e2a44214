#include "rpc/outbox.h"

#include "rpc/limits.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

static struct fast_frame *frame_of(struct fast_list *node)
{
	return FAST_LIST_ENTRY(node, struct fast_frame, node);
}

void fast_outbox_init(struct fast_outbox *outbox)
{
	*outbox = (struct fast_outbox){.batch = NULL};
	fast_list_init(&outbox->waiting);
	fast_list_init(&outbox->sending);
}

void fast_outbox_fini(struct fast_outbox *outbox)
{
	if (outbox->waiting.next == NULL) {
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
	fast_list_append(&outbox->waiting, &frame->node);
	outbox->waiting_count++;
	outbox->waiting_bytes += frame->byte_count;
}

struct fast_frame *fast_outbox_pop(struct fast_outbox *outbox)
{
	struct fast_list *node = fast_list_pop(&outbox->waiting);
	struct fast_frame *frame;

	if (node == NULL) {
		return NULL;
	}
	frame = frame_of(node);
	frame->state = FAST_FRAME_IDLE;
	outbox->waiting_count--;
	outbox->waiting_bytes -= frame->byte_count;
	return frame;
}

void fast_outbox_drop(struct fast_outbox *outbox, struct fast_frame *frame)
{
	if (frame == NULL) {
		return;
	}
	frame->kept = false;
	if (frame->state == FAST_FRAME_SENDING) {
		return; /* the link still reads from it */
	}
	if (frame->state == FAST_FRAME_WAITING) {
		fast_list_remove(&frame->node);
		outbox->waiting_count--;
		outbox->waiting_bytes -= frame->byte_count;
	}
	fast_frame_free(frame);
}

/* Adds the frame's bytes to the send being made, copied when that joins them with others. False: no
 * room. */
static bool outbox_add(struct fast_outbox *outbox, const struct fast_frame *frame,
		       size_t *batch_bytes)
{
	bool is_copied = outbox->batch != NULL && frame->byte_count <= FAST_BATCH_FRAME_BYTES_MAX;
	struct iovec *last = outbox->iov_count == 0 ? NULL : &outbox->iov[outbox->iov_count - 1];
	uint8_t *copy;

	if (is_copied && *batch_bytes + frame->byte_count > FAST_BATCH_BYTES_MAX) {
		return false;
	}
	if (is_copied) {
		copy = outbox->batch + *batch_bytes;
		memcpy(copy, frame->bytes, frame->byte_count);
		*batch_bytes += frame->byte_count;
		if (last != NULL && (uint8_t *)last->iov_base + last->iov_len == copy) {
			last->iov_len += frame->byte_count;
			return true;
		}
	}
	if (outbox->iov_count == FAST_LINK_IOV_MAX) {
		return false;
	}
	outbox->iov[outbox->iov_count++] = (struct iovec){
		.iov_base = is_copied ? copy : (uint8_t *)(uintptr_t)frame->bytes,
		.iov_len = frame->byte_count,
	};
	return true;
}

bool fast_outbox_begin(struct fast_outbox *outbox)
{
	size_t batch_bytes = 0;
	uint8_t *batch = NULL;

	assert(fast_list_is_empty(&outbox->sending));
	outbox->written_bytes = 0;
	outbox->iov_first = 0;
	outbox->iov_count = 0;
	if (outbox->waiting_count == 1) {
		/* A frame alone is sent from where it lies. */
		batch = outbox->batch;
		outbox->batch = NULL;
	} else if (outbox->waiting_count > 1 && outbox->batch == NULL) {
		outbox->batch = malloc(FAST_BATCH_BYTES_MAX); /* NULL: sent one by one */
	}
	while (!fast_list_is_empty(&outbox->waiting)) {
		struct fast_frame *frame = frame_of(outbox->waiting.next);
		if (!outbox_add(outbox, frame, &batch_bytes)) {
			break;
		}
		fast_outbox_pop(outbox);
		frame->state = FAST_FRAME_SENDING;
		fast_list_append(&outbox->sending, &frame->node);
	}
	if (batch != NULL) {
		outbox->batch = batch;
	}
	return outbox->iov_count > 0;
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
	while (!fast_list_is_empty(&outbox->sending)) {
		frame_end(frame_of(outbox->sending.next), FAST_FRAME_SENT);
	}
	return false;
}

void fast_outbox_fail(struct fast_outbox *outbox)
{
	size_t offset = 0;
	struct fast_frame *frame;

	while (!fast_list_is_empty(&outbox->sending)) {
		frame = frame_of(outbox->sending.next);
		size_t byte_count = frame->byte_count;
		frame_end(frame,
			  offset < outbox->written_bytes ? FAST_FRAME_SENT : FAST_FRAME_IDLE);
		offset += byte_count;
	}
	while ((frame = fast_outbox_pop(outbox)) != NULL) {
		if (!frame->kept) {
			fast_frame_free(frame);
		}
	}
}
