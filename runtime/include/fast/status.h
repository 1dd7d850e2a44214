/* fast/status.h - how calls end: gRPC's codes, for local results, call results and the wire. */
#ifndef FAST_STATUS_H
#define FAST_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define FAST_EXTERN_BEGIN extern "C" {
#define FAST_EXTERN_END   }
#else
#define FAST_EXTERN_BEGIN
#define FAST_EXTERN_END
#endif

/* Everything between these two is exported; all else of the libraries is hidden. */
#define FAST_BEGIN_DECLS FAST_EXTERN_BEGIN _Pragma("GCC visibility push(default)")
#define FAST_END_DECLS   _Pragma("GCC visibility pop") FAST_EXTERN_END

#define FAST_MUST_CHECK           __attribute__((warn_unused_result))
#define FAST_PRINTF(index, first) __attribute__((__format__(printf, index, first)))

FAST_BEGIN_DECLS

/* Numbers and meanings are gRPC's (grpc/doc/statuscodes.md). */
enum fast_status {
	FAST_OK = 0,
	FAST_CANCELLED = 1,
	FAST_UNKNOWN = 2,
	FAST_INVALID_ARGUMENT = 3,
	FAST_DEADLINE_EXCEEDED = 4,
	FAST_NOT_FOUND = 5,
	FAST_ALREADY_EXISTS = 6,
	FAST_PERMISSION_DENIED = 7,
	FAST_RESOURCE_EXHAUSTED = 8,
	FAST_FAILED_PRECONDITION = 9,
	FAST_ABORTED = 10,
	FAST_OUT_OF_RANGE = 11,
	FAST_UNIMPLEMENTED = 12,
	FAST_INTERNAL = 13,
	FAST_UNAVAILABLE = 14,
	FAST_DATA_LOSS = 15,
	FAST_UNAUTHENTICATED = 16,
};

/* Whether a failed call took effect. The numbers are those of fast.v1.Executed. */
enum fast_executed {
	FAST_EXECUTED_UNKNOWN = 0,
	FAST_EXECUTED_NO = 1,
	FAST_EXECUTED_YES = 2,
};

/* "NOT_FOUND"; "UNKNOWN" for a number that is no status. Never NULL. */
const char *fast_status_name(enum fast_status status);

/* A sentence for people: "what was named does not exist". Never NULL. */
const char *fast_status_sentence(enum fast_status status);

/* Any number from a peer to a status; what is no status becomes FAST_UNKNOWN. */
enum fast_status fast_status_from_wire(uint32_t code);

FAST_END_DECLS

#endif
