/* The module broken: each function does what a sanitizer must report, so that the tests can tell
 * that one does. */
#include "python.h"

#include <pthread.h>

/* A reference that nobody has: lost in Python's own allocator. */
static PyObject *broken_leak(PyObject *module, PyObject *unused)
{
	PyObject *lost = PyLong_FromLong(1234567);

	(void)module;
	(void)unused;
	if (lost == NULL) {
		return NULL;
	}
	Py_RETURN_NONE;
}

/* Calls it: what that leaves behind is Python's. */
static PyObject *broken_call(PyObject *module, PyObject *function)
{
	(void)module;
	return PyObject_CallFunctionObjArgs(function, NULL);
}

static PyObject *broken_overflow(PyObject *module, PyObject *unused)
{
	volatile char *bytes = PyMem_Malloc(8);

	(void)module;
	(void)unused;
	if (bytes == NULL) {
		return PyErr_NoMemory();
	}
	bytes[8] = 1;
	PyMem_Free((void *)bytes);
	Py_RETURN_NONE;
}

static PyObject *broken_undefined(PyObject *module, PyObject *unused)
{
	volatile long most = LONG_MAX;

	(void)module;
	(void)unused;
	return PyLong_FromLong(most + 1);
}

static long raced; /* guarded by nothing */

static void *race(void *arg)
{
	(void)arg;
	raced++;
	return NULL;
}

static PyObject *broken_race(PyObject *module, PyObject *unused)
{
	pthread_t threads[2];
	int count = 0;

	(void)module;
	(void)unused;
	while (count < 2 && pthread_create(&threads[count], NULL, race, NULL) == 0) {
		count++;
	}
	for (int i = 0; i < count; i++) {
		(void)pthread_join(threads[i], NULL);
	}
	return PyLong_FromLong(raced);
}

static PyMethodDef broken_methods[] = {
	{"leak", broken_leak, METH_NOARGS, NULL},
	{"call", broken_call, METH_O, NULL},
	{"overflow", broken_overflow, METH_NOARGS, NULL},
	{"undefined", broken_undefined, METH_NOARGS, NULL},
	{"race", broken_race, METH_NOARGS, NULL},
	{NULL, NULL, 0, NULL},
};

static PyModuleDef broken_definition = {
	PyModuleDef_HEAD_INIT,
	.m_name = "broken",
	.m_methods = broken_methods,
};

PyMODINIT_FUNC PyInit_broken(void);
PyMODINIT_FUNC PyInit_broken(void)
{
	return PyModuleDef_Init(&broken_definition);
}
