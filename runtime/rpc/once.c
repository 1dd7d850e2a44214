#include "rpc/once_entry.h"

#include "rpc/limits.h"
#include <string.h>

/* What is to be done with a call that carries a key. */
enum once_verdict {
	ONCE_RUNS,
	ONCE_WAITS,
	ONCE_HAS_RUN,
	ONCE_IS_OTHER,
	ONCE_IS_TOO_LATE,
	ONCE_HAS_NO_ROOM,
	ONCE_GAVE_WAY,
};

/* What the lock is not needed for. */
struct once_judgement {
	enum once_verdict verdict;
	struct fast_once_result *result; /* a reference to it; NULL: none */
	struct fast_call *displaced;     /* NULL: none */
};

/* Lock held. */
static void entry_judge(struct fast_once_window *once, struct fast_once_entry *entry,
			struct fast_call *call, const struct fast_packet *packet,
			struct once_judgement *out)
{
	struct fast_digest payload = fast_digest_bytes(fast_once_digest_begin(once),
						       packet->payload.data, packet->payload.bytes);

	if (entry->payload_bytes != packet->payload.bytes ||
	    !fast_digest_equals(entry->payload, payload)) {
		out->verdict = ONCE_IS_OTHER;
		return;
	}
	if (entry->call == NULL) {
		out->verdict = ONCE_HAS_RUN;
		out->result = entry->result;
		if (out->result != NULL) {
			out->result->references++;
		}
		return;
	}
	/* Who asks again and again has lost the connections of the first ones. */
	if (entry->waiter_count == FAST_ONCE_WAITERS_MAX) {
		out->displaced = FAST_LIST_ENTRY(fast_list_pop(&entry->waiters), struct fast_call,
						 once_node);
		entry->waiter_count--;
	}
	fast_list_append(&entry->waiters, &call->once_node);
	entry->waiter_count++;
	out->verdict = ONCE_WAITS;
}

/* What nothing is known of here may have run elsewhere, or so long ago that it is forgotten. */
static bool packet_is_too_late(const struct fast_once_window *once,
			       const struct fast_packet *packet)
{
	return (packet->boot_id != 0 && packet->boot_id != once->boot_id) ||
	       packet->key_age_us > (uint64_t)(once->window_ns / FAST_NS_PER_US);
}

/* Who calls is the same for every call of a connection, and may have many names. */
static struct fast_digest connection_principal(const struct fast_once_window *once,
					       struct fast_server_connection *connection)
{
	if (!connection->has_principal) {
		connection->principal = fast_digest_peer(fast_once_digest_begin(once),
							 &connection->connection.link->peer);
		connection->has_principal = true;
	}
	return connection->principal;
}

static struct once_judgement once_judge(struct fast_once_window *once, struct fast_call *call,
					const struct fast_packet *packet)
{
	struct fast_digest principal = connection_principal(once, call->connection);
	struct once_judgement judgement = {.verdict = ONCE_RUNS};
	int64_t now_ns = fast_timers_now_ns(call->connection->server->timers);
	struct fast_once_client *client;
	struct fast_once_entry *entry;

	pthread_mutex_lock(&once->lock);
	fast_once_expire(once, now_ns);
	client = fast_once_clients_use(&once->clients, principal, packet, now_ns);
	if (client != NULL) {
		fast_once_settle(once, client);
	}
	entry = fast_once_find(once, call, principal, packet->idempotency_key.data);
	if (entry != NULL) {
		entry_judge(once, entry, call, packet, &judgement);
	} else if (packet_is_too_late(once, packet) ||
		   (client != NULL &&
		    fast_once_key_number(packet->idempotency_key.data) < client->settled)) {
		judgement.verdict = ONCE_IS_TOO_LATE;
	} else if (!fast_once_add(once, call, principal, client, packet)) {
		judgement.verdict = ONCE_HAS_NO_ROOM;
	}
	pthread_mutex_unlock(&once->lock);
	return judgement;
}

