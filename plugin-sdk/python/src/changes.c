/* Changes of params: waiting without the GIL, and callbacks on the thread that dispatches. */
#include "binding.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

#define TIMEOUT_S_MAX 1e9
#define ATTACHED_MS   10000 /* of wait_attached() by itself */

/* What is waited for: one param, or with NULL all of the plugin's; without seen, that fastd takes
 * it.
 */
static enum fast_status slice_wait(struct fast_plugin *plugin, struct fast_param *param,
				   uint64_t *seen, int64_t timeout_ms)
{
	if (seen == NULL) {
		return fast_plugin_wait_attached(plugin, timeout_ms);
	}
	return param != NULL ? fast_param_wait(param, seen, timeout_ms)
			     : fast_plugin_wait_params(plugin, seen, timeout_ms);
}

/* Milliseconds from a timeout in seconds; None: below 0. False: raised. */
static bool timeout_parse(PyObject *timeout, int64_t *out_ms)
{
	double seconds;

	*out_ms = -1;
	if (timeout == Py_None) {
		return true;
	}
	seconds = number_of(timeout);
	if (seconds == -1 && PyErr_Occurred()) {
		return false;
	}
	if (!(seconds >= 0 && seconds <= TIMEOUT_S_MAX)) {
		PyErr_SetString(PyExc_ValueError, "a timeout is in seconds, 0 or more; None: none");
		return false;
	}
	*out_ms = (int64_t)ceil(seconds * 1e3);
	return true;
}

/* Waits in slices. 1: it came; 0: not in time, or the plugin is closing; -1: raised. */
static int change_wait(struct plugin_object *owner, struct fast_param *param, uint64_t *seen,
		       int64_t timeout_ms)
{
	int64_t until = fast_metric_now() / 1000000 + timeout_ms;
	enum fast_status status = FAST_DEADLINE_EXCEEDED;
	int64_t left_ms = timeout_ms;
	int raised = 0;

	plugin_enter(owner);
	do {
		int64_t slice_ms = left_ms < 0 || left_ms > WAIT_SLICE_MS ? WAIT_SLICE_MS : left_ms;

		Py_BEGIN_ALLOW_THREADS status = slice_wait(owner->plugin, param, seen, slice_ms);
		Py_END_ALLOW_THREADS if (timeout_ms >= 0)
		{
			left_ms = until - fast_metric_now() / 1000000;
			left_ms = left_ms < 0 ? 0 : left_ms;
		}
		raised = status == FAST_DEADLINE_EXCEEDED ? PyErr_CheckSignals() : 0;
	} while (status == FAST_DEADLINE_EXCEEDED && left_ms != 0 && raised == 0 &&
		 !owner->closing);
	plugin_leave(owner);
	if (raised != 0) {
		return -1;
	}
	if (status != FAST_OK && status != FAST_DEADLINE_EXCEEDED) {
		(void)error_raise_of(owner, status);
		return -1;
	}
	return status == FAST_OK;
}

PyObject *param_wait(PyObject *object, PyObject *args, PyObject *keywords)
{
	static char *names[] = {"timeout", NULL};
	struct param_object *self = (struct param_object *)object;
	PyObject *timeout = Py_None;
	int64_t timeout_ms;
	uint64_t seen;
	int changed;

	if (!PyArg_ParseTupleAndKeywords(args, keywords, "|O:wait", names, &timeout) ||
	    !timeout_parse(timeout, &timeout_ms) || plugin_require(self->owner) == NULL) {
		return NULL;
	}
	seen = fast_param_revision(self->param);
	changed = change_wait(self->owner, self->param, &seen, 0);
	/* What a wait has shown before is not new, though no get has taken it. */
	if (changed == 0 || (changed == 1 && seen == self->waited)) {
		changed = change_wait(self->owner, self->param, &seen, timeout_ms);
	}
	if (changed < 0) {
		return NULL;
	}
	if (changed == 1) {
		self->waited = seen;
	}
	return PyBool_FromLong(changed);
}

PyObject *plugin_wait_attached(PyObject *object, PyObject *args, PyObject *keywords)
{
	static char *names[] = {"timeout", NULL};
	struct plugin_object *self = (struct plugin_object *)object;
	int64_t timeout_ms = ATTACHED_MS;
	PyObject *timeout = NULL;
	int is_attached;

	if (!PyArg_ParseTupleAndKeywords(args, keywords, "|O:wait_attached", names, &timeout) ||
	    (timeout != NULL && !timeout_parse(timeout, &timeout_ms)) ||
	    plugin_require(self) == NULL) {
		return NULL;
	}
	is_attached = change_wait(self, NULL, NULL, timeout_ms);
	return is_attached < 0 ? NULL : PyBool_FromLong(is_attached);
}

