/* wire/check.h - the check before unpack. protobuf_c_message_unpack() recurses without a limit,
 * takes bad UTF-8 and amplifies small inputs; so nothing is unpacked that has not passed here. */
#ifndef FAST_WIRE_CHECK_H
#define FAST_WIRE_CHECK_H

#include <fast/status.h>
#include <protobuf-c/protobuf-c.h>

struct fast_arena;

#define FAST_MESSAGE_DEPTH_MAX 100
#define FAST_MESSAGE_NODES_MAX 1000000
/* An unpacked message may take this many times its packed size, plus FAST_MESSAGE_ARENA_BYTES_MIN.
 */
#define FAST_MESSAGE_AMPLIFICATION_MAX 32
#define FAST_MESSAGE_ARENA_BYTES_MIN   65536

/* INVALID_ARGUMENT: malformed, a wrong wire type, bad UTF-8 or a zero byte in a string.
 * RESOURCE_EXHAUSTED: too deep, or too many nodes. *reason is then a static sentence. */
FAST_MUST_CHECK enum fast_status fast_message_check(const ProtobufCMessageDescriptor *descriptor,
						    const uint8_t *data, size_t bytes,
						    const char **reason);

/* Checks, then unpacks into the arena, whose cap bounds the memory. The message lives as long as
 * what is in the arena and is never given to free_unpacked. */
FAST_MUST_CHECK enum fast_status fast_message_unpack(const ProtobufCMessageDescriptor *descriptor,
						     const uint8_t *data, size_t bytes,
						     struct fast_arena *arena,
						     const ProtobufCMessage **out,
						     const char **reason);

/* Bytes of the packed message, after protobuf_c_message_check(). INVALID_ARGUMENT: a required
 * pointer is NULL. RESOURCE_EXHAUSTED: more than bytes_max. */
FAST_MUST_CHECK enum fast_status fast_message_size(const ProtobufCMessage *message,
						   size_t bytes_max, size_t *out);

#endif
