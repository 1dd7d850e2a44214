/* The path of a request's target, as RFC 9112 has it. libmicrohttpd decodes it to a string that
 * ends at the first zero byte, so that another path than the one that was asked for may be
 * answered: here it is read from what came. */
#include "connect/exchange.h"

#include "wire/field.h"
#include <string.h>
#include <strings.h>

static int digit(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Past the scheme and the authority of the absolute form, which proxies use. */
static const char *skip_authority(const char *target)
{
	static const char *const schemes[] = {"http://", "https://"};

	for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
		size_t bytes = strlen(schemes[i]);

		if (strncasecmp(target, schemes[i], bytes) == 0) {
			target += bytes;
			target += strcspn(target, "/?#");
			return *target == '/' ? target : "/";
		}
	}
	return target;
}

/* Decodes so many bytes into out, which has room for them and one more. NULL: done; else what is
 * wrong. */
static const char *decode(const char *path, size_t bytes, char *out)
{
	size_t used = 0;

	for (size_t i = 0; i < bytes; i++) {
		int high, low;

		if (path[i] != '%') {
			out[used++] = path[i];
			continue;
		}
		high = i + 1 < bytes ? digit(path[i + 1]) : -1;
		low = i + 2 < bytes ? digit(path[i + 2]) : -1;
		if (high < 0 || low < 0) {
			return "a % without two hexadecimal digits behind it";
		}
		if (high == 0 && low == 0) {
			return "an encoded zero byte";
		}
		out[used++] = (char)(high << 4 | low);
		if (out[used - 1] == '/') {
			return "an encoded slash; parts are separated by plain ones";
		}
		i += 2;
	}
	out[used] = '\0';
	return fast_text_valid_bytes((const uint8_t *)out, used) == used
		       ? NULL
		       : "bytes that are not UTF-8";
}

void fast_exchange_read_target(struct fast_exchange *exchange, const char *target)
{
	const char *path = skip_authority(target);
	size_t bytes = strcspn(path, "?");
	const char *wrong;
	char *decoded;

	exchange->path = "/";
	if (path[0] != '/') {
		fast_exchange_refuse(exchange, 0, FAST_INVALID_ARGUMENT,
				     "the request's target is '%.100s'; ask for a path, which "
				     "begins with a slash",
				     target);
		return;
	}
	decoded = fast_arena_alloc(&exchange->arena, bytes + 1);
	if (decoded == NULL) {
		fast_exchange_refuse(exchange, 0, FAST_RESOURCE_EXHAUSTED,
				     "there is no memory for the request");
		return;
	}
	wrong = decode(path, bytes, decoded);
	if (wrong != NULL) {
		fast_exchange_refuse(exchange, 0, FAST_INVALID_ARGUMENT, "the path %.*s has %s",
				     bytes > 100 ? 100 : (int)bytes, path, wrong);
		return;
	}
	exchange->path = decoded;
}
