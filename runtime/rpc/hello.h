/* rpc/hello.h - the first packet of each side. PROTOCOL.md, "HELLO". */
#ifndef FAST_RPC_HELLO_H
#define FAST_RPC_HELLO_H

#include "rpc/frame.h"

#define FAST_PROTOCOL_VERSION 1
/* More of an agent's name is cut. */
#define FAST_AGENT_BYTES_MAX 64

struct fast_hello {
	uint32_t version_min;
	uint32_t version_max;
	uint32_t packet_bytes_max;            /* 0: not said */
	uint32_t calls_max;                   /* 0: not said */
	uint32_t keepalive_ms;                /* 0: any silence */
	uint32_t fragment_bytes_max;          /* 0: whole messages only */
	uint64_t boot_id;                     /* 0: not said */
	char agent[FAST_AGENT_BYTES_MAX + 1]; /* printable ASCII */
};

/* Random, and the same until the process ends. Never 0. */
uint64_t fast_boot_id(void);

/* What our HELLO says. */
struct fast_hello_terms {
	const char *agent; /* NULL: none */
	size_t message_bytes_max;
	uint32_t calls_max;
	uint32_t keepalive_ms; /* 0: any silence */
	uint64_t boot_id;      /* 0: the process's */
};

/* A frame with our HELLO. */
FAST_MUST_CHECK enum fast_status fast_hello_frame(enum fast_sp_framing framing,
						  const struct fast_hello_terms *terms,
						  struct fast_frame **out);

/* What the peer says. INVALID_ARGUMENT: malformed. */
FAST_MUST_CHECK enum fast_status fast_hello_read(const struct fast_packet *packet,
						 struct fast_hello *out);

/* Whether a version is spoken by both. */
bool fast_hello_agrees(const struct fast_hello *hello);

/* A packet of the connection itself, such as PONG and GOAWAY. */
FAST_MUST_CHECK enum fast_status fast_hello_control(enum fast_sp_framing framing,
						    const struct fast_packet *packet,
						    struct fast_frame **out);

#endif
