#include "bench.h"
#include "contender.h"
#include "echo_stream.h"

#include <assert.h>
#include <echo.pb-c.h>
#include <string.h>

#define BUFFER_BYTES 65536
#define PREFIX_BYTES 4

/* What has come, whole or not, and what is to go. */
struct buffer {
	uint8_t in[BUFFER_BYTES];
	uint8_t out[BUFFER_BYTES];
	size_t in_bytes;
	size_t out_bytes;
};

static void buffer_pack(struct buffer *buffer, const ProtobufCMessage *message)
{
	uint8_t *at = buffer->out + buffer->out_bytes;
	uint32_t bytes = (uint32_t)protobuf_c_message_get_packed_size(message);

	assert(buffer->out_bytes + PREFIX_BYTES + bytes <= BUFFER_BYTES);
	memcpy(at, &bytes, PREFIX_BYTES);
	protobuf_c_message_pack(message, at + PREFIX_BYTES);
	buffer->out_bytes += PREFIX_BYTES + bytes;
}

static bool buffer_send(struct buffer *buffer, struct echo_stream *stream)
{
	size_t bytes = buffer->out_bytes;

	buffer->out_bytes = 0;
	return bytes == 0 || echo_stream_send_all(stream, buffer->out, bytes);
}

/* Receives once, and unpacks each whole message for fn. 0: the end. */
static unsigned buffer_recv(struct buffer *buffer, struct echo_stream *stream,
			    const ProtobufCMessageDescriptor *descriptor,
			    void (*fn)(struct buffer *buffer))
{
	unsigned count = 0;

	while (count == 0) {
		size_t received = stream->ops->recv(stream, buffer->in + buffer->in_bytes,
						    BUFFER_BYTES - buffer->in_bytes);
		size_t at = 0;
		uint32_t bytes;

		if (received == 0) {
			return 0;
		}
		buffer->in_bytes += received;
		while (buffer->in_bytes - at >= PREFIX_BYTES) {
			memcpy(&bytes, buffer->in + at, PREFIX_BYTES);
			if (buffer->in_bytes - at - PREFIX_BYTES < bytes) {
				break;
			}
			ProtobufCMessage *message = protobuf_c_message_unpack(
				descriptor, NULL, bytes, buffer->in + at + PREFIX_BYTES);
			bench_check(message != NULL, "a baseline's message is damaged");
			protobuf_c_message_free_unpacked(message, NULL);
			at += PREFIX_BYTES + bytes;
			count++;
			fn(buffer);
		}
		buffer->in_bytes -= at;
		memmove(buffer->in, buffer->in + at, buffer->in_bytes);
	}
	return count;
}

static void answer(struct buffer *buffer)
{
	static uint8_t filler[REPLY_BYTES];
	Bench__V1__AskResponse response = BENCH__V1__ASK_RESPONSE__INIT;

	response.payload = (ProtobufCBinaryData){payload_bytes(REPLY_BYTES), filler};
	buffer_pack(buffer, &response.base);
}

void message_stream_serve(struct echo_stream *stream)
{
	struct buffer buffer;

	buffer.in_bytes = 0;
	buffer.out_bytes = 0;
	while (buffer_recv(&buffer, stream, &bench__v1__ask_request__descriptor, answer) > 0 &&
	       buffer_send(&buffer, stream)) {
	}
}

static void ask(struct buffer *buffer)
{
	static uint8_t filler[REQUEST_BYTES];
	Bench__V1__AskRequest request = BENCH__V1__ASK_REQUEST__INIT;

	request.payload = (ProtobufCBinaryData){payload_bytes(REQUEST_BYTES), filler};
	buffer_pack(buffer, &request.base);
}

static void ask_no_more(struct buffer *buffer)
{
	(void)buffer;
}

uint64_t message_stream_ask(struct echo_stream *stream, unsigned in_flight, int64_t end_ns)
{
	struct buffer buffer;
	unsigned open = in_flight;
	uint64_t calls = 0;

	buffer.in_bytes = 0;
	buffer.out_bytes = 0;
	for (unsigned i = 0; i < in_flight; i++) {
		ask(&buffer);
	}
	bench_check(buffer_send(&buffer, stream), "a baseline's peer is gone");
	while (open > 0) {
		bool goes_on = bench_now_ns() < end_ns;
		unsigned answered =
			buffer_recv(&buffer, stream, &bench__v1__ask_response__descriptor,
				    goes_on ? ask : ask_no_more);
		bench_check(answered > 0 && buffer_send(&buffer, stream),
			    "a baseline's peer is gone");
		calls += answered;
		open -= goes_on ? 0 : answered;
	}
	return calls;
}
