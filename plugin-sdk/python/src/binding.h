/* binding.h - the types of the module fast._fast. All of them are guarded by the GIL, but for what
 * the SDK's own threads do, which never touches a Python object. */
#ifndef FAST_BINDING_H
#define FAST_BINDING_H

#include "python.h"

#include <fast/log.h>
#include <fast/param_change.h>
#include <fast/plugin.h>

#include <sys/types.h>

/* A wait is cut into such pieces, so that signals are handled and a close is noticed. */
#define WAIT_SLICE_MS 100

/* The verb found what it expects of a metric or a param. */
#define likely(condition)   __builtin_expect(condition, 1)
#define unlikely(condition) __builtin_expect(condition, 0)

struct plugin_object {
	PyObject_HEAD struct fast_plugin *plugin; /* NULL: not open yet, or closed */
	PyObject *handles;        /* dict: address of a metric or param -> its one object */
	size_t busy;              /* threads that are in the SDK without the GIL */
	pid_t busy_pid;           /* of which process; a forked child has none of them */
	unsigned long dispatcher; /* thread of that process in dispatch(); 0: none */
	bool closing;             /* they are to return */
	/* An exception that is none of Exception, which a callback has raised; see dispatch(). */
	PyObject *stop[3];
};

struct metric_object {
	PyObject_HEAD struct fast_metric
		*metric; /* fast_metric_nowhere() once its plugin is closed */
	struct plugin_object *owner;
	PyObject *name;
	PyObject *states; /* tuple of str; empty but for a stateset */
};

struct param_object {
	PyObject_HEAD struct fast_param *param; /* NULL: its plugin is closed, last is its value */
	enum fast_param_type type;
	bool is_open;        /* without a declaration: a text that is read as a literal */
	uint64_t waited;     /* revision that the last wait gave */
	PyObject *last;      /* the object that the last get() made of a text or an int, or NULL */
	int64_t last_number; /* what it was made of: an int */
	char last_text[FAST_PARAM_STRING_BYTES_MAX + 1]; /* the same for a text */
	PyObject *on_change;                             /* or NULL */
	struct plugin_object *owner;
	PyObject *name;
	PyObject *choices; /* tuple, of str for an enum */
};

/* The types: of the heap, as the stable ABI wants them; NULL before the import (module.c). */
extern PyTypeObject *plugin_type;
extern PyTypeObject *metric_type;
extern PyTypeObject *param_type;
extern PyTypeObject *timing_type;
extern PyTypeObject *reading_type;
extern PyTypeObject *empty_type;
extern PyType_Spec plugin_spec;
extern PyType_Spec metric_spec;
extern PyType_Spec param_spec;
extern PyType_Spec timing_spec;
extern PyType_Spec reading_spec;
extern PyType_Spec empty_spec;

/* What PyType_GenericAlloc() has made, with its hold on its type. */
void object_free(PyObject *object);
/* tp_new of what cannot be made from Python. */
PyObject *object_refuse(PyTypeObject *type, PyObject *args, PyObject *keywords);

/* Takes value, and lets go of the old one. */
static inline void reference_set(PyObject **slot, PyObject *value)
{
	PyObject *old = *slot;

	*slot = value;
	Py_XDECREF(old);
}

/* Borrowed of the str; NULL: raised. */
static inline const char *utf8_of(PyObject *text)
{
	return PyUnicode_AsUTF8AndSize(text, NULL);
}
/* The same of a text that is declared, which must have no zero character (error.c). */
const char *declared_text(PyObject *text);
/* A str of the SDK's words; what is no UTF-8, since it was cut, is replaced (error.c). NULL:
 * raised. */
PyObject *text_object(const char *text);

/* Raises fast.Error, or fast.DeclarationError, which is a ValueError too. Gives NULL. */
PyObject *error_raise(enum fast_status status, const char *sentence);
/* The same with fast_plugin_error(), or the status's own sentence. */
PyObject *error_raise_of(struct plugin_object *owner, enum fast_status status);
/* The name of a type, cut to fit into out, which it gives; the ABI has no better. */
#define TYPE_NAME_BYTES 100
const char *type_name(PyObject *type, char *out);
/* Makes the exceptions and adds them. -1: raised. */
int errors_add(PyObject *module);

