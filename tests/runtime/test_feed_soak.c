/* A feed, readers of all speeds, connections that break and servers that restart, at random: what a
 * reader sees is complete, or it was told what is missing, and nothing comes twice. */
#include "feed_world.h"
#include "random.h"

#include <malloc.h>
#include <poll.h>
#include <stdio.h>

#define ITEMS   60000
#define READERS 7
/* A few buffers of connections; an item's 40 bytes, kept, would be more. */
#define MEMORY_SLACK (1u << 20)
#define MEMORY_TRIES 1000
#define TAILS        2 /* the first of them */

struct reader {
	struct fast_stream *stream;
	bool is_lossy;
	bool is_lazy;
	bool has_base;   /* knows where it stands */
	uint64_t newest; /* item or missing one, of that feed */
	uint64_t first;  /* item of this stream */
	uint64_t count;  /* of them */
	uint64_t items;
	uint64_t missing;
	uint64_t resets;
};

static struct feed_world it;
static struct reader readers[READERS];
static uint64_t seed = 0x1234567890abcdefu;
static uint64_t added;     /* to this feed */
static uint64_t added_all; /* to all */
static uint64_t epoch;

static void open_reader(struct reader *reader)
{
	reader->stream = reader->is_lossy ? feed_tail(&it) : feed_follow(&it, true, NULL);
	reader->has_base = false;
	reader->count = 0;
}

static void take_item(struct reader *reader, uint64_t number)
{
	uint64_t dropped = fast_stream_dropped(reader->stream);

	assert_true(number > reader->newest || !reader->has_base);
	if (reader->has_base && !reader->is_lossy) {
		assert_int_equal(reader->newest + 1, number);
		assert_int_equal(0, dropped);
	}
	reader->first = reader->count == 0 ? number : reader->first;
	reader->count++;
	reader->newest = number;
	reader->has_base = true;
	reader->items++;
}

static void take_gap(struct reader *reader)
{
	struct fast_gap gap = fast_stream_gap(reader->stream);

	assert_false(reader->is_lossy);
	if (gap.is_reset) {
		reader->resets++;
		reader->has_base = true;
		reader->newest = gap.last;
		return;
	}
	assert_true(gap.last >= gap.first);
	if (reader->has_base) {
		assert_int_equal(reader->newest + 1, gap.first);
	}
	reader->missing += gap.last - gap.first + 1;
	reader->newest = gap.last;
	reader->has_base = true;
}

/* False: nothing was there, or the stream is over. */
static bool read_one(struct reader *reader)
{
	uint64_t number;
	enum fast_status status = feed_next(&it, reader->stream, &number);

	if (status == FAST_OK && number > 0) {
		take_item(reader, number);
		return true;
	}
	if (!fast_stream_ended(reader->stream)) {
		if (status == FAST_DATA_LOSS) {
			take_gap(reader);
			return true;
		}
		assert_status(FAST_DEADLINE_EXCEEDED, status);
	}
	return false;
}

static void read_some(struct reader *reader)
{
	uint32_t count = random_below(&seed, 60);

	if (reader->is_lazy && random_below(&seed, 30) != 0) {
		return;
	}
	while (count-- > 0 && read_one(reader)) {
	}
	if (fast_stream_ended(reader->stream)) {
		/* A lossy stream is no resumable one. */
		assert_true(reader->is_lossy);
		assert_status(FAST_UNAVAILABLE, fast_stream_reply(reader->stream)->status);
		fast_stream_close(reader->stream);
		open_reader(reader);
	}
}

static void disturb(void)
{
	uint32_t luck = random_below(&seed, 1500);

	if (luck < 40) {
		feed_lose(&it);
	} else if (luck < 60) {
		feed_sever(&it);
		world_advance_ms(&it.world, random_below(&seed, 3000));
		it.world.server = it.severed;
	} else if (luck < 62) {
		feed_stop_server(&it);
		feed_start_server(&it);
		epoch++;
		added = 0;
	}
	if (random_below(&seed, 4) == 0) {
		world_advance_ms(&it.world, random_below(&seed, 50));
	}
}

static size_t memory_in_use(void)
{
	world_advance_ms(&it.world, 5000); /* connections that are gone are freed */
	return mallinfo2().uordblks;
}

/* Threads that free go on in their own time. */
static bool memory_falls_below(size_t bytes)
{
	bool fell = memory_in_use() < bytes;

	for (int tries = 0; !fell && tries < MEMORY_TRIES; tries++) {
		(void)poll(NULL, 0, 10);
		fell = memory_in_use() < bytes;
	}
	return fell;
}

static void every_item_is_seen_or_its_loss_is_told(void **state)
{
	const struct fast_feed_options options = {.size = sizeof options, .items_max = 400};
	size_t memory_early = 0;
	uint64_t missing = 0;
	uint64_t resets = 0;

	(void)state;
	feed_open(&it, &options);
	for (int i = 0; i < READERS; i++) {
		readers[i] = (struct reader){.is_lossy = i < TAILS, .is_lazy = i % 3 == 0};
		open_reader(&readers[i]);
	}
	while (added_all < ITEMS) {
		uint32_t count = 1 + random_below(&seed, 30);
		feed_add(&it, NULL, added + 1, added + count);
		added += count;
		added_all += count;
		if (random_below(&seed, 3) != 0) {
			world_run(&it.world);
		}
		disturb();
		for (int i = 0; i < READERS; i++) {
			read_some(&readers[i]);
		}
		if (memory_early == 0 && added_all > ITEMS / 4) {
			memory_early = memory_in_use();
		}
	}
	assert_true(memory_falls_below(memory_early + MEMORY_SLACK));
	fast_feed_finish(it.feed);
	for (int i = 0; i < READERS; i++) {
		struct reader *reader = &readers[i];
		for (int tries = 0; tries < 100 && !fast_stream_ended(reader->stream); tries++) {
			while (read_one(reader)) {
			}
			world_advance_ms(&it.world, 500);
		}
		assert_true(fast_stream_ended(reader->stream));
		if (fast_stream_reply(reader->stream)->status == FAST_OK) {
			/* The newest is never lost, and what was is counted. */
			assert_int_equal(added, reader->newest);
			assert_true(!reader->is_lossy ||
				    reader->count + fast_stream_dropped(reader->stream) >=
					    reader->newest - reader->first + 1);
		} else {
			assert_true(reader->is_lossy);
		}
		if (!reader->is_lossy) {
			resets += reader->resets;
			missing += reader->missing;
		}
		assert_true(reader->items > ITEMS / 100);
		fast_stream_close(reader->stream);
	}
	printf("%llu items, %llu told missing, %llu restarts told of %llu\n",
	       (unsigned long long)added_all, (unsigned long long)missing,
	       (unsigned long long)resets, (unsigned long long)epoch * (READERS - TAILS));
	assert_true(missing > 0 && resets > 0);
	feed_close(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_item_is_seen_or_its_loss_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
