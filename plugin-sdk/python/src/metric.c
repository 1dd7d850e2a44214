/* Metric: the verbs. Each looks at the metric's kind once, and calls the SDK. */
#include "binding.h"

#include "plugin_impl.h"

/* For a metric of this kind: what it is and which verb to use. */
static const struct {
	const char *name;
	const char *verbs;
} fitting[] = {
	[FAST_METRIC_UNDECLARED] = {"metric", "any verb"},
	[FAST_METRIC_COUNTER] = {"counter", "inc() or add()"},
	[FAST_METRIC_GAUGE] = {"gauge", "set()"},
	[FAST_METRIC_HISTOGRAM] = {"histogram", "observe()"},
	[FAST_METRIC_TIMER] = {"timer", "time() or observe()"},
	[FAST_METRIC_HEARTBEAT] = {"heartbeat", "inc() or beat()"},
	[FAST_METRIC_INFO] = {"info", "no verb, but labels"},
	[FAST_METRIC_STATESET] = {"stateset", "state() or enter()"},
};
#define KIND_COUNT (sizeof fitting / sizeof fitting[0])

double number_of(PyObject *object)
{
	return PyFloat_AsDouble(object);
}

static struct fast_metric *handle_of(PyObject *self)
{
	return ((struct metric_object *)self)->metric;
}

PyObject *verb_end(PyObject *self, unsigned int kinds, const char *verb)
{
	unsigned int kind = (unsigned int)metric_kind(handle_of(self));

	if (kind == FAST_METRIC_UNDECLARED || kind >= KIND_COUNT || (kinds & 1u << kind) != 0) {
		Py_RETURN_NONE;
	}
	return PyErr_Format(PyExc_TypeError, "metric \"%U\" is a %s: %s does not fit it; use %s",
			    ((struct metric_object *)self)->name, fitting[kind].name, verb,
			    fitting[kind].verbs);
}

/* Adds to a counter's cell. The GIL makes this thread its only writer, so that no locked
 * instruction is needed. */
static inline void count_add(uint64_t *count, uint64_t n)
{
	__atomic_store_n(count, __atomic_load_n(count, __ATOMIC_RELAXED) + n, __ATOMIC_RELAXED);
}

#define INC_KINDS     (1u << FAST_METRIC_COUNTER | 1u << FAST_METRIC_HEARTBEAT)
#define OBSERVE_KINDS (1u << FAST_METRIC_HISTOGRAM | 1u << FAST_METRIC_TIMER)

/* Apart, because the calls without an amount or exemplar have no use for its stack frame. */
__attribute__((noinline)) static PyObject *inc_call(PyObject *self, PyObject *const *args,
						    Py_ssize_t count, PyObject *names)
{
	const struct verb_call call = {self, args, count, names, INC_KINDS, "inc()"};

	return metric_inc_call(&call);
}

static PyObject *metric_inc(PyObject *self, PyObject *const *args, Py_ssize_t count,
			    PyObject *names)
{
	struct fast_metric *metric = handle_of(self);
	uint64_t *counter = fast_metric_counter(metric);

	if (unlikely(count > 0 || names != NULL)) {
		return inc_call(self, args, count, names);
	}
	if (likely(counter != NULL)) {
		count_add(counter, 1);
		Py_RETURN_NONE;
	}
	fast_metric_inc(metric);
	return verb_end(self, INC_KINDS, "inc()");
}

static PyObject *metric_add(PyObject *self, PyObject *const *args, Py_ssize_t count,
			    PyObject *names)
{
	const struct verb_call call = {self,   args, count, names, 1u << FAST_METRIC_COUNTER,
				       "add()"};

	return metric_add_call(&call);
}

static PyObject *metric_set(PyObject *self, PyObject *arg)
{
	double value = number_of(arg);

	if (value == -1 && PyErr_Occurred()) {
		return NULL;
	}
	fast_metric_set(handle_of(self), value);
	return verb_end(self, 1u << FAST_METRIC_GAUGE, "set()");
}

__attribute__((noinline)) static PyObject *observe_call(PyObject *self, PyObject *const *args,
							Py_ssize_t count, PyObject *names)
{
	const struct verb_call call = {self, args, count, names, OBSERVE_KINDS, "observe()"};

	return metric_observe_call(&call);
}

