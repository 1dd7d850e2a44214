/* The module fast._fast. One interpreter, the main one: the SDK's threads and the types are the
 * process's. */
#include "binding.h"

PyTypeObject *plugin_type;
PyTypeObject *metric_type;
PyTypeObject *param_type;
PyTypeObject *timing_type;
PyTypeObject *reading_type;
PyTypeObject *empty_type;

static const struct {
	const char *name;
	PyTypeObject **type; /* made at the first import, for good */
	PyType_Spec *spec;
} types[] = {
	{"Plugin", &plugin_type, &plugin_spec},    {"Metric", &metric_type, &metric_spec},
	{"Param", &param_type, &param_spec},       {"Timing", &timing_type, &timing_spec},
	{"Reading", &reading_type, &reading_spec}, {"Empty", &empty_type, &empty_spec},
};

/* Sub-interpreters have no use for a second set of the same handles. */
static bool is_main_interpreter(void)
{
#if PY_VERSION_HEX >= 0x03090000
	return PyInterpreterState_GetID(PyInterpreterState_Get()) == 0;
#else
	return PyInterpreterState_Next(PyThreadState_Get()->interp) == NULL;
#endif
}

/* A free-threaded interpreter takes the GIL back when it imports a module such as this one, unless
 * it was told not to: the types' fields have no other lock. */
static bool has_gil(void)
{
	PyObject *ask = PySys_GetObject("_is_gil_enabled"); /* borrowed; since 3.13 */
	PyObject *answer = ask == NULL ? NULL : PyObject_CallObject(ask, NULL);
	bool has = answer != Py_False;

	Py_XDECREF(answer);
	PyErr_Clear();
	return has;
}

PyObject *object_refuse(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
	(void)type;
	(void)args;
	(void)keywords;
	PyErr_SetString(PyExc_TypeError, "such an object is made by its plugin alone");
	return NULL;
}

void object_free(PyObject *object)
{
	PyTypeObject *type = Py_TYPE(object);
	freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);

	release(object);
#if PY_VERSION_HEX < 0x03080000
	if (type == plugin_type || !PyType_IsSubtype(type, plugin_type)) /* else Python does it */
#endif
		Py_DECREF(type);
}

static int module_exec(PyObject *module)
{
	if (!has_gil()) {
		PyErr_SetString(PyExc_ImportError,
				"fast needs the GIL: run without PYTHON_GIL=0 and -X gil=0");
		return -1;
	}
	if (!is_main_interpreter()) {
		PyErr_SetString(
			PyExc_ImportError,
			"fast works in the main interpreter only, not in a sub-interpreter");
		return -1;
	}
	if (errors_add(module) < 0) {
		return -1;
	}
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		if (*types[i].type == NULL) {
			*types[i].type = (PyTypeObject *)PyType_FromSpec(types[i].spec);
		}
		if (*types[i].type == NULL ||
		    PyObject_SetAttrString(module, types[i].name, (PyObject *)*types[i].type) < 0) {
			return -1;
		}
	}
	log_connect();
	return 0;
}

static PyObject *module_quiet(PyObject *module, PyObject *unused)
{
	(void)module;
	(void)unused;
	log_disconnect();
	plugins_end_soon();
	Py_RETURN_NONE;
}

static PyMethodDef module_methods[] = {
	{"quiet", module_quiet, METH_NOARGS,
	 DOC("quiet", "$module, /",
	     "For the interpreter's end: ends the log, and close() soon gives up on a callback.")},
	{NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot module_slots[] = {
	{Py_mod_exec, (void *)module_exec},
	{0, NULL},
};

static PyModuleDef module_definition = {
	PyModuleDef_HEAD_INIT,
	.m_name = "fast._fast",
	.m_doc = "The plugin SDK of fastd, natively.",
	.m_methods = module_methods,
	.m_slots = module_slots,
};

/* PyMODINIT_FUNC alone makes it visible only since 3.9. */
__attribute__((visibility("default"))) PyMODINIT_FUNC PyInit__fast(void);
PyMODINIT_FUNC PyInit__fast(void)
{
	return PyModuleDef_Init(&module_definition);
}
