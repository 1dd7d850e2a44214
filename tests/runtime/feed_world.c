#include "feed_world.h"

#include <string.h>

/* arg: the topic wanted, kept by the test. */
struct wish {
	struct feed_world *it;
	char topic[16];
};

static struct wish wishes[256];
static unsigned wish_count;

static bool wants(const char *topic, const uint8_t *payload, size_t payload_bytes, void *arg)
{
	struct wish *wish = arg;

	(void)payload;
	(void)payload_bytes;
	atomic_fetch_add(&wish->it->filtered, 1);
	return strcmp(topic, wish->topic) == 0;
}

static void is_done(void *arg)
{
	struct wish *wish = arg;

	gate_pass(&wish->it->done);
}

static void handle(struct fast_call *call, const Testing__V1__JournalRequest *request, void *arg)
{
	struct feed_world *it = arg;
	struct wish *wish = &wishes[wish_count++ % FAST_TEST_COUNT(wishes)];
	struct fast_feed_follow options = {
		.size = sizeof options,
		.from_oldest = request->from_oldest,
		.filter = request->topic[0] == 0 ? NULL : wants,
		.done = is_done,
		.arg = wish,
	};

	wish->it = it;
	assert_true(strlen(request->topic) < sizeof wish->topic);
	memcpy(wish->topic, request->topic, strlen(request->topic) + 1);
	it->follows++;
	fast_feed_follow(it->feed, call, &options);
}

void feed_start_server(struct feed_world *it)
{
	assert_ok(fast_feed_new(&testing__v1__journal_entry__descriptor, &it->options, &it->feed));
	assert_ok(fast_server_open_with(NULL, it->world.timers, &it->world.server));
	it->handlers = (struct testing_v1_journal_handlers){.follow = handle, .tail = handle};
	assert_ok(fast_server_add(it->world.server, &testing_v1_journal_service, &it->handlers, it,
				  FAST_SERVICE_INLINE));
}

void feed_lose(struct feed_world *it)
{
	struct fast_client_connection *connection = it->world.client->connection;

	if (connection != NULL) {
		connection->connection.link->ops->close(connection->connection.link);
	}
	world_run(&it->world);
}

void feed_cut(struct feed_world *it)
{
	feed_lose(it);
	world_advance_ms(&it->world, 30);
}

void feed_sever(struct feed_world *it)
{
	it->severed = it->world.server;
	it->world.server = NULL; /* dials are refused */
	feed_lose(it);
}

void feed_mend(struct feed_world *it)
{
	it->world.server = it->severed;
	world_advance_ms(&it->world, 3000);
}

void feed_stop_server(struct feed_world *it)
{
	feed_sever(it);
	fast_server_close(it->severed);
	fast_feed_close(it->feed);
	it->feed = NULL;
}

void feed_open(struct feed_world *it, const struct fast_feed_options *options)
{
	memset(it, 0, sizeof *it);
	it->done = (struct gate)GATE_INITIALIZER;
	it->options.size = sizeof it->options;
	if (options != NULL) {
		it->options = *options;
	}
	world_open(&it->world, NULL);
	world_stop_server(&it->world);
	feed_start_server(it);
}

void feed_close(struct feed_world *it)
{
	world_run(&it->world);
	world_close(&it->world);
	fast_feed_close(it->feed);
}

struct fast_stream *feed_follow(struct feed_world *it, bool from_oldest, const char *topic)
{
	Testing__V1__JournalRequest request = TESTING__V1__JOURNAL_REQUEST__INIT;
	struct fast_stream *stream = NULL;

	request.from_oldest = from_oldest;
	if (topic != NULL) {
		request.topic = (char *)(uintptr_t)topic;
	}
	assert_ok(testing_v1_journal_follow(it->world.client, NULL, &request, &stream));
	world_run(&it->world);
	return stream;
}

struct fast_stream *feed_tail(struct feed_world *it)
{
	Testing__V1__JournalRequest request = TESTING__V1__JOURNAL_REQUEST__INIT;
	struct fast_stream *stream = NULL;

	assert_ok(testing_v1_journal_tail(it->world.client, NULL, &request, &stream));
	world_run(&it->world);
	return stream;
}

void feed_add(struct feed_world *it, const char *topic, uint64_t first, uint64_t last)
{
	Testing__V1__JournalEntry entry = TESTING__V1__JOURNAL_ENTRY__INIT;
	uint64_t cursor = 0;

	for (entry.number = first; entry.number <= last; entry.number++) {
		assert_ok(fast_feed_add(it->feed, topic, &entry.base, &cursor));
		assert_int_equal(entry.number, cursor);
	}
}

enum fast_status feed_next(struct feed_world *it, struct fast_stream *stream, uint64_t *number)
{
	const ProtobufCMessage *message = NULL;
	enum fast_status status = fast_stream_next(stream, 0, &message);

	*number = message == NULL ? 0 : ((const Testing__V1__JournalEntry *)message)->number;
	world_run(&it->world);
	return status;
}

void feed_expect(struct feed_world *it, struct fast_stream *stream, uint64_t first, uint64_t last)
{
	for (uint64_t i = first; i <= last; i++) {
		uint64_t number;
		assert_ok(feed_next(it, stream, &number));
		assert_int_equal(i, number);
	}
}

void feed_expect_gap(struct feed_world *it, struct fast_stream *stream, uint64_t first,
		     uint64_t last)
{
	struct fast_gap gap;
	uint64_t number;

	assert_status(FAST_DATA_LOSS, feed_next(it, stream, &number));
	assert_false(fast_stream_ended(stream));
	gap = fast_stream_gap(stream);
	assert_int_equal(first == 0, gap.is_reset);
	assert_int_equal(first, gap.first);
	assert_int_equal(last, gap.last);
}

void feed_expect_nothing(struct feed_world *it, struct fast_stream *stream)
{
	uint64_t number;

	assert_status(FAST_DEADLINE_EXCEEDED, feed_next(it, stream, &number));
	assert_false(fast_stream_ended(stream));
}

void feed_expect_end(struct feed_world *it, struct fast_stream *stream, enum fast_status status)
{
	uint64_t number;

	assert_status(status, feed_next(it, stream, &number));
	assert_int_equal(0, number);
	assert_true(fast_stream_ended(stream));
	fast_stream_close(stream);
}

struct fast_feed_stats feed_stats(struct feed_world *it)
{
	struct fast_feed_stats stats;

	fast_feed_stats(it->feed, &stats);
	return stats;
}
