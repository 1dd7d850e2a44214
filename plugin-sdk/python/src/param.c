/* Param: a get reads memory only; texts are made into objects once for each value. */
#include "binding.h"

#include "plugin_impl.h"

#include <string.h>

#define SNAPSHOT_MAX FAST_PLUGIN_PARAMS_MAX

static struct param_object *param_of(PyObject *self)
{
	return (struct param_object *)self;
}

/* The object for a text, made when the text is not the last one. */
static PyObject *text_value(struct param_object *self, const char *text)
{
	PyObject *value;

	if (likely(self->last != NULL && strcmp(self->last_text, text) == 0)) {
		Py_INCREF(self->last);
		return self->last;
	}
	value = PyUnicode_FromString(text);
	if (value != NULL && self->is_open) {
		PyObject *module = PyImport_ImportModule("fast._literal");

		reference_set(&value, module == NULL
					      ? NULL
					      : PyObject_CallMethod(module, "literal", "O", value));
		Py_XDECREF(module);
	}
	if (value == NULL) {
		return NULL;
	}
	memcpy(self->last_text, text, strlen(text) + 1);
	Py_INCREF(value);
	reference_set(&self->last, value);
	return value;
}

/* The last object, if it was made of this number; else NULL. */
static inline PyObject *last_of(struct param_object *self, int64_t number)
{
	if (likely(self->last != NULL && self->last_number == number)) {
		Py_INCREF(self->last);
		return self->last;
	}
	return NULL;
}

static PyObject *integer_value(struct param_object *self)
{
	int64_t number = fast_param_get_int(self->param);
	PyObject *value = last_of(self, number);

	if (value == NULL) {
		value = PyLong_FromLongLong(number);
		Py_XINCREF(value);
		reference_set(&self->last, value);
		self->last_number = number;
	}
	return value;
}

/* An object of the declaration's own. */
static PyObject *choice_value(const struct param_object *self, size_t choice)
{
	PyObject *value = PyTuple_GetItem(self->choices, (Py_ssize_t)choice);

	Py_INCREF(value);
	return value;
}

PyObject *param_value_of(struct param_object *self)
{
	char text[FAST_PARAM_STRING_BYTES_MAX + 1];

	if (self->param == NULL) {
		Py_INCREF(self->last);
		return self->last;
	}
	switch (self->type) {
	case FAST_PARAM_BOOL:
		return PyBool_FromLong(fast_param_get_bool(self->param));
	case FAST_PARAM_INT:
		return integer_value(self);
	case FAST_PARAM_DOUBLE:
		return PyFloat_FromDouble(fast_param_get_double(self->param));
	case FAST_PARAM_ENUM:
		return choice_value(self, fast_param_get_choice(self->param));
	case FAST_PARAM_STRING:
		break;
	}
	fast_param_get_string(self->param, text);
	return text_value(self, text);
}

PyObject *param_reading_value(struct param_object *self, const struct fast_param_reading *reading)
{
	switch (self->type) {
	case FAST_PARAM_BOOL:
		return PyBool_FromLong(reading->value.boolean);
	case FAST_PARAM_INT:
		return PyLong_FromLongLong(reading->value.integer);
	case FAST_PARAM_DOUBLE:
		return PyFloat_FromDouble(reading->value.number);
	case FAST_PARAM_ENUM:
		return choice_value(self, reading->choice);
	case FAST_PARAM_STRING:
		break;
	}
	return text_value(self, reading->string);
}

/* The values of what was read at one moment. */
static PyObject *snapshot_values(PyObject *params, const struct fast_param_reading *readings)
{
	Py_ssize_t count = PyTuple_Size(params);
	PyObject *values = PyTuple_New(count);

	for (Py_ssize_t i = 0; values != NULL && i < count; i++) {
		PyObject *param = PyTuple_GetItem(params, i);
		PyObject *value = param_reading_value((struct param_object *)param, &readings[i]);

		if (value == NULL) {
			Py_CLEAR(values);
		} else {
			(void)PyTuple_SetItem(values, i, value);
		}
	}
	return values;
}

