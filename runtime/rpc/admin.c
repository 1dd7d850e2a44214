#include "rpc/admin.h"

#include "rpc/server_connection.h"
#include "rpc/services.h"
#include <string.h>
#include <unistd.h>

/* A name of a peer, as much as is shown of it. */
#define PEER_NAME_BYTES_MAX 255

/* Whether the caller may see; if not, ends the call. */
static bool admin_permits(const struct fast_server *server, struct fast_call *call)
{
	const struct fast_peer *peer = fast_call_peer(call);

	if (server->options.admin_for_all) {
		return true;
	}
	if (!peer->has_credentials) {
		fast_call_fail(call, FAST_PERMISSION_DENIED,
			       "Admin answers callers on ipc alone, and this one came by %s",
			       peer->endpoint);
		return false;
	}
	if (peer->uid != 0 && peer->uid != geteuid()) {
		fast_call_fail(call, FAST_PERMISSION_DENIED,
			       "Admin answers root and the server's own user alone, and this "
			       "caller is user %u",
			       peer->uid);
		return false;
	}
	return true;
}

static void admin_fail_memory(struct fast_call *call)
{
	fast_call_fail(call, FAST_RESOURCE_EXHAUSTED, "there is no memory for the answer");
}

/* Methods, as they come. */
struct stats_list {
	struct fast_arena *arena;
	Fast__V1__MethodStats **methods; /* room for all */
	size_t count;
	bool has_failed;
};

static void stats_add(const struct fast_method_stats *stats, void *arg)
{
	struct stats_list *list = arg;
	Fast__V1__MethodStats *method = fast_arena_alloc(list->arena, sizeof *method);
	size_t buckets = FAST_DURATION_BUCKETS;

	while (buckets > 0 && stats->duration_buckets[buckets - 1] == 0) {
		buckets--;
	}
	if (method == NULL) {
		list->has_failed = true;
		return;
	}
	fast__v1__method_stats__init(method);
	method->method = (char *)(uintptr_t)stats->method;
	method->calls = stats->calls;
	method->failed = stats->failed;
	method->open = stats->open;
	method->duration_seconds_sum = stats->duration_seconds_sum;
	if (buckets > 0) {
		method->duration_buckets =
			fast_arena_copy(list->arena, stats->duration_buckets,
					buckets * sizeof *stats->duration_buckets);
		method->n_duration_buckets = method->duration_buckets == NULL ? 0 : buckets;
		list->has_failed |= method->duration_buckets == NULL;
	}
	list->methods[list->count++] = method;
}

static void admin_stats(struct fast_call *call, const Fast__V1__AdminStatsRequest *request,
			void *arg)
{
	struct fast_server *server = arg;
	Fast__V1__AdminStatsResponse response = FAST__V1__ADMIN_STATS_RESPONSE__INIT;
	struct fast_server_stats stats;
	struct fast_arena arena;
	struct stats_list list = {.arena = &arena};

	(void)request;
	if (!admin_permits(server, call)) {
		return;
	}
	fast_arena_init(&arena, FAST_ADMIN_ARENA_BYTES_MAX);
	list.methods =
		fast_arena_alloc(&arena, server->methods.count * sizeof(Fast__V1__MethodStats *));
	if (list.methods != NULL) {
		fast_server_each_method(server, stats_add, &list);
	}
	fast_server_stats(server, &stats);
	response.open_time_unix_ns = server->open_unix_ns;
	response.connections_total = stats.connections_total;
	response.connections_open = stats.connections_open;
	response.calls_total = stats.calls_total;
	response.calls_open = stats.calls_open;
	response.calls_refused = stats.calls_refused;
	response.calls_failed = stats.calls_failed;
	response.packets_malformed = stats.packets_malformed;
	response.methods = list.methods;
	response.n_methods = list.count;
	if (list.methods == NULL || list.has_failed) {
		admin_fail_memory(call);
	} else {
		fast_v1_admin_stats_reply(call, &response);
	}
	fast_arena_fini(&arena);
}

/* A copy that can be sent, whatever the peer wrote. NULL: no memory. */
static char *admin_text(struct fast_arena *arena, const char *text)
{
	size_t length = strlen(text);
	size_t bytes = (length < PEER_NAME_BYTES_MAX ? length : PEER_NAME_BYTES_MAX) + 1;
	char *copy = fast_arena_alloc(arena, bytes);

	if (copy != NULL) {
		fast_text_copy(copy, bytes, text);
	}
	return copy;
}

