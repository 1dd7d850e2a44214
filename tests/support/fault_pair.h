/* support/fault_pair.h - one connection of the fault proxy: two sockets, and what is between. */
#ifndef FAST_TEST_FAULT_PAIR_H
#define FAST_TEST_FAULT_PAIR_H

#include "support/fault_proxy.h"

#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#define FAULT_BATCH_BYTES 65536
#define FAULT_IPC_SCHEME  "ipc://"
#define FAULT_TCP_SCHEME  "tcp://127.0.0.1:"

/* What has arrived is read only when all that came before has been written. */
struct fault_way {
	uint8_t bytes[FAULT_BATCH_BYTES];
	size_t first;
	size_t held;
	int64_t due_ns;
	bool has_ended;
};

struct fault_pair {
	bool is_used;
	unsigned order; /* of its accept */
	int fds[2];     /* client, server; server -1: it is held */
	struct fault_way ways[2];
};

union fault_address {
	struct sockaddr any;
	struct sockaddr_un local;
	struct sockaddr_in inet;
};

int64_t fault_now_ns(void);

bool fault_address_parse(const char *endpoint, union fault_address *address);
/* Not blocking; negative: there is none. */
int fault_address_socket(const union fault_address *address);
socklen_t fault_address_bytes(const union fault_address *address);
/* Without Nagle's delay. */
void fault_socket_hurry(int fd, const union fault_address *address);

/* Connects the server's side, or closes the pair. */
void fault_pair_connect(struct fault_pair *pair, const union fault_address *target);
void fault_pair_close(struct fault_pair *pair);
/* What to wait for on both sockets; at most until *until_ns. */
void fault_pair_watch(const struct fault_pair *pair, struct pollfd polls[2], int64_t at_ns,
		      int64_t *until_ns);
/* Reads and writes what can be. */
void fault_pair_serve(struct fault_pair *pair, const struct pollfd polls[2],
		      const struct fault_plan *plan);

#endif
