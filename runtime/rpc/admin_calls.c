#include "rpc/admin.h"

#include "rpc/limits.h"
#include "rpc/server_call.h"
#include <stdlib.h>
#include <string.h>

/* The oldest open calls, oldest first. */
struct open_calls {
	size_t count;
	struct open_call {
		const struct fast_method *method;
		uint64_t connection_id;
		int64_t begin_ns;
	} calls[FAST_ADMIN_CALLS_MAX];
};

/* False: the call is younger than all that there is room for. */
static bool open_calls_add(struct open_calls *open, const struct open_call *call)
{
	size_t at;

	if (open->count == FAST_ADMIN_CALLS_MAX) {
		if (open->calls[open->count - 1].begin_ns <= call->begin_ns) {
			return false;
		}
		open->count--;
	}
	for (at = open->count; at > 0 && open->calls[at - 1].begin_ns > call->begin_ns; at--) {
		open->calls[at] = open->calls[at - 1];
	}
	open->calls[at] = *call;
	open->count++;
	return true;
}

/* Lock of the server held. */
static void open_calls_add_connection(struct open_calls *open,
				      struct fast_server_connection *connection)
{
	pthread_mutex_lock(&connection->lock);
	FAST_LIST_FOREACH(node, &connection->open)
	{
		const struct fast_call *call = FAST_LIST_ENTRY(node, struct fast_call, open_node);
		const struct open_call entry = {call->entry->method, connection->id,
						call->begin_ns};
		if (!open_calls_add(open, &entry)) {
			break; /* those behind it are younger still */
		}
	}
	pthread_mutex_unlock(&connection->lock);
}

/* A call in the answer. NULL: no memory. */
static Fast__V1__CallInfo *call_info(struct fast_arena *arena, const struct fast_method *method,
				     uint64_t connection_id, int64_t duration_ns)
{
	Fast__V1__CallInfo *info = fast_arena_alloc(arena, sizeof *info);

	if (info != NULL) {
		fast__v1__call_info__init(info);
		info->method = (char *)(uintptr_t)method->path;
		info->connection_id = connection_id;
		info->duration_us = (uint64_t)duration_ns / FAST_NS_PER_US;
	}
	return info;
}

static Fast__V1__CallInfo **info_array(struct fast_arena *arena, size_t count)
{
	return fast_arena_alloc(arena, (count + 1) * sizeof(Fast__V1__CallInfo *));
}

static enum fast_status calls_open(struct fast_server *server, struct fast_arena *arena,
				   Fast__V1__AdminCallsResponse *out)
{
	struct open_calls *open = fast_arena_alloc(arena, sizeof *open);
	int64_t now_ns;
	int64_t now_unix_ns;

	if (open == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	open->count = 0;
	pthread_mutex_lock(&server->lock);
	FAST_LIST_FOREACH(node, &server->connections)
	{
		open_calls_add_connection(
			open, FAST_LIST_ENTRY(node, struct fast_server_connection, node));
	}
	pthread_mutex_unlock(&server->lock);
	now_ns = fast_timers_now_ns(server->timers);
	now_unix_ns = fast_unix_now_ns();
	out->open = info_array(arena, open->count);
	for (size_t i = 0; out->open != NULL && i < open->count; i++) {
		const struct open_call *call = &open->calls[i];
		Fast__V1__CallInfo *info = call_info(arena, call->method, call->connection_id,
						     now_ns - call->begin_ns);
		if (info == NULL) {
			return FAST_RESOURCE_EXHAUSTED;
		}
		info->begin_time_unix_ns = now_unix_ns - (now_ns - call->begin_ns);
		out->open[out->n_open++] = info;
	}
	return out->open == NULL ? FAST_RESOURCE_EXHAUSTED : FAST_OK;
}

/* NULL: no memory. */
static Fast__V1__CallInfo *recent_info(struct fast_arena *arena,
				       const struct fast_recent_call *recent)
{
	Fast__V1__CallInfo *info =
		call_info(arena, recent->method, recent->connection_id, recent->duration_ns);
	char *text = fast_arena_copy(arena, recent->text, strlen(recent->text));

	if (info == NULL || text == NULL) {
		return NULL;
	}
	info->ended = true;
	info->code = (uint32_t)recent->status;
	info->message = text;
	info->begin_time_unix_ns = recent->begin_unix_ns;
	return info;
}

static int end_compare(const void *a, const void *b)
{
	const struct fast_recent_call *const *left = a;
	const struct fast_recent_call *const *right = b;

	return ((*left)->end_ns > (*right)->end_ns) - ((*left)->end_ns < (*right)->end_ns);
}

/* Lock of recent held. */
static enum fast_status calls_slow(const struct fast_recent *recent, int64_t now_ns,
				   struct fast_arena *arena, Fast__V1__AdminCallsResponse *out)
{
	const struct fast_recent_call *slow[FAST_RECENT_CALLS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < recent->slow_count; i++) {
		if (fast_time_after_ms(recent->slow[i].end_ns, FAST_RECENT_SLOW_MS) > now_ns) {
			slow[count++] = &recent->slow[i];
		}
	}
	qsort(slow, count, sizeof(const struct fast_recent_call *), end_compare);
	out->slow = info_array(arena, count);
	for (size_t i = 0; out->slow != NULL && i < count; i++) {
		Fast__V1__CallInfo *info = recent_info(arena, slow[i]);
		if (info == NULL) {
			return FAST_RESOURCE_EXHAUSTED;
		}
		out->slow[out->n_slow++] = info;
	}
	return out->slow == NULL ? FAST_RESOURCE_EXHAUSTED : FAST_OK;
}

/* Lock of recent held. */
static enum fast_status calls_failed(const struct fast_recent *recent, struct fast_arena *arena,
				     Fast__V1__AdminCallsResponse *out)
{
	size_t total = recent->failed_total;
	size_t first = total > FAST_RECENT_CALLS_MAX ? total - FAST_RECENT_CALLS_MAX : 0;

	out->failed = info_array(arena, FAST_RECENT_CALLS_MAX);
	for (size_t i = first; out->failed != NULL && i < total; i++) {
		Fast__V1__CallInfo *info =
			recent_info(arena, &recent->failed[i % FAST_RECENT_CALLS_MAX]);
		if (info == NULL) {
			return FAST_RESOURCE_EXHAUSTED;
		}
		out->failed[out->n_failed++] = info;
	}
	return out->failed == NULL ? FAST_RESOURCE_EXHAUSTED : FAST_OK;
}

enum fast_status fast_admin_calls(struct fast_server *server, struct fast_arena *arena,
				  Fast__V1__AdminCallsResponse *out)
{
	struct fast_recent *recent = &server->recent;
	int64_t now_ns = fast_timers_now_ns(server->timers);
	enum fast_status status = calls_open(server, arena, out);

	pthread_mutex_lock(&recent->lock);
	if (status == FAST_OK) {
		status = calls_slow(recent, now_ns, arena, out);
	}
	if (status == FAST_OK) {
		status = calls_failed(recent, arena, out);
	}
	pthread_mutex_unlock(&recent->lock);
	return status;
}
