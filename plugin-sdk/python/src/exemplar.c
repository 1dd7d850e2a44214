/* Verbs with an amount, and with what made it: inc(amount, exemplar), add(), observe(). */
#include "binding.h"

#include "plugin_impl.h"

#include <fast/exemplar.h>

/* Takes the arguments apart: amount and exemplar, by place or by name. NULL stands for what was not
 * given. False: raised. */
static bool arguments_parse(const struct verb_call *call, PyObject **amount, PyObject **exemplar)
{
	PyObject **const places[] = {amount, exemplar};
	static const char *const names[] = {"amount", "exemplar"};
	Py_ssize_t named = call->names == NULL ? 0 : PyTuple_Size(call->names);

	*amount = *exemplar = NULL;
	if (call->count > 2) {
		PyErr_Format(PyExc_TypeError,
			     "%s takes an amount and an exemplar, not %zd "
			     "arguments",
			     call->verb, call->count);
		return false;
	}
	for (Py_ssize_t i = 0; i < call->count; i++) {
		*places[i] = call->args[i];
	}
	for (Py_ssize_t i = 0; i < named; i++) {
		PyObject *name = PyTuple_GetItem(call->names, i);
		int place = 0;

		while (place < 2 && PyUnicode_CompareWithASCIIString(name, names[place]) != 0) {
			place++;
		}
		if (place == 2 || *places[place] != NULL) {
			PyErr_Format(PyExc_TypeError, "%s got %s argument %R", call->verb,
				     place == 2 ? "an unexpected" : "twice the", name);
			return false;
		}
		*places[place] = call->args[call->count + i];
	}
	if (*exemplar == Py_None) {
		*exemplar = NULL;
	}
	return true;
}

/* Counts the amount, with the exemplar unless it is NULL. */
typedef enum fast_status count_fn(struct fast_metric *metric, const struct amount *amount,
				  const struct fast_exemplar *exemplar);

/* The amount is counted whatever the exemplar is; then a wrong one raises. */
static PyObject *amount_count(const struct verb_call *call, const struct amount *amount,
			      PyObject *exemplar, count_fn *count)
{
	struct metric_object *self = (struct metric_object *)call->self;
	struct fast_label labels[FAST_LABELS_MAX + 1];
	struct fast_exemplar given = {.size = sizeof given, .labels = labels};
	Py_ssize_t label_count = 0;
	char type[TYPE_NAME_BYTES];
	enum fast_status status;

	if (exemplar != NULL && !PyDict_Check(exemplar)) {
		PyErr_Format(PyExc_TypeError, "an exemplar is a dict of str to str, not %s",
			     type_name((PyObject *)Py_TYPE(exemplar), type));
		label_count = -1;
	} else {
		label_count = labels_parse(exemplar, labels);
	}
	if (label_count < 0) {
		(void)count(self->metric, amount, NULL);
		return NULL;
	}
	given.label_count = (size_t)label_count;
	status = count(self->metric, amount, label_count > 0 ? &given : NULL);
	if (status == FAST_INVALID_ARGUMENT) {
		char sentence[512];

		fast_plugin_error(self->owner->plugin, sentence, sizeof sentence);
		PyErr_SetString(PyExc_ValueError, sentence);
		return NULL;
	}
	return verb_end(call->self, call->kinds, call->verb); /* no room was logged once */
}

static enum fast_status observation_count(struct fast_metric *metric, const struct amount *amount,
					  const struct fast_exemplar *exemplar)
{
	if (exemplar != NULL) {
		return fast_metric_observe_exemplar(metric, amount->number, exemplar);
	}
	fast_metric_observe(metric, amount->number);
	return FAST_OK;
}

static enum fast_status whole_count(struct fast_metric *metric, const struct amount *amount,
				    const struct fast_exemplar *exemplar)
{
	if (exemplar != NULL) {
		return fast_metric_add_exemplar(metric, amount->whole, exemplar);
	}
	fast_metric_add(metric, amount->whole);
	return FAST_OK;
}

static enum fast_status one_count(struct fast_metric *metric, const struct amount *amount,
				  const struct fast_exemplar *exemplar)
{
	(void)amount; /* 1 */
	if (exemplar != NULL) {
		return fast_metric_inc_exemplar(metric, exemplar);
	}
	fast_metric_inc(metric);
	return FAST_OK;
}

PyObject *metric_observe_call(const struct verb_call *call)
{
	struct amount amount = {0};
	PyObject *number;
	PyObject *exemplar;

	if (!arguments_parse(call, &number, &exemplar)) {
		return NULL;
	}
	if (number == NULL) {
		return PyErr_Format(PyExc_TypeError, "%s takes an amount", call->verb);
	}
	amount.number = number_of(number);
	if (amount.number == -1 && PyErr_Occurred()) {
		return NULL;
	}
	return amount_count(call, &amount, exemplar, observation_count);
}

/* A whole number of 0 or more. False: raised. */
static bool whole_of(PyObject *object, const char *verb, uint64_t *out)
{
	PyObject *integer = PyNumber_Index(object);

	if (integer == NULL) {
		return false;
	}
	*out = PyLong_AsUnsignedLongLong(integer);
	Py_DECREF(integer);
	if (*out == UINT64_MAX && PyErr_Occurred()) {
		PyErr_Format(PyExc_ValueError, "%s takes a whole number of 0 or more", verb);
		return false;
	}
	return true;
}

PyObject *metric_add_call(const struct verb_call *call)
{
	struct amount amount = {0};
	PyObject *number;
	PyObject *exemplar;

	if (!arguments_parse(call, &number, &exemplar)) {
		return NULL;
	}
	if (number == NULL) {
		return PyErr_Format(PyExc_TypeError, "%s takes an amount", call->verb);
	}
	return whole_of(number, call->verb, &amount.whole)
		       ? amount_count(call, &amount, exemplar, whole_count)
		       : NULL;
}

/* A counter counts any amount; a heartbeat, and what has no kind yet, one beat. */
PyObject *metric_inc_call(const struct verb_call *call)
{
	struct fast_metric *metric = ((struct metric_object *)call->self)->metric;
	struct amount amount = {.whole = 1};
	PyObject *number;
	PyObject *exemplar;

	if (!arguments_parse(call, &number, &exemplar) ||
	    (number != NULL && !whole_of(number, call->verb, &amount.whole))) {
		return NULL;
	}
	if (metric_kind(metric) == FAST_METRIC_COUNTER) {
		return amount_count(call, &amount, exemplar, whole_count);
	}
	if (amount.whole != 1 && (int)metric_kind(metric) != FAST_METRIC_KIND_NOWHERE) {
		return PyErr_Format(PyExc_TypeError,
				    "metric \"%U\": inc() with an amount is a counter's; use "
				    "beat(work)",
				    ((struct metric_object *)call->self)->name);
	}
	return amount_count(call, &amount, exemplar, one_count);
}
