/* The SDK's log. Its lines come from any thread, some of which have no GIL and never will: they are
 * kept in a small ring, and the interpreter's main thread gives them to Python's logging. */
#include "binding.h"

#include <pthread.h>
#include <stdio.h>

#define LINES_MAX      32
#define LINE_BYTES_MAX 512

static struct {
	pthread_mutex_t lock; /* guards what follows; no Python under it */
	bool is_asked;        /* lines_give() is to be called */
	unsigned int count;
	unsigned int dropped;
	struct {
		enum fast_log_level level;
		char text[LINE_BYTES_MAX];
	} lines[LINES_MAX];
} ring = {.lock = PTHREAD_MUTEX_INITIALIZER};

static fast_log_set_fn *also_set; /* guarded by the GIL; NULL: there is no other log */

static const char *const methods[] = {
	[FAST_LOG_ERROR] = "error",
	[FAST_LOG_WARNING] = "warning",
	[FAST_LOG_INFO] = "info",
	[FAST_LOG_DEBUG] = "debug",
};

/* Clears an error: a log line is never worth a plugin's life. An interruption is no error. False:
 * it stays raised. */
static bool error_clear(void)
{
	if (PyErr_Occurred() && !PyErr_ExceptionMatches(PyExc_Exception)) {
		return false;
	}
	PyErr_Clear();
	return true;
}

/* False: raised. */
static bool line_give(PyObject *logger, enum fast_log_level level, const char *line)
{
	PyObject *text = text_object(line);
	PyObject *done =
		text == NULL ? NULL : PyObject_CallMethod(logger, methods[level], "sO", "%s", text);

	Py_XDECREF(done);
	Py_XDECREF(text);
	return error_clear();
}

/* Takes the oldest line. False: there is none. */
static bool line_take(enum fast_log_level *level, char *text, unsigned int *dropped)
{
	bool found;

	pthread_mutex_lock(&ring.lock);
	found = ring.count > 0;
	*dropped = ring.dropped;
	if (found) {
		*level = ring.lines[0].level;
		memcpy(text, ring.lines[0].text, LINE_BYTES_MAX);
		memmove(&ring.lines[0], &ring.lines[1], sizeof ring.lines[0] * (LINES_MAX - 1));
		ring.count--;
	} else {
		ring.dropped = 0;
	}
	pthread_mutex_unlock(&ring.lock);
	return found;
}

/* Gives what it was. */
static bool ask_set(bool is_asked)
{
	bool was;

	pthread_mutex_lock(&ring.lock);
	was = ring.is_asked;
	ring.is_asked = is_asked;
	pthread_mutex_unlock(&ring.lock);
	return was;
}

/* On the main thread, with the GIL. -1: raised. */
static int lines_give(void *arg)
{
	char text[LINE_BYTES_MAX];
	enum fast_log_level level;
	unsigned int dropped = 0;
	PyObject *logging = PyImport_ImportModule("logging");
	PyObject *logger =
		logging == NULL ? NULL : PyObject_CallMethod(logging, "getLogger", "s", "fast");
	bool is_well = error_clear();

	(void)arg;
	ask_set(false);
	while (is_well && line_take(&level, text, &dropped)) {
		is_well = logger == NULL || line_give(logger, level, text);
	}
	if (is_well && dropped > 0 && logger != NULL) {
		(void)snprintf(text, sizeof text, "%u more lines were dropped", dropped);
		is_well = line_give(logger, FAST_LOG_WARNING, text);
	}
	Py_XDECREF(logger);
	Py_XDECREF(logging);
	return is_well ? 0 : -1;
}

static void line_keep(enum fast_log_level level, const char *message, void *arg)
{
	(void)arg;
	pthread_mutex_lock(&ring.lock);
	if (ring.count < LINES_MAX) {
		ring.lines[ring.count].level = level;
		(void)snprintf(ring.lines[ring.count].text, LINE_BYTES_MAX, "%s", message);
		ring.count++;
	} else {
		ring.dropped++;
	}
	pthread_mutex_unlock(&ring.lock);
	if (!ask_set(true) && Py_AddPendingCall(lines_give, NULL) != 0) {
		(void)ask_set(false); /* there are too many; the next line asks again */
	}
}

static void fork_child(void)
{
	(void)pthread_mutex_init(&ring.lock, NULL); /* its holder may not be here */
	ring.is_asked = false;
	ring.count = 0;
}

void log_connect(void)
{
	static bool has_handler;

	if (!has_handler) {
		has_handler = pthread_atfork(NULL, NULL, fork_child) == 0;
	}
	fast_log_set_handler(line_keep, NULL);
}

void log_connect_also(fast_log_set_fn *set)
{
	also_set = set;
	set(line_keep, NULL);
}

void log_disconnect(void)
{
	fast_log_set_handler(NULL, NULL);
	if (also_set != NULL) {
		also_set(NULL, NULL);
	}
}
