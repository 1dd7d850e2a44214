#include "rpc/hello.h"

#include "base/arena.h"
#include "base/timer.h"
#include "rpc/limits.h"
#include "rpc/stats.h"
#include "wire/check.h"
#include <pthread.h>
#include <sys/random.h>

#define HELLO_BYTES_MAX 1024

static pthread_once_t boot_once = PTHREAD_ONCE_INIT;
static uint64_t boot_id;

static void boot_id_make(void)
{
	if (getrandom(&boot_id, sizeof boot_id, 0) != (ssize_t)sizeof boot_id || boot_id == 0) {
		boot_id = (uint64_t)fast_clock_now_ns() | 1;
	}
}

uint64_t fast_boot_id(void)
{
	pthread_once(&boot_once, boot_id_make);
	return boot_id;
}

enum fast_status fast_hello_control(enum fast_sp_framing framing, const struct fast_packet *packet,
				    struct fast_frame **out)
{
	uint8_t header[4];

	fast_id_write(FAST_SP_CONNECTION_ID, header);
	return fast_frame_packet(framing, header, sizeof header, packet, NULL,
				 FAST_MESSAGE_BYTES_MAX, out);
}

enum fast_status fast_hello_frame(enum fast_sp_framing framing,
				  const struct fast_hello_terms *terms, struct fast_frame **out)
{
	Fast__V1__Hello hello = FAST__V1__HELLO__INIT;
	struct fast_packet packet = {.kind = FAST__V1__PACKET_KIND__PACKET_KIND_HELLO};
	uint8_t packed[HELLO_BYTES_MAX];
	size_t bytes;

	hello.version_min = FAST_PROTOCOL_VERSION;
	hello.version_max = FAST_PROTOCOL_VERSION;
	hello.boot_id = terms->boot_id != 0 ? terms->boot_id : fast_boot_id();
	hello.packet_bytes_max = (uint32_t)terms->message_bytes_max;
	hello.calls_max = terms->calls_max;
	hello.keepalive_ms = terms->keepalive_ms;
	hello.fragment_bytes_max = FAST_FRAGMENT_BYTES;
	if (terms->agent != NULL) {
		hello.agent = (char *)(uintptr_t)terms->agent;
	}
	if (fast_message_size(&hello.base, sizeof packed, &bytes) != FAST_OK) {
		return FAST_INVALID_ARGUMENT;
	}
	protobuf_c_message_pack(&hello.base, packed);
	packet.hello = (struct fast_span){packed, bytes};
	packet.has_hello = true;
	return fast_hello_control(framing, &packet, out);
}

enum fast_status fast_hello_read(const struct fast_packet *packet, struct fast_hello *out)
{
	const ProtobufCMessage *message = NULL;
	const Fast__V1__Hello *hello;
	const char *reason;
	struct fast_arena arena;

	if (!packet->has_hello || packet->hello.bytes > HELLO_BYTES_MAX) {
		return FAST_INVALID_ARGUMENT;
	}
	fast_arena_init(&arena, FAST_MESSAGE_ARENA_BYTES_MIN);
	if (fast_message_unpack(&fast__v1__hello__descriptor, packet->hello.data,
				packet->hello.bytes, &arena, &message, &reason) != FAST_OK) {
		fast_arena_fini(&arena);
		return FAST_INVALID_ARGUMENT;
	}
	hello = (const Fast__V1__Hello *)message;
	*out = (struct fast_hello){
		.version_min = hello->version_min,
		.version_max = hello->version_max,
		.packet_bytes_max = hello->packet_bytes_max,
		.calls_max = hello->calls_max,
		.boot_id = hello->boot_id,
		.keepalive_ms = hello->keepalive_ms,
		.fragment_bytes_max = hello->fragment_bytes_max,
	};
	fast_text_copy(out->agent, sizeof out->agent, hello->agent);
	fast_arena_fini(&arena);
	return FAST_OK;
}

bool fast_hello_agrees(const struct fast_hello *hello)
{
	return hello->version_min <= FAST_PROTOCOL_VERSION &&
	       hello->version_max >= FAST_PROTOCOL_VERSION;
}
