/* rpc/once_entry.h - the entries of the window of keyed calls. */
#ifndef FAST_RPC_ONCE_ENTRY_H
#define FAST_RPC_ONCE_ENTRY_H

#include "rpc/once.h"
#include "rpc/once_result.h"

/* One key of one caller for one method. All guarded by the window's lock. */
struct fast_once_entry {
	struct fast_once_entry *next; /* of its bucket */
	struct fast_list node;        /* once->running or ->done */
	const struct fast_method_entry *method;
	struct fast_digest principal;
	uint8_t key[FAST_IDEMPOTENCY_KEY_BYTES];
	struct fast_digest payload;
	size_t payload_bytes;
	struct fast_call *call;          /* that runs; NULL: it has ended */
	struct fast_once_client *client; /* NULL: it does not say what it has settled */
	struct fast_list client_node;    /* in client->entries */
	struct fast_list waiters;        /* calls that want the same answer */
	unsigned waiter_count;
	int64_t end_ns;
	struct fast_once_result *result; /* NULL: runs, or the answer was not kept */
};

/* What digests of this window begin with. */
struct fast_digest fast_once_digest_begin(const struct fast_once_window *once);
struct fast_once_entry *fast_once_entry_of(struct fast_list *node);

/* Lock held, all of these. */

size_t fast_once_result_bytes(const struct fast_once_result *result);
/* NULL is allowed. */
void fast_once_result_release(struct fast_once_result *result);
/* Frees the entry, which is in neither list. */
void fast_once_remove(struct fast_once_window *once, struct fast_once_entry *entry);
/* Forgets what is older than twice the window: a request may be late by a whole window and still
 * meet the answer of its key. */
void fast_once_expire(struct fast_once_window *once, int64_t now_ns);
/* Whether the client has said that it wants nothing more of the call. */
bool fast_once_entry_is_settled(const struct fast_once_entry *entry);
/* Forgets the answers that the client has settled. They stand in front, more or less; what is
 * missed now is met later. */
void fast_once_settle(struct fast_once_window *once, struct fast_once_client *client);
/* NULL: nothing is known of that key. */
struct fast_once_entry *fast_once_find(struct fast_once_window *once, const struct fast_call *call,
				       struct fast_digest principal, const uint8_t *key);
/* The call will run under its key. client may be NULL. False: the window is full, or there is no
 * memory. */
FAST_MUST_CHECK bool fast_once_add(struct fast_once_window *once, struct fast_call *call,
				   struct fast_digest principal, struct fast_once_client *client,
				   const struct fast_packet *packet);

#endif
