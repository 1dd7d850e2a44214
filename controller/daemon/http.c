#include "daemon/http.h"
#include "daemon/accept.h"
#include "daemon/http_socket.h"
#include "daemon/live_page.h"
#include "daemon/scrape.h"

#include <fast/connect.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGE_BYTES_MAX (2 * FAMILIES_BYTES_MAX)

_Static_assert((int)HTTP_ERROR_BYTES_MAX >= (int)ADDRESS_ERROR_BYTES_MAX, "errors are passed on");
_Static_assert((int)FAST_CONNECT_REASON_BYTES_MAX >= (int)ROLE_REASON_BYTES_MAX, "as above");

struct http {
	const struct self *self;
	struct fast_connect *connect;
	char title[64];
	char path[ADDRESS_PATH_BYTES_MAX + 1]; /* of the unix socket; "": none */
	char url[HTTP_URL_BYTES_MAX + 1];
};

static enum fast_status serve_metrics(void *arg, const char *accept,
				      struct fast_connect_answer *out)
{
	const struct self *self = arg;
	enum families_format format = accept_choose(accept);
	struct text page;
	enum fast_status status;

	text_init(&page, PAGE_BYTES_MAX);
	status = scrape_page(self, format, &page);
	if (status == FAST_OK && page.failed) {
		status = FAST_RESOURCE_EXHAUSTED;
	}
	if (status != FAST_OK) {
		text_fini(&page);
		return status;
	}
	out->content_type = accept_content_type(format);
	out->body = page.bytes;
	out->body_bytes = page.count;
	return FAST_OK;
}

static enum fast_status serve_health(void *arg, const char *accept, struct fast_connect_answer *out)
{
	const struct self *self = arg;
	struct node_status status;
	bool is_well;

	(void)accept;
	node_status(self->node, &status);
	is_well = status.store_error[0] == '\0';
	out->code = is_well ? 200 : 503;
	if (asprintf(&out->body, "%s\n", is_well ? "ok" : status.store_error) < 0) {
		out->body = NULL;
		return FAST_RESOURCE_EXHAUSTED;
	}
	out->body_bytes = strlen(out->body);
	return FAST_OK;
}

static enum fast_status serve_live(void *arg, const char *accept, struct fast_connect_answer *out)
{
	(void)arg;
	(void)accept;
	out->content_type = "text/html; charset=utf-8";
	out->body = malloc(live_page_bytes);
	if (out->body == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	memcpy(out->body, live_page, live_page_bytes);
	out->body_bytes = live_page_bytes;
	return FAST_OK;
}

static const struct fast_connect_page pages[] = {
	{"/live", "what the plugins do now: metrics, and knobs to turn", serve_live},
	{"/metrics", "for Prometheus (OpenMetrics 1.0, or text 0.0.4)", serve_metrics},
	{"/healthz", "200 while all is well", serve_health},
};

/* The others tell no more than what everybody may ask for. */
static bool allow_page(void *arg, const struct fast_peer *peer, const char *path, char *reason)
{
	const struct self *self = arg;
	const struct role_ask ask = {.method = path, .least = ROLE_VIEWER, .plugin = ""};

	return strcmp(path, "/metrics") != 0 || self->roles == NULL ||
	       roles_allow(self->roles, peer, &ask, reason);
}

enum fast_status http_open(const char *where, const struct self *self, struct http **out,
			   char *error)
{
	struct fast_connect_options options = {
		.size = sizeof options,
		.connections_max = HTTP_CONNECTIONS_MAX,
		.pages = pages,
		.page_count = sizeof pages / sizeof pages[0],
		.page_allow = allow_page,
	};
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
	snprintf(http->title, sizeof http->title, "fastd %s", self_version());
	options.title = http->title;
	options.page_arg = (void *)(uintptr_t)self;
	status = fast_connect_open(self->server, fd, &options, &http->connect);
	if (status != FAST_OK) {
		close(fd);
		snprintf(error, HTTP_ERROR_BYTES_MAX, "HTTP cannot be started at %.200s: %s", where,
			 fast_status_sentence(status));
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
	if (http->path[0] != '\0') {
		unlink(http->path); /* while it is still served: nobody else has taken it */
	}
	fast_connect_close(http->connect); /* closes the socket too */
	free(http);
}

const char *http_url(const struct http *http)
{
	return http->url;
}
