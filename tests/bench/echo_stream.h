/* echo_stream.h - the baselines: bytes there and back on a bare byte stream, no more than that. */
#ifndef BENCH_ECHO_STREAM_H
#define BENCH_ECHO_STREAM_H

#include "bench_peer.h"

#include <stddef.h>

/* A connected stream of some kind. Zeroed memory is none. */
struct echo_stream {
	const struct echo_stream_ops *ops;
	int fd;    /* a raw socket */
	void *nng; /* an nng_stream, its aio, and the dialer that made it */
	void *nng_aio;
	void *nng_dialer;
};

/* Transfers block. */
struct echo_stream_ops {
	bool (*connect)(struct echo_stream *stream, const struct peer *peer,
			enum peer_transport transport);
	size_t (*send)(struct echo_stream *stream, const uint8_t *bytes, size_t count);
	size_t (*recv)(struct echo_stream *stream, uint8_t *bytes, size_t count); /* 0: the end */
	void (*close)(struct echo_stream *stream);
};

extern const struct echo_stream_ops raw_stream_ops;
extern const struct echo_stream_ops nng_stream_stream_ops;

bool echo_stream_send_all(struct echo_stream *stream, const uint8_t *bytes, size_t count);

/* Serves a connected stream until its end. First come 4 bytes: how long a request is; then each
 * request is that many bytes and has an answer of REPLY_BYTES, and all that has arrived is answered
 * at once. Or 0: then message_stream_serve(). */
void echo_stream_serve(struct echo_stream *stream);

/* Messages with a length before each, packed and unpacked by protobuf-c: the least that somebody
 * would write by hand who has many calls in flight. Bytes alone would measure a batch, however many
 * it holds. */
void message_stream_serve(struct echo_stream *stream);
/* Returns the number of calls. */
uint64_t message_stream_ask(struct echo_stream *stream, unsigned in_flight, int64_t end_ns);

/* Listen on what peer names, in threads of their own; the ports given are written to it. */
bool raw_stream_listen(struct peer *peer);
bool nng_stream_listen(struct peer *peer);

#endif
