/* fast/log.h - the libraries are silent unless given a handler. */
#ifndef FAST_LOG_H
#define FAST_LOG_H

#include <fast/status.h>

FAST_BEGIN_DECLS

enum fast_log_level {
	FAST_LOG_ERROR,
	FAST_LOG_WARNING,
	FAST_LOG_INFO,
	FAST_LOG_DEBUG,
};

/* message has no newline. Called from any thread, never under a lock of ours. */
typedef void fast_log_fn(enum fast_log_level level, const char *message, void *arg);

/* Sets the process-wide handler; NULL is silence, the default. Set it before other threads run. */
void fast_log_set_handler(fast_log_fn *handler, void *arg);

/* Formats and hands to the handler; keeps errno. */
void fast_log(enum fast_log_level level, const char *format, ...) FAST_PRINTF(2, 3);

FAST_END_DECLS

#endif
