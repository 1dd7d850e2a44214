#include "rpc/server.h"

#include "rpc/keepalive.h"
#include "rpc/limits.h"
#include "rpc/once.h"
#include "rpc/server_connection.h"
#include "rpc/services.h"
#include "rpc/thread.h"
#include <assert.h>
#include <fast/tls.h>
#include <stdlib.h>
#include <string.h>

static void limit_default(uint32_t *limit, uint32_t value)
{
	if (*limit == 0) {
		*limit = value;
	}
}

/* A caller built against an older header has a shorter struct. */
static struct fast_server_options server_options(const struct fast_server_options *options)
{
	struct fast_server_options all = {.size = sizeof all};

	if (options != NULL) {
		assert(options->size >= sizeof options->size);
		memcpy(&all, options, options->size < sizeof all ? options->size : sizeof all);
	}
	limit_default(&all.workers, FAST_WORKERS_DEFAULT);
	limit_default(&all.queue_max, FAST_SERVER_QUEUE_MAX);
	limit_default(&all.connections_max, FAST_SERVER_CONNECTIONS_MAX);
	limit_default(&all.calls_max, FAST_CALLS_MAX);
	limit_default(&all.message_bytes_max, FAST_MESSAGE_BYTES_MAX);
	limit_default(&all.first_frame_ms, FAST_FIRST_FRAME_MS);
	all.keepalive_ms = fast_keepalive_interval(all.keepalive_ms);
	limit_default(&all.once_window_ms, FAST_ONCE_WINDOW_MS);
	limit_default(&all.once_results_max, FAST_ONCE_RESULTS_MAX);
	limit_default(&all.once_bytes_max, FAST_ONCE_BYTES_MAX);
	if (all.workers > FAST_WORKERS_MAX) {
		all.workers = FAST_WORKERS_MAX;
	}
	return all;
}

static void server_free(struct fast_server *server)
{
	if (server == NULL) {
		return;
	}
	fast_pool_free(server->pool);
	fast_once_free(server->once);
	fast_methods_fini(&server->methods);
	for (size_t i = 0; i < server->kept_count; i++) {
		free(server->kept[i]);
	}
	fast_health_fini(&server->health);
	fast_recent_fini(&server->recent);
	if (server->owns_timers) {
		fast_timers_free(server->timers);
	}
	pthread_cond_destroy(&server->changed);
	pthread_mutex_destroy(&server->lock);
	free(server->node);
	free(server);
}

enum fast_status fast_server_open_with(const struct fast_server_options *options,
				       struct fast_timers *timers, struct fast_server **out)
{
	struct fast_server *server = calloc(1, sizeof *server);

