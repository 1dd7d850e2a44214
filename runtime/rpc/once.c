#include "rpc/once.h"

#include "rpc/digest.h"
#include "rpc/limits.h"
#include "rpc/once_result.h"
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define ONCE_BUCKETS 4096 /* a power of two */

/* One key of one caller for one method. All guarded by the window's lock. */
struct fast_once_entry {
	struct fast_once_entry *next; /* of its bucket */
	struct fast_list node;        /* once->running or ->done */
	const struct fast_method_entry *method;
	struct fast_digest principal;
	uint8_t key[FAST_IDEMPOTENCY_KEY_BYTES];
	struct fast_digest payload;
	size_t payload_bytes;
	struct fast_call *call;   /* that runs; NULL: it has ended */
	struct fast_list waiters; /* calls that want the same answer */
	unsigned waiter_count;
	int64_t end_ns;
	struct fast_once_result *result; /* NULL: runs, or the answer was not kept */
};

static struct fast_digest digest_begin(const struct fast_once_window *once)
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
	*out = once;
	return FAST_OK;
}

static struct fast_once_entry *entry_of(struct fast_list *node)
{
	return FAST_LIST_ENTRY(node, struct fast_once_entry, node);
}

struct fast_call *fast_once_running_call(struct fast_list *node)
{
	return entry_of(node)->call;
}

static size_t result_bytes(const struct fast_once_result *result)
{
	return sizeof *result + result->message_bytes + result->trailers_bytes;
}

/* Lock held. */
static void result_release(struct fast_once_result *result)
{
	if (result != NULL && --result->references == 0) {
		free(result);
	}
}

static struct fast_once_entry **once_bucket(struct fast_once_window *once, const uint8_t *key)
{
	uint64_t hash = fast_digest_bytes(digest_begin(once), key, FAST_IDEMPOTENCY_KEY_BYTES).low;

	return &once->buckets[hash & (ONCE_BUCKETS - 1)];
}

/* Lock held. Frees the entry, which is in neither list. */
static void once_remove(struct fast_once_window *once, struct fast_once_entry *entry)
{
	struct fast_once_entry **at = once_bucket(once, entry->key);

	while (*at != entry) {
		at = &(*at)->next;
	}
	*at = entry->next;
	once->count--;
	once->bytes -= sizeof *entry;
	if (entry->result != NULL) {
		once->bytes -= result_bytes(entry->result);
		result_release(entry->result);
	}
	free(entry);
}

/* Lock held. A request may be late by a whole window and still meet the answer of its key. */
static void once_expire(struct fast_once_window *once, int64_t now_ns)
{
	while (!fast_list_is_empty(&once->done)) {
		struct fast_once_entry *entry = entry_of(once->done.next);

		if (entry->end_ns + 2 * once->window_ns > now_ns) {
			return;
		}
		fast_list_remove(&entry->node);
		once_remove(once, entry);
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
		once_remove(once, entry_of(node));
	}
	free(once->buckets);
	pthread_mutex_destroy(&once->lock);
	free(once);
}

/* Lock held. NULL: nothing is known of that key. */
static struct fast_once_entry *once_find(struct fast_once_window *once,
					 const struct fast_call *call, struct fast_digest principal,
					 const uint8_t *key)
{
	struct fast_once_entry *entry = once->buckets == NULL ? NULL : *once_bucket(once, key);

	while (entry != NULL &&
	       (memcmp(entry->key, key, sizeof entry->key) != 0 || entry->method != call->entry ||
		!fast_digest_equals(entry->principal, principal))) {
		entry = entry->next;
	}
	return entry;
}

/* Lock held. The call will run under its key. False: the window is full, or there is no memory. */
static bool once_add(struct fast_once_window *once, struct fast_call *call,
		     struct fast_digest principal, const struct fast_packet *packet)
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
	entry = calloc(1, sizeof *entry);
	if (entry == NULL) {
		return false;
	}
	entry->method = call->entry;
	entry->principal = principal;
	memcpy(entry->key, packet->idempotency_key.data, sizeof entry->key);
	entry->payload =
		fast_digest_bytes(digest_begin(once), packet->payload.data, packet->payload.bytes);
	entry->payload_bytes = packet->payload.bytes;
	entry->call = call;
	fast_list_init(&entry->waiters);
	fast_list_append(&once->running, &entry->node);
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
	struct fast_digest payload =
		fast_digest_bytes(digest_begin(once), packet->payload.data, packet->payload.bytes);

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

static struct once_judgement once_judge(struct fast_once_window *once, struct fast_call *call,
					const struct fast_packet *packet)
{
	struct fast_digest principal = fast_digest_peer(digest_begin(once), fast_call_peer(call));
	struct once_judgement judgement = {.verdict = ONCE_RUNS};
	struct fast_once_entry *entry;

	pthread_mutex_lock(&once->lock);
	once_expire(once, fast_timers_now_ns(call->connection->server->timers));
	entry = once_find(once, call, principal, packet->idempotency_key.data);
	if (entry != NULL) {
		entry_judge(once, entry, call, packet, &judgement);
	} else if (packet_is_too_late(once, packet)) {
		judgement.verdict = ONCE_IS_TOO_LATE;
	} else if (!once_add(once, call, principal, packet)) {
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
	result_release(result);
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
	if (result != NULL && once->bytes_max - once->bytes >= result_bytes(result)) {
		once->bytes += result_bytes(result);
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
	once_remove(once, call->once);
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
