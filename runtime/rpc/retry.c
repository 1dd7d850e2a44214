#include "rpc/retry.h"

#include "rpc/digest.h"
#include "rpc/limits.h"
#include "rpc/thread.h"
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define GOLDEN 0x9e3779b97f4a7c15u /* 2^64 over the golden ratio: steps that never meet */

void fast_retry_seed(struct fast_client *client)
{
	if (getrandom(client->seed, sizeof client->seed, 0) != (ssize_t)sizeof client->seed) {
		client->seed[0] = fast_digest_mix((uint64_t)fast_clock_now_ns());
		client->seed[1] = fast_digest_mix((uint64_t)(uintptr_t)client);
	}
	client->retry_tokens = FAST_RETRY_TOKENS_MAX;
}

static bool is_idempotent(const struct fast_client_call *call)
{
	return call->method->idempotency != FAST_IDEMPOTENCY_UNKNOWN;
}

bool fast_retry_is_patient(const struct fast_client_call *call)
{
	return call->waits_for_ready || (call->has_key && call->may_have_run);
}

/* Lock held. 0.8 to 1.2 times as long. */
static int64_t pause_jitter_ms(struct fast_client *client, double ms)
{
	uint64_t random = fast_digest_mix(client->seed[1] + ++client->randoms * GOLDEN);
	double share = (double)(random >> 11) / (double)(UINT64_C(1) << 53);
	double jittered = ms * (0.8 + 0.4 * share);

	return jittered < 1 ? 1 : (int64_t)jittered;
}

static double pause_grow(double ms, double multiplier, double ms_max, uint32_t times)
{
	for (uint32_t i = 0; i < times && ms < ms_max; i++) {
		ms *= multiplier;
	}
	return ms < ms_max ? ms : ms_max;
}

/* Lock held. Lets the call be sent again from now on. */
static void call_go(struct fast_client_call *call)
{
	fast_client_wait(call);
	fast_client_dial(call->client);
}

static void client_rest_over(void *arg);

/* Lock held. False: no memory for the timer. */
static bool client_rest_until(struct fast_client *client, int64_t due_ns)
{
	if (client->rest_due_ns != 0 && client->rest_due_ns <= due_ns) {
		return true;
	}
	if (fast_timer_set(client->timers, &client->rest_timer, due_ns, client_rest_over, client) !=
	    FAST_OK) {
		return false;
	}
	client->rest_due_ns = due_ns;
	return true;
}

/* Lock held. Moves what is due to those that wait. Gives when the next one is; 0: none rests. */
static int64_t client_rouse(struct fast_client *client, int64_t now_ns)
{
	int64_t next_ns = 0;
	struct fast_list *next;

	for (struct fast_list *node = client->resting.next; node != &client->resting; node = next) {
		struct fast_client_call *call =
			FAST_LIST_ENTRY(node, struct fast_client_call, node);
		next = node->next;
		if (call->due_ns <= now_ns) {
			fast_list_remove(node);
			client->waiting_count--;
			fast_client_wait(call);
		} else if (next_ns == 0 || call->due_ns < next_ns) {
			next_ns = call->due_ns;
		}
	}
	return next_ns;
}

static void client_rest_over(void *arg)
{
	struct fast_client *client = arg;
	struct fast_list failed;
	int64_t next_ns;

	fast_list_init(&failed);
	fast_thread_enter();
	pthread_mutex_lock(&client->lock);
	client->rest_due_ns = 0;
	next_ns = client_rouse(client, fast_timers_now_ns(client->timers));
	if (next_ns != 0 && !client_rest_until(client, next_ns)) {
		client_rouse(client, FAST_TIME_NEVER);
	}
	fast_client_submit_waiting(client, &failed);
	if (!fast_list_is_empty(&client->waiting)) {
		fast_client_dial(client);
	}
	fast_client_read_on(client);
	pthread_mutex_unlock(&client->lock);
	fast_client_finish_all(&failed);
	fast_thread_leave();
}

