#include <fast/protobuf_c.h>

#include "rpc/protobuf_c.h"
#include "rpc/reply.h"
#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct client_service {
	ProtobufCService base; /* first */
	struct fast_client *client;
	struct fast_call_options options;
	bool is_async;
	atomic_uint open; /* asynchronous calls */
	struct fast_protobuf_c_table *table;
};

/* One asynchronous call. */
struct closure_call {
	struct client_service *service;
	ProtobufCClosure closure;
	void *closure_data;
};

static _Thread_local const struct fast_reply *closure_reply;

static void closure_run(ProtobufCClosure closure, void *closure_data,
			const struct fast_reply *reply)
{
	const struct fast_reply *outer = closure_reply; /* a closure may call */

	closure_reply = reply;
	closure(reply->message, closure_data);
	closure_reply = outer;
}

/* Of a call that was not made. */
static void closure_refuse(ProtobufCClosure closure, void *closure_data, enum fast_status status,
			   const struct fast_method *method)
{
	struct fast_reply reply;

	fast_reply_init(&reply);
	if (status == FAST_UNIMPLEMENTED) {
		fast_reply_fail(&reply, status, FAST_EXECUTED_NO, FAST_PROTOBUF_C_REFUSAL,
				method->path);
	} else {
		fast_reply_fail(&reply, status, FAST_EXECUTED_NO, "%s could not be started: %s",
				method->path, fast_status_sentence(status));
	}
	closure_run(closure, closure_data, &reply);
	fast_reply_fini(&reply);
}

static void async_ended(const struct fast_reply *reply, void *arg)
{
	struct closure_call *call = arg;

	closure_run(call->closure, call->closure_data, reply);
	atomic_fetch_sub(&call->service->open, 1);
	free(call);
}

static enum fast_status async_start(struct client_service *service,
				    const struct fast_method *method, const ProtobufCMessage *input,
				    ProtobufCClosure closure, void *closure_data)
{
	struct closure_call *call = malloc(sizeof *call);
	enum fast_status status;

	if (call == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	*call = (struct closure_call){service, closure, closure_data};
	atomic_fetch_add(&service->open, 1);
	status = fast_client_start(service->client, method, &service->options, input, async_ended,
				   call);
	if (status != FAST_OK) {
		atomic_fetch_sub(&service->open, 1);
		free(call);
	}
	return status;
}

static void service_invoke(ProtobufCService *base, unsigned index, const ProtobufCMessage *input,
			   ProtobufCClosure closure, void *closure_data)
{
	struct client_service *service = (struct client_service *)base;
	const struct fast_method *method = &service->table->methods[index];
	struct fast_reply reply;
	enum fast_status status = FAST_UNIMPLEMENTED;

	assert(index < base->descriptor->n_methods);
	if (method->kind != FAST_METHOD_UNARY) {
		closure_refuse(closure, closure_data, FAST_UNIMPLEMENTED, method);
	} else if (service->is_async) {
		status = async_start(service, method, input, closure, closure_data);
		if (status != FAST_OK) {
			closure_refuse(closure, closure_data, status, method);
		}
	} else {
		fast_client_call(service->client, method, &service->options, input, &reply);
		closure_run(closure, closure_data, &reply);
		fast_reply_fini(&reply);
	}
}

static void service_destroy(ProtobufCService *base)
{
	struct client_service *service = (struct client_service *)base;

	assert(atomic_load(&service->open) == 0);
	free(service->table);
	free(service);
}

/* A caller built against an older header has a shorter struct. */
static struct fast_protobuf_c_options all_options(const struct fast_protobuf_c_options *options)
{
	struct fast_protobuf_c_options all = {.size = sizeof all};

	if (options != NULL) {
		assert(options->size >= sizeof options->size);
		memcpy(&all, options, options->size < sizeof all ? options->size : sizeof all);
	}
	return all;
}

enum fast_status fast_client_service(struct fast_client *client,
				     const ProtobufCServiceDescriptor *descriptor,
				     const struct fast_protobuf_c_options *options,
				     ProtobufCService **out)
{
	struct fast_protobuf_c_options all = all_options(options);
	struct client_service *service = calloc(1, sizeof *service);
	enum fast_status status;

	assert(out != NULL);
	if (service == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	status = fast_protobuf_c_table_new(descriptor, all.descriptor_set, all.descriptor_set_bytes,
					   NULL, &service->table);
	if (status != FAST_OK) {
		free(service);
		return status;
	}
	service->base.descriptor = descriptor;
	service->base.invoke = service_invoke;
	service->base.destroy = service_destroy;
	service->client = client;
	service->is_async = all.is_async;
	service->options = (struct fast_call_options){
		.size = sizeof service->options,
		.timeout_ms = all.timeout_ms,
		.wait_for_ready = all.wait_for_ready,
	};
	service->table->service.descriptor_set = NULL; /* borrowed for this call alone */
	*out = &service->base;
	return FAST_OK;
}

const struct fast_reply *fast_closure_reply(void)
{
	return closure_reply;
}
