#include "rpc/once_clients.h"

#include <assert.h>
#include <stdlib.h>

#define CLIENT_BUCKETS 1024 /* a power of two */

static uint64_t half_read(const uint8_t *bytes)
{
	uint64_t half = 0;

	for (size_t i = 0; i < 8; i++) {
		half = half << 8 | bytes[i];
	}
	return half;
}

uint64_t fast_once_key_number(const uint8_t *key)
{
	return half_read(key + 8);
}

void fast_once_clients_init(struct fast_once_clients *clients)
{
	*clients = (struct fast_once_clients){.buckets = NULL};
	fast_list_init(&clients->by_use);
}

static struct fast_once_client **bucket_of(struct fast_once_clients *clients, uint64_t name)
{
	return &clients->buckets[fast_digest_mix(name) & (CLIENT_BUCKETS - 1)];
}

/* The oldest one. */
static void client_remove_first(struct fast_once_clients *clients)
{
	struct fast_once_client *client =
		FAST_LIST_ENTRY(fast_list_pop(&clients->by_use), struct fast_once_client, node);
	struct fast_once_client **at = bucket_of(clients, client->name);

	assert(fast_list_is_empty(&client->entries));
	while (*at != client) {
		at = &(*at)->next;
	}
	*at = client->next;
	clients->count--;
	free(client);
}

void fast_once_clients_fini(struct fast_once_clients *clients)
{
	while (!fast_list_is_empty(&clients->by_use)) {
		client_remove_first(clients);
	}
	free(clients->buckets);
	clients->buckets = NULL;
}

void fast_once_clients_expire(struct fast_once_clients *clients, int64_t since_ns)
{
	while (!fast_list_is_empty(&clients->by_use)) {
		const struct fast_once_client *client =
			FAST_LIST_ENTRY(clients->by_use.next, struct fast_once_client, node);

		if (client->used_ns > since_ns || !fast_list_is_empty(&client->entries)) {
			return;
		}
		client_remove_first(clients);
	}
}

/* NULL: there is no room for another. */
static struct fast_once_client *client_new(struct fast_once_clients *clients,
					   struct fast_digest principal, uint64_t name)
{
	struct fast_once_client *client;
	struct fast_once_client **bucket;

	if (clients->buckets == NULL) {
		clients->buckets = calloc(CLIENT_BUCKETS, sizeof(struct fast_once_client *));
	}
	if (clients->buckets == NULL || clients->count == FAST_ONCE_CLIENTS_MAX) {
		return NULL;
	}
	client = calloc(1, sizeof *client);
	if (client == NULL) {
		return NULL;
	}
	client->principal = principal;
	client->name = name;
	fast_list_init(&client->entries);
	bucket = bucket_of(clients, name);
	client->next = *bucket;
	*bucket = client;
	fast_list_append(&clients->by_use, &client->node);
	clients->count++;
	return client;
}

struct fast_once_client *fast_once_clients_use(struct fast_once_clients *clients,
					       struct fast_digest principal,
					       const struct fast_packet *packet, int64_t now_ns)
{
	uint64_t name = half_read(packet->idempotency_key.data);
	struct fast_once_client *client;

	if (packet->key_settled == 0) {
		return NULL;
	}
	client = clients->buckets == NULL ? NULL : *bucket_of(clients, name);
	while (client != NULL &&
	       (client->name != name || !fast_digest_equals(client->principal, principal))) {
		client = client->next;
	}
	if (client == NULL) {
		client = client_new(clients, principal, name);
	}
	if (client == NULL) {
		return NULL;
	}
	fast_list_remove(&client->node);
	fast_list_append(&clients->by_use, &client->node);
	client->used_ns = now_ns;
	if (client->settled < packet->key_settled) {
		client->settled = packet->key_settled;
	}
	return client;
}