PyObject *plugin_snapshot(PyObject *object, PyObject *params)
{
	struct plugin_object *self = (struct plugin_object *)object;
	struct fast_param *handles[SNAPSHOT_MAX];
	size_t count = (size_t)PyTuple_Size(params);
	struct fast_param_reading *readings;
	enum fast_status status;
	PyObject *values;

	if (plugin_require(self) == NULL) {
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		PyObject *param = PyTuple_GetItem(params, (Py_ssize_t)i);

		if (i == SNAPSHOT_MAX || Py_TYPE(param) != param_type ||
		    ((struct param_object *)param)->owner != self) {
			PyErr_SetString(PyExc_TypeError, "snapshot() takes params of this plugin");
			return NULL;
		}
		handles[i] = ((struct param_object *)param)->param;
	}
	readings = PyMem_Malloc(sizeof *readings * (count + 1));
	if (readings == NULL) {
		return PyErr_NoMemory();
	}
	status = fast_param_snapshot(handles, count, readings);
	values = status == FAST_OK ? snapshot_values(params, readings)
				   : error_raise(status, "params were set again and again "
							 "meanwhile; try the snapshot again");
	PyMem_Free(readings);
	return values;
}

static PyObject *param_last(PyObject *object, void *unused)
{
	struct param_object *self = param_of(object);
	struct fast_param_reading reading;

	(void)unused;
	if (self->param == NULL) {
		return param_value_of(self);
	}
	fast_param_last(self->param, &reading);
	return param_reading_value(self, &reading);
}

static PyObject *param_get(PyObject *self, PyObject *unused)
{
	(void)unused;
	return param_value_of(param_of(self));
}

PyObject *param_object_of(struct plugin_object *owner, struct fast_param *param, PyObject *name,
			  PyObject *choices, enum fast_param_type type, bool is_open)
{
	PyObject *key = PyLong_FromVoidPtr(param);
	PyObject *found = key == NULL ? NULL : PyDict_GetItem(owner->handles, key);
	struct param_object *self = NULL;

	if (found != NULL) {
		self = (struct param_object *)found;
		Py_INCREF(found);
	} else if (key != NULL) {
		self = (struct param_object *)PyType_GenericAlloc(param_type, 0);
	}
	if (self != NULL && found == NULL) {
		Py_INCREF(owner);
		Py_INCREF(name);
		Py_INCREF(choices);
		self->param = param;
		self->type = type;
		self->is_open = is_open;
		self->waited = 0;
		self->last = NULL;
		self->last_number = 0;
		self->last_text[0] = '\0';
		self->on_change = NULL;
		self->owner = owner;
		self->name = name;
		self->choices = choices;
		if (PyDict_SetItem(owner->handles, key, (PyObject *)self) < 0) {
			Py_CLEAR(self);
		}
	}
	Py_XDECREF(key);
	return (PyObject *)self;
}

void param_object_orphan(struct param_object *self)
{
	PyObject *value = param_value_of(self);

	if (value == NULL) {
		PyErr_Clear(); /* no memory; a get gives None from now on */
		value = Py_None;
		Py_INCREF(value);
	}
	reference_set(&self->last, value);
	Py_CLEAR(self->on_change);
	self->param = NULL;
}

static int param_traverse(PyObject *object, visitproc visit, void *arg)
{
	VISIT_TYPE(object);
	Py_VISIT(param_of(object)->owner);
	Py_VISIT(param_of(object)->on_change);
	return 0;
}

static void param_dealloc(PyObject *object)
{
	struct param_object *self = param_of(object);

	PyObject_GC_UnTrack(object);
	Py_XDECREF(self->last);
	Py_XDECREF(self->on_change);
	Py_DECREF(self->owner);
	Py_DECREF(self->name);
	Py_DECREF(self->choices);
	object_free(object);
}

