/* The framing: an input is a stream of frames, cut wherever it ends. */
#include "wire/sp.h"

#include <stdlib.h>

#define MESSAGE_BYTES_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void expect(bool holds)
{
	if (!holds) {
		abort();
	}
}

static void header(const uint8_t *message, size_t bytes)
{
	size_t header_bytes;
	uint32_t id;

	if (fast_sp_header_read(message, bytes, &header_bytes, &id) == FAST_OK) {
		expect(header_bytes <= bytes && header_bytes % 4 == 0);
		expect(header_bytes <= 4 * (FAST_SP_HOPS_MAX + 1));
		expect((id & FAST_SP_CONNECTION_ID) != 0);
	}
}

static void stream(enum fast_sp_framing framing, const uint8_t *data, size_t bytes)
{
	size_t prefix_bytes;
	size_t frame_bytes;

	while (bytes > 0) {
		uint8_t prefix[FAST_SP_PREFIX_BYTES_MAX];
		if (fast_sp_prefix_read(framing, data, bytes, MESSAGE_BYTES_MAX, &prefix_bytes,
					&frame_bytes) != FAST_OK) {
			return;
		}
		if (frame_bytes == 0 || frame_bytes > bytes) {
			return;
		}
		expect(frame_bytes <= prefix_bytes + MESSAGE_BYTES_MAX);
		expect(fast_sp_prefix_write(framing, frame_bytes - prefix_bytes, prefix) ==
		       prefix_bytes);
		for (size_t i = 0; i < prefix_bytes; i++) {
			expect(prefix[i] == data[i]);
		}
		header(data + prefix_bytes, frame_bytes - prefix_bytes);
		data += frame_bytes;
		bytes -= frame_bytes;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	if (bytes >= FAST_SP_HELLO_BYTES) {
		uint8_t hello[FAST_SP_HELLO_BYTES];
		fast_sp_hello_write(FAST_SP_REQ, hello);
		expect(fast_sp_hello_check(hello, FAST_SP_REQ) == FAST_OK);
		(void)!fast_sp_hello_check(data, FAST_SP_REQ);
	}
	stream(FAST_SP_TCP, data, bytes);
	stream(FAST_SP_IPC, data, bytes);
	return 0;
}
