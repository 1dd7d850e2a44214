/* rpc/outbox.h - what a connection has to write: many frames become one send. */
#ifndef FAST_RPC_OUTBOX_H
#define FAST_RPC_OUTBOX_H

#include "link/link.h"
#include "rpc/frame.h"

/* Guarded by the connection's lock. A frame that was begun is always finished. */
struct fast_outbox {
	struct fast_list waiting; /* frames in state WAITING, oldest first */
	size_t waiting_count;
	size_t waiting_bytes;
	struct fast_list sending; /* frames of the send under way */
	size_t written_bytes;     /* of the send under way */
	uint8_t *batch;           /* FAST_BATCH_BYTES_MAX, once there were two frames at a time */
	struct iovec iov[FAST_LINK_IOV_MAX];
	int iov_first; /* what of iov is not written yet */
	int iov_count;
};

void fast_outbox_init(struct fast_outbox *outbox);
/* Frees what is in it. Nothing may be under way. Zeroed memory is allowed. */
void fast_outbox_fini(struct fast_outbox *outbox);

/* Takes frame, unless it is kept. */
void fast_outbox_push(struct fast_outbox *outbox, struct fast_frame *frame);
/* The oldest frame waiting, removed. NULL: none. */
struct fast_frame *fast_outbox_pop(struct fast_outbox *outbox);
/* The keeper gives a frame up: freed now, or when the link is done with it. NULL is allowed. */
void fast_outbox_drop(struct fast_outbox *outbox, struct fast_frame *frame);

/* Makes the next send in iov[iov_first .. iov_count). False: nothing waits. */
bool fast_outbox_begin(struct fast_outbox *outbox);
/* After a send of bytes. True: some of iov is still to be sent. */
bool fast_outbox_advance(struct fast_outbox *outbox, size_t bytes);
/* The connection is lost and nothing is under way: every kept frame becomes IDLE or SENT, others
 * are freed. */
void fast_outbox_fail(struct fast_outbox *outbox);

#endif
