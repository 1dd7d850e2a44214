/* runtime/rpc_peer.h - the other end of a memory link, which says what a test tells it to. */
#ifndef FAST_TEST_RPC_PEER_H
#define FAST_TEST_RPC_PEER_H

#include "support/harness.h"

#include "link/link_memory.h"
#include <fast/v1/packet.pb-c.h>

#define PEER_BUFFER_BYTES 65536

struct peer {
	struct fast_memory_net *net;
	struct fast_link *link;
	uint8_t room[4096];
	uint8_t in[PEER_BUFFER_BYTES]; /* not taken yet */
	size_t in_bytes;
	bool has_hello;
	bool is_sending;
	uint8_t *unsent; /* what could not be sent; NULL: nothing */
	bool has_ended;  /* closed by the other side */
	bool reads;
};

/* Takes link, and reads from it. */
void peer_open(struct peer *peer, struct fast_memory_net *net, struct fast_link *link);
/* Frees the link. */
void peer_close(struct peer *peer);
void peer_stop_reading(struct peer *peer);

/* Steps until the bytes are taken or nothing moves. False: they were not all taken. */
bool peer_send(struct peer *peer, const void *bytes, size_t count);
void peer_send_hello(struct peer *peer, enum fast_sp_protocol protocol);
/* A message in the framing of tcp. */
bool peer_send_message(struct peer *peer, const void *message, size_t bytes);
/* A packet under an id. */
bool peer_send_packet(struct peer *peer, uint32_t id, const Fast__V1__Packet *packet);

/* The next packet that came, which the caller frees with free_unpacked; NULL: none. Checks the
 * hello before the first. */
Fast__V1__Packet *peer_take(struct peer *peer, uint32_t *id);

#endif
