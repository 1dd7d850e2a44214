/* Reading: what a metric has counted in this process, read as fastd reads it. */
#include "binding.h"

#include "page/view.h"
#include "plugin_impl.h"

#include <math.h>

struct reading_object {
	PyObject_HEAD struct fast_cell_reading cell;
};

static const struct fast_cell_reading *cell_of(PyObject *self)
{
	return &((struct reading_object *)self)->cell;
}

/* The plugin's page, mapped for reading; NULL: there is none. */
static struct fast_page_view *page_view(const struct fast_plugin *plugin)
{
	struct fast_page_view *view = NULL;
	const char *reason;

	if (plugin->map.fd < 0 || fast_page_view_open(plugin->map.fd, &view, &reason) != FAST_OK) {
		return NULL;
	}
	for (size_t i = 1; i < plugin->segment_count; i++) {
		if (fast_page_view_add(view, plugin->segments[i].fd, &reason) != FAST_OK) {
			fast_page_view_close(view);
			return NULL;
		}
	}
	return view;
}

/* Reads the metric's cell. False: it has none, or can't be read here. */
static bool cell_read(struct fast_plugin *plugin, const struct fast_metric *metric,
		      struct fast_cell_reading *out)
{
	const struct metric_info *info = metric_info(metric);
	struct fast_page_view *view = NULL;
	bool is_read = false;

	if (!fast_plugin_is_here(plugin)) {
		return false;
	}
	pthread_mutex_lock(&plugin->lock);
	if (info->kind != FAST_METRIC_UNDECLARED) {
		view = page_view(plugin);
	}
	if (view != NULL && fast_page_view_cell_valid(view, info->kind, info->cell_offset)) {
		fast_page_view_read(view, info->kind, info->cell_offset, out);
		is_read = true;
	}
	pthread_mutex_unlock(&plugin->lock);
	fast_page_view_close(view);
	return is_read;
}

PyObject *metric_read(PyObject *object, PyObject *unused)
{
	struct metric_object *metric = (struct metric_object *)object;
	struct reading_object *self;

	(void)unused;
	if (metric->owner->plugin == NULL ||
	    (int)metric_kind(metric->metric) == FAST_METRIC_KIND_NOWHERE) {
		Py_RETURN_NONE;
	}
	self = (struct reading_object *)PyType_GenericAlloc(reading_type, 0);
	if (self == NULL) {
		return NULL;
	}
	memset(&self->cell, 0, sizeof self->cell);
	if (!cell_read(metric->owner->plugin, metric->metric, &self->cell)) {
		Py_DECREF(self);
		Py_RETURN_NONE;
	}
	return (PyObject *)self;
}

static bool has_distribution(const struct fast_cell_reading *cell)
{
	return cell->kind == FAST_METRIC_HISTOGRAM || cell->kind == FAST_METRIC_TIMER ||
	       cell->kind == FAST_METRIC_HEARTBEAT;
}

static PyObject *reading_quantile(PyObject *self, PyObject *arg)
{
	double q = number_of(arg);

	if (q == -1 && PyErr_Occurred()) {
		return NULL;
	}
	if (!(q >= 0 && q <= 1) || !has_distribution(cell_of(self))) {
		PyErr_SetString(PyExc_ValueError,
				"a quantile is from 0 to 1, of a histogram, timer or heartbeat");
		return NULL;
	}
	return PyFloat_FromDouble(fast_distribution_quantile(&cell_of(self)->distribution, q));
}

/* What came after an older reading of the same metric. */
static PyObject *reading_since(PyObject *self, PyObject *older)
{
	struct reading_object *out;

	if (Py_TYPE(older) != reading_type || cell_of(older)->kind != cell_of(self)->kind) {
		PyErr_SetString(PyExc_TypeError, "since() takes a reading of the same metric");
		return NULL;
	}
	out = (struct reading_object *)PyType_GenericAlloc(reading_type, 0);
	if (out == NULL) {
		return NULL;
	}
	out->cell = *cell_of(self);
	out->cell.count -= cell_of(older)->count;
	out->cell.work -= cell_of(older)->work;
	if (has_distribution(&out->cell)) {
		fast_distribution_difference(&cell_of(self)->distribution,
					     &cell_of(older)->distribution,
					     &out->cell.distribution);
	}
	return (PyObject *)out;
}

static PyObject *reading_count(PyObject *self, void *unused)
{
	(void)unused;
	return PyLong_FromUnsignedLongLong(cell_of(self)->count);
}

/* The closure is the field's offset in the cell. */
static PyObject *reading_double(PyObject *self, void *offset)
{
	double value;

	memcpy(&value, (const char *)cell_of(self) + (size_t)offset, sizeof value);
	return PyFloat_FromDouble(value);
}

static PyMethodDef reading_methods[] = {
	{"quantile", reading_quantile, METH_O,
	 DOC("quantile", "$self, q, /", "The value that this part (0 to 1) is below.")},
	{"since", reading_since, METH_O,
	 DOC("since", "$self, older, /", "What came after an older reading of the same metric.")},
	{NULL, NULL, 0, NULL},
};

#define CELL(field) ((void *)offsetof(struct fast_cell_reading, field))
static PyGetSetDef reading_attributes[] = {
	{"count", reading_count, NULL, "Total of a counter; beats; observations.", NULL},
	{"value", reading_double, NULL, "Of a gauge; NaN before the first set.", CELL(value)},
	{"work", reading_double, NULL, "Of a heartbeat: the sum of its work.", CELL(work)},
	{"sum", reading_double, NULL, "Of all observations.", CELL(distribution.sum)},
	{"min", reading_double, NULL, "The least observation.", CELL(distribution.min)},
	{"max", reading_double, NULL, "The greatest observation.", CELL(distribution.max)},
	{NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot reading_slots[] = {
	{Py_tp_dealloc, (void *)object_free},
	{Py_tp_doc, (void *)"What a metric had counted in this process when it was read."},
	{Py_tp_methods, reading_methods},
	{Py_tp_getset, reading_attributes},
	{Py_tp_new, (void *)object_refuse},
	{0, NULL},
};

PyType_Spec reading_spec = {
	.name = "fast._fast.Reading",
	.basicsize = sizeof(struct reading_object),
	.flags = TYPE_FLAGS,
	.slots = reading_slots,
};
