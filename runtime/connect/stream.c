/* A server stream for a request: Connect's envelopes, or server-sent events. */
#include "connect/exchange.h"
#include "connect/gzip.h"

#include "rpc/reply.h"
#include <fast/stream.h>
#include <stdlib.h>
#include <string.h>

#define ENVELOPE_BYTES 5
#define ENVELOPE_GZIP  1
#define ENVELOPE_END   2
/* What HTTP's side asks for at a time. */
#define BLOCK_BYTES 16384
#define NS_PER_MS   1000000

/* The answer under way. The exchange outlives it. */
struct flow {
	struct fast_exchange *exchange;
	struct fast_stream *stream; /* NULL: it could not be begun */
	struct fast_reply failure;  /* then this is why */
	struct fast_writer piece;   /* what is to be sent now */
	size_t sent;                /* of it */
	bool has_ended;             /* the piece is the last */
	int64_t said_ns;            /* when something was last sent */
};

static void flow_free(void *arg)
{
	struct flow *flow = arg;

	if (flow == NULL) {
		return;
	}
	fast_stream_close(flow->stream);
	fast_writer_fini(&flow->piece);
	fast_reply_fini(&flow->failure);
	free(flow);
}

/* ---- Connect's envelopes ---- */

static void envelope_write(struct fast_writer *out, unsigned flags, const struct fast_writer *body)
{
	size_t bytes = body->bytes;
	const char head[ENVELOPE_BYTES] = {(char)flags, (char)(bytes >> 24), (char)(bytes >> 16),
					   (char)(bytes >> 8), (char)bytes};

	fast_writer_add(out, head, sizeof head);
	fast_writer_add(out, body->data == NULL ? "" : body->data, bytes);
	out->failed = out->failed || body->failed;
}

/* One message, compressed where the caller takes that and it is worth while. */
static void item_write(struct fast_writer *out, bool takes_gzip, const struct fast_writer *body)
{
	struct fast_writer packed = {.data = NULL};

	if (!takes_gzip || body->bytes < FAST_GZIP_BYTES_MIN) {
		envelope_write(out, 0, body);
		return;
	}
	fast_gzip_add(&packed, body->data, body->bytes);
	envelope_write(out, ENVELOPE_GZIP, &packed);
	fast_writer_fini(&packed);
}

/* {"error":{...},"metadata":{...}}, each where there is one. */
static void end_write(struct fast_writer *out, const struct fast_schema *schema,
		      const struct fast_reply *reply)
{
	fast_writer_open(out, '{');
	if (reply->status != FAST_OK) {
		fast_writer_name(out, "error");
		fast_connect_write_error(out, schema, reply);
	}
	if (reply->trailers.count > 0) {
		fast_writer_name(out, "metadata");
		fast_headers_write(out, &reply->trailers);
	}
	fast_writer_close(out, '}');
}

/* ---- server-sent events ---- */

static void event_write(struct fast_writer *out, const char *event, const struct fast_writer *data)
{
	if (event != NULL) {
		fast_writer_print(out, "event: %s\n", event);
	}
	fast_writer_add(out, "data: ", strlen("data: "));
	fast_writer_add(out, data->data == NULL ? "" : data->data, data->bytes);
	fast_writer_add(out, "\n\n", 2);
	out->failed = out->failed || data->failed;
}

/* ---- both ---- */

static void flow_end(struct flow *flow, const struct fast_reply *reply)
{
	struct fast_exchange *exchange = flow->exchange;
	struct fast_writer body = {.data = NULL};

	flow->has_ended = true;
	if (exchange->is_events && reply->status != FAST_OK) {
		fast_connect_write_error(&body, exchange->route.schema, reply);
		event_write(&flow->piece, "error", &body);
	} else if (exchange->is_events) {
		fast_writer_add(&body, "{}", 2);
		event_write(&flow->piece, "end", &body);
	} else {
		end_write(&body, exchange->route.schema, reply);
		envelope_write(&flow->piece, ENVELOPE_END, &body);
	}
	fast_writer_fini(&body);
}

static void flow_item(struct flow *flow, const ProtobufCMessage *item)
{
	struct fast_writer body = {.data = NULL};
	struct fast_reply failure = {.status = FAST_OK};

	if (!fast_exchange_print(flow->exchange, item, &body, &failure)) {
		flow_end(flow, &failure);
		fast_stream_cancel(flow->stream);
	} else if (flow->exchange->is_events) {
		event_write(&flow->piece, NULL, &body);
	} else {
		item_write(&flow->piece, flow->exchange->takes_gzip, &body);
	}
	fast_reply_fini(&failure);
	fast_writer_fini(&body);
}

