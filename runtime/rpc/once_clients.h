/* rpc/once_clients.h - how far the clients of keyed calls have come: what a client has settled need
 * not be kept for it. PROTOCOL.md, "Calls that run once". The idea is RIFL's (Lee et al., SOSP
 * 2015).
 *
 * Guarded by the window's lock. */
#ifndef FAST_RPC_ONCE_CLIENTS_H
#define FAST_RPC_ONCE_CLIENTS_H

#include "base/list.h"
#include "rpc/digest.h"
#include "wire/packet.h"

/* Clients remembered; those beyond have their answers kept for the window's time alone. */
#define FAST_ONCE_CLIENTS_MAX 4096

/* One client object of one caller. */
struct fast_once_client {
	struct fast_once_client *next; /* of its bucket */
	struct fast_list node;         /* the longest unused first */
	struct fast_digest principal;
	uint64_t name;            /* the first half of its keys */
	uint64_t settled;         /* every key with a lower number is over for it */
	struct fast_list entries; /* of the window; as they came */
	int64_t used_ns;
};

/* Zeroed memory is not valid; see init. */
struct fast_once_clients {
	struct fast_once_client **buckets; /* NULL until the first client */
	struct fast_list by_use;
	unsigned count;
};

void fast_once_clients_init(struct fast_once_clients *clients);
/* Their entries have been removed. */
void fast_once_clients_fini(struct fast_once_clients *clients);

/* The client whose key the packet carries, used now, with what it says to have settled. NULL: the
 * packet does not say, or there is no room. */
struct fast_once_client *fast_once_clients_use(struct fast_once_clients *clients,
					       struct fast_digest principal,
					       const struct fast_packet *packet, int64_t now_ns);

/* Forgets those that have no entry and were not used since. */
void fast_once_clients_expire(struct fast_once_clients *clients, int64_t since_ns);

/* The number in a key: its last 8 bytes, big-endian. */
uint64_t fast_once_key_number(const uint8_t *key);

#endif
