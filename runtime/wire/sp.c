#include "wire/sp.h"

#include <assert.h>
#include <string.h>

#define SP_LENGTH_BYTES 8
#define SP_IPC_MESSAGE  1 /* the only kind of ipc frame */
#define SP_WORD_BYTES   4

static const uint8_t sp_hello[FAST_SP_HELLO_BYTES] = {0, 'S', 'P', 0, 0, 0, 0, 0};

#define SP_HELLO_PROTOCOL 5 /* offset; the byte before is the high half, always 0 */

void fast_sp_hello_write(enum fast_sp_protocol protocol, uint8_t out[FAST_SP_HELLO_BYTES])
{
	memcpy(out, sp_hello, FAST_SP_HELLO_BYTES);
	out[SP_HELLO_PROTOCOL] = (uint8_t)protocol;
}

enum fast_status fast_sp_hello_check(const uint8_t in[FAST_SP_HELLO_BYTES],
				     enum fast_sp_protocol expected)
{
	uint8_t wanted[FAST_SP_HELLO_BYTES];

	fast_sp_hello_write(expected, wanted);
	return memcmp(in, wanted, sizeof wanted) == 0 ? FAST_OK : FAST_INVALID_ARGUMENT;
}

size_t fast_sp_prefix_bytes(enum fast_sp_framing framing)
{
	return framing == FAST_SP_IPC ? 1 + SP_LENGTH_BYTES : SP_LENGTH_BYTES;
}

size_t fast_sp_prefix_write(enum fast_sp_framing framing, uint64_t message_bytes, uint8_t *out)
{
	size_t bytes = fast_sp_prefix_bytes(framing);

	if (framing == FAST_SP_IPC) {
		*out = SP_IPC_MESSAGE;
	}
	for (size_t i = 0; i < SP_LENGTH_BYTES; i++) {
		out[bytes - 1 - i] = (uint8_t)(message_bytes >> (8 * i));
	}
	return bytes;
}

enum fast_status fast_sp_prefix_read(enum fast_sp_framing framing, const uint8_t *in,
				     size_t in_bytes, uint64_t message_bytes_max,
				     size_t *prefix_bytes, size_t *frame_bytes)
{
	size_t prefix = fast_sp_prefix_bytes(framing);
	uint64_t message_bytes = 0;

	assert(message_bytes_max <= SIZE_MAX - FAST_SP_PREFIX_BYTES_MAX);
	*prefix_bytes = prefix;
	*frame_bytes = 0;
	if (framing == FAST_SP_IPC && in_bytes > 0 && in[0] != SP_IPC_MESSAGE) {
		return FAST_INVALID_ARGUMENT;
	}
	if (in_bytes < prefix) {
		return FAST_OK;
	}
	for (size_t i = prefix - SP_LENGTH_BYTES; i < prefix; i++) {
		message_bytes = message_bytes << 8 | in[i];
	}
	if (message_bytes > message_bytes_max) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	*frame_bytes = prefix + (size_t)message_bytes;
	return FAST_OK;
}

static uint32_t word_read(const uint8_t *in)
{
	return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];
}

enum fast_status fast_sp_header_read(const uint8_t *message, size_t message_bytes,
				     size_t *header_bytes, uint32_t *id)
{
	for (size_t hop = 0; hop <= FAST_SP_HOPS_MAX; hop++) {
		if (message_bytes < (hop + 1) * SP_WORD_BYTES) {
			return FAST_INVALID_ARGUMENT;
		}
		uint32_t word = word_read(message + hop * SP_WORD_BYTES);
		if ((word & FAST_SP_CONNECTION_ID) != 0) {
			*header_bytes = (hop + 1) * SP_WORD_BYTES;
			*id = word;
			return FAST_OK;
		}
	}
	return FAST_INVALID_ARGUMENT;
}
