#include "daemon/http.h"
#include "daemon/accept.h"
#include "daemon/http_socket.h"
#include "daemon/scrape.h"

#include <fast/log.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGE_BYTES_MAX (2 * FAMILIES_BYTES_MAX)
#define URL_BYTES_MAX  160
#define LOG_BYTES_MAX  256

_Static_assert((int)HTTP_ERROR_BYTES_MAX >= (int)ADDRESS_ERROR_BYTES_MAX, "errors are passed on");

struct http {
	const struct self *self;
	struct MHD_Daemon *daemon;
	char path[ADDRESS_PATH_BYTES_MAX + 1]; /* of the unix socket; "": none */
	char url[HTTP_URL_BYTES_MAX + 1];
};

/* What a request gets. */
struct answer {
	unsigned code;
	const char *content_type;
	struct text body;
};

#define PLAIN "text/plain; charset=utf-8"

static void answer_plain(struct answer *answer, unsigned code, const char *sentence)
{
	answer->code = code;
	answer->content_type = PLAIN;
	text_add(&answer->body, sentence);
	text_add(&answer->body, "\n");
}

static void serve_metrics(const struct http *http, const char *accept, struct answer *answer)
{
	enum families_format format = accept_choose(accept);

	answer->content_type = accept_content_type(format);
	if (scrape_page(http->self, format, &answer->body) != FAST_OK) {
		text_fini(&answer->body);
		text_init(&answer->body, PAGE_BYTES_MAX);
		answer_plain(answer, MHD_HTTP_SERVICE_UNAVAILABLE,
			     "There is no memory for the page.");
	}
}

static void serve_health(const struct http *http, const char *accept, struct answer *answer)
{
	struct node_status status;

	(void)accept;
	node_status(http->self->node, &status);
	if (status.store_error[0] != '\0') {
		answer_plain(answer, MHD_HTTP_SERVICE_UNAVAILABLE, status.store_error);
	} else {
		answer_plain(answer, MHD_HTTP_OK, "ok");
	}
}

static void serve_index(const struct http *http, const char *accept, struct answer *answer)
{
	struct node_status status;

	(void)accept;
	node_status(http->self->node, &status);
	answer->content_type = "text/html; charset=utf-8";
	text_format(
		&answer->body,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head><title>fastd %s</title></head>\n"
		"<body>\n<h1>fastd %s</h1>\n"
		"<p>%u plugins with %u metrics and %u knobs are attached.</p>\n"
		"<ul>\n"
		"<li><a href=\"/metrics\">/metrics</a>: for Prometheus (OpenMetrics 1.0, or text "
		"0.0.4)</li>\n"
		"<li><a href=\"/healthz\">/healthz</a>: 200 while all is well</li>\n"
		"</ul>\n"
		"<p>On this node, <code>fastctl</code> shows and turns what is here.</p>\n"
		"</body>\n</html>\n",
		self_version(), self_version(), status.plugins_live, status.metrics, status.params);
}

static const struct {
	const char *path;
	void (*serve)(const struct http *http, const char *accept, struct answer *answer);
} routes[] = {
	{"/", serve_index},
	{"/metrics", serve_metrics},
	{"/healthz", serve_health},
};
#define ROUTE_COUNT (sizeof routes / sizeof routes[0])

static bool is_read(const char *method)
{
	return strcmp(method, MHD_HTTP_METHOD_GET) == 0 ||
	       strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
}

static void serve(const struct http *http, struct MHD_Connection *connection, const char *path,
		  const char *method, struct answer *answer)
{
	for (size_t i = 0; i < ROUTE_COUNT; i++) {
		if (strcmp(path, routes[i].path) != 0) {
			continue;
		}
		if (!is_read(method)) {
			answer_plain(answer, MHD_HTTP_METHOD_NOT_ALLOWED,
				     "This can be read only: use GET or HEAD.");
			return;
		}
		routes[i].serve(http,
				MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							    MHD_HTTP_HEADER_ACCEPT),
				answer);
		return;
	}
	answer_plain(answer, MHD_HTTP_NOT_FOUND,
		     "There is nothing here; there are /, /metrics and /healthz.");
}

