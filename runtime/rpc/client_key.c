/* The keys of calls that run once. */
#include "rpc/retry.h"

#include "rpc/limits.h"
#include <string.h>

static void half_write(uint64_t half, uint8_t *out)
{
	for (size_t i = 8; i-- > 0; half >>= 8) {
		out[i] = (uint8_t)half;
	}
}

void fast_retry_key_make(struct fast_client_call *call, enum fast_once once)
{
	struct fast_client *client = call->client;

	if (call->method->kind != FAST_METHOD_UNARY ||
	    call->method->idempotency != FAST_IDEMPOTENCY_UNKNOWN) {
		return;
	}
	once = once != FAST_ONCE_DEFAULT ? once : client->once;
	call->has_key = once == FAST_ONCE_ON || (once == FAST_ONCE_DEFAULT && client->makes_keys);
	call->waits_for_hello = once == FAST_ONCE_ON;
}

/* No call of the system's for each: unlike others' by the seed, and among ours by the number. */
void fast_retry_key_number(struct fast_client_call *call)
{
	struct fast_client *client = call->client;

	if (!call->has_key) {
		return;
	}
	if (call->key_number == 0) {
		call->key_number = ++client->keys;
		half_write(client->seed[0], call->key);
		half_write(call->key_number, call->key + 8);
		fast_list_append(&client->keyed, &call->keyed_node);
	}
	call->key_settled = FAST_LIST_ENTRY(client->keyed.next, struct fast_client_call, keyed_node)
				    ->key_number;
}

void fast_retry_key_settle(struct fast_client_call *call)
{
	if (call->key_number != 0) {
		fast_list_remove(&call->keyed_node);
		call->key_number = 0;
	}
}

void fast_retry_key_put(const struct fast_client_call *call, struct fast_packet *packet)
{
	if (!call->has_key) {
		return;
	}
	packet->idempotency_key = (struct fast_span){call->key, sizeof call->key};
	packet->key_settled = call->key_settled;
	if (call->boot_id != 0) {
		packet->boot_id = call->boot_id;
		packet->key_age_us =
			(uint64_t)(fast_timers_now_ns(call->client->timers) - call->key_ns) /
			FAST_NS_PER_US;
	}
}

bool fast_retry_is_ready(const struct fast_client_call *call,
			 const struct fast_client_connection *connection)
{
	return !call->has_key || !call->waits_for_hello || connection->has_hello;
}

bool fast_retry_is_elsewhere(const struct fast_client_call *call,
			     const struct fast_client_connection *connection)
{
	return call->has_key && call->boot_id != 0 && call->boot_id != connection->boot_id;
}