/* Lock held. The call, which is nowhere, is sent again after a pause. */
static void call_rest(struct fast_client_call *call, int64_t ms)
{
	struct fast_client *client = call->client;

	call->due_ns = fast_time_after_ms(fast_timers_now_ns(client->timers), ms);
	if (!client_rest_until(client, call->due_ns)) {
		call_go(call);
		return;
	}
	call->state = FAST_CLIENT_CALL_RESTING;
	call->connection = NULL;
	fast_list_append(&client->resting, &call->node);
	client->waiting_count++;
}

/* Lock held. Takes the call from where it is, to be sent another time. */
static void call_withdraw(struct fast_client_call *call, bool may_have_run)
{
	if (call->state == FAST_CLIENT_CALL_OPEN) {
		fast_call_table_remove(&call->connection->calls, call->id);
	} else {
		fast_list_remove(&call->node);
		call->client->waiting_count--;
	}
	call->may_have_run = call->may_have_run || may_have_run;
	call->had_run = call->may_have_run;
	call->attempt++;
}

/* Lock held. Whether the policy of the call, if it has one, lets it be sent again after such an
 * end. Gives the pause. */
static bool policy_allows(struct fast_client_call *call, enum fast_status status,
			  enum fast_executed executed, uint32_t retry_after_ms, int64_t *pause_ms)
{
	const struct fast_retry *retry = &call->retry;
	struct fast_client *client = call->client;
	bool is_safe = executed == FAST_EXECUTED_NO || is_idempotent(call) ||
		       (call->has_key && executed == FAST_EXECUTED_UNKNOWN);
	int64_t now_ns = fast_timers_now_ns(client->timers);
	double ms;

	if (!call->has_policy || client->is_closing || !is_safe ||
	    client->waiting_count >= FAST_CALLS_WAITING_MAX ||
	    (retry->statuses & FAST_RETRY_ON(status)) == 0) {
		return false;
	}
	client->retry_tokens = client->retry_tokens < FAST_RETRY_TOKEN
				       ? 0
				       : client->retry_tokens - FAST_RETRY_TOKEN;
	ms = pause_grow(retry->initial_backoff_ms, retry->backoff_multiplier, retry->max_backoff_ms,
			call->attempt);
	*pause_ms = pause_jitter_ms(client, ms);
	if (*pause_ms < retry_after_ms) {
		*pause_ms = retry_after_ms + pause_jitter_ms(client, retry_after_ms) / 8;
	}
	return call->attempt + 1 < retry->max_attempts &&
	       client->retry_tokens >= FAST_RETRY_TOKENS_MAX / 2 &&
	       fast_time_after_ms(now_ns, *pause_ms) < call->deadline_ns;
}

bool fast_retry_dial_failed(struct fast_client_call *call, enum fast_status status)
{
	int64_t pause_ms = 0;

	if (!policy_allows(call, status,
			   call->may_have_run ? FAST_EXECUTED_UNKNOWN : FAST_EXECUTED_NO, 0,
			   &pause_ms)) {
		return false;
	}
	call_withdraw(call, false);
	call_rest(call, pause_ms);
	return true;
}

/* Lock held. The pause after so many lost connections. */
static int64_t loss_pause_ms(const struct fast_client_call *call)
{
	return pause_jitter_ms(call->client, pause_grow(FAST_RETRY_PAUSE_MS_MIN, 2,
							FAST_RETRY_PAUSE_MS_MAX, call->losses));
}

/* Lock held. Whether the call is sent again at once: what never left always, the first time; what
 * may have run where that does no harm. */
static bool call_goes_on_at_once(const struct fast_client_call *call, bool is_begun)
{
	if (call->losses > 0) {
		return false;
	}
	return !is_begun || call->has_key ||
	       (call->method->kind == FAST_METHOD_UNARY && is_idempotent(call) &&
		!(call->has_policy && call->retry.max_attempts < 2));
}

/* Lock held. The server that may have got the key is known from now on. One that was lost before it
 * said who it is may be another when it comes back, and nobody could tell: the key is worth
 * nothing.
 */
static void key_remember_server(struct fast_client_call *call)
{
	if (call->has_key && call->boot_id == 0) {
		call->boot_id = call->connection->boot_id;
		call->has_key = call->boot_id != 0;
	}
}