/* Lets the SDK's log go to logging.getLogger("fast"). */
void log_connect(void);
/* The same for the log that this sets the handler of, for good. */
typedef void fast_log_set_fn(fast_log_fn *handler, void *arg);
void log_connect_also(fast_log_set_fn *set);
void log_disconnect(void);

/* The open plugin; NULL: raised, because it is closed. */
struct fast_plugin *plugin_require(struct plugin_object *owner);
/* From now on close() does not wait for ever: the interpreter is ending. */
void plugins_end_soon(void);
/* Around what lets go of the GIL: close() waits until nobody is there. */
void plugin_enter(struct plugin_object *owner);
void plugin_leave(struct plugin_object *owner);
/* Plugin.__init__: opens it (open.c). */
int plugin_open(PyObject *self, PyObject *args, PyObject *keywords);
/* plugin.wait_attached(), plugin.wait() and plugin.dispatch() (changes.c). */
PyObject *plugin_wait_attached(PyObject *self, PyObject *args, PyObject *keywords);
PyObject *plugin_wait(PyObject *self, PyObject *args, PyObject *keywords);
PyObject *plugin_dispatch(PyObject *self, PyObject *unused);

/* plugin._snapshot() (param.c). */
PyObject *plugin_snapshot(PyObject *self, PyObject *params);

/* The one object of this handle, made when there is none. */
PyObject *metric_object_of(struct plugin_object *owner, struct fast_metric *metric, PyObject *name,
			   PyObject *states);
PyObject *param_object_of(struct plugin_object *owner, struct fast_param *param, PyObject *name,
			  PyObject *choices, enum fast_param_type type, bool is_open);
/* What remains when the plugin is closed. */
void metric_object_orphan(struct metric_object *self);
void param_object_orphan(struct param_object *self);

/* A number as a double; -1 with an exception: it is none. */
double number_of(PyObject *object);

/* A new value as Python sees it. NULL: raised. */
PyObject *param_value_of(struct param_object *self);
PyObject *param_reading_value(struct param_object *self, const struct fast_param_reading *reading);

/* param.wait(), applied(), failed(), on_change() (changes.c). */
PyObject *param_wait(PyObject *self, PyObject *args, PyObject *keywords);
PyObject *param_applied(PyObject *self, PyObject *unused);
PyObject *param_failed(PyObject *self, PyObject *reason);
PyObject *param_on_change(PyObject *self, PyObject *callback);

/* A verb as it was called: positional arguments first, then those named by `names`. */
struct verb_call {
	PyObject *self;
	PyObject *const *args;
	Py_ssize_t count;   /* positional */
	PyObject *names;    /* tuple of str, or NULL */
	unsigned int kinds; /* that it fits, a bit each */
	const char *verb;   /* "inc()" */
};
/* What it counts. */
struct amount {
	double number;
	uint64_t whole;
};
/* With an amount or an exemplar (exemplar.c). */
PyObject *metric_inc_call(const struct verb_call *call);
PyObject *metric_add_call(const struct verb_call *call);
PyObject *metric_observe_call(const struct verb_call *call);
/* After a verb for such kinds: None, or raised, because the metric is of another kind. */
PyObject *verb_end(PyObject *self, unsigned int kinds, const char *verb);
/* Reads labels, FAST_LABELS_MAX + 1 at most, out of a dict, or NULL. -1: raised. */
Py_ssize_t labels_parse(PyObject *dict, struct fast_label *labels);

/* metric.labels() (labels.c). */
PyObject *metric_labels(PyObject *self, PyObject *args, PyObject *keywords);

/* metric.time(): a with block or a decorator (timing.c). */
PyObject *timing_new(struct metric_object *metric);
/* metric.read(): what it has counted in this process (reading.c). */
PyObject *metric_read(PyObject *self, PyObject *unused);

#endif
