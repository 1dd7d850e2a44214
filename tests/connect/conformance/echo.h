/* What a handler of the suite's service says about the call that it got. */
#ifndef CONFORMANCE_ECHO_H
#define CONFORMANCE_ECHO_H

#include <connectrpc/conformance/v1/service.fast.h>

/* "request_info", and where its parts lie. */
struct echo {
	Connectrpc__Conformance__V1__ConformancePayload__RequestInfo info;
	Connectrpc__Conformance__V1__Header headers[FAST_METADATA_MAX];
	Connectrpc__Conformance__V1__Header *header_list[FAST_METADATA_MAX];
	char *values[FAST_METADATA_MAX]; /* of all headers, those of one together */
	char *texts[FAST_METADATA_MAX];  /* made for binary ones */
	size_t text_count;
	Google__Protobuf__Any request;
	Google__Protobuf__Any *request_list[1];
	char type_url[128];
};

/* Gives what is known of the call, which it borrows from. The caller frees it with echo_free(). */
struct echo *echo_new(struct fast_call *call, const ProtobufCMessage *request);
void echo_free(struct echo *echo);

/* From malloc. */
void *echo_alloc(size_t bytes);
uint8_t *echo_pack(const ProtobufCMessage *message, size_t *bytes);

#endif
