/* What stands before a request's body: which method, in which codec, for how long. */
#include "connect/exchange.h"
#include "connect/gzip.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TIMEOUT_DIGITS_MAX 10 /* of Connect-Timeout-Ms */

static const char *header(const struct fast_exchange *exchange, const char *name)
{
	return MHD_lookup_connection_value(exchange->http, MHD_HEADER_KIND, name);
}

const char *fast_exchange_query(struct fast_exchange *exchange, const char *name)
{
	const char *value = NULL;
	size_t bytes = 0;

	if (MHD_lookup_connection_value_n(exchange->http, MHD_GET_ARGUMENT_KIND, name, strlen(name),
					  &value, &bytes) == MHD_YES &&
	    value != NULL && strlen(value) != bytes) {
		fast_exchange_refuse(exchange, 0, FAST_INVALID_ARGUMENT,
				     "%s in the query has a zero byte", name);
	}
	return value;
}

/* Content types without their parameters. */
static const struct {
	const char *type;
	enum fast_codec codec;
	bool is_enveloped;
} codecs[] = {
	{"application/json", FAST_CODEC_JSON, false},
	{"application/proto", FAST_CODEC_PROTO, false},
	{"application/connect+json", FAST_CODEC_JSON, true},
	{"application/connect+proto", FAST_CODEC_PROTO, true},
};

/* The only parameter that JSON may have. */
static bool parameter_is_good(const char *rest)
{
	rest += strspn(rest, "; \t");
	return *rest == '\0' || strcasecmp(rest, "charset=utf-8") == 0 ||
	       strcasecmp(rest, "charset=\"utf-8\"") == 0;
}

static void read_content_type(struct fast_exchange *exchange)
{
	const char *type = header(exchange, "Content-Type");
	bool is_unary = exchange->route.method->kind == FAST_METHOD_UNARY;
	size_t bytes = type == NULL ? 0 : strcspn(type, "; \t");

	for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++) {
		if (bytes == strlen(codecs[i].type) &&
		    strncasecmp(type, codecs[i].type, bytes) == 0 &&
		    codecs[i].is_enveloped != is_unary && parameter_is_good(type + bytes)) {
			exchange->codec = codecs[i].codec;
			exchange->is_enveloped = codecs[i].is_enveloped;
			return;
		}
	}
	fast_exchange_refuse(
		exchange, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, FAST_UNKNOWN,
		is_unary ? "the content type is %.80s; send application/json or "
			   "application/proto (curl -H 'Content-Type: application/json')"
			 : "the content type is %.80s; a stream takes "
			   "application/connect+json or application/connect+proto, "
			   "or a GET, for server-sent events",
		type == NULL ? "missing" : type);
}

/* Takes the name of the request's encoding; NULL and "" are identity. */
static void take_encoding(struct fast_exchange *exchange, const char *encoding)
{
	if (encoding == NULL || encoding[0] == '\0' || strcasecmp(encoding, "identity") == 0) {
		return;
	}
	exchange->is_gzipped = strcasecmp(encoding, "gzip") == 0;
	if (!exchange->is_gzipped) {
		fast_exchange_refuse(exchange, 0, FAST_UNIMPLEMENTED,
				     "the encoding %.80s is not supported; there are gzip and "
				     "identity",
				     encoding);
	}
}

static void read_encoding(struct fast_exchange *exchange)
{
	if (!exchange->is_enveloped) {
		take_encoding(exchange, header(exchange, "Content-Encoding"));
		return;
	}
	take_encoding(exchange, header(exchange, "Connect-Content-Encoding"));
	exchange->takes_gzip = fast_gzip_is_accepted(header(exchange, "Connect-Accept-Encoding"));
}

static void read_query(struct fast_exchange *exchange)
{
	const char *encoding = fast_exchange_query(exchange, "encoding");
	const char *version = fast_exchange_query(exchange, "connect");

	exchange->is_program = exchange->is_program || version != NULL;
	if (version != NULL && strcmp(version, "v1") != 0) {
		fast_exchange_refuse(exchange, 0, FAST_INVALID_ARGUMENT,
				     "connect=%.20s is no version; there is v1", version);
	}
	take_encoding(exchange, fast_exchange_query(exchange, "compression"));
	exchange->codec = FAST_CODEC_JSON;
	if (encoding == NULL || strcmp(encoding, "json") == 0) {
		return;
	}
	exchange->codec = FAST_CODEC_PROTO;
	if (strcmp(encoding, "proto") != 0) {
		fast_exchange_refuse(exchange, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, FAST_UNKNOWN,
				     "encoding=%.80s is not known; there are json and proto",
				     encoding);
	}
}

