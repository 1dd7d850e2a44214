#include "connect/exchange.h"
#include "connect/gzip.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BODY_BYTES_FIRST 1024
/* Of a request's headers that are not text as they stand. */
#define ARENA_BYTES_MAX (256u << 10)
/* One part in so many is what gzip adds at most. */
#define GZIP_LOSS 256
#define JSON      "application/json"
#define PLAIN     "text/plain; charset=utf-8"

void fast_exchange_refuse(struct fast_exchange *exchange, unsigned http_code,
			  enum fast_status status, const char *format, ...)
{
	va_list arguments;

	if (exchange->refused.status != FAST_OK) {
		return; /* the first reason is the one to mend */
	}
	exchange->refused_code = http_code;
	exchange->refused.status = status;
	exchange->refused.executed = FAST_EXECUTED_NO;
	va_start(arguments, format);
	vsnprintf(exchange->refused.text, sizeof exchange->refused.text, format, arguments);
	va_end(arguments);
}

static const struct fast_connect_page *page_find(const struct fast_connect *connect,
						 const char *url)
{
	for (size_t i = 0; i < connect->options.page_count; i++) {
		if (strcmp(connect->options.pages[i].path, url) == 0) {
			return &connect->options.pages[i];
		}
	}
	return NULL;
}

/* The two documents that every server has. NULL: it is neither. */
static const char *document_find(const struct fast_connect *connect, const char *url,
				 const char **content_type)
{
	if (strcmp(url, "/") == 0) {
		*content_type = "text/html; charset=utf-8";
		return connect->index;
	}
	*content_type = JSON;
	return strcmp(url, "/openapi.json") == 0 ? connect->openapi : NULL;
}

/* The longest body that can hold a message of the greatest length: in an envelope, or as what gzip
 * makes of one that it cannot make shorter. */
static size_t body_bytes_max(const struct fast_exchange *exchange)
{
	size_t longest = exchange->connect->options.message_bytes_max;

	return longest + longest / GZIP_LOSS + 64;
}

static void refuse_long_body(struct fast_exchange *exchange)
{
	fast_exchange_refuse(exchange, 0, FAST_RESOURCE_EXHAUSTED,
			     "the message is too long; at most %u bytes are taken",
			     (unsigned)exchange->connect->options.message_bytes_max);
}

/* What is announced to be too long is not waited for. */
static void check_length(struct fast_exchange *exchange)
{
	const char *length = MHD_lookup_connection_value(exchange->http, MHD_HEADER_KIND,
							 MHD_HTTP_HEADER_CONTENT_LENGTH);

	if (length != NULL && strtoull(length, NULL, 10) > body_bytes_max(exchange)) {
		exchange->is_last = true;
		refuse_long_body(exchange);
	}
}

bool fast_exchange_is_hasty(const struct fast_exchange *exchange)
{
	/* Who asks whether to send the body is told no. */
	const char *expect = MHD_lookup_connection_value(exchange->http, MHD_HEADER_KIND,
							 MHD_HTTP_HEADER_EXPECT);

	return exchange->refused.status != FAST_OK && (exchange->is_last || expect != NULL);
}

/* A page may tell as much as a call does. */
static void check_page(struct fast_exchange *exchange)
{
	const struct fast_connect_options *options = &exchange->connect->options;
	char reason[FAST_CONNECT_REASON_BYTES_MAX];
	struct fast_peer peer;

	fast_exchange_check_browser(exchange);
	if (options->page_allow == NULL) {
		return;
	}
	fast_peer_know(exchange->peer, &peer);
	if (!options->page_allow(options->page_arg, &peer, exchange->page->path, reason)) {
		fast_exchange_refuse(exchange, 0, FAST_PERMISSION_DENIED, "%s", reason);
	}
}

void fast_exchange_init(struct fast_exchange *exchange, const char *target)
{
	fast_arena_init(&exchange->arena, ARENA_BYTES_MAX);
	fast_exchange_read_target(exchange, target);
}