bool fast_retry_lost(struct fast_client_call *call)
{
	bool is_begun = fast_client_call_is_begun(call);
	int64_t pause_ms = 0;

	if (call->client->is_closing || call->client->waiting_count >= FAST_CALLS_WAITING_MAX) {
		return false;
	}
	if (is_begun) {
		key_remember_server(call);
	}
	if (call_goes_on_at_once(call, is_begun)) {
		call_withdraw(call, is_begun);
		fast_client_wait(call); /* who lost the connection dials */
	} else if (call->has_key && (is_begun || call->waits_for_ready)) {
		pause_ms = loss_pause_ms(call);
		call_withdraw(call, is_begun);
		call_rest(call, pause_ms);
	} else if (policy_allows(call, FAST_UNAVAILABLE,
				 is_begun ? FAST_EXECUTED_UNKNOWN : FAST_EXECUTED_NO, 0,
				 &pause_ms)) {
		call_withdraw(call, is_begun);
		call_rest(call, pause_ms);
	} else {
		return false;
	}
	call->losses++;
	return true;
}

void fast_retry_hello_lost(struct fast_client *client, struct fast_list *failed)
{
	struct fast_list *next;

	for (struct fast_list *node = client->waiting.next; node != &client->waiting; node = next) {
		struct fast_client_call *call =
			FAST_LIST_ENTRY(node, struct fast_client_call, node);
		int64_t pause_ms = 0;

		next = node->next;
		if (!call->waits_for_hello || call->losses++ == 0) {
			continue;
		}
		if (fast_retry_is_patient(call)) {
			pause_ms = loss_pause_ms(call);
			call_withdraw(call, false);
			call_rest(call, pause_ms);
		} else if (!fast_retry_dial_failed(call, FAST_UNAVAILABLE) &&
			   fast_client_claim(call)) {
			fast_reply_fail(call->reply, FAST_UNAVAILABLE, FAST_EXECUTED_NO,
					"%s: the connection to %s is lost again and again",
					call->method->path, client->endpoint);
			fast_list_append(failed, &call->node);
		}
	}
}

/* Lock held. A frame with the same payload, where the outbox still has the first one: the link may
 * read from it, or the server answered what it has not been sent. NULL: no memory. */
static struct fast_frame *frame_again(struct fast_client_call *call)
{
	struct fast_frame *frame = call->frame;
	struct fast_frame *copy;

	if (frame->state == FAST_FRAME_SENT) {
		return frame;
	}
	copy = malloc(sizeof *copy + frame->room_bytes);
	if (copy == NULL) {
		return NULL;
	}
	memcpy(copy, frame, sizeof *copy + frame->room_bytes);
	copy->node = (struct fast_list){NULL, NULL};
	copy->left_bytes = 0;
	copy->bytes = copy->room + (frame->bytes - frame->room);
	fast_outbox_drop(&call->connection->connection.outbox, frame);
	return copy;
}

bool fast_retry_answered(struct fast_client_call *call, const struct fast_packet *packet)
{
	struct fast_client *client = call->client;
	struct fast_reply reply;
	struct fast_frame *frame;
	int64_t pause_ms = 0;
	bool goes_on;

	fast_reply_init(&reply);
	fast_reply_read(&reply, packet, NULL);
	if (reply.status == FAST_OK) {
		client->retry_tokens += client->retry_tokens < FAST_RETRY_TOKENS_MAX;
		return false;
	}
	if (reply.executed != FAST_EXECUTED_NO) {
		key_remember_server(call);
	}
	goes_on =
		policy_allows(call, reply.status, reply.executed, reply.retry_after_ms, &pause_ms);
	frame = goes_on ? frame_again(call) : NULL;
	goes_on = frame != NULL;
	if (goes_on) {
		call->frame = frame;
		frame->state = FAST_FRAME_IDLE; /* what became of it is known */
		call_withdraw(call, reply.executed != FAST_EXECUTED_NO);
		call_rest(call, pause_ms);
		fast_reply_fini(call->reply); /* headers of an answer that is forgotten */
	}
	fast_reply_fini(&reply);
	return goes_on;
}

void fast_retry_correct(const struct fast_client_call *call)
{
	struct fast_reply *reply = call->reply;

	if (reply->status != FAST_OK && reply->executed == FAST_EXECUTED_NO && call->had_run) {
		reply->executed = FAST_EXECUTED_UNKNOWN; /* an earlier attempt of it may have run */
	}
}
