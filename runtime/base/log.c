#include <fast/log.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

/* A longer message is cut. */
#define FAST_LOG_BYTES_MAX 1024

static fast_log_fn *log_handler; /* written before other threads run */
static void *log_arg;

void fast_log_set_handler(fast_log_fn *handler, void *arg)
{
	log_handler = handler;
	log_arg = arg;
}

void fast_log(enum fast_log_level level, const char *format, ...)
{
	int kept = errno;
	char message[FAST_LOG_BYTES_MAX];
	va_list arguments;

	if (log_handler == NULL) {
		return;
	}
	va_start(arguments, format);
	errno = kept; /* %m */
	if (vsnprintf(message, sizeof message, format, arguments) >= 0) {
		log_handler(level, message, log_arg);
	}
	va_end(arguments);
	errno = kept;
}
