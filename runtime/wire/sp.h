/* wire/sp.h - the Scalability Protocols' framing: hello, length prefix, request id. PROTOCOL.md,
 * "Frames". */
#ifndef FAST_WIRE_SP_H
#define FAST_WIRE_SP_H

#include <fast/status.h>

enum fast_sp_protocol {
	FAST_SP_PUB = 0x20,
	FAST_SP_SUB = 0x21,
	FAST_SP_REQ = 0x30,
	FAST_SP_REP = 0x31,
};

/* How a transport prefixes messages: ipc puts a byte 1 before the 8-byte length, tcp does not. */
enum fast_sp_framing {
	FAST_SP_TCP,
	FAST_SP_IPC,
};

#define FAST_SP_HELLO_BYTES      8
#define FAST_SP_PREFIX_BYTES_MAX 9
/* Request id of the connection itself; calls have others, all with the top bit set. */
#define FAST_SP_CONNECTION_ID 0x80000000u
/* Words that devices between may put before the request id. */
#define FAST_SP_HOPS_MAX 8

void fast_sp_hello_write(enum fast_sp_protocol protocol, uint8_t out[FAST_SP_HELLO_BYTES]);
/* INVALID_ARGUMENT: not SP, or not the protocol expected of the peer. */
FAST_MUST_CHECK enum fast_status fast_sp_hello_check(const uint8_t in[FAST_SP_HELLO_BYTES],
						     enum fast_sp_protocol expected);

/* Bytes of the prefix: 8 or 9. */
size_t fast_sp_prefix_bytes(enum fast_sp_framing framing);
/* Returns the bytes written: fast_sp_prefix_bytes(). */
size_t fast_sp_prefix_write(enum fast_sp_framing framing, uint64_t message_bytes, uint8_t *out);

/* Looks at the start of a buffer. *frame_bytes: prefix and message together, 0 when more bytes are
 * needed to tell. INVALID_ARGUMENT: a wrong byte. RESOURCE_EXHAUSTED: the message is longer than
 * message_bytes_max (nothing is to be allocated for it). */
FAST_MUST_CHECK enum fast_status fast_sp_prefix_read(enum fast_sp_framing framing,
						     const uint8_t *in, size_t in_bytes,
						     uint64_t message_bytes_max,
						     size_t *prefix_bytes, size_t *frame_bytes);

/* Length of the REQ header of a message: hops and the request id, a multiple of 4; *id is the last
 * word. INVALID_ARGUMENT: too short, or more than FAST_SP_HOPS_MAX hops. */
FAST_MUST_CHECK enum fast_status fast_sp_header_read(const uint8_t *message, size_t message_bytes,
						     size_t *header_bytes, uint32_t *id);

#endif
