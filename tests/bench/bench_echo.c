#include "bench.h"
#include "contender.h"
#include "echo_stream.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SERVE_BYTES 65536

bool echo_stream_send_all(struct echo_stream *stream, const uint8_t *bytes, size_t count)
{
	while (count > 0) {
		size_t sent = stream->ops->send(stream, bytes, count);
		if (sent == 0) {
			return false;
		}
		bytes += sent;
		count -= sent;
	}
	return true;
}

static bool recv_all(struct echo_stream *stream, uint8_t *bytes, size_t count)
{
	while (count > 0) {
		size_t received = stream->ops->recv(stream, bytes, count);
		if (received == 0) {
			return false;
		}
		bytes += received;
		count -= received;
	}
	return true;
}

void echo_stream_serve(struct echo_stream *stream)
{
	uint8_t *bytes = calloc(2, SERVE_BYTES);
	uint8_t *answers = bytes + SERVE_BYTES;
	uint32_t request_bytes = 0;
	size_t pending = 0;
	size_t received;

	if (bytes == NULL || !recv_all(stream, (uint8_t *)&request_bytes, sizeof request_bytes)) {
		free(bytes);
		return;
	}
	if (request_bytes == 0) {
		free(bytes);
		message_stream_serve(stream);
		return;
	}
	while ((received = stream->ops->recv(stream, bytes, SERVE_BYTES)) > 0) {
		pending += received;
		if (!echo_stream_send_all(stream, answers, pending / request_bytes * REPLY_BYTES)) {
			break;
		}
		pending %= request_bytes;
	}
	free(bytes);
}

/* One connection and the thread that asks on it, when there are several. */
struct asker {
	struct echo_stream stream;
	const struct load *load;
	uint8_t *requests; /* load->in_flight of them */
	uint8_t *answers;
	int64_t end_ns;
	uint64_t calls;
	bool says_messages;
	pthread_t thread;
};

struct askers {
	struct load load;
	struct asker *all;
};

static bool asker_open(struct asker *asker, const struct contender *contender,
		       const struct load *load)
{
	bool is_raw = contender->ops == &raw_ops;
	uint32_t request_bytes = load->request_bytes;

	asker->load = load;
	asker->stream.ops = is_raw ? &raw_stream_ops : &nng_stream_stream_ops;
	asker->requests = calloc(load->in_flight, load->request_bytes);
	asker->answers = calloc(load->in_flight, REPLY_BYTES);
	asker->says_messages = !is_raw && load->in_flight > 1;
	if (asker->says_messages) {
		bench_check(request_bytes == REQUEST_BYTES, "other messages are not made");
		request_bytes = 0;
	}
	return asker->requests != NULL && asker->answers != NULL &&
	       asker->stream.ops->connect(&asker->stream, contender->peer, load->transport) &&
	       echo_stream_send_all(&asker->stream, (const uint8_t *)&request_bytes,
				    sizeof request_bytes);
}

static void askers_close(struct contender *contender)
{
	struct askers *askers = contender->state;

	for (unsigned i = 0; i < askers->load.connections; i++) {
		struct asker *asker = &askers->all[i];
		asker->stream.ops->close(&asker->stream);
		free(asker->requests);
		free(asker->answers);
	}
	free(askers->all);
	free(askers);
}

static bool askers_open(struct contender *contender, const struct load *load)
{
	struct askers *askers = calloc(1, sizeof *askers);

	bench_check(askers != NULL, "no memory");
	askers->load = *load;
	askers->all = calloc(load->connections, sizeof *askers->all);
	bench_check(askers->all != NULL, "no memory");
	contender->state = askers;
	for (unsigned i = 0; i < load->connections; i++) {
		if (!asker_open(&askers->all[i], contender, &askers->load)) {
			fprintf(stderr, "bench_rpc: %s: the peer cannot be reached\n",
				contender->ops->name);
			return false;
		}
	}
	return true;
}

static void ask_one_by_one(struct asker *asker, struct sample *sample)
{
	struct bench_series latencies = {.values = NULL};
	int64_t now_ns = bench_now_ns();

	while (now_ns < asker->end_ns) {
		int64_t begin_ns = now_ns;
		bench_check(echo_stream_send_all(&asker->stream, asker->requests,
						 asker->load->request_bytes) &&
				    recv_all(&asker->stream, asker->answers, REPLY_BYTES),
			    "a baseline's peer is gone");
		now_ns = bench_now_ns();
		bench_series_add(&latencies, (double)(now_ns - begin_ns) / 1000);
	}
	sample->p50_us = bench_median(&latencies);
	sample->p99_us = bench_quantile(&latencies, 0.99);
	sample->calls = latencies.count;
	bench_series_fini(&latencies);
}

/* As many requests as answers have come, in one send. */
static void *ask_in_flight(void *arg)
{
	struct asker *asker = arg;
	const struct load *load = asker->load;
	size_t answers_bytes = (size_t)load->in_flight * REPLY_BYTES;
	size_t pending = 0;
	uint64_t open = load->in_flight;

	if (asker->says_messages) {
		asker->calls = message_stream_ask(&asker->stream, load->in_flight, asker->end_ns);
		return NULL;
	}
	asker->calls = 0;
	bench_check(echo_stream_send_all(&asker->stream, asker->requests,
					 (size_t)load->in_flight * load->request_bytes),
		    "a baseline's peer is gone");
	while (open > 0) {
		size_t received =
			asker->stream.ops->recv(&asker->stream, asker->answers, answers_bytes);
		size_t answered = (pending + received) / REPLY_BYTES;
		bench_check(received > 0, "a baseline's peer is gone");
		pending = (pending + received) % REPLY_BYTES;
		asker->calls += answered;
		if (bench_now_ns() >= asker->end_ns) {
			open -= answered;
		} else {
			bench_check(echo_stream_send_all(&asker->stream, asker->requests,
							 answered * load->request_bytes),
				    "a baseline's peer is gone");
		}
	}
	return NULL;
}

static void askers_run(struct contender *contender, int64_t duration_ns, struct sample *sample)
{
	struct askers *askers = contender->state;
	unsigned count = askers->load.connections;

	for (unsigned i = 0; i < count; i++) {
		askers->all[i].end_ns = bench_now_ns() + duration_ns;
	}
	if (count == 1 && askers->load.in_flight == 1) {
		ask_one_by_one(&askers->all[0], sample);
		return;
	}
	for (unsigned i = 1; i < count; i++) {
		struct asker *asker = &askers->all[i];
		bench_check(pthread_create(&asker->thread, NULL, ask_in_flight, asker) == 0,
			    "no thread");
	}
	ask_in_flight(&askers->all[0]);
	sample->calls = askers->all[0].calls;
	for (unsigned i = 1; i < count; i++) {
		pthread_join(askers->all[i].thread, NULL);
		sample->calls += askers->all[i].calls;
	}
}

const struct contender_ops raw_ops = {"raw", askers_open, askers_run, askers_close};
const struct contender_ops nng_stream_ops = {"nng_stream", askers_open, askers_run, askers_close};