/* What the path stands for: a page, a document, or a method. */
static void read_head(struct fast_exchange *exchange, const char *verb)
{
	const char *path = exchange->path;
	bool is_read =
		strcmp(verb, MHD_HTTP_METHOD_GET) == 0 || strcmp(verb, MHD_HTTP_METHOD_HEAD) == 0;

	exchange->page = page_find(exchange->connect, path);
	exchange->document = document_find(exchange->connect, path, &exchange->document_type);
	exchange->takes_gzip = fast_gzip_is_accepted(MHD_lookup_connection_value(
		exchange->http, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT_ENCODING));
	if (exchange->page == NULL && exchange->document == NULL) {
		fast_exchange_read_head(exchange, verb);
	} else if (!is_read) {
		fast_exchange_refuse(exchange, MHD_HTTP_METHOD_NOT_ALLOWED, FAST_UNKNOWN,
				     "%.100s is a page: GET and HEAD alone", path);
	} else if (exchange->page != NULL) {
		check_page(exchange);
	}
}

void fast_exchange_begin(struct fast_exchange *exchange, const char *verb)
{
	exchange->has_begun = true;
	if (exchange->peer->is_surplus) {
		exchange->is_last = true;
		fast_exchange_refuse(exchange, 0, FAST_UNAVAILABLE,
				     "all %u connections are in use; try again later",
				     (unsigned)exchange->connect->options.connections_max);
		return;
	}
	if (exchange->refused.status == FAST_OK) {
		read_head(exchange, verb);
	}
	check_length(exchange);
}

/* Makes room for so many bytes of the body. */
static bool body_reserve(struct fast_exchange *exchange, size_t wanted)
{
	size_t capacity = exchange->body_capacity == 0 ? BODY_BYTES_FIRST : exchange->body_capacity;
	uint8_t *body;

	while (capacity < wanted) {
		capacity *= 2;
	}
	if (capacity == exchange->body_capacity) {
		return true;
	}
	body = realloc(exchange->body, capacity);
	if (body == NULL) {
		return false;
	}
	exchange->body = body;
	exchange->body_capacity = capacity;
	return true;
}

bool fast_exchange_take(struct fast_exchange *exchange, const char *data, size_t bytes)
{
	size_t wanted = exchange->body_bytes + bytes;

	if (exchange->refused.status == FAST_OK && wanted > body_bytes_max(exchange)) {
		refuse_long_body(exchange);
	} else if (exchange->refused.status == FAST_OK && !body_reserve(exchange, wanted)) {
		fast_exchange_refuse(exchange, 0, FAST_RESOURCE_EXHAUSTED,
				     "there is no memory for the request");
	}
	if (exchange->refused.status != FAST_OK) {
		exchange->discarded_bytes += bytes;
		return exchange->discarded_bytes <= FAST_CONNECT_DISCARD_BYTES_MAX;
	}
	memcpy(exchange->body + exchange->body_bytes, data, bytes);
	exchange->body_bytes = wanted;
	return true;
}

/* What an answer has beside its body. */
static bool add_headers(const struct fast_exchange *exchange, struct MHD_Response *response,
			unsigned http_code, const struct fast_reply *reply)
{
	if (MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store") !=
		    MHD_YES ||
	    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff") != MHD_YES ||
	    /* What can be clicked here must not lie under another page. */
	    MHD_add_response_header(response, "X-Frame-Options", "DENY") != MHD_YES) {
		return false;
	}
	if (exchange->is_last &&
	    MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close") != MHD_YES) {
		return false;
	}
	if (http_code == MHD_HTTP_METHOD_NOT_ALLOWED &&
	    MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW,
				    fast_exchange_verbs(exchange)) != MHD_YES) {
		return false;
	}
	return reply == NULL || (fast_headers_add(response, "", &reply->headers) &&
				 fast_headers_add(response, "trailer-", &reply->trailers));
}

/* Puts what *body is when compressed in its place. False: it stays. */
static bool compress(char **body, size_t *bytes)
{
	struct fast_writer packed = {.data = NULL};
	size_t packed_bytes;
	char *text;

	fast_gzip_add(&packed, *body, *bytes);
	packed_bytes = packed.bytes;
	text = fast_writer_take(&packed);
	if (text == NULL) {
		return false;
	}
	free(*body);
	*body = text;
	*bytes = packed_bytes;
	return true;
}

