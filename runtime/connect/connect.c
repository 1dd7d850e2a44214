/* Opening and closing; and what libmicrohttpd calls. */
#include "connect/exchange.h"

#include <fast/log.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STACK_BYTES   (1u << 20)
#define LOG_BYTES_MAX 256
/* A peer that takes nothing of its answer for so long has gone. */
#define IDLE_S 60u

static void connection_notified(void *arg, struct MHD_Connection *http, void **context,
				enum MHD_ConnectionNotificationCode code)
{
	const union MHD_ConnectionInfo *info;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		info = MHD_get_connection_info(http, MHD_CONNECTION_INFO_CONNECTION_FD);
		*context = info == NULL ? NULL : fast_peer_new(arg, info->connect_fd);
	} else {
		fast_peer_free(*context);
		*context = NULL;
	}
}

/* Called with a request's target, as it came, before all else. Gives what is *state to the others.
 */
static void *request_begun(void *arg, const char *target, struct MHD_Connection *http)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(http, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct fast_exchange *exchange = calloc(1, sizeof *exchange);

	if (exchange == NULL || info == NULL || info->socket_context == NULL) {
		free(exchange);
		return NULL;
	}
	exchange->connect = arg;
	exchange->peer = info->socket_context;
	exchange->http = http;
	fast_exchange_init(exchange, target);
	return exchange;
}

/* Called with a request's head, then with each piece of its body, then with its end. */
static enum MHD_Result handle(void *arg, struct MHD_Connection *http, const char *url,
			      const char *verb, const char *version, const char *data,
			      size_t *data_bytes, void **state)
{
	struct fast_exchange *exchange = *state;

	(void)arg;
	(void)http;
	(void)url;
	(void)version;
	if (exchange == NULL) {
		return MHD_NO; /* there was no memory */
	}
	if (!exchange->has_begun) {
		fast_exchange_begin(exchange, verb);
		return fast_exchange_is_hasty(exchange) ? fast_exchange_answer(exchange) : MHD_YES;
	}
	if (*data_bytes > 0) {
		bool is_bearable = fast_exchange_take(exchange, data, *data_bytes);

		*data_bytes = 0;
		return is_bearable ? MHD_YES : MHD_NO;
	}
	fast_peer_has_asked(exchange->peer);
	return fast_exchange_answer(exchange);
}

static void request_completed(void *arg, struct MHD_Connection *http, void **state,
			      enum MHD_RequestTerminationCode why)
{
	struct fast_exchange *exchange = *state;

	(void)arg;
	(void)http;
	if (exchange != NULL && why == MHD_REQUEST_TERMINATED_COMPLETED_OK) {
		fast_peer_await(exchange->peer);
	}
	fast_exchange_free(exchange);
	*state = NULL;
}

static void log_problem(void *arg, const char *format, va_list args)
{
	char message[LOG_BYTES_MAX];

	(void)arg;
	vsnprintf(message, sizeof message, format, args);
	message[strcspn(message, "\n")] = '\0';
	fast_log(FAST_LOG_DEBUG, "http: %s", message);
}

/* A thread for each connection, so that calls may block and streams may wait. */
static struct MHD_Daemon *daemon_start(struct fast_connect *connect, int fd)
{
	return MHD_start_daemon(
		MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL |
			MHD_USE_ITC | MHD_USE_ERROR_LOG,
		0, NULL, NULL, handle, connect, MHD_OPTION_EXTERNAL_LOGGER, log_problem, NULL,
		MHD_OPTION_URI_LOG_CALLBACK, request_begun, connect, MHD_OPTION_NOTIFY_CONNECTION,
		connection_notified, connect, MHD_OPTION_NOTIFY_COMPLETED, request_completed, NULL,
		MHD_OPTION_LISTEN_SOCKET, (MHD_socket)fd, MHD_OPTION_CONNECTION_LIMIT,
		connect->options.connections_max + FAST_CONNECT_SURPLUS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)FAST_CONNECT_HEAD_BYTES_MAX, MHD_OPTION_THREAD_STACK_SIZE,
		(size_t)STACK_BYTES, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
}

/* A caller built against an older header has a shorter struct. */
static struct fast_connect_options connect_options(const struct fast_connect_options *options)
{
	struct fast_connect_options all = {.size = sizeof all};

	if (options != NULL) {
		memcpy(&all, options, options->size < sizeof all ? options->size : sizeof all);
	}
	if (all.title == NULL) {
		all.title = "Services";
	}
	if (all.connections_max == 0) {
		all.connections_max = FAST_CONNECT_CONNECTIONS_MAX;
	}
	if (all.request_ms == 0) {
		all.request_ms = FAST_CONNECT_REQUEST_MS;
	}
	if (all.message_bytes_max == 0) {
		all.message_bytes_max = FAST_MESSAGE_BYTES_MAX;
	}
	return all;
}

enum fast_status fast_connect_open(struct fast_server *server, int fd,
				   const struct fast_connect_options *options,
				   struct fast_connect **out)
{
	struct fast_connect *connect = calloc(1, sizeof *connect);
	enum fast_status status;

	if (connect == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	connect->server = server;
	connect->options = connect_options(options);
	status = fast_routes_init(&connect->routes, server);
	if (status == FAST_OK) {
		status = fast_timers_new(&connect->timers);
	}
	if (status == FAST_OK) {
		connect->index = fast_connect_index(&connect->routes, &connect->options);
		connect->openapi = fast_connect_openapi(&connect->routes, connect->options.title);
		if (connect->index == NULL || connect->openapi == NULL) {
			status = FAST_RESOURCE_EXHAUSTED;
		}
	}
	if (status == FAST_OK) {
		connect->daemon = daemon_start(connect, fd);
		status = connect->daemon == NULL ? FAST_RESOURCE_EXHAUSTED : FAST_OK;
	}
	if (status != FAST_OK) {
		fast_connect_close(connect);
		return status;
	}
	*out = connect;
	return FAST_OK;
}

void fast_connect_close(struct fast_connect *connect)
{
	if (connect == NULL) {
		return;
	}
	atomic_store(&connect->is_closing, true);
	if (connect->daemon != NULL) {
		MHD_stop_daemon(connect->daemon); /* closes the socket too */
	}
	fast_timers_free(connect->timers);
	fast_routes_fini(&connect->routes);
	free(connect->index);
	free(connect->openapi);
	free(connect);
}
