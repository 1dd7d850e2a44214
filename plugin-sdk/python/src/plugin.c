/* Plugin: opening, declaring, closing. What an author calls is fast.Plugin, in Python, on top. */
#include "binding.h"

#include <time.h>
#include <unistd.h>

#define END_S 1 /* which close() waits for a callback, once the interpreter ends */

static bool is_ending; /* guarded by the GIL */

static struct plugin_object *plugin_of(PyObject *self)
{
	return (struct plugin_object *)self;
}

struct fast_plugin *plugin_require(struct plugin_object *owner)
{
	if (owner->plugin == NULL || owner->closing) {
		(void)error_raise(FAST_FAILED_PRECONDITION, "the plugin is closed");
		return NULL;
	}
	return owner->plugin;
}

void plugins_end_soon(void)
{
	is_ending = true;
}

void plugin_enter(struct plugin_object *owner)
{
	if (owner->busy_pid != getpid()) {
		owner->busy_pid = getpid();
		owner->busy = 0;
		if (owner->dispatcher != (unsigned long)PyThread_get_thread_ident()) {
			owner->dispatcher = 0; /* else it has forked in a callback */
		}
	}
	owner->busy++;
}

void plugin_leave(struct plugin_object *owner)
{
	owner->busy -= owner->busy > 0;
}

/* Nothing points into the plugin's memory any more. */
static void handles_orphan(struct plugin_object *self)
{
	Py_ssize_t position = 0;
	PyObject *key;
	PyObject *handle;

	while (PyDict_Next(self->handles, &position, &key, &handle)) {
		if (Py_TYPE(handle) == metric_type) {
			metric_object_orphan((struct metric_object *)handle);
		} else {
			param_object_orphan((struct param_object *)handle);
		}
	}
}

/* Nobody is in it. */
static void plugin_shut(struct plugin_object *self)
{
	struct fast_plugin *plugin = self->plugin;

	self->closing = true;
	handles_orphan(self);
	self->plugin = NULL;
	PyDict_Clear(self->handles);
	Py_BEGIN_ALLOW_THREADS fast_plugin_close(plugin);
	Py_END_ALLOW_THREADS
}

static PyObject *plugin_close(PyObject *object, PyObject *unused)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	struct plugin_object *self = plugin_of(object);
	int64_t end_ns = fast_metric_now() + END_S * INT64_C(1000000000);

	(void)unused;
	if (self->plugin == NULL || self->closing) {
		Py_RETURN_NONE;
	}
	if (self->dispatcher == (unsigned long)PyThread_get_thread_ident()) {
		return error_raise(FAST_FAILED_PRECONDITION, "close() in a callback");
	}
	self->closing = true;
	/* At most a slice of a wait, but as long as a callback takes. */
	while (self->busy > 0 && self->busy_pid == getpid()) {
		Py_BEGIN_ALLOW_THREADS(void) nanosleep(&pause, NULL);
		Py_END_ALLOW_THREADS if (PyErr_CheckSignals() != 0)
		{
			self->closing = false;
			return NULL;
		}
		if (is_ending && fast_metric_now() > end_ns) {
			Py_RETURN_NONE; /* the process's end closes it */
		}
	}
	plugin_shut(self);
	Py_RETURN_NONE;
}

static PyObject *plugin_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
	struct plugin_object *self = (struct plugin_object *)PyType_GenericAlloc(type, 0);

	(void)args;
	(void)keywords;
	if (self != NULL) {
		self->handles = PyDict_New();
		if (self->handles == NULL) {
			Py_CLEAR(self);
		}
	}
	return (PyObject *)self;
}

/* It and its metrics and params hold on to each other. */
static int plugin_traverse(PyObject *object, visitproc visit, void *arg)
{
	VISIT_TYPE(object);
	Py_VISIT(plugin_of(object)->handles);
	return 0;
}

/* Nobody has it any more: it is closed, which takes the circle apart. */
static void plugin_finalize(PyObject *object)
{
	PyObject *raised[3];

	PyErr_Fetch(&raised[0], &raised[1], &raised[2]);
	if (plugin_of(object)->plugin != NULL && !plugin_of(object)->closing) {
		plugin_shut(plugin_of(object));
	}
	PyErr_Restore(raised[0], raised[1], raised[2]);
}

