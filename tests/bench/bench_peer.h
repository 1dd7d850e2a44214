/* bench_peer.h - the other process of bench_rpc, and how it is reached. */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <fast/service.h>
#include <sys/types.h>

#define PEER_REQUEST_BYTES 64
#define PEER_REPLY_BYTES   32

/* What it serves, at paths in one folder of its own and at ports that it was given. */
struct peer {
	pid_t pid;
	char folder[64];
	char fast_ipc[96];
	char fast_tcp[96];
	char nng_ipc[96];
	char nng_tcp[96];
	char raw_ipc[96]; /* a path */
	uint16_t raw_tcp; /* a port */
};

enum { PEER_ECHO, PEER_WATCH, PEER_METHODS };
extern const struct fast_method peer_methods[PEER_METHODS];

/* A request of PEER_REQUEST_BYTES that asks for so many items, if of a stream. Valid until the next
 * one; for one thread. */
const ProtobufCMessage *peer_request(uint32_t items);

/* Pins this process to one CPU and starts the peer on it. False: something failed. */
bool peer_start(struct peer *peer);
void peer_stop(struct peer *peer);
/* The peer's main. */
int peer_serve(const char *folder);

/* A raw socket to the peer; -1: failed. */
int peer_connect(const struct peer *peer, bool is_ipc);

/* 64 bytes there and 32 back on an nng_stream, with nng_aio_wait(). */
struct nng_echo;
struct nng_echo *nng_echo_open(const char *url);
bool nng_echo_ask(struct nng_echo *echo);
void nng_echo_close(struct nng_echo *echo);

#endif
