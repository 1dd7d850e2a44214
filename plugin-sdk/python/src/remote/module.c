/* The module fast._remote: plugins whose fastd is elsewhere. */
#include "python.h"

#include "remote_part.h"

static struct remote_part part = {.run = fast_remote_run, .log_to = fast_log_set_handler};

static int module_exec(PyObject *module)
{
	PyObject *capsule = PyCapsule_New(&part, REMOTE_PART, NULL);
	int added = capsule == NULL ? -1 : PyObject_SetAttrString(module, "part", capsule);

	Py_XDECREF(capsule);
	return added;
}

static PyModuleDef_Slot module_slots[] = {
	{Py_mod_exec, (void *)module_exec},
	{0, NULL},
};

static PyModuleDef module_definition = {
	PyModuleDef_HEAD_INIT,
	.m_name = "fast._remote",
	.m_doc = "The part of the plugin SDK that brings the RPC runtime; fast._fast loads it.",
	.m_slots = module_slots,
};

__attribute__((visibility("default"))) PyMODINIT_FUNC PyInit__remote(void);
PyMODINIT_FUNC PyInit__remote(void)
{
	return PyModuleDef_Init(&module_definition);
}
