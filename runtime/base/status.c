#include <fast/status.h>

/* Number, name and sentence, once each. */
#define STATUS_TABLE(X)                                                                            \
	X(FAST_OK, "OK", "done")                                                                   \
	X(FAST_CANCELLED, "CANCELLED", "the caller gave up")                                       \
	X(FAST_UNKNOWN, "UNKNOWN", "an error that says nothing more")                              \
	X(FAST_INVALID_ARGUMENT, "INVALID_ARGUMENT", "an argument is wrong in itself")             \
	X(FAST_DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", "the deadline passed first")                \
	X(FAST_NOT_FOUND, "NOT_FOUND", "what was named does not exist")                            \
	X(FAST_ALREADY_EXISTS, "ALREADY_EXISTS", "what was to be made exists already")             \
	X(FAST_PERMISSION_DENIED, "PERMISSION_DENIED", "the caller may not do this")               \
	X(FAST_RESOURCE_EXHAUSTED, "RESOURCE_EXHAUSTED", "memory, a queue or a limit is full")     \
	X(FAST_FAILED_PRECONDITION, "FAILED_PRECONDITION", "the present state does not allow it")  \
	X(FAST_ABORTED, "ABORTED", "a concurrent change got in between")                           \
	X(FAST_OUT_OF_RANGE, "OUT_OF_RANGE", "a value is outside what is allowed")                 \
	X(FAST_UNIMPLEMENTED, "UNIMPLEMENTED", "this is not offered here")                         \
	X(FAST_INTERNAL, "INTERNAL", "an invariant is broken")                                     \
	X(FAST_UNAVAILABLE, "UNAVAILABLE", "nobody can be reached there now")                      \
	X(FAST_DATA_LOSS, "DATA_LOSS", "data was lost or damaged")                                 \
	X(FAST_UNAUTHENTICATED, "UNAUTHENTICATED", "the caller's identity is not known")

struct status_row {
	const char *name;
	const char *sentence;
};

static const struct status_row status_rows[] = {
#define STATUS_ROW(number, name, sentence) [number] = {name, sentence},
	STATUS_TABLE(STATUS_ROW)
#undef STATUS_ROW
};

#define STATUS_COUNT (sizeof status_rows / sizeof status_rows[0])

static const struct status_row *status_find(enum fast_status status)
{
	return &status_rows[fast_status_from_wire((uint32_t)status)];
}

const char *fast_status_name(enum fast_status status)
{
	return status_find(status)->name;
}

const char *fast_status_sentence(enum fast_status status)
{
	return status_find(status)->sentence;
}

enum fast_status fast_status_from_wire(uint32_t code)
{
	return code < STATUS_COUNT ? (enum fast_status)code : FAST_UNKNOWN;
}
