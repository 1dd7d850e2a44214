/* rpc/outbox.h - what a connection has to write, in two lanes: many frames become one send. */
#ifndef FAST_RPC_OUTBOX_H
#define FAST_RPC_OUTBOX_H

#include "link/link.h"
#include "rpc/fragment.h"
#include "rpc/window.h"

/* Guarded by the connection's lock. A frame that was begun is always finished, but a message in
 * fragments may be given up between two of them. */
struct fast_outbox {
	struct fast_list lanes[FAST_LANES]; /* frames of which something is left, oldest first */
	size_t waiting_count;
	size_t waiting_bytes;     /* left of these */
	struct fast_list sending; /* frames that end with the send under way */
	bool is_busy;             /* a send is under way */
	bool is_pressed;          /* the peer is not read, so bulk waits for no window */
	size_t written_bytes;     /* of the send under way */
	size_t iov_bytes;         /* all of it */
	size_t batch_bytes;       /* of these, that lie in batch */
	uint8_t *batch;           /* FAST_BATCH_BYTES_MAX, once there were two frames at a time */
	struct iovec iov[FAST_LINK_IOV_MAX];
	int iov_first; /* what of iov is not written yet */
	int iov_count;

	/* what the peer has agreed to; both zero: whole messages, as many as the link takes */
	size_t fragment_bytes; /* largest piece of a payload in a frame */
	struct fast_window window;

	enum fast_sp_framing framing;
	uint8_t heads[FAST_LINK_IOV_MAX][FAST_FRAGMENT_HEAD_BYTES_MAX]; /* of fragments in iov */
	uint8_t mark[FAST_MARK_BYTES_MAX];                              /* the window's, in iov */
};

void fast_outbox_init(struct fast_outbox *outbox, enum fast_sp_framing framing);
/* Frees what is in it. Nothing may be under way. Zeroed memory is allowed. */
void fast_outbox_fini(struct fast_outbox *outbox);

/* Takes frame, unless it is kept. */
void fast_outbox_push(struct fast_outbox *outbox, struct fast_frame *frame);
/* The oldest frame of which nothing was taken, removed; control before bulk. NULL: none. */
struct fast_frame *fast_outbox_pop(struct fast_outbox *outbox);
/* The keeper gives a frame up: freed now, or when the link is done with it. NULL is allowed. */
void fast_outbox_drop(struct fast_outbox *outbox, struct fast_frame *frame);

/* Makes the next send in iov[iov_first .. iov_count). False: nothing may go. */
bool fast_outbox_begin(struct fast_outbox *outbox);
/* After a send of bytes. True: some of iov is still to be sent. */
bool fast_outbox_advance(struct fast_outbox *outbox, size_t bytes);
/* The connection is lost and nothing is under way: every kept frame becomes IDLE or SENT, others
 * are freed. */
void fast_outbox_fail(struct fast_outbox *outbox);

#endif
