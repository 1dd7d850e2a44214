#include "rpc/client_interceptor.h"
#include "rpc/limits.h"
#include "rpc/server_call.h"
#include "rpc/thread.h"
#include <assert.h>
#include <fast/fault.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define FAULT_DELAY_MS_MAX 3600000

struct fault_rule {
	struct fast_fault_rule rule;
	char *methods; /* NULL: all */
	uint64_t seed;
	atomic_uint_least64_t tries;
	atomic_uint_least64_t strikes;
};

struct fast_faults {
	pthread_mutex_t lock; /* of every hold; before that of timers */
	size_t count;
	struct fault_rule rules[FAST_FAULT_RULES_MAX];
};

/* What becomes of one call. */
struct fault {
	uint32_t delay_ms;
	bool strikes; /* beside the delay: */
	enum fast_fault_kind kind;
	enum fast_status status;
};

/* A call at a server that is not let go on yet. */
struct fault_hold {
	struct fast_faults *faults;
	struct fast_call *call;
	struct fault fault;
	struct fast_timer timer;

	/* guarded by faults->lock */
	bool is_armed; /* the timer has its time */
	bool is_cancelled;
};

static bool rule_is_valid(const struct fast_fault_rule *rule)
{
	return rule->kind <= FAST_FAULT_LOSE && rule->percent >= 0 && rule->percent <= 100 &&
	       rule->delay_ms <= FAULT_DELAY_MS_MAX &&
	       (rule->kind != FAST_FAULT_ERROR ||
		(rule->status > FAST_OK && rule->status <= FAST_UNAUTHENTICATED));
}

enum fast_status fast_faults_new(const struct fast_fault_rule *rules, size_t count, uint64_t seed,
				 struct fast_faults **out)
{
	struct fast_faults *faults;

	if (count == 0 || count > FAST_FAULT_RULES_MAX) {
		return FAST_INVALID_ARGUMENT;
	}
	for (size_t i = 0; i < count; i++) {
		if (!rule_is_valid(&rules[i])) {
			return FAST_INVALID_ARGUMENT;
		}
	}
	faults = calloc(1, sizeof *faults);
	if (faults == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	pthread_mutex_init(&faults->lock, NULL);
	for (; faults->count < count; faults->count++) {
		struct fault_rule *rule = &faults->rules[faults->count];
		rule->rule = rules[faults->count];
		rule->seed = seed + faults->count;
		if (rule->rule.methods != NULL) {
			rule->methods = strdup(rule->rule.methods);
			if (rule->methods == NULL) {
				fast_faults_free(faults);
				return FAST_RESOURCE_EXHAUSTED;
			}
		}
	}
	*out = faults;
	return FAST_OK;
}

void fast_faults_free(struct fast_faults *faults)
{
	if (faults == NULL) {
		return;
	}
	for (size_t i = 0; i < faults->count; i++) {
		free(faults->rules[i].methods);
	}
	pthread_mutex_destroy(&faults->lock);
	free(faults);
}

uint64_t fast_faults_struck(const struct fast_faults *faults, size_t rule)
{
	assert(rule < faults->count);
	return atomic_load_explicit(&faults->rules[rule].strikes, memory_order_relaxed);
}

/* With * for any characters and ? for one. Each * need only be tried once more at the latest. */
static bool path_matches(const char *pattern, const char *path)
{
	const char *star = NULL;
	const char *from = NULL;

	while (*path != 0) {
		if (*pattern == '*') {
			star = pattern++;
			from = path;
		} else if (*pattern == '?' || *pattern == *path) {
			pattern++;
			path++;
		} else if (star != NULL) {
			pattern = star + 1;
			path = ++from;
		} else {
			return false;
		}
	}
	while (*pattern == '*') {
		pattern++;
	}
	return *pattern == 0;
}

/* The n-th number of the sequence of a seed (splitmix64), in [0, 100). */
static double chance(uint64_t seed, uint64_t n)
{
	uint64_t z = seed * UINT64_C(0xd1342543de82ef95) + (n + 1) * UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	z ^= z >> 31;
	return (double)(z >> 11) * (100.0 / (double)(UINT64_C(1) << 53));
}

/* Whether a rule applies to the call and strikes it. */
static bool rule_strikes(struct fault_rule *rule, const char *path)
{
	uint64_t n;

	if (rule->methods != NULL && !path_matches(rule->methods, path)) {
		return false;
	}
	n = atomic_fetch_add_explicit(&rule->tries, 1, memory_order_relaxed);
	if (chance(rule->seed, n) >= rule->rule.percent) {
		return false;
	}
	atomic_fetch_add_explicit(&rule->strikes, 1, memory_order_relaxed);
	return true;
}

/* loses: the rules for answers, else all others. */
static struct fault faults_try(struct fast_faults *faults, const char *path, bool loses)
{
	struct fault fault = {.strikes = false};

