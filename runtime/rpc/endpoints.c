#include "rpc/endpoints.h"

#include "rpc/limits.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct endpoint {
	char name[FAST_ENDPOINT_BYTES_MAX + 1];
	struct fast_link_dialer *dialer;
	enum fast_status status; /* of its last dial */
};

/* One dial is under way at a time, and who starts it or is told of its end has it to himself. */
struct fast_endpoints {
	struct fast_turn turn;
	struct endpoint entries[FAST_CLIENT_ENDPOINTS_MAX];
	size_t index;   /* that is dialled */
	bool has_begun; /* a round */
	char reason[FAST_DIAL_REASON_BYTES];
	fast_link_dialed_fn *dialed;
	void *dialed_arg;
};

size_t fast_turn_begin(struct fast_turn *turn, int64_t now_ns)
{
	if (turn->current > 0 &&
	    now_ns >= fast_time_after_ms(turn->current_ns, FAST_FAILOVER_RETURN_MS)) {
		turn->current = 0;
	}
	turn->tried = 1u << turn->current;
	return turn->current;
}

bool fast_turn_next(struct fast_turn *turn, size_t *out)
{
	for (size_t i = 0; i < turn->count; i++) {
		if ((turn->tried & 1u << i) == 0) {
			turn->tried |= 1u << i;
			*out = i;
			return true;
		}
	}
	return false;
}

void fast_turn_stay(struct fast_turn *turn, size_t index, int64_t now_ns)
{
	if (index != turn->current) {
		turn->current_ns = now_ns;
	}
	turn->current = index;
}

/* The comma before the next endpoint, or the end: a comma in a path is none, because no scheme
 * follows it. */
static const char *endpoint_end(const char *text)
{
	const char *comma = strchr(text, ',');

	while (comma != NULL) {
		const char *at = comma + 1;

		while (isalpha((unsigned char)*at) || *at == '+') {
			at++;
		}
		if (at > comma + 1 && strncmp(at, "://", 3) == 0) {
			return comma;
		}
		comma = strchr(comma + 1, ',');
	}
	return text + strlen(text);
}

bool fast_endpoints_are_many(const char *endpoints)
{
	return *endpoint_end(endpoints) == ',';
}

static void endpoints_free(void *arg)
{
	struct fast_endpoints *endpoints = arg;

	for (size_t i = 0; i < endpoints->turn.count; i++) {
		fast_link_dialer_free(endpoints->entries[i].dialer);
	}
	free(endpoints);
}

/* A name of so many bytes. */
static enum fast_status endpoints_add(struct fast_endpoints *endpoints, const char *name,
				      size_t name_bytes, const struct fast_client_options *options)
{
	struct endpoint *entry = &endpoints->entries[endpoints->turn.count];
	enum fast_status status;

	if (endpoints->turn.count == FAST_CLIENT_ENDPOINTS_MAX ||
	    name_bytes > FAST_ENDPOINT_BYTES_MAX) {
		return FAST_INVALID_ARGUMENT;
	}
	memcpy(entry->name, name, name_bytes);
	status = fast_client_dialer_new(entry->name, options, &entry->dialer);
	if (status == FAST_OK) {
		endpoints->turn.count++;
	}
	return status;
}

enum fast_status fast_client_dialer_new(const char *endpoint,
					const struct fast_client_options *options,
					struct fast_link_dialer **out)
{
	enum fast_status status = fast_link_dialer_new_tls(endpoint, options->tls, out);

	if (status == FAST_OK && options->own_sockets) {
		fast_link_dialer_use_sockets(*out);
	}
	return status;
}

enum fast_status fast_endpoints_new(const char *names, const struct fast_client_options *options,
				    struct fast_endpoints **out)
{
	struct fast_endpoints *endpoints = calloc(1, sizeof *endpoints);
	enum fast_status status = FAST_OK;

	if (endpoints == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	for (;;) {
		const char *end = endpoint_end(names);

		status = endpoints_add(endpoints, names, (size_t)(end - names), options);
		if (status != FAST_OK) {
			endpoints_free(endpoints);
			return status;
		}
		if (*end == 0) {
			break;
		}
		names = end + 1;
	}
	*out = endpoints;
	return FAST_OK;
}

static void endpoint_fail(struct fast_endpoints *endpoints, enum fast_status status,
			  const char *reason)
{
	struct endpoint *entry = &endpoints->entries[endpoints->index];
	size_t bytes = strlen(endpoints->reason);

	entry->status = status;
	snprintf(endpoints->reason + bytes, sizeof endpoints->reason - bytes, "%s%s: %s",
		 bytes == 0 ? "" : "; ", entry->name,
		 reason[0] != 0 ? reason : fast_dial_sentence(status));
}

static void endpoints_dialed(enum fast_status status, struct fast_link *link, void *arg)
{
	struct fast_endpoints *endpoints = arg;

	if (status == FAST_OK) {
		fast_turn_stay(&endpoints->turn, endpoints->index, fast_clock_now_ns());
		endpoints->has_begun = false;
	} else {
		endpoint_fail(endpoints, status,
			      fast_link_dialer_reason(endpoints->entries[endpoints->index].dialer));
	}
	endpoints->dialed(status, link, endpoints->dialed_arg);
}

static void endpoints_dial(void *arg, int64_t timeout_ms, fast_link_dialed_fn *dialed,
			   void *dialed_arg)
{
	struct fast_endpoints *endpoints = arg;

	if (!endpoints->has_begun) {
		endpoints->has_begun = true;
		endpoints->reason[0] = 0;
		endpoints->index = fast_turn_begin(&endpoints->turn, fast_clock_now_ns());
	}
	endpoints->dialed = dialed;
	endpoints->dialed_arg = dialed_arg;
	fast_link_dial(endpoints->entries[endpoints->index].dialer,
		       timeout_ms < FAST_FAILOVER_DIAL_MS ? timeout_ms : FAST_FAILOVER_DIAL_MS,
		       endpoints_dialed, endpoints);
}

static const char *endpoints_reason(void *arg)
{
	return ((struct fast_endpoints *)arg)->reason;
}

/* What all of them said, or that they did not agree. */
static enum fast_status endpoints_status(const struct fast_endpoints *endpoints)
{
	for (size_t i = 1; i < endpoints->turn.count; i++) {
		if (endpoints->entries[i].status != endpoints->entries[0].status) {
			return FAST_UNAVAILABLE;
		}
	}
	return endpoints->entries[0].status;
}

static bool endpoints_next(void *arg, enum fast_status *status)
{
	struct fast_endpoints *endpoints = arg;

	if (fast_turn_next(&endpoints->turn, &endpoints->index)) {
		return true;
	}
	endpoints->has_begun = false;
	*status = endpoints_status(endpoints);
	return false;
}

/* As good as a dial that failed: the round goes on with the next. */
static void endpoints_hung_up(void *arg)
{
	struct fast_endpoints *endpoints = arg;

	endpoint_fail(endpoints, FAST_UNAVAILABLE, "it hangs up");
	endpoints->has_begun = fast_turn_next(&endpoints->turn, &endpoints->index);
}

const struct fast_dial_ops fast_endpoints_dial_ops = {
	.dial = endpoints_dial,
	.free = endpoints_free,
	.reason = endpoints_reason,
	.next = endpoints_next,
	.hung_up = endpoints_hung_up,
};
