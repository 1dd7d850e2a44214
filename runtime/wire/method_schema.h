/* wire/method_schema.h - what a FileDescriptorSet says of one method, read in place. */
#ifndef FAST_WIRE_METHOD_SCHEMA_H
#define FAST_WIRE_METHOD_SCHEMA_H

#include <fast/status.h>

/* The numbers are the schema's: those of IdempotencyLevel and of fast.v1.MethodRules. */
struct fast_method_schema {
	bool takes_stream;
	bool gives_stream;
	uint64_t idempotency;
	uint64_t priority;
	bool resumable;
	bool lossy;
	bool once;
};

/* service: "fast.v1.Param"; method: "Get". NOT_FOUND: it has no such service, or that no such
 * method. INVALID_ARGUMENT: it is no descriptor set. */
FAST_MUST_CHECK enum fast_status fast_method_schema_find(const uint8_t *set, size_t bytes,
							 const char *service, const char *method,
							 struct fast_method_schema *out);

#endif
