/* What passes the check can be unpacked within its memory, and packed and checked again. */
#include "base/arena.h"
#include "wire/check.h"

#include <fast_test/node.pb-c.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void expect(bool holds)
{
	if (!holds) {
		abort();
	}
}

static void repack(const ProtobufCMessage *message)
{
	const char *reason = NULL;
	uint8_t *packed;
	size_t bytes;

	expect(fast_message_size(message, SIZE_MAX, &bytes) == FAST_OK);
	packed = malloc(bytes + 1);
	expect(packed != NULL);
	expect(protobuf_c_message_pack(message, packed) == bytes);
	expect(fast_message_check(message->descriptor, packed, bytes, &reason) == FAST_OK);
	free(packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	const ProtobufCMessageDescriptor *descriptor = &fast_test__node__descriptor;
	const ProtobufCMessage *message = NULL;
	const char *reason = NULL;
	enum fast_status checked = fast_message_check(descriptor, data, bytes, &reason);
	enum fast_status unpacked;
	struct fast_arena arena;

	expect(checked == FAST_OK || reason != NULL);
	fast_arena_init(&arena, SIZE_MAX);
	unpacked = fast_message_unpack(descriptor, data, bytes, &arena, &message, &reason);
	if (checked != FAST_OK) {
		expect(unpacked == checked && arena.used_bytes == 0);
	} else if (unpacked == FAST_OK) {
		repack(message);
	} else {
		expect(unpacked == FAST_RESOURCE_EXHAUSTED || unpacked == FAST_INVALID_ARGUMENT);
	}
	fast_arena_fini(&arena);
	return 0;
}
