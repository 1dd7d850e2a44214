/* wire/packet.h - one packet, parsed in the read buffer and packed in place. Hand-written for
 * speed; a test holds it against protobuf-c's code for proto/fast/v1/packet.proto. */
#ifndef FAST_WIRE_PACKET_H
#define FAST_WIRE_PACKET_H

#include <fast/metadata.h>
#include <fast/server.h>
#include <fast/status.h>
#include <fast/v1/packet.pb-c.h>

#define FAST_METHOD_BYTES_MAX      255
#define FAST_IDEMPOTENCY_KEY_BYTES 16

/* Bytes borrowed from a read buffer; not terminated. */
struct fast_span {
	const uint8_t *data;
	size_t bytes;
};

/* The fields of a packet. Sub-messages stay packed until somebody wants them. */
struct fast_packet {
	Fast__V1__PacketKind kind;
	struct fast_span method;
	uint64_t timeout_us;
	uint64_t sequence;
	struct fast_span status; /* packed fast.v1.Status */
	bool has_status;
	uint32_t credit;
	uint64_t dropped;
	uint32_t priority;
	bool more;
	uint32_t attempt;
	struct fast_span hello; /* packed fast.v1.Hello */
	bool has_hello;
	uint64_t token;
	struct fast_span idempotency_key;
	uint64_t boot_id;
	struct fast_span trace; /* packed fast.v1.TraceContext */
	uint64_t key_age_us;
	uint64_t key_settled;
	uint64_t resume_after;
	uint64_t cursor;
	uint64_t epoch;
	bool mark;
	uint64_t gap_first;
	struct fast_span metadata; /* the whole packet when it has any: re-scan for field 11 */
	size_t metadata_count;
	struct fast_span entries; /* never read: what is to be written as field 11, packed */
	struct fast_span payload;
};

/* Reads a packet; spans point into data. Unknown fields are skipped. INVALID_ARGUMENT: malformed,
 * or a field longer than its limit; *reason is then a static sentence. */
FAST_MUST_CHECK enum fast_status fast_packet_read(const uint8_t *data, size_t bytes,
						  struct fast_packet *out, const char **reason);

/* Bytes that the packet takes without its payload field. Metadata is written from its entries. */
size_t fast_packet_head_bytes(const struct fast_packet *packet, size_t payload_bytes);

/* Writes all but the payload's own bytes (its tag and length are written); returns the bytes
 * written, which are fast_packet_head_bytes(). The payload follows at once. */
size_t fast_packet_head_write(const struct fast_packet *packet, size_t payload_bytes, uint8_t *out);

/* Packs a status for packet->status. Gives bytes in *out, from malloc. text may be NULL. */
FAST_MUST_CHECK enum fast_status fast_packet_status_pack(const Fast__V1__Status *status,
							 uint8_t **out, size_t *out_bytes);

#endif
