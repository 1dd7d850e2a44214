#include "rpc/interceptor.h"

#include "rpc/server_call.h"
#include "rpc/thread.h"
#include <assert.h>
#include <stdio.h>

enum fast_status fast_server_intercept(struct fast_server *server,
				       const struct fast_interceptor *interceptor)
{
	struct fast_interceptors *interceptors = &server->interceptors;
	enum fast_status status = FAST_OK;

	pthread_mutex_lock(&server->lock);
	if (server->has_started) {
		status = FAST_FAILED_PRECONDITION;
	} else if (interceptors->count == FAST_INTERCEPTORS_MAX) {
		status = FAST_RESOURCE_EXHAUSTED;
	} else {
		interceptors->chain[interceptors->count++] = *interceptor;
		interceptors->has_message |= interceptor->message != NULL;
	}
	pthread_mutex_unlock(&server->lock);
	return status;
}

void fast_call_proceed(struct fast_call *call)
{
	const struct fast_interceptors *interceptors = &call->connection->server->interceptors;

	if (call->passed > 0) {
		fast_call_forget_cancel(call); /* that of who has held it */
	}
	while (call->passed < interceptors->count) {
		const struct fast_interceptor *next = &interceptors->chain[call->passed++];
		if (next->before != NULL) {
			next->before(call, call->request, next->arg);
			return;
		}
	}
	if (fast_call_is_cancelled(call)) {
		fast_call_turn_away(call, FAST__V1__PACKET_KIND__PACKET_KIND_RESPONSE,
				    FAST_DEADLINE_EXCEEDED,
				    "the deadline passed before the handler could run");
		return;
	}
	fast_thread_enter(); /* an inline handler must not block, whoever lets it run */
	fast_call_go(call);
	fast_thread_leave();
}

void fast_call_reject(struct fast_call *call, enum fast_status status, const char *format, ...)
{
	char text[FAST_STATUS_MESSAGE_BYTES_MAX + 2]; /* one too many shows that it must be cut */
	va_list arguments;

	assert(status != FAST_OK);
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	fast_call_turn_away(call, FAST__V1__PACKET_KIND__PACKET_KIND_RESPONSE, status, text);
}

void fast_interceptors_after(struct fast_call *call, const struct fast_failure *failure)
{
	struct fast_server *server = call->connection->server;
	const struct fast_call_end end = {
		.status = failure == NULL ? FAST_OK : failure->status,
		.executed = failure == NULL ? FAST_EXECUTED_YES : failure->executed,
		.text = failure == NULL ? "" : failure->text,
		.duration_ns = fast_timers_now_ns(server->timers) - call->begin_ns,
	};

	while (call->passed > 0) {
		const struct fast_interceptor *last = &server->interceptors.chain[--call->passed];
		if (last->after != NULL) {
			last->after(call, &end, last->arg);
		}
	}
}

void fast_interceptors_message(struct fast_call *call, enum fast_direction direction,
			       const ProtobufCMessage *message)
{
	const struct fast_interceptors *interceptors = &call->connection->server->interceptors;

	for (size_t i = 0; i < interceptors->count; i++) {
		const struct fast_interceptor *one = &interceptors->chain[i];
		if (one->message != NULL) {
			one->message(call, direction, message, one->arg);
		}
	}
}
