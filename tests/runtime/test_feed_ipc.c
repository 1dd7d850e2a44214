/* Feeds over real sockets: handlers and filters on workers, readers and adders on threads of their
 * own, connections that break, a server that restarts. */
#include "rpc_real.h"

#include <fast/feed.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <testing/v1/journal.fast.h>
#include <unistd.h>

#define ADDERS  2
#define READERS 4
#define ITEMS   20000

struct site {
	char folder[64];
	char endpoint[96];
	struct fast_server *server;
	struct fast_feed *feed;
	struct testing_v1_journal_handlers handlers;
};

static struct site site;

static void handle(struct fast_call *call, const Testing__V1__JournalRequest *request, void *arg)
{
	const struct fast_feed_follow options = {.size = sizeof options,
						 .from_oldest = request->from_oldest};

	(void)arg;
	fast_feed_follow(site.feed, call, &options);
}

static void serve(uint32_t items_max, enum fast_feed_slow slow)
{
	const struct fast_feed_options options = {.size = sizeof options,
						  .items_max = items_max,
						  .bytes_max = 64u << 20,
						  .slow = slow};

	assert_ok(fast_feed_new(&testing__v1__journal_entry__descriptor, &options, &site.feed));
	assert_ok(fast_server_open(NULL, &site.server));
	site.handlers = (struct testing_v1_journal_handlers){.follow = handle, .tail = handle};
	assert_ok(
		fast_server_add(site.server, &testing_v1_journal_service, &site.handlers, NULL, 0));
	assert_ok(fast_server_listen(site.server, site.endpoint, 0600));
}

static void stop(void)
{
	fast_server_close(site.server);
	fast_feed_close(site.feed);
}

static int setup(void **state)
{
	(void)state;
	snprintf(site.folder, sizeof site.folder, "/tmp/fast_feed_XXXXXX");
	assert_non_null(mkdtemp(site.folder));
	snprintf(site.endpoint, sizeof site.endpoint, "ipc://%s/socket", site.folder);
	return 0;
}

static int teardown(void **state)
{
	char path[128];

	(void)state;
	snprintf(path, sizeof path, "%s/socket.lock", site.folder);
	unlink(path);
	rmdir(site.folder);
	return 0;
}

static struct fast_stream *follow(struct fast_client *client)
{
	Testing__V1__JournalRequest request = TESTING__V1__JOURNAL_REQUEST__INIT;
	struct fast_stream *stream = NULL;

	request.from_oldest = true;
	assert_ok(testing_v1_journal_follow(client, NULL, &request, &stream));
	return stream;
}

static void *add_all(void *arg)
{
	Testing__V1__JournalEntry entry = TESTING__V1__JOURNAL_ENTRY__INIT;

	(void)arg;
	for (int i = 0; i < ITEMS / ADDERS; i++) {
		if (fast_feed_add_wait(site.feed, NULL, &entry.base, 20000, NULL) != FAST_OK) {
			return "an item was not taken";
		}
	}
	return NULL;
}

/* Counts what comes until the stream ends well. */
static void *read_all(void *arg)
{
	struct fast_client *client = arg;
	struct fast_stream *stream = follow(client);
	const Testing__V1__JournalEntry *entry = NULL;
	uint64_t count = 0;
	enum fast_status status;

	do {
		status = testing_v1_journal_follow_next(stream, 20000, &entry);
		count += entry != NULL;
	} while (status == FAST_OK && entry != NULL);
	fast_stream_close(stream);
	return status == FAST_OK && count == ITEMS ? NULL : "the reader missed items";
}

static void all_readers_get_all_from_a_feed_that_waits(void **state)
{
	struct fast_client *client;
	pthread_t readers[READERS];
	pthread_t adders[ADDERS];
	void *fault;

	(void)state;
	serve(64, FAST_FEED_SLOW_WAITS);
	client = real_client(site.endpoint);
	for (int i = 0; i < READERS; i++) {
		assert_int_equal(0, pthread_create(&readers[i], NULL, read_all, client));
	}
	for (struct fast_feed_stats stats = {0}; stats.followers < READERS;) {
		fast_feed_stats(site.feed, &stats);
		sched_yield();
	}
	for (int i = 0; i < ADDERS; i++) {
		assert_int_equal(0, pthread_create(&adders[i], NULL, add_all, NULL));
	}
	for (int i = 0; i < ADDERS; i++) {
		pthread_join(adders[i], &fault);
		assert_null(fault);
	}
	fast_feed_finish(site.feed);
	for (int i = 0; i < READERS; i++) {
		pthread_join(readers[i], &fault);
		assert_null(fault);
	}
	fast_client_close(client);
	stop();
}

static void add(uint64_t first, uint64_t last)
{
	Testing__V1__JournalEntry entry = TESTING__V1__JOURNAL_ENTRY__INIT;

	for (entry.number = first; entry.number <= last; entry.number++) {
		assert_ok(fast_feed_add(site.feed, NULL, &entry.base, NULL));
	}
}

static void expect(struct fast_stream *stream, uint64_t first, uint64_t last)
{
	const Testing__V1__JournalEntry *entry;

	for (uint64_t i = first; i <= last; i++) {
		assert_ok(testing_v1_journal_follow_next(stream, 20000, &entry));
		assert_int_equal(i, entry->number);
	}
}

static void a_stream_outlives_its_server(void **state)
{
	struct fast_client *client;
	struct fast_stream *stream;
	const Testing__V1__JournalEntry *entry;

	(void)state;
	serve(1000, FAST_FEED_SLOW_SKIPS);
	client = real_client(site.endpoint);
	stream = follow(client);
	add(1, 100);
	expect(stream, 1, 100);
	for (uint64_t round = 1; round <= 3; round++) {
		stop();
		serve(1000, FAST_FEED_SLOW_SKIPS);
		add(1, round);
		assert_status(FAST_DATA_LOSS,
			      testing_v1_journal_follow_next(stream, 20000, &entry));
		assert_true(fast_stream_gap(stream).is_reset);
		expect(stream, 1, round);
		assert_true(fast_stream_resumed(stream) >= round);
	}
	fast_stream_close(stream);
	fast_client_close(client);
	stop();
}

static void a_feed_that_is_closed_first_ends_its_readers(void **state)
{
	struct fast_client *client;
	struct fast_stream *stream;
	const Testing__V1__JournalEntry *entry;

	(void)state;
	serve(1000, FAST_FEED_SLOW_SKIPS);
	client = real_client(site.endpoint);
	stream = follow(client);
	add(1, 3);
	expect(stream, 1, 3);
	fast_feed_close(site.feed);
	site.feed = NULL;
	assert_status(FAST_UNAVAILABLE, testing_v1_journal_follow_next(stream, 20000, &entry));
	assert_true(fast_stream_ended(stream));
	fast_stream_close(stream);
	fast_client_close(client);
	stop();
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(all_readers_get_all_from_a_feed_that_waits),
		test(a_stream_outlives_its_server),
		test(a_feed_that_is_closed_first_ends_its_readers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
