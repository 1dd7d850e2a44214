/* fast/trace.h - the trace that a call belongs to: W3C Trace Context. */
#ifndef FAST_TRACE_H
#define FAST_TRACE_H

#include <fast/status.h>

FAST_BEGIN_DECLS

#define FAST_TRACE_ID_BYTES        16
#define FAST_TRACE_SPAN_BYTES      8
#define FAST_TRACE_STATE_BYTES_MAX 512
#define FAST_TRACE_SAMPLED         0x01

/* A "traceparent", with its zero byte. */
#define FAST_TRACE_TEXT_BYTES 56

/* Neither id is all zeros in a trace that is one. */
struct fast_trace {
	uint8_t id[FAST_TRACE_ID_BYTES];
	uint8_t span[FAST_TRACE_SPAN_BYTES]; /* of who makes the call: the callee's parent */
	uint8_t flags;
	const char *state; /* "tracestate", at most FAST_TRACE_STATE_BYTES_MAX; NULL: none */
};

/* A new span with random id: in the trace of parent, with its flags and its state, which stays
 * borrowed; NULL: in a new trace, sampled. */
void fast_trace_new(const struct fast_trace *parent, struct fast_trace *out);

/* Whether both ids are there and the state is printable ASCII within its limit. */
bool fast_trace_is_valid(const struct fast_trace *trace);

/* Reads "00-<32 hex>-<16 hex>-<2 hex>", or what begins so in a later version of the
 * recommendation. The state is NULL. INVALID_ARGUMENT: it is none, to be ignored. */
FAST_MUST_CHECK enum fast_status fast_trace_parse(const char *traceparent, struct fast_trace *out);

/* Writes the "traceparent" of a valid trace. */
void fast_trace_format(const struct fast_trace *trace, char out[FAST_TRACE_TEXT_BYTES]);

FAST_END_DECLS

#endif