PyObject *plugin_wait(PyObject *object, PyObject *args, PyObject *keywords)
{
	static char *names[] = {"seen", "timeout", NULL};
	struct plugin_object *self = (struct plugin_object *)object;
	unsigned long long given;
	PyObject *timeout = Py_None;
	int64_t timeout_ms;
	uint64_t seen;

	if (!PyArg_ParseTupleAndKeywords(args, keywords, "K|O:wait", names, &given, &timeout) ||
	    !timeout_parse(timeout, &timeout_ms) || plugin_require(self) == NULL) {
		return NULL;
	}
	seen = given;
	if (change_wait(self, NULL, &seen, timeout_ms) < 0) {
		return NULL;
	}
	return PyLong_FromUnsignedLongLong(seen);
}

PyObject *param_applied(PyObject *object, PyObject *unused)
{
	struct param_object *self = (struct param_object *)object;

	(void)unused;
	if (self->param != NULL) {
		fast_param_applied(self->param, fast_param_revision(self->param));
	}
	Py_RETURN_NONE;
}

PyObject *param_failed(PyObject *object, PyObject *reason)
{
	struct param_object *self = (struct param_object *)object;
	PyObject *text = PyObject_Str(reason);
	const char *sentence = text == NULL ? NULL : utf8_of(text);

	if (sentence != NULL && self->param != NULL) {
		fast_param_failed(self->param, fast_param_revision(self->param), sentence);
	}
	Py_XDECREF(text);
	if (sentence == NULL) {
		return NULL;
	}
	Py_RETURN_NONE;
}

/* The callback raised: keeps why, shows where, and keeps what is to end the program. */
static void raised_keep(struct param_object *self, char *reason)
{
	PyObject *type;
	PyObject *value;
	PyObject *traceback;
	PyObject *text;
	char name[TYPE_NAME_BYTES];

	PyErr_Fetch(&type, &value, &traceback);
	PyErr_NormalizeException(&type, &value, &traceback);
	text = PyObject_Str(value);
	(void)snprintf(reason, FAST_PARAM_REASON_BYTES_MAX + 1, "%s: %s", type_name(type, name),
		       text != NULL && utf8_of(text) != NULL ? utf8_of(text) : "");
	PyErr_Clear();
	Py_XDECREF(text);
	if (PyErr_GivenExceptionMatches(type, PyExc_Exception)) {
		PyErr_Restore(type, value, traceback);
		PyErr_WriteUnraisable(self->on_change);
	} else if (self->owner->stop[0] == NULL) {
		self->owner->stop[0] = type;
		self->owner->stop[1] = value;
		self->owner->stop[2] = traceback;
	} else {
		Py_XDECREF(type);
		Py_XDECREF(value);
		Py_XDECREF(traceback);
	}
}

/* Runs in plugin_dispatch(), with the GIL. */
static enum fast_status change_call(struct fast_param *param, char *reason, void *arg)
{
	struct param_object *self = arg;
	PyObject *callback = self->on_change;
	PyObject *value = param_value_of(self);
	PyObject *done = NULL;

	(void)param;
	if (value != NULL && callback != NULL) {
		Py_INCREF(callback); /* it may set another */
		done = PyObject_CallFunctionObjArgs(callback, value, NULL);
		Py_DECREF(callback);
	}
	Py_XDECREF(value);
	if (done == NULL && PyErr_Occurred()) {
		raised_keep(self, reason);
		return FAST_INTERNAL;
	}
	Py_XDECREF(done);
	return FAST_OK;
}

PyObject *param_on_change(PyObject *object, PyObject *callback)
{
	struct param_object *self = (struct param_object *)object;

	if (callback != Py_None && !PyCallable_Check(callback)) {
		PyErr_SetString(PyExc_TypeError, "on_change() takes a function of one value");
		return NULL;
	}
	if (plugin_require(self->owner) == NULL) {
		return NULL;
	}
	Py_INCREF(callback);
	reference_set(&self->on_change, callback);
	fast_param_on_change(self->param, callback == Py_None ? NULL : change_call, self);
	Py_INCREF(callback);
	return callback;
}

PyObject *plugin_dispatch(PyObject *object, PyObject *unused)
{
	struct plugin_object *self = (struct plugin_object *)object;
	struct fast_plugin *plugin = plugin_require(self);
	size_t called;

	(void)unused;
	if (plugin == NULL) {
		return NULL;
	}
	plugin_enter(self); /* a callback may let go of the GIL */
	if (self->dispatcher != 0) {
		plugin_leave(self);
		return error_raise(FAST_FAILED_PRECONDITION, "dispatch() is running already");
	}
	self->dispatcher = (unsigned long)PyThread_get_thread_ident();
	called = fast_plugin_dispatch(plugin);
	self->dispatcher = 0;
	plugin_leave(self);
	if (self->stop[0] != NULL) {
		PyErr_Restore(self->stop[0], self->stop[1], self->stop[2]);
		self->stop[0] = NULL;
		return NULL;
	}
	return PyLong_FromSize_t(called);
}