static PyObject *param_name(PyObject *self, void *unused)
{
	PyObject *name = param_of(self)->name;

	(void)unused;
	Py_INCREF(name);
	return name;
}

static PyObject *param_revision(PyObject *self, void *unused)
{
	const struct fast_param *param = param_of(self)->param;

	(void)unused;
	return PyLong_FromUnsignedLongLong(param == NULL ? 0 : fast_param_revision(param));
}

static PyObject *param_plugin(PyObject *self, void *unused)
{
	PyObject *owner = (PyObject *)param_of(self)->owner;

	(void)unused;
	Py_INCREF(owner);
	return owner;
}

/* await param.changed() */
static PyObject *param_changed(PyObject *self, PyObject *args, PyObject *keywords)
{
	static char *names[] = {"timeout", NULL};
	PyObject *timeout = Py_None;
	PyObject *module;
	PyObject *future = NULL;

	if (!PyArg_ParseTupleAndKeywords(args, keywords, "|O:changed", names, &timeout)) {
		return NULL;
	}
	module = PyImport_ImportModule("fast._changed");
	if (module != NULL) {
		future = PyObject_CallMethod(module, "changed", "OO", self, timeout);
		Py_DECREF(module);
	}
	return future;
}

static PyObject *param_repr(PyObject *self)
{
	PyObject *value = param_value_of(param_of(self));
	PyObject *text;

	if (value == NULL) {
		return NULL;
	}
	text = PyUnicode_FromFormat("<param \"%U\" = %R>", param_of(self)->name, value);
	Py_DECREF(value);
	return text;
}

static PyMethodDef param_methods[] = {
	{"get", param_get, METH_NOARGS,
	 DOC("get", "$self, /", "The value now; for fastd, that it has been read.")},
	{"wait", (PyCFunction)(void (*)(void))param_wait, METH_VARARGS | METH_KEYWORDS,
	 DOC("wait", "$self, timeout=None",
	     "Waits for a value that neither a get() nor a wait() has shown yet, at most timeout\n"
	     "seconds, or for ever. Whether there is one.")},
	{"changed", (PyCFunction)(void (*)(void))param_changed, METH_VARARGS | METH_KEYWORDS,
	 DOC("changed", "$self, timeout=None",
	     "The same for asyncio: `await res.changed()`; gives the value, or raises "
	     "TimeoutError.")},
	{"on_change", param_on_change, METH_O,
	 DOC("on_change", "$self, callback, /",
	     "Sets the callback, which plugin.dispatch() calls with each new value; None: none. "
	     "Gives\n"
	     "it back, so that it is a decorator too. If it raises, the knob shows as failed.")},
	{"applied", param_applied, METH_NOARGS,
	 DOC("applied", "$self, /", "With ack=\"explicit\": the value is in effect.")},
	{"failed", param_failed, METH_O,
	 DOC("failed", "$self, reason, /", "The value can't be applied, for this reason.")},
	{NULL, NULL, 0, NULL},
};

static PyGetSetDef param_attributes[] = {
	{"name", param_name, NULL, "As it was declared.", NULL},
	{"revision", param_revision, NULL, "Of the value that the last get() gave.", NULL},
	{"last", param_last, NULL, "The value that the last get() gave; fastd is told nothing.",
	 NULL},
	{"plugin", param_plugin, NULL, "Whose param this is.", NULL},
	{NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot param_slots[] = {
	{Py_tp_dealloc, (void *)param_dealloc},
	{Py_tp_traverse, (void *)param_traverse},
	{Py_tp_repr, (void *)param_repr},
	{Py_tp_doc, (void *)"A knob: a value that others may turn while the plugin runs."},
	{Py_tp_methods, param_methods},
	{Py_tp_getset, param_attributes},
	{Py_tp_new, (void *)object_refuse},
	{0, NULL},
};

PyType_Spec param_spec = {
	.name = "fast._fast.Param",
	.basicsize = sizeof(struct param_object),
	.flags = TYPE_FLAGS | GC_FLAGS,
	.slots = param_slots,
};
