/* runtime/services_world.h - asking the services that every server has, on memory links. */
#ifndef FAST_TEST_SERVICES_WORLD_H
#define FAST_TEST_SERVICES_WORLD_H

#include "rpc_peer.h"
#include "rpc_world.h"

/* How a call ended; the caller empties it with answer_fini(). */
struct answer {
	unsigned count; /* times that the callback ran */
	enum fast_status status;
	char text[FAST_STATUS_MESSAGE_BYTES_MAX + 1];
	ProtobufCMessage *message; /* NULL unless OK */
};

/* Calls by the world's client, and runs the world until it is quiet. Returns out->message. */
const void *ask_service(struct world *world, const struct fast_method *method,
			const ProtobufCMessage *request, struct answer *out);
void answer_fini(struct answer *answer);

/* A peer that says no HELLO, connected to the world's server. */
void bare_open(struct world *world, struct peer *peer);
/* Calls by it. Gives the answer's packet, which the caller frees. */
Fast__V1__Packet *bare_ask(struct peer *peer, const char *method, const ProtobufCMessage *request);

#endif
