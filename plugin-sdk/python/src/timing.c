/* Timing: what metric.time() gives, a with block or a decorator. Empty: the cost of a call. */
#include "binding.h"

struct timing_object {
	PyObject_HEAD struct metric_object *metric;
	int64_t start_ns;
};

PyObject *timing_new(struct metric_object *metric)
{
	struct timing_object *self = (struct timing_object *)PyType_GenericAlloc(timing_type, 0);

	if (self != NULL) {
		Py_INCREF(metric);
		self->metric = metric;
		self->start_ns = fast_metric_now();
	}
	return (PyObject *)self;
}

static void timing_dealloc(PyObject *self)
{
	Py_DECREF(((struct timing_object *)self)->metric);
	object_free(self);
}

static PyObject *timing_enter(PyObject *self, PyObject *unused)
{
	(void)unused;
	((struct timing_object *)self)->start_ns = fast_metric_now();
	Py_INCREF(self);
	return self;
}

static PyObject *timing_exit(PyObject *self, PyObject *args)
{
	const struct timing_object *timing = (struct timing_object *)self;

	(void)args;
	fast_metric_observe_since(timing->metric->metric, timing->start_ns);
	Py_RETURN_NONE;
}

/* As a decorator: gives the function, timed. */
static PyObject *timing_call(PyObject *self, PyObject *args, PyObject *keywords)
{
	struct timing_object *timing = (struct timing_object *)self;
	PyObject *function;
	PyObject *module;
	PyObject *timed = NULL;

	if (keywords != NULL && PyDict_Size(keywords) > 0) {
		PyErr_SetString(PyExc_TypeError, "time() decorates one function");
		return NULL;
	}
	if (!PyArg_ParseTuple(args, "O:time", &function)) {
		return NULL;
	}
	module = PyImport_ImportModule("fast._timed");
	if (module != NULL) {
		timed = PyObject_CallMethod(module, "timed", "OO", timing->metric, function);
		Py_DECREF(module);
	}
	return timed;
}

static PyMethodDef timing_methods[] = {
	{"__enter__", timing_enter, METH_NOARGS, "Begins."},
	{"__exit__", timing_exit, METH_VARARGS, "Observes the seconds since."},
	{NULL, NULL, 0, NULL},
};

static PyType_Slot timing_slots[] = {
	{Py_tp_dealloc, (void *)timing_dealloc},
	{Py_tp_call, (void *)timing_call},
	{Py_tp_doc, (void *)"Times a with block, or the calls of the function that it decorates."},
	{Py_tp_methods, timing_methods},
	{Py_tp_new, (void *)object_refuse},
	{0, NULL},
};

PyType_Spec timing_spec = {
	.name = "fast._fast.Timing",
	.basicsize = sizeof(struct timing_object),
	.flags = TYPE_FLAGS,
	.slots = timing_slots,
};

static PyObject *empty_call(PyObject *self, PyObject *unused)
{
	(void)self;
	(void)unused;
	Py_RETURN_NONE;
}

static PyObject *empty_clock(PyObject *self, PyObject *unused)
{
	(void)self;
	(void)unused;
	(void)fast_metric_now();
	Py_RETURN_NONE;
}

static PyMethodDef empty_methods[] = {
	{"clock", empty_clock, METH_NOARGS,
	 DOC("clock", "$self, /", "Reads the clock and does nothing.")},
	{"call", empty_call, METH_NOARGS, DOC("call", "$self, /", "Does nothing.")},
	{"call_with", empty_call, METH_O,
	 DOC("call_with", "$self, argument, /", "Does nothing with one argument.")},
	{NULL, NULL, 0, NULL},
};

static PyType_Slot empty_slots[] = {
	{Py_tp_doc, (void *)"Methods that do nothing: what a call costs, for the benchmarks."},
	{Py_tp_methods, empty_methods},
	{Py_tp_new, (void *)PyType_GenericNew},
	{Py_tp_dealloc, (void *)object_free},
	{0, NULL},
};

PyType_Spec empty_spec = {
	.name = "fast._fast.Empty",
	.basicsize = sizeof(PyObject),
	.flags = TYPE_FLAGS,
	.slots = empty_slots,
};
