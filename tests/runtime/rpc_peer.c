#include "rpc_peer.h"

#include <stdlib.h>
#include <string.h>

static void peer_recv(struct peer *peer)
{
	if (peer->reads && !peer->has_ended) {
		peer->link->ops->recv(peer->link, peer->room, sizeof peer->room);
	}
}

static void peer_received(void *arg, enum fast_status status, size_t bytes)
{
	struct peer *peer = arg;

	if (status != FAST_OK) {
		peer->has_ended = true;
		return;
	}
	assert_true(bytes <= sizeof peer->in - peer->in_bytes);
	memcpy(peer->in + peer->in_bytes, peer->room, bytes);
	peer->in_bytes += bytes;
	peer_recv(peer);
}

/* Enough for one send at a time. */
static size_t peer_sent_bytes;

static void peer_sent(void *arg, enum fast_status status, size_t bytes)
{
	struct peer *peer = arg;

	peer->is_sending = false;
	peer_sent_bytes = status == FAST_OK ? bytes : 0;
}

static const struct fast_link_events peer_events = {peer_received, peer_sent};

void peer_open(struct peer *peer, struct fast_memory_net *net, struct fast_link *link)
{
	*peer = (struct peer){.net = net, .link = link, .reads = true};
	fast_link_start(link, &peer_events, peer);
	peer_recv(peer);
}

void peer_close(struct peer *peer)
{
	peer->link->ops->free(peer->link);
	peer->link = NULL;
	free(peer->unsent);
	peer->unsent = NULL;
}

void peer_stop_reading(struct peer *peer)
{
	peer->reads = false;
}

bool peer_send(struct peer *peer, const void *bytes, size_t count)
{
	const uint8_t *at = bytes;

	while (count > 0) {
		struct iovec iov = {(void *)(uintptr_t)at, count};
		if (peer->is_sending) {
			return false;
		}
		peer->is_sending = true;
		peer->link->ops->send(peer->link, &iov, 1);
		fast_memory_run(peer->net);
		if (peer->is_sending || peer_sent_bytes == 0) {
			return false;
		}
		at += peer_sent_bytes;
		count -= peer_sent_bytes;
	}
	fast_memory_run(peer->net);
	return true;
}

void peer_send_hello(struct peer *peer, enum fast_sp_protocol protocol)
{
	uint8_t hello[FAST_SP_HELLO_BYTES];

	fast_sp_hello_write(protocol, hello);
	assert_true(peer_send(peer, hello, sizeof hello));
}

bool peer_send_message(struct peer *peer, const void *message, size_t bytes)
{
	uint8_t *frame = malloc(FAST_SP_PREFIX_BYTES_MAX + bytes);
	size_t prefix_bytes;
	bool is_sent;

	assert_non_null(frame);
	assert_null(peer->unsent);
	prefix_bytes = fast_sp_prefix_write(FAST_SP_TCP, bytes, frame);
	memcpy(frame + prefix_bytes, message, bytes);
	is_sent = peer_send(peer, frame, prefix_bytes + bytes);
	if (peer->is_sending) {
		peer->unsent = frame; /* the link still reads from it */
	} else {
		free(frame);
	}
	return is_sent;
}

bool peer_send_packet(struct peer *peer, uint32_t id, const Fast__V1__Packet *packet)
{
	size_t bytes = 4 + fast__v1__packet__get_packed_size(packet);
	uint8_t *message = malloc(bytes);
	bool is_sent;

	assert_non_null(message);
	for (int i = 0; i < 4; i++) {
		message[i] = (uint8_t)(id >> (24 - 8 * i));
	}
	fast__v1__packet__pack(packet, message + 4);
	is_sent = peer_send_message(peer, message, bytes);
	free(message);
	return is_sent;
}

static void peer_drop(struct peer *peer, size_t bytes)
{
	peer->in_bytes -= bytes;
	memmove(peer->in, peer->in + bytes, peer->in_bytes);
}

Fast__V1__Packet *peer_take(struct peer *peer, uint32_t *id)
{
	Fast__V1__Packet *packet;
	size_t prefix_bytes = 0;
	size_t frame_bytes = 0;

	fast_memory_run(peer->net);
	if (!peer->has_hello) {
		assert_true(peer->in_bytes >= FAST_SP_HELLO_BYTES);
		peer_drop(peer, FAST_SP_HELLO_BYTES);
		peer->has_hello = true;
	}
	assert_ok(fast_sp_prefix_read(FAST_SP_TCP, peer->in, peer->in_bytes, 4 << 20, &prefix_bytes,
				      &frame_bytes));
	if (frame_bytes == 0 || frame_bytes > peer->in_bytes) {
		return NULL;
	}
	assert_true(frame_bytes >= prefix_bytes + 4);
	*id = 0;
	for (size_t i = 0; i < 4; i++) {
		*id = *id << 8 | peer->in[prefix_bytes + i];
	}
	packet = fast__v1__packet__unpack(NULL, frame_bytes - prefix_bytes - 4,
					  peer->in + prefix_bytes + 4);
	assert_non_null(packet);
	peer_drop(peer, frame_bytes);
	return packet;
}