static PyObject *metric_observe(PyObject *self, PyObject *const *args, Py_ssize_t count,
				PyObject *names)
{
	if (unlikely(count != 1 || names != NULL)) {
		return observe_call(self, args, count, names);
	}

	double value = number_of(args[0]);

	if (value == -1 && PyErr_Occurred()) {
		return NULL;
	}
	fast_metric_observe(handle_of(self), value);
	return verb_end(self, OBSERVE_KINDS, "observe()");
}

static PyObject *metric_beat(PyObject *self, PyObject *args)
{
	double work = 1;

	if (!PyArg_ParseTuple(args, "|d:beat", &work)) {
		return NULL;
	}
	fast_metric_beat(handle_of(self), work);
	return verb_end(self, 1u << FAST_METRIC_HEARTBEAT, "beat()");
}

/* Index of the state; -1: raised. */
static Py_ssize_t state_find(PyObject *self, PyObject *state)
{
	PyObject *states = ((struct metric_object *)self)->states;
	Py_ssize_t index = PySequence_Index(states, state);

	if (index < 0 && PyErr_ExceptionMatches(PyExc_ValueError)) {
		PyErr_Format(PyExc_ValueError, "metric \"%U\" has no state %R; it has %R",
			     ((struct metric_object *)self)->name, state, states);
	}
	return index;
}

static PyObject *metric_enter(PyObject *self, PyObject *state)
{
	Py_ssize_t index = state_find(self, state);

	if (index < 0) {
		return NULL;
	}
	fast_metric_enter(handle_of(self), (size_t)index);
	return verb_end(self, 1u << FAST_METRIC_STATESET, "enter()");
}

static PyObject *metric_state(PyObject *self, PyObject *args)
{
	PyObject *state;
	int on = 1;
	Py_ssize_t index;

	if (!PyArg_ParseTuple(args, "O|p:state", &state, &on)) {
		return NULL;
	}
	index = state_find(self, state);
	if (index < 0) {
		return NULL;
	}
	fast_metric_state(handle_of(self), (size_t)index, on != 0);
	return verb_end(self, 1u << FAST_METRIC_STATESET, "state()");
}

static PyObject *metric_time(PyObject *self, PyObject *unused)
{
	unsigned int kind = (unsigned int)metric_kind(handle_of(self));

	(void)unused;
	if (kind != FAST_METRIC_TIMER && kind != FAST_METRIC_UNDECLARED && kind < KIND_COUNT) {
		return verb_end(self, 1u << FAST_METRIC_TIMER, "time()");
	}
	return timing_new((struct metric_object *)self);
}

PyObject *metric_object_of(struct plugin_object *owner, struct fast_metric *metric, PyObject *name,
			   PyObject *states)
{
	PyObject *key = PyLong_FromVoidPtr(metric);
	PyObject *found = key == NULL ? NULL : PyDict_GetItem(owner->handles, key);
	struct metric_object *self = NULL;

	if (found != NULL) {
		self = (struct metric_object *)found;
		Py_INCREF(found);
		if (PyTuple_Size(self->states) == 0) {
			Py_INCREF(states); /* declared only now */
			Py_DECREF(self->states);
			self->states = states;
		}
	} else if (key != NULL) {
		self = (struct metric_object *)PyType_GenericAlloc(metric_type, 0);
	}
	if (self != NULL && found == NULL) {
		Py_INCREF(owner);
		Py_INCREF(name);
		Py_INCREF(states);
		self->metric = metric;
		self->owner = owner;
		self->name = name;
		self->states = states;
		if (PyDict_SetItem(owner->handles, key, (PyObject *)self) < 0) {
			Py_CLEAR(self);
		}
	}
	Py_XDECREF(key);
	return (PyObject *)self;
}

void metric_object_orphan(struct metric_object *self)
{
	self->metric = fast_metric_nowhere();
}

static int metric_traverse(PyObject *object, visitproc visit, void *arg)
{
	VISIT_TYPE(object);
	Py_VISIT(((struct metric_object *)object)->owner);
	return 0;
}

static void metric_dealloc(PyObject *object)
{
	struct metric_object *self = (struct metric_object *)object;

	PyObject_GC_UnTrack(object);
	Py_DECREF(self->owner);
	Py_DECREF(self->name);
	Py_DECREF(self->states);
	object_free(object);
}

static PyObject *metric_name(PyObject *self, void *unused)
{
	PyObject *name = ((struct metric_object *)self)->name;

	(void)unused;
	Py_INCREF(name);
	return name;
}

