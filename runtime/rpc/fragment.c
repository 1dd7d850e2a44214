#include "rpc/fragment.h"

#include "rpc/limits.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Hops and id, as they stand in a frame. */
static size_t frame_header(const struct fast_frame *frame, enum fast_sp_framing framing,
			   const uint8_t **header)
{
	size_t prefix_bytes = fast_sp_prefix_bytes(framing);
	size_t header_bytes = 0;
	uint32_t id;
	enum fast_status status = fast_sp_header_read(
		frame->bytes + prefix_bytes, frame->byte_count - prefix_bytes, &header_bytes, &id);

	assert(status == FAST_OK);
	(void)status;
	*header = frame->bytes + prefix_bytes;
	return header_bytes;
}

void fast_fragment_cut(struct fast_frame *frame, enum fast_sp_framing framing, size_t piece_bytes)
{
	const struct fast_packet none = {.kind = FAST__V1__PACKET_KIND__PACKET_KIND_UNSPECIFIED};
	const struct fast_packet more = {.more = true};
	size_t prefix_bytes = fast_sp_prefix_bytes(framing);
	uint8_t *payload = frame->room + frame->room_bytes - frame->payload_bytes;
	size_t old_tail_bytes = fast_packet_head_bytes(&none, frame->payload_bytes);
	size_t tail_bytes = fast_packet_head_bytes(&more, piece_bytes);
	size_t head_bytes =
		frame->byte_count - frame->payload_bytes - prefix_bytes - old_tail_bytes;
	uint8_t *at = payload - tail_bytes - head_bytes;

	assert(piece_bytes > 0 && piece_bytes < frame->payload_bytes && !frame->is_cut);
	assert(at - prefix_bytes >= frame->room);
	memmove(at, frame->bytes + prefix_bytes, head_bytes);
	fast_packet_head_write(&more, piece_bytes, at + head_bytes);
	fast_sp_prefix_write(framing, head_bytes + tail_bytes + piece_bytes, at - prefix_bytes);
	frame->bytes = at - prefix_bytes;
	frame->byte_count = prefix_bytes + head_bytes + tail_bytes + piece_bytes;
	frame->is_cut = true;
	frame->cut_bytes = piece_bytes;
}

size_t fast_fragment_head(const struct fast_frame *frame, enum fast_sp_framing framing,
			  size_t piece_bytes, uint8_t out[FAST_FRAGMENT_HEAD_BYTES_MAX])
{
	const uint8_t *header;
	size_t header_bytes = frame_header(frame, framing, &header);
	/* The kind is the first field of every packet of ours, and its number is small. */
	struct fast_packet packet = {
		.kind = (Fast__V1__PacketKind)header[header_bytes + 1],
		.more = frame->cut_bytes + piece_bytes < frame->payload_bytes,
	};
	size_t packet_bytes = fast_packet_head_bytes(&packet, piece_bytes);
	size_t bytes;

	assert(frame->is_cut && frame->cut_bytes + piece_bytes <= frame->payload_bytes);
	bytes = fast_sp_prefix_write(framing, header_bytes + packet_bytes + piece_bytes, out);
	assert(bytes + header_bytes + packet_bytes <= FAST_FRAGMENT_HEAD_BYTES_MAX);
	memcpy(out + bytes, header, header_bytes);
	bytes += header_bytes;
	return bytes + fast_packet_head_write(&packet, piece_bytes, out + bytes);
}

void fast_joiner_fini(struct fast_joiner *joiner)
{
	while (joiner->count > 0) {
		free(joiner->joins[--joiner->count].data);
	}
	fast_joiner_release(joiner);
}

static struct fast_join *joiner_find(struct fast_joiner *joiner, uint32_t id)
{
	for (unsigned i = 0; i < joiner->count; i++) {
		if (joiner->joins[i].id == id) {
			return &joiner->joins[i];
		}
	}
	return NULL;
}

/* Forgets the join, whose data somebody else has. */
static void joiner_remove(struct fast_joiner *joiner, struct fast_join *join)
{
	*join = joiner->joins[--joiner->count];
}

void fast_joiner_drop(struct fast_joiner *joiner, uint32_t id)
{
	struct fast_join *join = joiner->count == 0 ? NULL : joiner_find(joiner, id);

	if (join != NULL) {
		free(join->data);
		joiner_remove(joiner, join);
	}
}

/* Grows by doubling, as bytes arrive: nothing that is only announced gets memory. */
static bool join_append(struct fast_join *join, const void *data, size_t bytes, size_t bytes_max)
{
	size_t capacity = join->capacity;
	uint8_t *larger;

	if (bytes > bytes_max || join->bytes > bytes_max - bytes) {
		return false;
	}
	while (capacity < join->bytes + bytes) {
		capacity = capacity == 0 ? 4 * FAST_FRAGMENT_BYTES : 2 * capacity;
	}
	if (capacity != join->capacity) {
		larger = realloc(join->data, capacity);
		if (larger == NULL) {
			return false;
		}
		join->data = larger;
		join->capacity = capacity;
	}
	if (bytes > 0) {
		memcpy(join->data + join->bytes, data, bytes);
		join->bytes += bytes;
	}
	return true;
}

/* Keeps the whole packet, so that its other fields can be read again in the end. */
static enum fast_joined joiner_begin(struct fast_joiner *joiner, uint32_t id, const uint8_t *data,
				     size_t bytes, const struct fast_packet *packet)
{
	struct fast_join *join = &joiner->joins[joiner->count];

	if (joiner->count == FAST_JOINS_MAX || packet->payload.bytes == 0 ||
	    packet->payload.data + packet->payload.bytes != data + bytes) {
		return FAST_JOINED_BROKEN;
	}
	*join = (struct fast_join){.id = id, .kind = packet->kind, .first_bytes = bytes};
	if (!join_append(join, data, bytes, joiner->message_bytes_max)) {
		free(join->data);
		return FAST_JOINED_BROKEN;
	}
	joiner->count++;
	return FAST_JOINED_PIECE;
}

enum fast_joined fast_joiner_add(struct fast_joiner *joiner, uint32_t id, const uint8_t *data,
				 size_t bytes, struct fast_packet *packet)
{
	struct fast_join *join = joiner_find(joiner, id);
	const char *reason;
	size_t rest_bytes;

	if (join == NULL) {
		return packet->more ? joiner_begin(joiner, id, data, bytes, packet)
				    : FAST_JOINED_WHOLE;
	}
	if (packet->kind != join->kind) {
		/* What has no pieces may come between them. */
		return packet->more || packet->payload.bytes > 0 ? FAST_JOINED_BROKEN
								 : FAST_JOINED_WHOLE;
	}
	if (!join_append(join, packet->payload.data, packet->payload.bytes,
			 joiner->message_bytes_max)) {
		return FAST_JOINED_BROKEN;
	}
	if (packet->more) {
		return FAST_JOINED_PIECE;
	}
	rest_bytes = join->bytes - join->first_bytes;
	fast_joiner_release(joiner);
	joiner->whole = join->data;
	if (fast_packet_read(joiner->whole, join->first_bytes, packet, &reason) != FAST_OK) {
		joiner_remove(joiner, join);
		return FAST_JOINED_BROKEN;
	}
	joiner_remove(joiner, join);
	packet->payload.bytes += rest_bytes;
	packet->more = false;
	return FAST_JOINED_WHOLE;
}
