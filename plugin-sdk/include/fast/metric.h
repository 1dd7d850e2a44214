/* fast/metric.h - metrics: what a plugin measures.
 *
 * The verbs (inc, add, set, observe, beat) touch memory only: no lock, no allocation, no system
 * call (a heartbeat reads the clock, which the vDSO answers). Call them from any thread. A verb
 * that does not fit the metric's kind changes nothing and is reported once by the log handler. */
#ifndef FAST_METRIC_H
#define FAST_METRIC_H

#include <fast/status.h>

FAST_BEGIN_DECLS

#define FAST_METRIC_NAME_BYTES_MAX 64
#define FAST_METRIC_UNIT_BYTES_MAX 16
#define FAST_METRIC_HELP_BYTES_MAX 256
#define FAST_METRIC_STATES_MAX     32
#define FAST_METRIC_SERIES_MAX     100 /* with labels, of one metric */
#define FAST_LABELS_MAX            8
#define FAST_LABEL_NAME_BYTES_MAX  32
#define FAST_LABEL_VALUE_BYTES_MAX 64
#define FAST_LABELS_BYTES_MAX      180 /* all of a series, as name="value",name="value" */

struct fast_plugin;

/* Belongs to its plugin and lives as long. */
struct fast_metric;

/* The numbers are those of fast.v1.MetricKind. The first verb gives an undeclared metric its kind:
 * inc and beat make it a heartbeat, add a counter, set a gauge, observe a histogram, observe_since
 * a timer. */
enum fast_metric_kind {
	FAST_METRIC_UNDECLARED = 0,
	FAST_METRIC_COUNTER = 1,   /* only grows */
	FAST_METRIC_GAUGE = 2,     /* goes up and down */
	FAST_METRIC_HISTOGRAM = 3, /* a distribution */
	FAST_METRIC_TIMER = 4,     /* a distribution of seconds */
	FAST_METRIC_HEARTBEAT = 5, /* progress; fastd derives the rate */
	FAST_METRIC_INFO = 6,      /* facts: its labels; no verb changes it */
	FAST_METRIC_STATESET = 7,  /* states, each on or off; always declared */
};

struct fast_metric_spec {
	size_t size;      /* sizeof(struct fast_metric_spec) */
	const char *name; /* dotted [a-z0-9_]+, at most 64 bytes */
	enum fast_metric_kind kind;
	const char *unit; /* UCUM: "s", "By", "{frame}/s"; NULL: none (seconds for a timer) */
	const char *help; /* one sentence; NULL: none */
	/* STATESET: [a-z0-9_]+ each, at most FAST_METRIC_STATES_MAX and 255 bytes in all */
	const char *const *states;
	size_t state_count;
};

/* Declares a metric. The same name and kind again gives the same metric. Gives *out, owned by the
 * plugin. INVALID_ARGUMENT: name, unit or help. ALREADY_EXISTS: the name has another kind; what has
 * been declared is not touched. RESOURCE_EXHAUSTED: no memory. UNAVAILABLE: in a process that a
 * bare clone() made. fast_plugin_error() says more. A plugin that would rather run on goes on with
 * fast_metric_nowhere().
 *
 * Beyond FAST_PLUGIN_METRICS_MAX a metric gets no series: it shares the one that is called
 * fast.overflow_counter{overflow="true"} (or _gauge, _histogram, _timer, _heartbeat) with all
 * others of its kind; fast_plugin_error() and the log say so, and "fast.series_folded" counts it.
 * Only an info or a stateset, which can't be added up, is refused then: RESOURCE_EXHAUSTED. */
FAST_MUST_CHECK enum fast_status fast_plugin_metric(struct fast_plugin *plugin,
						    const struct fast_metric_spec *spec,
						    struct fast_metric **out);

/* Binds labels, once: the metric's series for these values, which counts by itself. Keep the
 * handle: this searches. The same labels in any order give the same series. Beyond
 * FAST_METRIC_SERIES_MAX all further ones share the series overflow="true" (or, where the plugin
 * has FAST_PLUGIN_METRICS_MAX, that of their kind), and the counter "fast.series_folded" tells how
 * often. Label names are [a-z_][a-z0-9_]*; "plugin", "le" and "overflow" are taken. Values are of
 * UTF-8, not empty, without control characters and any of
 * "\*?[. Gives *out, owned by the plugin. INVALID_ARGUMENT: a label, too many, or the metric has
 * labels already. RESOURCE_EXHAUSTED, and UNAVAILABLE, as fast_plugin_metric(). */
struct fast_label {
	const char *name;
	const char *value;
};
FAST_MUST_CHECK enum fast_status fast_metric_with(struct fast_metric *metric,
						  const struct fast_label *labels, size_t count,
						  struct fast_metric **out);

/* A handle that every verb takes and that counts nowhere, for metrics that were refused. */
struct fast_metric *fast_metric_nowhere(void);

/* Counter: adds one. Heartbeat: one beat of work 1. */
inline void fast_metric_inc(struct fast_metric *metric);

/* Counter: adds n. */
inline void fast_metric_add(struct fast_metric *metric, uint64_t n);

/* Gauge: takes this value. */
void fast_metric_set(struct fast_metric *metric, double value);

/* Histogram, timer: one observation, a timer's in seconds. What is not finite is ignored. */
void fast_metric_observe(struct fast_metric *metric, double value);

/* Heartbeat: one beat of this much work; what is not finite counts as 1. */
void fast_metric_beat(struct fast_metric *metric, double work);

/* Stateset: turns one state, by its index among the states, on or off. */
void fast_metric_state(struct fast_metric *metric, size_t state, bool on);

/* Stateset: turns one state on and all others off, at once. */
void fast_metric_enter(struct fast_metric *metric, size_t state);

/* The monotonic clock, in nanoseconds: for fast_metric_observe_since(). */
int64_t fast_metric_now(void);

/* Timer: observes the time since start_ns. */
void fast_metric_observe_since(struct fast_metric *metric, int64_t start_ns);

FAST_END_DECLS

#include <fast/metric_inline.h>

#endif
