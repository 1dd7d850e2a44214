#include <fast/protobuf_c.h>

#include "rpc/protobuf_c.h"
#include "rpc/server.h"
#include <assert.h>
#include <stdlib.h>

/* The closure of every call; its data is the call. */
static void call_close(const ProtobufCMessage *message, void *closure_data)
{
	struct fast_call *call = closure_data;

	if (message == NULL) {
		fast_call_fail(call, FAST_INTERNAL, "%s gave no answer",
			       fast_call_method(call)->path);
	} else {
		fast_call_reply(call, message);
	}
}

/* handlers: the service; arg: its table. */
static void service_dispatch(const void *handlers, struct fast_call *call,
			     const ProtobufCMessage *request, void *arg)
{
	ProtobufCService *service = (ProtobufCService *)(uintptr_t)handlers;
	const struct fast_protobuf_c_table *table = arg;
	const struct fast_method *method = fast_call_method(call);

	if (method->kind != FAST_METHOD_UNARY) {
		fast_call_fail(call, FAST_UNIMPLEMENTED, FAST_PROTOBUF_C_REFUSAL, method->path);
		return;
	}
	service->invoke(service, (unsigned)(method - table->methods), request, call_close, call);
}

enum fast_status fast_server_add_protobuf_c(struct fast_server *server, ProtobufCService *service,
					    const uint8_t *descriptor_set,
					    size_t descriptor_set_bytes, unsigned flags)
{
	struct fast_protobuf_c_table *table = NULL;
	enum fast_status status =
		fast_protobuf_c_table_new(service->descriptor, descriptor_set, descriptor_set_bytes,
					  service_dispatch, &table);

	if (status != FAST_OK) {
		return status;
	}
	status = fast_server_add(server, &table->service, service, table, flags);
	if (status != FAST_OK) {
		free(table);
		return status;
	}
	fast_server_keep(server, table);
	return FAST_OK;
}
