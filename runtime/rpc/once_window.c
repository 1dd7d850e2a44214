#include "rpc/once_entry.h"

#include "rpc/limits.h"
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define ONCE_BUCKETS 4096 /* a power of two */
/* Entries of a client that one of its requests looks at. */
#define SETTLE_LOOKS_MAX 64

struct fast_digest fast_once_digest_begin(const struct fast_once_window *once)
{
	return (struct fast_digest){once->seed, ~once->seed};
}

enum fast_status fast_once_new(const struct fast_server_options *options,
			       struct fast_once_window **out)
{
	struct fast_once_window *once = calloc(1, sizeof *once);
	uint64_t random[2];

	if (once == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
		random[0] = fast_digest_mix((uint64_t)fast_clock_now_ns());
		random[1] = fast_digest_mix(random[0]);
	}
	once->boot_id = random[0] | 1; /* never 0 */
	once->seed = random[1];
	once->window_ns = (int64_t)options->once_window_ms * FAST_NS_PER_MS;
	once->results_max = options->once_results_max;
	once->bytes_max = options->once_bytes_max;
	pthread_mutex_init(&once->lock, NULL);
	fast_list_init(&once->running);
	fast_list_init(&once->done);
	fast_list_init(&once->spare);
	fast_once_clients_init(&once->clients);
	*out = once;
	return FAST_OK;
}

struct fast_once_entry *fast_once_entry_of(struct fast_list *node)
{
	return FAST_LIST_ENTRY(node, struct fast_once_entry, node);
}

struct fast_call *fast_once_running_call(struct fast_list *node)
{
	return fast_once_entry_of(node)->call;
}

size_t fast_once_result_bytes(const struct fast_once_result *result)
{
	return sizeof *result + result->message_bytes + result->trailers_bytes;
}

void fast_once_result_release(struct fast_once_result *result)
{
	if (result != NULL && --result->references == 0) {
		free(result);
	}
}

static struct fast_once_entry **once_bucket(struct fast_once_window *once, const uint8_t *key)
{
	uint64_t hash =
		fast_digest_bytes(fast_once_digest_begin(once), key, FAST_IDEMPOTENCY_KEY_BYTES)
			.low;

	return &once->buckets[hash & (ONCE_BUCKETS - 1)];
}

void fast_once_remove(struct fast_once_window *once, struct fast_once_entry *entry)
{
	struct fast_once_entry **at = once_bucket(once, entry->key);

	while (*at != entry) {
		at = &(*at)->next;
	}
	*at = entry->next;
	if (entry->client != NULL) {
		fast_list_remove(&entry->client_node);
	}
	once->count--;
	once->bytes -= sizeof *entry;
	if (entry->result != NULL) {
		once->bytes -= fast_once_result_bytes(entry->result);
		fast_once_result_release(entry->result);
	}
	if (once->spare_count < FAST_SPARE_CALLS_MAX) {
		fast_list_append(&once->spare, &entry->node);
		once->spare_count++;
	} else {
		free(entry);
	}
}

void fast_once_expire(struct fast_once_window *once, int64_t now_ns)
{
	while (!fast_list_is_empty(&once->done)) {
		struct fast_once_entry *entry = fast_once_entry_of(once->done.next);

		if (entry->end_ns + 2 * once->window_ns > now_ns) {
			break;
		}
		fast_list_remove(&entry->node);
		fast_once_remove(once, entry);
	}
	fast_once_clients_expire(&once->clients, now_ns - 2 * once->window_ns);
}

bool fast_once_entry_is_settled(const struct fast_once_entry *entry)
{
	return entry->client != NULL && fast_once_key_number(entry->key) < entry->client->settled;
}

void fast_once_settle(struct fast_once_window *once, struct fast_once_client *client)
{
	struct fast_list *next;
	unsigned looks = 0;

	for (struct fast_list *node = client->entries.next;
	     node != &client->entries && looks < SETTLE_LOOKS_MAX; node = next, looks++) {
		struct fast_once_entry *entry =
			FAST_LIST_ENTRY(node, struct fast_once_entry, client_node);

		next = node->next;
		if (!fast_once_entry_is_settled(entry)) {
			return;
		}
		if (entry->call == NULL) {
			fast_list_remove(&entry->node);
			fast_once_remove(once, entry);
		}
	}
}

void fast_once_free(struct fast_once_window *once)
{
	if (once == NULL) {
		return;
	}
	for (;;) {
		struct fast_list *node = fast_list_pop(&once->done);
		if (node == NULL) {
			break;
		}
		fast_once_remove(once, fast_once_entry_of(node));
	}
	for (;;) {
		struct fast_list *node = fast_list_pop(&once->spare);
		if (node == NULL) {
			break;
		}
		free(fast_once_entry_of(node));
	}
	fast_once_clients_fini(&once->clients);
	free(once->buckets);
	pthread_mutex_destroy(&once->lock);
	free(once);
}

struct fast_once_entry *fast_once_find(struct fast_once_window *once, const struct fast_call *call,
				       struct fast_digest principal, const uint8_t *key)
{
	struct fast_once_entry *entry = once->buckets == NULL ? NULL : *once_bucket(once, key);

	while (entry != NULL &&
	       (memcmp(entry->key, key, sizeof entry->key) != 0 || entry->method != call->entry ||
		!fast_digest_equals(entry->principal, principal))) {
		entry = entry->next;
	}
	return entry;
}

/* Lock held. Zeroed. NULL: no memory. */
static struct fast_once_entry *entry_new(struct fast_once_window *once)
{
	struct fast_list *node = fast_list_pop(&once->spare);
	struct fast_once_entry *entry;

	if (node == NULL) {
		return calloc(1, sizeof *entry);
	}
	once->spare_count--;
	entry = fast_once_entry_of(node);
	*entry = (struct fast_once_entry){.next = NULL};
	return entry;
}

bool fast_once_add(struct fast_once_window *once, struct fast_call *call,
		   struct fast_digest principal, struct fast_once_client *client,
		   const struct fast_packet *packet)
{
	struct fast_once_entry **bucket;
	struct fast_once_entry *entry;

	if (once->buckets == NULL) {
		once->buckets = calloc(ONCE_BUCKETS, sizeof *once->buckets);
	}
	if (once->buckets == NULL || once->count == once->results_max ||
	    once->bytes_max - once->bytes < sizeof *entry) {
		return false;
	}
	entry = entry_new(once);
	if (entry == NULL) {
		return false;
	}
	entry->method = call->entry;
	entry->principal = principal;
	memcpy(entry->key, packet->idempotency_key.data, sizeof entry->key);
	entry->payload = fast_digest_bytes(fast_once_digest_begin(once), packet->payload.data,
					   packet->payload.bytes);
	entry->payload_bytes = packet->payload.bytes;
	entry->call = call;
	fast_list_init(&entry->waiters);
	fast_list_append(&once->running, &entry->node);
	entry->client = client;
	if (client != NULL) {
		fast_list_append(&client->entries, &entry->client_node);
	}
	bucket = once_bucket(once, entry->key);
	entry->next = *bucket;
	*bucket = entry;
	once->count++;
	once->bytes += sizeof *entry;
	/* The loss of its connection asks for it under this lock. */
	pthread_mutex_lock(&call->connection->lock);
	call->once = entry;
	pthread_mutex_unlock(&call->connection->lock);
	return true;
}
