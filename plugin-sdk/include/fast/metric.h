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
};

struct fast_metric_spec {
	size_t size;      /* sizeof(struct fast_metric_spec) */
	const char *name; /* dotted [a-z0-9_]+, at most 64 bytes */
	enum fast_metric_kind kind;
	const char *unit; /* UCUM: "s", "By", "1"; NULL: none (seconds for a timer) */
	const char *help; /* one sentence; NULL: none */
};

/* Declares a metric. The same name and kind again gives the same metric. Gives *out, owned by the
 * plugin. INVALID_ARGUMENT: name, unit or help. ALREADY_EXISTS: the name has another kind; what has
 * been declared is not touched. RESOURCE_EXHAUSTED: FAST_PLUGIN_METRICS_MAX, or no memory.
 * UNAVAILABLE: in a process that a bare clone() made. fast_plugin_error() says more. A plugin that
 * would rather run on goes on with fast_metric_nowhere(). */
FAST_MUST_CHECK enum fast_status fast_plugin_metric(struct fast_plugin *plugin,
						    const struct fast_metric_spec *spec,
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

/* The monotonic clock, in nanoseconds: for fast_metric_observe_since(). */
int64_t fast_metric_now(void);

/* Timer: observes the time since start_ns. */
void fast_metric_observe_since(struct fast_metric *metric, int64_t start_ns);

FAST_END_DECLS

#include <fast/metric_inline.h>

#endif
