#include "stub_runtime.h"

char object;
struct noted noted;

enum fast_status fast_client_call(struct fast_client *client, const struct fast_method *method,
				  const struct fast_call_options *options,
				  const ProtobufCMessage *request, struct fast_reply *reply)
{
	noted.function = __func__;
	noted.subject = client;
	noted.method = method;
	noted.options = options;
	noted.message = request;
	reply->status = noted.result;
	reply->message = noted.item;
	return noted.result;
}

enum fast_status fast_client_start(struct fast_client *client, const struct fast_method *method,
				   const struct fast_call_options *options,
				   const ProtobufCMessage *request, fast_reply_fn *fn, void *arg)
{
	noted.function = __func__;
	noted.subject = client;
	noted.method = method;
	noted.options = options;
	noted.message = request;
	noted.fn = fn;
	noted.arg = arg;
	return noted.result;
}

enum fast_status fast_client_stream(struct fast_client *client, const struct fast_method *method,
				    const struct fast_call_options *options,
				    const ProtobufCMessage *request, struct fast_stream **out)
{
	noted.function = __func__;
	noted.subject = client;
	noted.method = method;
	noted.options = options;
	noted.message = request;
	*out = (struct fast_stream *)&object;
	return noted.result;
}

enum fast_status fast_stream_next(struct fast_stream *stream, int64_t wait_ms,
				  const ProtobufCMessage **message)
{
	noted.function = __func__;
	noted.subject = stream;
	assert_int_equal(7, wait_ms);
	if (noted.result == FAST_OK) {
		*message = noted.item;
	}
	return noted.result;
}

enum fast_status fast_stream_send(struct fast_stream *stream, int64_t wait_ms,
				  const ProtobufCMessage *message)
{
	noted.function = __func__;
	noted.subject = stream;
	noted.message = message;
	assert_int_equal(7, wait_ms);
	return noted.result;
}

enum fast_status fast_stream_finish(struct fast_stream *stream, struct fast_reply *reply)
{
	noted.function = __func__;
	noted.subject = stream;
	reply->status = noted.result;
	reply->message = noted.item;
	return noted.result;
}

void fast_call_on_typed_item(struct fast_call *call, fast_call_item_thunk *thunk,
			     fast_any_fn *typed, void *arg)
{
	noted.function = __func__;
	noted.subject = call;
	noted.thunk = thunk;
	noted.typed = typed;
	noted.arg = arg;
}

void fast_call_reply(struct fast_call *call, const ProtobufCMessage *response)
{
	noted.function = __func__;
	noted.subject = call;
	noted.message = response;
}

enum fast_status fast_call_send(struct fast_call *call, const ProtobufCMessage *message)
{
	noted.function = __func__;
	noted.subject = call;
	noted.message = message;
	return noted.result;
}

enum fast_status fast_call_send_wait(struct fast_call *call, const ProtobufCMessage *message,
				     int64_t wait_ms)
{
	noted.function = __func__;
	noted.subject = call;
	noted.message = message;
	assert_int_equal(7, wait_ms);
	return noted.result;
}

void fast_call_fail(struct fast_call *call, enum fast_status status, const char *format, ...)
{
	(void)format;
	noted.function = __func__;
	noted.subject = call;
	noted.failed_with = status;
}

const struct fast_method *fast_call_method(const struct fast_call *call)
{
	(void)call;
	return noted.method;
}