/* Sends body, from malloc, which is taken. */
static enum MHD_Result send_bytes(struct fast_exchange *exchange, unsigned http_code,
				  const char *content_type, char *body, size_t bytes,
				  const struct fast_reply *reply)
{
	bool is_packed = exchange->takes_gzip && http_code == MHD_HTTP_OK &&
			 bytes >= FAST_GZIP_BYTES_MIN && compress(&body, &bytes);
	enum MHD_Result result = MHD_NO;
	struct MHD_Response *response =
		MHD_create_response_from_buffer(bytes, body, MHD_RESPMEM_MUST_FREE);

	if (response == NULL) {
		free(body);
		return MHD_NO;
	}
	if (MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type) ==
		    MHD_YES &&
	    (!is_packed || MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING,
						   "gzip") == MHD_YES) &&
	    add_headers(exchange, response, http_code, reply)) {
		result = MHD_queue_response(exchange->http, http_code, response);
	}
	MHD_destroy_response(response);
	return result;
}

enum MHD_Result fast_exchange_send(struct fast_exchange *exchange, unsigned http_code,
				   const char *content_type, struct fast_writer *writer,
				   const struct fast_reply *reply)
{
	size_t bytes = writer->bytes;
	char *body = fast_writer_take(writer);

	return body == NULL ? MHD_NO
			    : send_bytes(exchange, http_code, content_type, body, bytes, reply);
}

enum MHD_Result fast_exchange_fail(struct fast_exchange *exchange, unsigned http_code,
				   const struct fast_reply *reply)
{
	struct fast_writer writer = {.data = NULL};

	fast_connect_write_error(&writer, exchange->route.schema, reply);
	if (writer.failed) {
		fast_writer_fini(&writer);
		return MHD_NO;
	}
	return fast_exchange_send(
		exchange, http_code != 0 ? http_code : fast_connect_http_code(reply->status), JSON,
		&writer, reply);
}

static enum MHD_Result answer_page(struct fast_exchange *exchange)
{
	struct fast_connect_answer answer = {.code = MHD_HTTP_OK, .content_type = PLAIN};
	const char *accept = MHD_lookup_connection_value(exchange->http, MHD_HEADER_KIND,
							 MHD_HTTP_HEADER_ACCEPT);

	if (exchange->page->fn(exchange->connect->options.page_arg, accept, &answer) != FAST_OK) {
		static const char sentence[] = "There is no memory for the page.\n";

		free(answer.body);
		answer.code = MHD_HTTP_SERVICE_UNAVAILABLE;
		answer.content_type = PLAIN;
		answer.body = strdup(sentence);
		answer.body_bytes = sizeof sentence - 1;
		if (answer.body == NULL) {
			return MHD_NO;
		}
	}
	return send_bytes(exchange, answer.code, answer.content_type, answer.body,
			  answer.body_bytes, NULL);
}

static enum MHD_Result answer_document(struct fast_exchange *exchange)
{
	char *copy = strdup(exchange->document);

	return copy == NULL ? MHD_NO
			    : send_bytes(exchange, MHD_HTTP_OK, exchange->document_type, copy,
					 strlen(copy), NULL);
}

enum MHD_Result fast_exchange_answer(struct fast_exchange *exchange)
{
	struct fast_dynamic request = {.message = NULL};
	bool is_stream = exchange->is_enveloped || exchange->is_events;
	enum MHD_Result result;

	if (exchange->refused.status == FAST_OK && exchange->page != NULL) {
		return answer_page(exchange);
	}
	if (exchange->refused.status == FAST_OK && exchange->document != NULL) {
		return answer_document(exchange);
	}
	if (exchange->refused.status == FAST_OK) {
		(void)fast_exchange_message(exchange, &request);
	}
	/* A stream tells its failures in its own way, unless HTTP has a number for them alone. */
	if (exchange->refused.status != FAST_OK &&
	    (!is_stream || exchange->refused_code != 0 || exchange->is_events)) {
		result = fast_exchange_fail(exchange, exchange->refused_code, &exchange->refused);
	} else if (is_stream) {
		result = fast_exchange_stream(exchange, &request);
	} else {
		result = fast_exchange_call(exchange, &request);
	}
	fast_dynamic_fini(&request);
	return result;
}

void fast_exchange_free(struct fast_exchange *exchange)
{
	if (exchange == NULL) {
		return;
	}
	free(exchange->body);
	free(exchange->unpacked);
	fast_arena_fini(&exchange->arena);
	free(exchange);
}

struct fast_call_options fast_exchange_options(struct fast_exchange *exchange)
{
	return (struct fast_call_options){
		.size = sizeof(struct fast_call_options),
		.timeout_ms = exchange->timeout_ms,
		.metadata = &exchange->headers.metadata,
		.trace = exchange->headers.has_trace ? &exchange->headers.trace : NULL,
		.no_parent = true,
	};
}
