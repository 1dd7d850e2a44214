/* runtime/feed_world.h - the world of rpc_world.h with a feed and its service, testing.v1.Journal.
 */
#ifndef FAST_TEST_FEED_WORLD_H
#define FAST_TEST_FEED_WORLD_H

#include "rpc_world.h"

#include "gate.h"
#include <fast/feed.h>
#include <testing/v1/journal.fast.h>

struct feed_world {
	struct world world;
	struct testing_v1_journal_handlers handlers;
	struct fast_feed_options options; /* of the feed */
	struct fast_feed *feed;
	struct gate done;            /* once per follower that is over */
	struct fast_server *severed; /* the server, meanwhile */
	unsigned follows;            /* handlers that ran */
	atomic_uint filtered;        /* times that the filter ran */
};

/* options may be NULL. */
void feed_open(struct feed_world *it, const struct fast_feed_options *options);
/* Ends all that is left. */
void feed_close(struct feed_world *it);
void feed_stop_server(struct feed_world *it);
void feed_start_server(struct feed_world *it);

/* Opens a Follow, or a Tail, and runs the world. topic may be NULL. */
struct fast_stream *feed_follow(struct feed_world *it, bool from_oldest, const char *topic);
struct fast_stream *feed_tail(struct feed_world *it);
/* Adds items with these numbers; asserts, and does not run the world. */
void feed_add(struct feed_world *it, const char *topic, uint64_t first, uint64_t last);
/* Cuts the connection; feed_cut() also lets the first try to connect again be made. */
void feed_lose(struct feed_world *it);
void feed_cut(struct feed_world *it);
/* Between these two nobody can connect. */
void feed_sever(struct feed_world *it);
void feed_mend(struct feed_world *it);

/* The status and the number of the next item; 0: none. Runs the world. */
enum fast_status feed_next(struct feed_world *it, struct fast_stream *stream, uint64_t *number);
void feed_expect(struct feed_world *it, struct fast_stream *stream, uint64_t first, uint64_t last);
void feed_expect_gap(struct feed_world *it, struct fast_stream *stream, uint64_t first,
		     uint64_t last);
void feed_expect_nothing(struct feed_world *it, struct fast_stream *stream);
/* And closes it. */
void feed_expect_end(struct feed_world *it, struct fast_stream *stream, enum fast_status status);
struct fast_feed_stats feed_stats(struct feed_world *it);

#endif