static void plugin_dealloc(PyObject *object)
{
	struct plugin_object *self = plugin_of(object);

	PyObject_GC_UnTrack(object);
	/* Its metrics and params hold on to it: there are none. */
	fast_plugin_close(self->plugin);
	Py_XDECREF(self->handles);
	object_free(object);
}

/* Copies a sequence of str. NULL: raised. */
static const char **texts_borrow(PyObject *tuple, size_t *count)
{
	Py_ssize_t size = PyTuple_Size(tuple);
	const char **texts = PyMem_Malloc(sizeof *texts * (size_t)(size + 1));

	if (texts == NULL) {
		(void)PyErr_NoMemory();
		return NULL;
	}
	for (Py_ssize_t i = 0; i < size; i++) {
		texts[i] = declared_text(PyTuple_GetItem(tuple, i));
		if (texts[i] == NULL) {
			PyMem_Free(texts);
			return NULL;
		}
	}
	*count = (size_t)size;
	return texts;
}

static PyObject *plugin_metric(PyObject *object, PyObject *args)
{
	struct plugin_object *self = plugin_of(object);
	struct fast_metric_spec spec = {.size = sizeof spec};
	struct fast_metric *metric = NULL;
	enum fast_status status;
	PyObject *name;
	PyObject *states;
	int kind;

	if (!PyArg_ParseTuple(args, "UizzO!", &name, &kind, &spec.unit, &spec.help, &PyTuple_Type,
			      &states) ||
	    plugin_require(self) == NULL) {
		return NULL;
	}
	const char **texts = texts_borrow(states, &spec.state_count);
	spec.name = texts == NULL ? NULL : declared_text(name);
	if (spec.name == NULL) {
		PyMem_Free(texts);
		return NULL;
	}
	spec.kind = (enum fast_metric_kind)kind;
	spec.states = texts;
	status = fast_plugin_metric(self->plugin, &spec, &metric);
	PyMem_Free(texts);
	return status == FAST_OK ? metric_object_of(self, metric, name, states)
				 : error_raise_of(self, status);
}

/* Reads one value of a param's declaration. False: raised. */
static bool value_parse(PyObject *object, enum fast_param_type type, union fast_param_value *out)
{
	switch (type) {
	case FAST_PARAM_BOOL:
		out->boolean = PyObject_IsTrue(object) == 1;
		break;
	case FAST_PARAM_INT:
		out->integer = PyLong_AsLongLong(object);
		break;
	case FAST_PARAM_DOUBLE:
		out->number = number_of(object);
		break;
	case FAST_PARAM_STRING:
	case FAST_PARAM_ENUM:
		out->string = declared_text(object);
		break;
	}
	return !PyErr_Occurred();
}

/* What plugin._param() is given, beside the spec's own fields. */
struct param_arguments {
	PyObject *name;
	int type;
	PyObject *initial;
	PyObject *choices; /* tuple */
	int is_explicit;
	int is_open;
};

static bool param_parse(PyObject *args, struct param_arguments *out, struct fast_param_spec *spec,
			union fast_param_value *choices)
{
	if (!PyArg_ParseTuple(args, "UiOzzdddO!pp", &out->name, &out->type, &out->initial,
			      &spec->unit, &spec->help, &spec->min, &spec->max, &spec->step,
			      &PyTuple_Type, &out->choices, &out->is_explicit, &out->is_open)) {
		return false;
	}
	spec->size = sizeof *spec;
	spec->name = declared_text(out->name);
	spec->type = (enum fast_param_type)out->type;
	spec->ack = out->is_explicit ? FAST_PARAM_ACK_EXPLICIT : FAST_PARAM_ACK_READ;
	spec->choices = choices;
	spec->choice_count = (size_t)PyTuple_Size(out->choices);
	if (spec->name == NULL || !value_parse(out->initial, spec->type, &spec->initial)) {
		return false;
	}
	for (size_t i = 0; i < spec->choice_count && i < FAST_PARAM_CHOICES_MAX; i++) {
		if (!value_parse(PyTuple_GetItem(out->choices, (Py_ssize_t)i), spec->type,
				 &choices[i])) {
			return false;
		}
	}
	return true;
}

