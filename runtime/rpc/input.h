/* rpc/input.h - the read buffer of a connection, and the messages in it. */
#ifndef FAST_RPC_INPUT_H
#define FAST_RPC_INPUT_H

#include "wire/sp.h"

/* Belongs to whoever reads: no lock. */
struct fast_input {
	uint8_t *data;
	size_t capacity;
	size_t filled; /* <= capacity */
	bool has_hello;
	size_t kept_bytes;      /* counted, while the buffer is larger than it need be */
	unsigned kept_receives; /* since it need not be */
};

/* What the bytes of a connection have to be. */
struct fast_input_rules {
	enum fast_sp_framing framing;
	enum fast_sp_protocol peer; /* which the hello must name */
	size_t message_bytes_max;
};

/* One message, borrowed. False: the connection is to be closed. */
typedef bool fast_input_message_fn(void *arg, const uint8_t *message, size_t bytes);

/* RESOURCE_EXHAUSTED: no memory. */
FAST_MUST_CHECK enum fast_status fast_input_init(struct fast_input *input);
/* Zeroed memory is allowed. */
void fast_input_fini(struct fast_input *input);

/* Where the next bytes go, and how many fit: at least one. */
void *fast_input_room(const struct fast_input *input, size_t *bytes);

/* After bytes were put there: hands over every message that is complete. INVALID_ARGUMENT: not the
 * framing, or not the peer expected. RESOURCE_EXHAUSTED: a message is too long, or no memory.
 * CANCELLED: fn said so. */
FAST_MUST_CHECK enum fast_status fast_input_take(struct fast_input *input, size_t bytes,
						 const struct fast_input_rules *rules,
						 fast_input_message_fn *fn, void *arg);

#endif
