/* runtime/flow_world.h - the world of rpc_world.h with a server of streams, testing.v1.Flow. */
#ifndef FAST_TEST_FLOW_WORLD_H
#define FAST_TEST_FLOW_WORLD_H

#include "rpc_world.h"

#include <testing/v1/flow.fast.h>

#define FLOW_CALLS_MAX 131072

/* What the handlers do with a call. */
enum flow_handling {
	FLOW_ANSWERS, /* Sum at the half close, Echo each item */
	FLOW_WAITS,   /* takes items, and ends only by flow_end() or when the caller has gone */
	FLOW_KEEPS,   /* takes no items, and ends only by flow_end() */
};

/* One call at the server. */
struct flow_call {
	struct flow *flow;
	struct fast_call *call; /* NULL: it was ended */
	uint64_t sum;
	uint64_t count;
	unsigned ends; /* times that the function was told so */
	enum fast_status told;
	unsigned refused; /* echoes that found no room */
};

struct flow {
	struct world world;
	struct testing_v1_flow_handlers handlers;
	enum flow_handling handling;
	uint64_t answer_after; /* items, then it answers at once; 0: never */
	struct flow_call calls[FLOW_CALLS_MAX];
	unsigned call_count;
	unsigned wrong; /* things that must not be */
};

void flow_open(struct flow *flow);
/* Ends what the handlers still keep. */
void flow_close(struct flow *flow);
/* Another server, with these handlers. */
void flow_start_server(struct flow *flow);

/* The handler ends the call well, with what it has. */
void flow_end(struct flow_call *state);
/* Sets the function of a call that was kept. */
void flow_take_items(struct flow_call *state);

/* Opens Sum or Echo and runs the world. timeout_ms as in struct fast_call_options. */
struct fast_stream *flow_sum(struct flow *flow, int64_t timeout_ms);
struct fast_stream *flow_echo(struct flow *flow, int64_t timeout_ms);
/* Sends one item without waiting, and runs the world. */
enum fast_status flow_put(struct flow *flow, struct fast_stream *stream, uint64_t number);
/* Half-closes, runs the world, then takes the answer of a Sum, closes, and frees all. */
enum fast_status flow_finish(struct flow *flow, struct fast_stream *stream, uint64_t *sum,
			     char text[FAST_STATUS_MESSAGE_BYTES_MAX + 1]);

#endif
