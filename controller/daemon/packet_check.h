/* daemon/packet_check.h - unpacking what a plugin says, without trusting a byte of it. */
#ifndef FASTD_PACKET_CHECK_H
#define FASTD_PACKET_CHECK_H

#include <fast/status.h>
#include <fast/v1/session.pb-c.h>

#define PACKET_BYTES_MAX 65536
#define PACKET_DEPTH_MAX 8
/* Messages within a packet: a param with all its choices has 36. */
#define PACKET_MESSAGES_MAX 256
/* What a packet may become in memory. */
#define PACKET_UNPACKED_BYTES_MAX (4 * PACKET_BYTES_MAX)

/* Memory for one unpacked packet at a time. One thread. */
struct packet_arena {
	_Alignas(16) unsigned char bytes[PACKET_UNPACKED_BYTES_MAX];
	size_t used;
};

/* Checks the bytes against the schema (depth, number of messages, UTF-8 without zero bytes), then
 * unpacks them into the arena. The result is good until the next call; nobody frees it. NULL: they
 * are no such packet, and *reason is a static sentence that says why. */
const Fast__V1__SessionUp *packet_unpack(struct packet_arena *arena, const unsigned char *bytes,
					 size_t count, const char **reason);

#endif