static PyObject *plugin_param(PyObject *object, PyObject *args)
{
	struct plugin_object *self = plugin_of(object);
	union fast_param_value choices[FAST_PARAM_CHOICES_MAX];
	struct param_arguments given;
	struct fast_param_spec spec = {0};
	struct fast_param *param = NULL;
	enum fast_status status;

	if (!param_parse(args, &given, &spec, choices) || plugin_require(self) == NULL) {
		return NULL;
	}
	status = fast_plugin_param(self->plugin, &spec, &param);
	return status == FAST_OK ? param_object_of(self, param, given.name, given.choices,
						   spec.type, given.is_open != 0)
				 : error_raise_of(self, status);
}

static PyObject *plugin_handles(PyObject *object, PyObject *unused)
{
	(void)unused;
	return PyDict_Values(plugin_of(object)->handles);
}

static PyObject *plugin_attached(PyObject *object, void *unused)
{
	const struct plugin_object *self = plugin_of(object);

	(void)unused;
	return PyBool_FromLong(self->plugin != NULL && fast_plugin_is_attached(self->plugin));
}

static PyObject *plugin_instance(PyObject *object, void *unused)
{
	char name[FAST_PLUGIN_NAME_BYTES_MAX + 32] = "";

	(void)unused;
	if (plugin_of(object)->plugin != NULL) {
		fast_plugin_instance(plugin_of(object)->plugin, name, sizeof name);
	}
	return PyUnicode_FromString(name);
}

static PyObject *plugin_closed(PyObject *object, void *unused)
{
	(void)unused;
	return PyBool_FromLong(plugin_of(object)->plugin == NULL || plugin_of(object)->closing);
}

static PyMethodDef plugin_methods[] = {
	{"_metric", plugin_metric, METH_VARARGS, "Declares a metric."},
	{"_param", plugin_param, METH_VARARGS, "Declares a param."},
	{"_snapshot", plugin_snapshot, METH_VARARGS, "Reads params at one moment."},
	{"_handles", plugin_handles, METH_NOARGS, "All its metrics and params."},
	{"wait_attached", (PyCFunction)(void (*)(void))plugin_wait_attached,
	 METH_VARARGS | METH_KEYWORDS,
	 DOC("wait_attached", "$self, timeout=10",
	     "Waits until fastd has taken the plugin, at most timeout seconds (10). Whether it "
	     "has.")},
	{"wait", (PyCFunction)(void (*)(void))plugin_wait, METH_VARARGS | METH_KEYWORDS,
	 DOC("wait", "$self, seen, timeout=None",
	     "Waits until a param is at another value than at the mark `seen` (0: as declared), "
	     "at\n"
	     "most timeout seconds, or for ever. Gives the new mark, or the same one.")},
	{"dispatch", plugin_dispatch, METH_NOARGS,
	 DOC("dispatch", "$self, /",
	     "Calls the callbacks of the params that have changed, here and now. How many.")},
	{"close", plugin_close, METH_NOARGS,
	 DOC("close", "$self, /",
	     "Says goodbye to fastd. Metrics then count nowhere and params keep their values.")},
	{NULL, NULL, 0, NULL},
};

static PyGetSetDef plugin_attributes[] = {
	{"attached", plugin_attached, NULL, "Whether fastd has taken it and not gone since.", NULL},
	{"instance", plugin_instance, NULL, "Its name at fastd.", NULL},
	{"closed", plugin_closed, NULL, "Whether it is closed.", NULL},
	{NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot plugin_slots[] = {
	{Py_tp_dealloc, (void *)plugin_dealloc},
	{Py_tp_doc, (void *)"A plugin: what it measures and the knobs that it offers."},
	{Py_tp_methods, plugin_methods},
	{Py_tp_getset, plugin_attributes},
	{Py_tp_new, (void *)plugin_new},
	{Py_tp_init, (void *)plugin_open},
	{Py_tp_traverse, (void *)plugin_traverse},
	{Py_tp_finalize, (void *)plugin_finalize},
	{0, NULL},
};

PyType_Spec plugin_spec = {
	.name = "fast._fast.Plugin",
	.basicsize = sizeof(struct plugin_object),
	.flags = TYPE_FLAGS | GC_FLAGS | Py_TPFLAGS_BASETYPE,
	.slots = plugin_slots,
};
