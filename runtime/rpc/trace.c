#include <fast/trace.h>

#include <assert.h>
#include <string.h>
#include <sys/random.h>

/* Of "00-<32 hex>-<16 hex>-<2 hex>": where each part begins, and its bytes. */
enum { VERSION_AT = 0, ID_AT = 3, SPAN_AT = 36, FLAGS_AT = 53, TEXT_END = 55 };

static void random_fill(uint8_t *out, size_t bytes)
{
	static const uint8_t zeros[FAST_TRACE_ID_BYTES];

	do { /* so few bytes come whole, once the kernel has any */
		while (getrandom(out, bytes, 0) != (ssize_t)bytes) {
		}
	} while (memcmp(out, zeros, bytes) == 0);
}

void fast_trace_new(const struct fast_trace *parent, struct fast_trace *out)
{
	struct fast_trace trace = {.flags = FAST_TRACE_SAMPLED};

	if (parent != NULL) {
		trace = *parent;
	} else {
		random_fill(trace.id, sizeof trace.id);
	}
	random_fill(trace.span, sizeof trace.span);
	*out = trace;
}

/* -1: no digit. The recommendation has lower case alone. */
static int digit_value(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool hex_read(const char *text, uint8_t *out, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		int high = digit_value(text[2 * i]);
		int low = digit_value(text[2 * i + 1]);
		if (high < 0 || low < 0) {
			return false;
		}
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static bool text_has_its_shape(const char *text, uint8_t version)
{
	char end = text[TEXT_END];

	return text[ID_AT - 1] == '-' && text[SPAN_AT - 1] == '-' && text[FLAGS_AT - 1] == '-' &&
	       version != 0xff && (end == 0 || (version != 0 && end == '-'));
}

enum fast_status fast_trace_parse(const char *traceparent, struct fast_trace *out)
{
	struct fast_trace trace = {.state = NULL};
	uint8_t version = 0;

	if (strnlen(traceparent, TEXT_END) < TEXT_END ||
	    !hex_read(traceparent + VERSION_AT, &version, 1) ||
	    !text_has_its_shape(traceparent, version) ||
	    !hex_read(traceparent + ID_AT, trace.id, sizeof trace.id) ||
	    !hex_read(traceparent + SPAN_AT, trace.span, sizeof trace.span) ||
	    !hex_read(traceparent + FLAGS_AT, &trace.flags, 1) || !fast_trace_is_valid(&trace)) {
		return FAST_INVALID_ARGUMENT;
	}
	if (version != 0) {
		trace.flags &= FAST_TRACE_SAMPLED; /* what the others mean is not known */
	}
	*out = trace;
	return FAST_OK;
}

static void hex_write(const uint8_t *bytes, size_t count, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < count; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
}

void fast_trace_format(const struct fast_trace *trace, char out[FAST_TRACE_TEXT_BYTES])
{
	assert(fast_trace_is_valid(trace));
	memset(out, '-', TEXT_END);
	hex_write((const uint8_t[]){0}, 1, out + VERSION_AT);
	hex_write(trace->id, sizeof trace->id, out + ID_AT);
	hex_write(trace->span, sizeof trace->span, out + SPAN_AT);
	hex_write(&trace->flags, 1, out + FLAGS_AT);
	out[TEXT_END] = 0;
}