/* Lock of the connection held. */
static uint64_t connection_queued(const struct fast_connection *connection)
{
	const struct fast_outbox *outbox = &connection->outbox;
	uint64_t bytes = outbox->waiting_bytes;

	for (int i = outbox->iov_first; connection->is_sending && i < outbox->iov_count; i++) {
		bytes += outbox->iov[i].iov_len;
	}
	return bytes;
}

/* NULL: no memory. */
static Fast__V1__ConnectionInfo *connection_info(struct fast_server_connection *connection,
						 struct fast_arena *arena)
{
	const struct fast_peer *peer = &connection->connection.link->peer;
	Fast__V1__ConnectionInfo *info = fast_arena_alloc(arena, sizeof *info);
	int64_t age_ns = fast_timers_now_ns(connection->server->timers) - connection->begin_ns;

	if (info == NULL) {
		return NULL;
	}
	fast__v1__connection_info__init(info);
	info->id = connection->id;
	info->transport = (char *)(uintptr_t)peer->endpoint;
	if (peer->has_credentials) {
		info->uid = peer->uid;
		info->pid = peer->pid;
	}
	if (peer->has_certificate && peer->common_name != NULL) {
		info->peer_name = admin_text(arena, peer->common_name);
	}
	info->age_ms = (uint64_t)age_ns / 1000000;
	pthread_mutex_lock(&connection->lock);
	info->agent = admin_text(arena, connection->agent);
	info->calls_open = connection->open_count;
	info->queued_bytes = connection_queued(&connection->connection);
	pthread_mutex_unlock(&connection->lock);
	return info->agent == NULL || info->peer_name == NULL ? NULL : info;
}

static void admin_connections(struct fast_call *call,
			      const Fast__V1__AdminConnectionsRequest *request, void *arg)
{
	struct fast_server *server = arg;
	Fast__V1__AdminConnectionsResponse response = FAST__V1__ADMIN_CONNECTIONS_RESPONSE__INIT;
	Fast__V1__ConnectionInfo *list[FAST_ADMIN_CONNECTIONS_MAX];
	struct fast_arena arena;
	bool has_failed = false;

	(void)request;
	if (!admin_permits(server, call)) {
		return;
	}
	fast_arena_init(&arena, FAST_ADMIN_ARENA_BYTES_MAX);
	response.connections = list;
	pthread_mutex_lock(&server->lock);
	FAST_LIST_FOREACH(node, &server->connections)
	{
		if (response.n_connections == FAST_ADMIN_CONNECTIONS_MAX || has_failed) {
			break;
		}
		Fast__V1__ConnectionInfo *info = connection_info(
			FAST_LIST_ENTRY(node, struct fast_server_connection, node), &arena);
		list[response.n_connections++] = info;
		has_failed = info == NULL;
	}
	pthread_mutex_unlock(&server->lock);
	if (has_failed) {
		admin_fail_memory(call);
	} else {
		fast_v1_admin_connections_reply(call, &response);
	}
	fast_arena_fini(&arena);
}

static void admin_calls(struct fast_call *call, const Fast__V1__AdminCallsRequest *request,
			void *arg)
{
	struct fast_server *server = arg;
	Fast__V1__AdminCallsResponse response = FAST__V1__ADMIN_CALLS_RESPONSE__INIT;
	struct fast_arena arena;

	(void)request;
	if (!admin_permits(server, call)) {
		return;
	}
	fast_arena_init(&arena, FAST_ADMIN_ARENA_BYTES_MAX);
	if (fast_admin_calls(server, &arena, &response) == FAST_OK) {
		fast_v1_admin_calls_reply(call, &response);
	} else {
		admin_fail_memory(call);
	}
	fast_arena_fini(&arena);
}

enum fast_status fast_admin_add(struct fast_server *server)
{
	static const struct fast_v1_admin_handlers handlers = {
		.stats = admin_stats,
		.connections = admin_connections,
		.calls = admin_calls,
	};

	return fast_methods_add(&server->methods, &fast_v1_admin_service, &handlers, server,
				FAST_SERVICE_INLINE);
}