/* Adds the headers and sends. Takes the body. */
static enum MHD_Result send_answer(struct MHD_Connection *connection, struct answer *answer)
{
	struct MHD_Response *response;
	enum MHD_Result result;

	if (answer->body.failed) {
		text_fini(&answer->body);
		return MHD_NO; /* no memory: the connection is closed */
	}
	response = MHD_create_response_from_buffer(answer->body.count, answer->body.bytes,
						   MHD_RESPMEM_MUST_FREE);
	if (response == NULL) {
		text_fini(&answer->body);
		return MHD_NO;
	}
	if (MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->content_type) !=
		    MHD_YES ||
	    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store") !=
		    MHD_YES ||
	    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff") != MHD_YES ||
	    (answer->code == MHD_HTTP_METHOD_NOT_ALLOWED &&
	     MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD") != MHD_YES)) {
		MHD_destroy_response(response);
		return MHD_NO;
	}
	result = MHD_queue_response(connection, answer->code, response);
	MHD_destroy_response(response);
	return result;
}

/* Called with a request's head, then with each piece of its body, then with its end. To answer at
 * the head ends the connection, so that only a request whose body nobody wants is answered there.
 */
static enum MHD_Result handle(void *arg, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *upload_data,
			      size_t *upload_data_size, void **state)
{
	static const char seen;
	struct answer answer = {.code = MHD_HTTP_OK};

	(void)version;
	(void)upload_data;
	if (*state == NULL && is_read(method)) {
		*state = (void *)&seen;
		return MHD_YES;
	}
	if (*upload_data_size > 0) {
		*upload_data_size = 0;
		return MHD_YES;
	}
	text_init(&answer.body, PAGE_BYTES_MAX);
	serve(arg, connection, url, method, &answer);
	return send_answer(connection, &answer);
}

static void log_problem(void *arg, const char *format, va_list args)
{
	char message[LOG_BYTES_MAX];
	size_t bytes;

	(void)arg;
	vsnprintf(message, sizeof message, format, args);
	bytes = strcspn(message, "\n");
	message[bytes] = '\0';
	fast_log(FAST_LOG_DEBUG, "http: %s", message);
}

static struct MHD_Daemon *daemon_start(struct http *http, int fd)
{
	return MHD_start_daemon(
		MHD_USE_AUTO_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_ERROR_LOG, 0, NULL, NULL,
		handle, http, MHD_OPTION_EXTERNAL_LOGGER, log_problem, NULL,
		MHD_OPTION_LISTEN_SOCKET, (MHD_socket)fd, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)HTTP_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned)HTTP_TIMEOUT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)HTTP_CONNECTION_BYTES_MAX, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
}

enum fast_status http_open(const char *where, const struct self *self, struct http **out,
			   char *error)
{
	struct http *http = calloc(1, sizeof *http);
	struct address address;
	enum fast_status status;
	int fd = -1;

	if (http == NULL) {
		snprintf(error, HTTP_ERROR_BYTES_MAX, "there is no memory");
		return FAST_RESOURCE_EXHAUSTED;
	}
	http->self = self;
	status = address_parse(where, &address, error);
	if (status == FAST_OK) {
		status = http_socket_open(&address, &fd, error);
	}
	if (status != FAST_OK) {
		goto fail;
	}
	if (address.path != NULL) {
		snprintf(http->path, sizeof http->path, "%s", address.path);
	}
	http_socket_url(fd, http->url);
	http->daemon = daemon_start(http, fd);
	if (http->daemon == NULL) {
		close(fd);
		snprintf(error, HTTP_ERROR_BYTES_MAX, "HTTP cannot be started at %.200s", where);
		status = FAST_RESOURCE_EXHAUSTED;
		goto fail;
	}
	*out = http;
	return FAST_OK;

fail:
	http_close(http);
	return status;
}

void http_close(struct http *http)
{
	if (http == NULL) {
		return;
	}
	if (http->daemon != NULL) {
		MHD_stop_daemon(http->daemon); /* closes the socket too */
	}
	if (http->path[0] != '\0') {
		unlink(http->path);
	}
	free(http);
}

const char *http_url(const struct http *http)
{
	return http->url;
}