	for (size_t i = 0; i < faults->count && !fault.strikes; i++) {
		struct fault_rule *rule = &faults->rules[i];
		if ((rule->rule.kind == FAST_FAULT_LOSE) != loses || !rule_strikes(rule, path)) {
			continue;
		}
		if (rule->rule.kind == FAST_FAULT_DELAY) {
			fault.delay_ms += rule->rule.delay_ms;
		} else {
			fault.strikes = true;
			fault.kind = rule->rule.kind;
			fault.status = rule->rule.status;
		}
	}
	return fault;
}

/* Takes the call, whose delay is over. */
static void call_suffer(struct fast_call *call, const struct fault *fault)
{
	if (!fault->strikes) {
		fast_call_proceed(call);
	} else if (fault->kind == FAST_FAULT_ERROR) {
		fast_call_reject(call, fault->status, "a fault was injected");
	} else if (fault->kind == FAST_FAULT_DISCONNECT) {
		fast_connection_end(&call->connection->connection);
		fast_call_reject(call, FAST_UNAVAILABLE, "the connection was cut by a fault");
	} else {
		fast_call_reject(call, FAST_DEADLINE_EXCEEDED, "the call was dropped by a fault");
	}
}

static void hold_due(void *arg)
{
	struct fault_hold *hold = arg;
	struct fast_faults *faults = hold->faults;
	struct fast_call *call = hold->call;
	struct fault fault = hold->fault;

	fast_thread_enter();
	/* Who armed it may still be there. After this the cancel function does not run. */
	pthread_mutex_lock(&faults->lock);
	pthread_mutex_unlock(&faults->lock);
	fast_call_forget_cancel(call);
	fast_timer_cancel(call->connection->server->timers, &hold->timer);
	free(hold);
	call_suffer(call, &fault);
	fast_thread_leave();
}

/* As a fast_call_cancel_fn: nothing is to be waited for any more. */
static void hold_cancelled(struct fast_call *call, void *arg)
{
	struct fault_hold *hold = arg;
	struct fast_timers *timers = call->connection->server->timers;

	pthread_mutex_lock(&hold->faults->lock);
	hold->is_cancelled = true;
	if (hold->is_armed) {
		/* It has its place among the timers, unless it is going off already. */
		enum fast_status status = fast_timer_set(
			timers, &hold->timer, fast_timers_now_ns(timers), hold_due, hold);
		(void)status;
	}
	pthread_mutex_unlock(&hold->faults->lock);
}

/* False: no memory. */
static bool call_hold(struct fast_faults *faults, struct fast_call *call, const struct fault *fault)
{
	struct fast_timers *timers = call->connection->server->timers;
	struct fault_hold *hold = calloc(1, sizeof *hold);
	int64_t due_ns = FAST_TIME_NEVER;
	enum fast_status status;

	if (hold == NULL) {
		return false;
	}
	*hold = (struct fault_hold){.faults = faults, .call = call, .fault = *fault};
	if (fast_timer_set(timers, &hold->timer, FAST_TIME_NEVER, hold_due, hold) != FAST_OK) {
		free(hold);
		return false;
	}
	if (!fault->strikes || fault->kind != FAST_FAULT_DROP) {
		due_ns = fast_time_after_ms(fast_timers_now_ns(timers), fault->delay_ms);
	}
	fast_call_on_cancel(call, hold_cancelled, hold);
	pthread_mutex_lock(&faults->lock);
	hold->is_armed = true;
	due_ns = hold->is_cancelled ? fast_timers_now_ns(timers) : due_ns;
	status = fast_timer_set(timers, &hold->timer, due_ns, hold_due, hold);
	assert(status == FAST_OK); /* it has its place */
	(void)status;
	pthread_mutex_unlock(&faults->lock);
	return true;
}

static void fault_before(struct fast_call *call, const ProtobufCMessage *request, void *arg)
{
	struct fast_faults *faults = arg;
	struct fault fault = faults_try(faults, fast_call_method(call)->path, false);
	bool waits = fault.delay_ms > 0 || (fault.strikes && fault.kind == FAST_FAULT_DROP);

	(void)request;
	if (!waits) {
		call_suffer(call, &fault);
	} else if (!call_hold(faults, call, &fault)) {
		fast_call_reject(call, FAST_RESOURCE_EXHAUSTED, "no memory to hold the call");
	}
}

static void fault_after(struct fast_call *call, const struct fast_call_end *end, void *arg)
{
	if (end->executed == FAST_EXECUTED_YES &&
	    faults_try(arg, fast_call_method(call)->path, true).strikes) {
		fast_connection_end(&call->connection->connection);
	}
}

enum fast_status fast_faults_serve(struct fast_faults *faults, struct fast_server *server)
{
	const struct fast_interceptor interceptor = {
		.before = fault_before, .after = fault_after, .arg = faults};

	return fast_server_intercept(server, &interceptor);
}

static void fault_outgoing(struct fast_outgoing *outgoing, void *arg)
{
	struct fault fault = faults_try(arg, fast_outgoing_method(outgoing)->path, false);

	fast_outgoing_hold_ms(outgoing, fault.delay_ms);
	if (!fault.strikes) {
		return;
	}
	switch (fault.kind) {
	case FAST_FAULT_ERROR:
		fast_outgoing_reject(outgoing, fault.status, "%s: a fault was injected",
				     fast_outgoing_method(outgoing)->path);
		break;
	case FAST_FAULT_DISCONNECT:
		fast_outgoing_cut(outgoing);
		break;
	default:
		fast_outgoing_drop(outgoing);
		break;
	}
}

enum fast_status fast_faults_call(struct fast_faults *faults, struct fast_client *client)
{
	const struct fast_client_interceptor interceptor = {.before = fault_outgoing,
							    .arg = faults};

	return fast_client_intercept(client, &interceptor);
}
