/* wire/context.h - metadata and the trace as they travel. PROTOCOL.md, "Metadata", "Trace". */
#ifndef FAST_WIRE_CONTEXT_H
#define FAST_WIRE_CONTEXT_H

#include "wire/packet.h"
#include <fast/metadata.h>
#include <fast/trace.h>

struct fast_arena;

/* Ids, flags and state with their tags. */
#define FAST_TRACE_PACKED_BYTES_MAX (18 + 10 + 3 + 3 + FAST_TRACE_STATE_BYTES_MAX)

/* NULL: all entries may be sent together; else a static sentence, and in *at the entry that it is
 * about, or the count. */
const char *fast_metadata_check(const struct fast_metadata *metadata, size_t *at);

/* Bytes of the entries as fields of a packet, for its entries; then those bytes. */
size_t fast_metadata_packed_bytes(const struct fast_metadata *metadata);
void fast_metadata_pack(const struct fast_metadata *metadata, uint8_t *out);

/* What the arena needs at most for the metadata of the packet. */
size_t fast_metadata_arena_bytes(const struct fast_packet *packet);
/* Copies the metadata of the packet, if it has any, into the arena. INVALID_ARGUMENT: a key or a
 * value breaks its rule; *reason is a static sentence. RESOURCE_EXHAUSTED. */
FAST_MUST_CHECK enum fast_status fast_metadata_unpack(const struct fast_packet *packet,
						      struct fast_arena *arena,
						      struct fast_metadata *out,
						      const char **reason);

/* Packs a valid trace for packet->trace; returns the bytes. */
size_t fast_trace_pack(const struct fast_trace *trace, uint8_t out[FAST_TRACE_PACKED_BYTES_MAX]);
/* False: it is no valid trace, or there is no memory for its state. */
bool fast_trace_unpack(struct fast_span packed, struct fast_arena *arena, struct fast_trace *out);

#endif