static void read_timeout(struct fast_exchange *exchange)
{
	const char *text = header(exchange, "Connect-Timeout-Ms");

	exchange->timeout_ms = FAST_CALL_TIMEOUT_MS_NONE;
	if (text == NULL) {
		return;
	}
	size_t digits = strspn(text, "0123456789");
	if (digits == 0 || digits > TIMEOUT_DIGITS_MAX || text[digits] != '\0') {
		fast_exchange_refuse(exchange, 0, FAST_INVALID_ARGUMENT,
				     "Connect-Timeout-Ms is %.40s; it is a whole number of "
				     "milliseconds of at most 10 digits",
				     text);
		return;
	}
	exchange->timeout_ms = strtoll(text, NULL, 10);
	if (exchange->timeout_ms == 0) {
		fast_exchange_refuse(exchange, 0, FAST_DEADLINE_EXCEEDED,
				     "Connect-Timeout-Ms is 0: the time was up before the call");
	}
}

/* A name that DNS answers may be pointed here by any web page that wants to look like one of ours.
 */
static bool host_is_ours(const char *host)
{
	size_t bytes = strcspn(host, ":");

	if (host[0] == '[') {
		return true; /* an IPv6 address */
	}
	return (bytes == strlen("localhost") && strncasecmp(host, "localhost", bytes) == 0) ||
	       strspn(host, "0123456789.") == bytes;
}

/* A browser may run pages of strangers; what they send here says so. */
void fast_exchange_check_browser(struct fast_exchange *exchange)
{
	const char *host = header(exchange, "Host");
	const char *origin = header(exchange, "Origin");
	const char *origin_host = origin == NULL ? NULL : strstr(origin, "://");

	if (exchange->peer->is_local) {
		return;
	}
	if (host != NULL && !host_is_ours(host)) {
		fast_exchange_refuse(exchange, 0, FAST_PERMISSION_DENIED,
				     "the host %.100s is not this one's address; use an IP address "
				     "or localhost",
				     host);
	} else if (origin != NULL && (host == NULL || origin_host == NULL ||
				      strcasecmp(origin_host + strlen("://"), host) != 0)) {
		fast_exchange_refuse(exchange, 0, FAST_PERMISSION_DENIED,
				     "pages of %.100s may not call here", origin);
	}
}

const char *fast_exchange_verbs(const struct fast_exchange *exchange)
{
	const struct fast_method *method = exchange->route.method;

	if (method == NULL) {
		return "GET, HEAD";
	}
	return method->idempotency == FAST_IDEMPOTENCY_NO_SIDE_EFFECTS ? "GET, POST" : "POST";
}

static void check_verb(struct fast_exchange *exchange, const char *verb)
{
	const struct fast_method *method = exchange->route.method;
	bool is_safe = method->idempotency == FAST_IDEMPOTENCY_NO_SIDE_EFFECTS;

	exchange->is_get = strcmp(verb, MHD_HTTP_METHOD_GET) == 0;
	if (method->kind == FAST_METHOD_CLIENT_STREAM || method->kind == FAST_METHOD_BIDI_STREAM) {
		fast_exchange_refuse(exchange, MHD_HTTP_NOT_IMPLEMENTED, FAST_UNIMPLEMENTED,
				     "%s takes a stream, which HTTP/1.1 cannot carry; use the RPC "
				     "endpoint",
				     method->path);
	} else if (exchange->is_get ? !is_safe : strcmp(verb, MHD_HTTP_METHOD_POST) != 0) {
		fast_exchange_refuse(exchange, MHD_HTTP_METHOD_NOT_ALLOWED, FAST_UNKNOWN,
				     is_safe ? "%s is called by GET or POST"
					     : "%s is called by POST, for it may have side effects",
				     method->path);
	}
}

void fast_exchange_read_head(struct fast_exchange *exchange, const char *verb)
{
	const char *url = exchange->path;
	enum fast_status status;

	status = fast_routes_find(&exchange->connect->routes, url + 1, &exchange->route);
	if (status != FAST_OK) {
		fast_exchange_refuse(exchange, MHD_HTTP_NOT_FOUND, FAST_UNIMPLEMENTED,
				     status == FAST_NOT_FOUND
					     ? "there is nothing at %.200s; / lists what there is"
					     : "no method %.200s: its service has no such method",
				     status == FAST_NOT_FOUND ? url : url + 1);
		return;
	}
	exchange->is_program = header(exchange, "Connect-Protocol-Version") != NULL;
	fast_exchange_check_browser(exchange);
	check_verb(exchange, verb);
	if (exchange->is_get) {
		exchange->is_events = exchange->route.method->kind == FAST_METHOD_SERVER_STREAM;
		read_query(exchange);
	} else {
		read_content_type(exchange);
		read_encoding(exchange);
	}
	read_timeout(exchange);
	status = fast_headers_read(exchange->http, &exchange->arena, &exchange->headers);
	if (status != FAST_OK) {
		fast_exchange_refuse(exchange, 0, status, "%s", exchange->headers.error);
	}
}