	assert(out != NULL);
	if (server == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	pthread_mutex_init(&server->lock, NULL);
	pthread_cond_init(&server->changed, NULL);
	fast_list_init(&server->connections);
	fast_list_init(&server->dead);
	fast_health_init(&server->health);
	fast_recent_init(&server->recent);
	server->open_unix_ns = fast_unix_now_ns();
	server->options = server_options(options);
	if (server->options.node != NULL) {
		server->node = strdup(server->options.node);
		if (server->node == NULL) {
			goto fail;
		}
		fast_text_copy(server->node, strlen(server->node) + 1, server->options.node);
		server->options.node = server->node;
	}
	if (fast_once_new(&server->options, &server->once) != FAST_OK) {
		goto fail;
	}
	server->timers = timers;
	if (timers == NULL) {
		if (fast_timers_new(&server->timers) != FAST_OK) {
			goto fail;
		}
		server->owns_timers = true;
	}
	if (fast_pool_new(server->options.workers, server->options.queue_max, &server->pool) !=
	    FAST_OK) {
		goto fail;
	}
	if (fast_services_add(server) != FAST_OK) {
		goto fail;
	}
	*out = server;
	return FAST_OK;

fail:
	server_free(server);
	return FAST_RESOURCE_EXHAUSTED;
}

enum fast_status fast_server_open(const struct fast_server_options *options,
				  struct fast_server **out)
{
	return fast_server_open_with(options, NULL, out);
}

enum fast_status fast_server_add(struct fast_server *server, const struct fast_service *service,
				 const void *handlers, void *arg, unsigned flags)
{
	enum fast_status status = FAST_FAILED_PRECONDITION;

	pthread_mutex_lock(&server->lock);
	if (!server->has_started) {
		status = fast_methods_add(&server->methods, service, handlers, arg, flags);
	}
	pthread_mutex_unlock(&server->lock);
	return status;
}

void fast_server_keep(struct fast_server *server, void *memory)
{
	pthread_mutex_lock(&server->lock);
	assert(server->kept_count < FAST_SERVER_SERVICES_MAX);
	server->kept[server->kept_count++] = memory;
	pthread_mutex_unlock(&server->lock);
}

static void server_accepted(struct fast_link *link, void *arg)
{
	fast_server_take_link(arg, link);
}

/* tls: NULL but for tls+tcp. */
static enum fast_status server_listen(struct fast_server *server, const char *endpoint,
				      unsigned mode, struct fast_tls *tls)
{
	struct fast_link_listener *listener = NULL;
	enum fast_status status;

	/* Whoever connects at once waits for the lock until the listener is in its place. */
	pthread_mutex_lock(&server->lock);
	server->has_started = true;
	if (server->is_draining) {
		status = FAST_FAILED_PRECONDITION;
	} else if (server->listener_count == FAST_SERVER_ENDPOINTS_MAX) {
		status = FAST_RESOURCE_EXHAUSTED;
	} else if (tls != NULL) {
		status = fast_link_listen_tls(endpoint, tls, server_accepted, server, &listener);
	} else {
		status = fast_link_listen(endpoint, mode, server_accepted, server, &listener);
	}
	if (status == FAST_OK) {
		server->listeners[server->listener_count++] = listener;
	}
	pthread_mutex_unlock(&server->lock);
	return status;
}

enum fast_status fast_server_listen(struct fast_server *server, const char *endpoint, unsigned mode)
{
	return server_listen(server, endpoint, mode, NULL);
}

enum fast_status fast_server_listen_tls(struct fast_server *server, const char *endpoint,
					struct fast_tls *tls)
{
	assert(tls != NULL);
	return server_listen(server, endpoint, 0, tls);
}

const char *fast_server_endpoint(const struct fast_server *server, size_t index)
{
	struct fast_server *unlocked = (struct fast_server *)(uintptr_t)server;
	const char *endpoint = NULL;

	pthread_mutex_lock(&unlocked->lock);
	if (index < server->listener_count) {
		endpoint = fast_link_listener_endpoint(server->listeners[index]);
	}
	pthread_mutex_unlock(&unlocked->lock);
	return endpoint;
}

void fast_server_stats(const struct fast_server *server, struct fast_server_stats *out)
{
	struct fast_server *unlocked = (struct fast_server *)(uintptr_t)server;
	const struct fast_server_counters *counters = &server->counters;
	/* Ended before begun, so that the difference is never negative. */
	uint64_t ended = fast_counter_read(&counters->calls_ended);

	pthread_mutex_lock(&unlocked->lock);
	*out = (struct fast_server_stats){
		.connections_total = fast_counter_read(&counters->connections),
		.connections_open = server->connection_count,
		.calls_total = fast_counter_read(&counters->calls),
		.calls_refused = fast_counter_read(&counters->calls_refused),
		.calls_failed = fast_counter_read(&counters->calls_failed),
		.packets_malformed = fast_counter_read(&counters->packets_malformed),
	};
	out->calls_open = out->calls_total - ended;
	pthread_mutex_unlock(&unlocked->lock);
}

void fast_server_close(struct fast_server *server)
{
	if (server == NULL) {
		return;
	}
	assert(!fast_thread_is_runtime());
	pthread_mutex_lock(&server->lock);
	server->is_closing = true;
	pthread_mutex_unlock(&server->lock);
	atomic_store(&server->once->is_closing, true);
	fast_server_close_listeners(server);
	fast_health_close(server);
	fast_timer_cancel_wait(server->timers, &server->drain_timer);
	fast_server_end_connections(server);
	fast_call_cancel_detached(server);
	fast_timer_cancel_wait(server->timers, &server->reap_timer);
	pthread_mutex_lock(&server->lock);
	while (server->connection_count > 0) {
		if (fast_list_is_empty(&server->dead)) {
			pthread_cond_wait(&server->changed, &server->lock);
		}
		pthread_mutex_unlock(&server->lock);
		fast_server_reap(server);
		pthread_mutex_lock(&server->lock);
	}
	pthread_mutex_unlock(&server->lock);
	server_free(server);
}
