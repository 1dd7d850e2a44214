/* Labels: out of a dict, and the series that has them. */
#include "binding.h"

#include "plugin_impl.h"

#include <string.h>

/* A label's name or value; NULL: raised. */
static const char *label_text(PyObject *label, PyObject *text)
{
	char type[TYPE_NAME_BYTES];
	const char *chars;
	Py_ssize_t bytes;

	if (!PyUnicode_Check(text)) {
		PyErr_Format(PyExc_TypeError, "label %R: its %s must be str, not %s", label,
			     text == label ? "name" : "value",
			     type_name((PyObject *)Py_TYPE(text), type));
		return NULL;
	}
	chars = PyUnicode_AsUTF8AndSize(text, &bytes);
	if (chars != NULL && (Py_ssize_t)strlen(chars) != bytes) {
		PyErr_Format(PyExc_ValueError, "label %R has a zero character", label);
		return NULL;
	}
	return chars;
}

Py_ssize_t labels_parse(PyObject *dict, struct fast_label *labels)
{
	Py_ssize_t count = 0;
	Py_ssize_t position = 0;
	PyObject *name;
	PyObject *value;

	while (dict != NULL && PyDict_Next(dict, &position, &name, &value)) {
		if (count == FAST_LABELS_MAX + 1) {
			break; /* the SDK says what is wrong with so many */
		}
		labels[count].name = label_text(name, name);
		labels[count].value = labels[count].name == NULL ? NULL : label_text(name, value);
		if (labels[count].value == NULL) {
			return -1;
		}
		count++;
	}
	return count;
}

PyObject *metric_labels(PyObject *self, PyObject *args, PyObject *keywords)
{
	struct metric_object *metric = (struct metric_object *)self;
	struct fast_label labels[FAST_LABELS_MAX + 1];
	struct fast_metric *series = NULL;
	enum fast_status status;
	Py_ssize_t count;

	if (PyTuple_Size(args) > 0) {
		PyErr_SetString(PyExc_TypeError, "labels() takes names: labels(camera=\"left\")");
		return NULL;
	}
	count = labels_parse(keywords, labels);
	if (count < 0) {
		return NULL;
	}
	if (metric->owner->plugin == NULL) {
		Py_INCREF(self); /* closed: it counts nowhere either */
		return self;
	}
	status = fast_metric_with(metric->metric, labels, (size_t)count, &series);
	if (status != FAST_OK) {
		return error_raise_of(metric->owner, status);
	}
	return metric_object_of(metric->owner, series, metric->name, metric->states);
}
