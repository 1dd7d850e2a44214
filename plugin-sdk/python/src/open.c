/* Opening a plugin, with what it needs when its fastd is elsewhere. */
#include "binding.h"

#include "remote_part.h"

#include <stdio.h>
#include <stdlib.h>

/* Raises that there is no remote part, with what importing it has raised. Gives false. */
static bool remote_refuse(void)
{
	char sentence[512];
	PyObject *type;
	PyObject *value;
	PyObject *traceback;
	PyObject *text;
	const char *reason;

	PyErr_Fetch(&type, &value, &traceback);
	text = value == NULL ? NULL : PyObject_Str(value);
	reason = text == NULL ? NULL : utf8_of(text);
	(void)snprintf(sentence, sizeof sentence,
		       "an endpoint needs the package's remote part, which is not here (%s); "
		       "install " REMOTE_NEEDED ", and the package again",
		       reason != NULL ? reason : "");
	PyErr_Clear();
	Py_XDECREF(text);
	Py_XDECREF(type);
	Py_XDECREF(value);
	Py_XDECREF(traceback);
	(void)error_raise(FAST_FAILED_PRECONDITION, sentence);
	return false;
}

/* The part, of the module that is loaded for it. NULL: raised. */
static const struct remote_part *part_load(void)
{
	PyObject *module = PyImport_ImportModule("fast._remote");
	PyObject *capsule = module == NULL ? NULL : PyObject_GetAttrString(module, "part");
	const struct remote_part *part =
		capsule == NULL ? NULL : PyCapsule_GetPointer(capsule, REMOTE_PART);

	Py_XDECREF(capsule);
	Py_XDECREF(module); /* it stays loaded for ever, as every extension */
	return part;
}

/* Loads what a plugin with an endpoint needs. False: raised. */
static bool remote_connect(const char *endpoint)
{
	static bool is_connected; /* guarded by the GIL */
	const struct remote_part *part;

	endpoint = endpoint != NULL ? endpoint : secure_getenv("FASTD_PLUGIN_ENDPOINT");
	if (is_connected || endpoint == NULL || endpoint[0] == '\0') {
		return true;
	}
	part = part_load();
	if (part == NULL) {
		return PyErr_ExceptionMatches(PyExc_ImportError) ? remote_refuse() : false;
	}
	fast_plugin_set_remote(part->run);
	log_connect_also(part->log_to);
	is_connected = true;
	return true;
}

int plugin_open(PyObject *object, PyObject *args, PyObject *keywords)
{
	static char *names[] = {"name",   "version",         "socket",  "endpoint",
				"tls_ca", "tls_certificate", "tls_key", NULL};
	struct fast_plugin_options options = {.size = sizeof options};
	struct plugin_object *self = (struct plugin_object *)object;
	const char *name;
	enum fast_status status;

	if (!PyArg_ParseTupleAndKeywords(args, keywords, "s|zzzzzz:Plugin", names, &name,
					 &options.version, &options.socket, &options.endpoint,
					 &options.tls_ca, &options.tls_certificate,
					 &options.tls_key) ||
	    !remote_connect(options.endpoint)) {
		return -1;
	}
	if (self->plugin != NULL || self->closing) {
		(void)error_raise(FAST_FAILED_PRECONDITION, "a plugin is opened once");
		return -1;
	}
	status = fast_plugin_open(name, &options, &self->plugin);
	if (status != FAST_OK) {
		char sentence[512];

		fast_plugin_open_error(sentence, sizeof sentence);
		(void)error_raise(status, sentence);
		return -1;
	}
	return 0;
}