static PyObject *metric_kind_name(PyObject *self, void *unused)
{
	unsigned int kind = (unsigned int)metric_kind(handle_of(self));

	(void)unused;
	if (kind == FAST_METRIC_UNDECLARED || kind >= KIND_COUNT) {
		Py_RETURN_NONE;
	}
	return PyUnicode_FromString(fitting[kind].name);
}

static PyObject *metric_label_text(PyObject *self, void *unused)
{
	struct fast_metric *metric = handle_of(self);
	bool has_info = (unsigned int)metric_kind(metric) < KIND_COUNT;

	(void)unused;
	return PyUnicode_FromString(has_info ? metric_info(metric)->labels : "");
}

static PyObject *metric_repr(PyObject *self)
{
	unsigned int kind = (unsigned int)metric_kind(handle_of(self));

	return PyUnicode_FromFormat("<%s \"%U\">",
				    kind < KIND_COUNT ? fitting[kind].name : "metric",
				    ((struct metric_object *)self)->name);
}

#if PY_VERSION_HEX >= 0x03070000
#define FAST_CALL(function) (PyCFunction)(void (*)(void)) function, METH_FASTCALL | METH_KEYWORDS
#else /* there it has names by itself */
#define FAST_CALL(function) (PyCFunction)(void (*)(void)) function, METH_FASTCALL
#endif

static PyMethodDef metric_methods[] = {
	{"inc", FAST_CALL(metric_inc),
	 DOC("inc", "$self, amount=1, exemplar=None",
	     "Counts one, or a counter an amount; a beat of a heartbeat. exemplar: a dict of what "
	     "made\n"
	     "it, str to str.")},
	{"add", FAST_CALL(metric_add),
	 DOC("add", "$self, amount, exemplar=None",
	     "Counter: adds an amount, a whole number of 0 or more. exemplar: as inc().")},
	{"set", metric_set, METH_O, DOC("set", "$self, value, /", "Gauge: takes this value.")},
	{"observe", FAST_CALL(metric_observe),
	 DOC("observe", "$self, amount, exemplar=None",
	     "Histogram, timer: one observation. exemplar: as inc().")},
	{"beat", metric_beat, METH_VARARGS,
	 DOC("beat", "$self, work=1, /", "Heartbeat: one beat of this much work, 1 by itself.")},
	{"enter", metric_enter, METH_O,
	 DOC("enter", "$self, state, /", "Stateset: turns this state on and all others off.")},
	{"state", metric_state, METH_VARARGS,
	 DOC("state", "$self, state, on=True, /", "Stateset: turns one state on or off.")},
	{"time", metric_time, METH_NOARGS,
	 DOC("time", "$self, /", "Timer: `with timer.time():`, or `@timer.time()`.")},
	{"labels", (PyCFunction)(void (*)(void))metric_labels, METH_VARARGS | METH_KEYWORDS,
	 DOC("labels", "$self, /, **labels",
	     "The series with these labels. Keep it: finding it takes a search.")},
	{"read", metric_read, METH_NOARGS,
	 DOC("read", "$self, /", "What it has counted in this process, so far.")},
	{NULL, NULL, 0, NULL},
};

static PyMemberDef metric_members[] = {
	{"states", T_OBJECT, offsetof(struct metric_object, states), READONLY,
	 "A stateset's names of states; else ()."},
	{NULL, 0, 0, 0, NULL},
};

static PyGetSetDef metric_attributes[] = {
	{"name", metric_name, NULL, "As it was declared, without labels.", NULL},
	{"kind", metric_kind_name, NULL, "\"counter\", \"gauge\" ...; None before any verb.", NULL},
	{"label_text", metric_label_text, NULL, "A series' labels: 'camera=\"left\"', or ''.",
	 NULL},
	{NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot metric_slots[] = {
	{Py_tp_dealloc, (void *)metric_dealloc},
	{Py_tp_traverse, (void *)metric_traverse},
	{Py_tp_repr, (void *)metric_repr},
	{Py_tp_doc, (void *)"Something that a plugin measures. Its verbs touch memory only."},
	{Py_tp_methods, metric_methods},
	{Py_tp_members, metric_members},
	{Py_tp_getset, metric_attributes},
	{Py_tp_new, (void *)object_refuse},
	{0, NULL},
};

PyType_Spec metric_spec = {
	.name = "fast._fast.Metric",
	.basicsize = sizeof(struct metric_object),
	.flags = TYPE_FLAGS | GC_FLAGS,
	.slots = metric_slots,
};