/* Refusals that say what is known of the call under that key. */
static void once_refuse(struct fast_call *call, enum once_verdict verdict)
{
	static const struct fast_failure failures[] = {
		[ONCE_IS_OTHER] = {.status = FAST_INVALID_ARGUMENT,
				   .executed = FAST_EXECUTED_NO,
				   .text = "another request was made under this key"},
		[ONCE_IS_TOO_LATE] = {.status = FAST_ABORTED,
				      .text = "whether the call ran is not known any more: it went "
					      "to a server that has been restarted since, or it is "
					      "too long ago"},
		[ONCE_HAS_NO_ROOM] = {.status = FAST_RESOURCE_EXHAUSTED,
				      .text = "the server keeps the answers of as many keyed calls "
					      "as it may"},
		[ONCE_GAVE_WAY] = {.status = FAST_ABORTED,
				   .text = "too many wait for the answer of this call"},
	};

	if (verdict == ONCE_HAS_NO_ROOM) {
		fast_call_refuse_open(call, FAST__V1__PACKET_KIND__PACKET_KIND_PUSHBACK,
				      failures[verdict].status, failures[verdict].text);
	} else {
		fast_call_fail_as(call, failures[verdict].status, failures[verdict].executed,
				  failures[verdict].text);
	}
}

static void once_release(struct fast_once_window *once, struct fast_once_result *result)
{
	pthread_mutex_lock(&once->lock);
	fast_once_result_release(result);
	pthread_mutex_unlock(&once->lock);
}

bool fast_once_admit(struct fast_call *call, const struct fast_packet *packet)
{
	struct fast_once_window *once = call->connection->server->once;
	struct once_judgement judgement = once_judge(once, call, packet);

	if (judgement.displaced != NULL) {
		once_refuse(judgement.displaced, ONCE_GAVE_WAY);
	}
	switch (judgement.verdict) {
	case ONCE_RUNS:
		return true;
	case ONCE_WAITS:
		break; /* it may be over already */
	case ONCE_HAS_RUN:
		fast_once_result_replay(judgement.result, call);
		once_release(once, judgement.result);
		break;
	default:
		once_refuse(call, judgement.verdict);
		break;
	}
	return false;
}

/* Lock held. The entry is in no list afterwards. */
static void entry_end(struct fast_once_entry *entry, struct fast_list *waiters)
{
	fast_list_init(waiters);
	fast_list_move(waiters, &entry->waiters);
	fast_list_remove(&entry->node);
	entry->call = NULL;
}

/* Takes result, which has one reference; NULL: there was no memory for it. */
static void once_end(struct fast_call *call, struct fast_once_result *result)
{
	struct fast_server *server = call->connection->server;
	struct fast_once_window *once = server->once;
	struct fast_once_entry *entry = call->once;
	struct fast_list waiters;

	pthread_mutex_lock(&once->lock);
	entry_end(entry, &waiters);
	entry->end_ns = fast_timers_now_ns(server->timers);
	fast_list_append(&once->done, &entry->node);
	if (fast_once_entry_is_settled(entry)) {
		fast_list_remove(&entry->node);
		fast_once_remove(once, entry);
	} else if (result != NULL &&
		   once->bytes_max - once->bytes >= fast_once_result_bytes(result)) {
		once->bytes += fast_once_result_bytes(result);
		entry->result = result;
		result->references++;
	}
	pthread_mutex_unlock(&once->lock);

	for (;;) {
		struct fast_list *node = fast_list_pop(&waiters);
		if (node == NULL) {
			break;
		}
		fast_once_result_replay(result, FAST_LIST_ENTRY(node, struct fast_call, once_node));
	}
	once_release(once, result);
}

void fast_once_succeed(struct fast_call *call, const ProtobufCMessage *response)
{
	once_end(call, fast_once_result_of_answer(response, call->context.trailers));
}

void fast_once_fail(struct fast_call *call, const struct fast_failure *failure)
{
	once_end(call, fast_once_result_of_failure(failure));
}

void fast_once_forget(struct fast_call *call, Fast__V1__PacketKind kind, enum fast_status status,
		      const char *text)
{
	struct fast_once_window *once = call->connection->server->once;
	struct fast_list waiters;

	pthread_mutex_lock(&once->lock);
	entry_end(call->once, &waiters);
	fast_once_remove(once, call->once);
	pthread_mutex_unlock(&once->lock);
	for (;;) {
		struct fast_list *node = fast_list_pop(&waiters);
		if (node == NULL) {
			return;
		}
		fast_call_refuse_open(FAST_LIST_ENTRY(node, struct fast_call, once_node), kind,
				      status, text);
	}
}
