#include "binding.h"

#include <stdio.h>

static PyObject *error;             /* fast.Error */
static PyObject *declaration_error; /* fast.DeclarationError */

int errors_add(PyObject *module)
{
	if (error == NULL) {
		error = PyErr_NewExceptionWithDoc(
			"fast.Error",
			"What the SDK refused, in its own sentence; .status is the status's name.",
			PyExc_Exception, NULL);
	}
	if (error != NULL && declaration_error == NULL) {
		PyObject *bases = PyTuple_Pack(2, error, PyExc_ValueError);

		if (bases != NULL) {
			declaration_error = PyErr_NewExceptionWithDoc(
				"fast.DeclarationError",
				"A metric or param that can't be declared like this.", bases, NULL);
			Py_DECREF(bases);
		}
	}
	if (error == NULL || declaration_error == NULL) {
		return -1;
	}
	if (PyObject_SetAttrString(module, "Error", error) < 0) {
		return -1;
	}
	return PyObject_SetAttrString(module, "DeclarationError", declaration_error);
}

const char *declared_text(PyObject *text)
{
	Py_ssize_t bytes;
	const char *chars = PyUnicode_AsUTF8AndSize(text, &bytes);

	if (chars != NULL && strlen(chars) != (size_t)bytes) {
		(void)error_raise(FAST_INVALID_ARGUMENT, "a declared text has a zero character");
		return NULL;
	}
	return chars;
}

PyObject *text_object(const char *text)
{
	return PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace");
}

PyObject *error_raise(enum fast_status status, const char *sentence)
{
	bool is_declaration = status == FAST_INVALID_ARGUMENT || status == FAST_ALREADY_EXISTS;
	PyObject *type = is_declaration ? declaration_error : error;
	PyObject *text = text_object(sentence);
	PyObject *raised = text == NULL ? NULL : PyObject_CallFunctionObjArgs(type, text, NULL);
	PyObject *name = PyUnicode_FromString(fast_status_name(status));

	if (raised != NULL && name != NULL && PyObject_SetAttrString(raised, "status", name) == 0) {
		PyErr_SetObject(type, raised);
	}
	Py_XDECREF(name);
	Py_XDECREF(raised);
	Py_XDECREF(text);
	return NULL;
}

PyObject *error_raise_of(struct plugin_object *owner, enum fast_status status)
{
	char sentence[512] = "";

	if (status != FAST_UNAVAILABLE) {
		fast_plugin_error(owner->plugin, sentence, sizeof sentence);
	}
	return error_raise(status, sentence[0] != '\0' ? sentence : fast_status_sentence(status));
}

const char *type_name(PyObject *type, char *out)
{
	PyObject *name = PyObject_GetAttrString(type, "__name__");
	const char *text = name == NULL ? NULL : utf8_of(name);

	(void)snprintf(out, TYPE_NAME_BYTES, "%s", text != NULL ? text : "?");
	PyErr_Clear();
	Py_XDECREF(name);
	return out;
}