/* Makes the next piece. False: nobody wants it any more. */
static bool flow_next(struct flow *flow)
{
	struct fast_timers *timers = flow->exchange->connect->timers;
	const ProtobufCMessage *item = NULL;
	enum fast_status status;

	if (flow->stream == NULL) {
		flow_end(flow, &flow->failure);
		return !flow->piece.failed;
	}
	while (flow->piece.bytes == 0 && !flow->piece.failed) {
		status = fast_stream_next(flow->stream, FAST_CONNECT_POLL_MS, &item);
		if (status == FAST_OK && item != NULL) {
			flow_item(flow, item);
		} else if (fast_stream_ended(flow->stream)) {
			flow_end(flow, fast_stream_reply(flow->stream));
		} else if (fast_peer_has_gone(flow->exchange->peer)) {
			return false;
		} else if (flow->exchange->is_events &&
			   fast_timers_now_ns(timers) - flow->said_ns >
				   FAST_CONNECT_COMMENT_MS * (int64_t)NS_PER_MS) {
			fast_writer_add(&flow->piece, ":\n\n", 3);
		}
	}
	flow->said_ns = fast_timers_now_ns(timers);
	return !flow->piece.failed;
}

/* The one place that writes to memory of MHD's, which its next connection may have again. */
static void flow_copy(struct flow *flow, char *buffer, size_t bytes)
{
	memcpy(buffer, flow->piece.data + flow->sent, bytes);
	flow->sent += bytes;
}

/* MHD's reader of the answer; may block, since each connection has a thread. */
static ssize_t flow_read(void *arg, uint64_t position, char *buffer, size_t room)
{
	struct flow *flow = arg;
	size_t left = flow->piece.bytes - flow->sent;

	(void)position;
	if (left == 0) {
		if (flow->has_ended) {
			return MHD_CONTENT_READER_END_OF_STREAM;
		}
		flow->piece.bytes = 0;
		flow->sent = 0;
		if (!flow_next(flow)) {
			return MHD_CONTENT_READER_END_WITH_ERROR;
		}
		left = flow->piece.bytes;
	}
	left = left < room ? left : room;
	flow_copy(flow, buffer, left);
	return (ssize_t)left;
}

static const char *flow_content_type(const struct fast_exchange *exchange)
{
	if (exchange->is_events) {
		return "text/event-stream";
	}
	return exchange->codec == FAST_CODEC_JSON ? "application/connect+json"
						  : "application/connect+proto";
}

static enum MHD_Result flow_answer(struct flow *flow)
{
	struct fast_exchange *exchange = flow->exchange;
	const struct fast_metadata *headers = NULL;
	enum MHD_Result result = MHD_NO;
	struct MHD_Response *response;

	if (flow->stream != NULL &&
	    fast_stream_headers(flow->stream, FAST_CONNECT_HEADERS_MS, &headers) != FAST_OK) {
		headers = NULL;
	}
	response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, flow_read, flow,
						     flow_free);
	if (response == NULL) {
		flow_free(flow);
		return MHD_NO;
	}
	if (MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
				    flow_content_type(exchange)) == MHD_YES &&
	    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store") ==
		    MHD_YES &&
	    (!exchange->takes_gzip || exchange->is_events ||
	     MHD_add_response_header(response, "Connect-Content-Encoding", "gzip") == MHD_YES) &&
	    (headers == NULL || fast_headers_add(response, "", headers))) {
		result = MHD_queue_response(exchange->http, MHD_HTTP_OK, response);
	}
	MHD_destroy_response(response);
	return result;
}

enum MHD_Result fast_exchange_stream(struct fast_exchange *exchange,
				     const struct fast_dynamic *request)
{
	struct fast_call_options options = fast_exchange_options(exchange);
	struct flow *flow = calloc(1, sizeof *flow);
	enum fast_status status = FAST_RESOURCE_EXHAUSTED;
	struct fast_client *client;

	if (flow == NULL) {
		return MHD_NO;
	}
	flow->exchange = exchange;
	flow->said_ns = fast_timers_now_ns(exchange->connect->timers);
	if (exchange->refused.status != FAST_OK) {
		flow->failure = exchange->refused;
		return flow_answer(flow);
	}
	client = fast_peer_client(exchange->peer);
	if (client != NULL) {
		status = fast_client_stream(client, exchange->route.method, &options,
					    request->message, &flow->stream);
	}
	if (status != FAST_OK) {
		flow->stream = NULL;
		fast_reply_fail(&flow->failure, status, FAST_EXECUTED_NO, "%s: %s",
				exchange->route.method->path, fast_status_sentence(status));
	}
	return flow_answer(flow);
}
