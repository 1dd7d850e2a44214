/* gen/generate_world.h - a request to the generator that a test may change, and its answer. */
#ifndef GEN_GENERATE_WORLD_H
#define GEN_GENERATE_WORLD_H

#include "support/harness.h"

#include <google/protobuf/compiler/plugin.pb-c.h>

#define SET_BYTES_MAX 65536

typedef Google__Protobuf__Compiler__CodeGeneratorRequest request_message;
typedef Google__Protobuf__Compiler__CodeGeneratorResponse response_message;

/* A request for one file, in pieces that a test may change before it asks. */
struct fixture {
	request_message request;
	Google__Protobuf__FileDescriptorSet *set;
	char *to_generate[1];
	uint8_t set_bytes[SET_BYTES_MAX];
	size_t set_size;
};

int fixture_set_up(void **state);
int fixture_tear_down(void **state);

/* The answer to a request, to be freed. */
response_message *ask(const request_message *request);

#endif
