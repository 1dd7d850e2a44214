#include "flow_world.h"

#include <string.h>

void flow_end(struct flow_call *state)
{
	struct fast_call *call = state->call;
	Testing__V1__FlowSum sum = TESTING__V1__FLOW_SUM__INIT;

	state->call = NULL;
	if (fast_call_method(call)->kind == FAST_METHOD_BIDI_STREAM) {
		fast_call_finish(call);
		return;
	}
	sum.sum = state->sum;
	sum.count = state->count;
	testing_v1_flow_sum_reply(call, &sum);
}

static void flow_item(struct fast_call *call, enum fast_status status,
		      const Testing__V1__FlowNumber *item, void *arg)
{
	struct flow_call *state = arg;

	state->flow->wrong += state->call != call || state->ends > 0;
	if (item == NULL) {
		state->ends++;
		state->told = status;
		if (status != FAST_OK || state->flow->handling == FLOW_ANSWERS) {
			flow_end(state);
		}
		return;
	}
	state->flow->wrong += status != FAST_OK;
	state->sum += item->number;
	state->count++;
	if (fast_call_method(call)->kind == FAST_METHOD_BIDI_STREAM &&
	    state->flow->handling == FLOW_ANSWERS) {
		state->refused += testing_v1_flow_echo_send(call, item) != FAST_OK;
	}
	if (state->count == state->flow->answer_after) {
		flow_end(state);
	}
}

void flow_take_items(struct flow_call *state)
{
	/* Both methods take the same items. */
	if (fast_call_method(state->call)->kind == FAST_METHOD_BIDI_STREAM) {
		testing_v1_flow_echo_on_item(state->call, flow_item, state);
	} else {
		testing_v1_flow_sum_on_item(state->call, flow_item, state);
	}
}

static void flow_handle(struct fast_call *call, void *arg)
{
	struct flow *flow = arg;
	struct flow_call *state;

	assert_true(flow->call_count < FLOW_CALLS_MAX);
	state = &flow->calls[flow->call_count++];
	*state = (struct flow_call){.flow = flow, .call = call};
	if (flow->handling != FLOW_KEEPS) {
		flow_take_items(state);
	}
}

void flow_start_server(struct flow *flow)
{
	flow->handlers = (struct testing_v1_flow_handlers){.sum = flow_handle, .echo = flow_handle};
	assert_ok(fast_server_add(flow->world.server, &testing_v1_flow_service, &flow->handlers,
				  flow, FAST_SERVICE_INLINE));
}

void flow_open(struct flow *flow)
{
	flow->handling = FLOW_ANSWERS;
	flow->answer_after = 0;
	flow->call_count = 0;
	flow->wrong = 0;
	world_open(&flow->world, NULL);
	flow_start_server(flow);
}

void flow_close(struct flow *flow)
{
	for (unsigned i = 0; i < flow->call_count; i++) {
		if (flow->calls[i].call != NULL) {
			flow_end(&flow->calls[i]);
		}
	}
	assert_int_equal(0, flow->wrong);
	world_close(&flow->world);
}

struct fast_stream *flow_sum(struct flow *flow, int64_t timeout_ms)
{
	struct fast_call_options options = {.size = sizeof options, .timeout_ms = timeout_ms};
	struct fast_stream *stream = NULL;

	assert_ok(testing_v1_flow_sum(flow->world.client, &options, &stream));
	world_run(&flow->world);
	return stream;
}

struct fast_stream *flow_echo(struct flow *flow, int64_t timeout_ms)
{
	struct fast_call_options options = {.size = sizeof options, .timeout_ms = timeout_ms};
	struct fast_stream *stream = NULL;

	assert_ok(testing_v1_flow_echo(flow->world.client, &options, &stream));
	world_run(&flow->world);
	return stream;
}

enum fast_status flow_put(struct flow *flow, struct fast_stream *stream, uint64_t number)
{
	Testing__V1__FlowNumber item = TESTING__V1__FLOW_NUMBER__INIT;
	enum fast_status status;

	item.number = number;
	status = testing_v1_flow_sum_put(stream, 0, &item);
	world_run(&flow->world);
	return status;
}

enum fast_status flow_finish(struct flow *flow, struct fast_stream *stream, uint64_t *sum,
			     char text[FAST_STATUS_MESSAGE_BYTES_MAX + 1])
{
	struct fast_reply reply;
	enum fast_status status;

	assert_ok(fast_stream_half_close(stream));
	world_run(&flow->world);
	status = testing_v1_flow_sum_finish(stream, &reply);
	assert_true(fast_stream_ended(stream));
	assert_status(status, fast_stream_reply(stream)->status);
	if (status == FAST_OK) {
		*sum = testing_v1_flow_sum_response(&reply)->sum;
	}
	memcpy(text, reply.text, sizeof reply.text);
	fast_reply_fini(&reply);
	fast_stream_close(stream);
	world_run(&flow->world);
	return status;
}
