/* The verbs: what a plugin's inner loop calls. Memory only, but for the clock of a heartbeat. */
#include <fast/metric.h>

#include "page/distribution.h"
#include "plugin_impl.h"

#include <fast/log.h>

#include <math.h>
#include <time.h>

#define NS_PER_S       1e9
#define SECONDS_PER_NS 1e-9

/* For a metric of this kind: what it is and which verb to use. */
static const struct {
	const char *name;
	const char *verbs;
} fitting[] = {
	[FAST_METRIC_COUNTER] = {"counter", "inc() or add()"},
	[FAST_METRIC_GAUGE] = {"gauge", "set()"},
	[FAST_METRIC_HISTOGRAM] = {"histogram", "observe()"},
	[FAST_METRIC_TIMER] = {"timer", "observe() or observe_since()"},
	[FAST_METRIC_HEARTBEAT] = {"heartbeat", "inc() or beat()"},
	[FAST_METRIC_INFO] = {"info", "no verb, but labels"},
	[FAST_METRIC_STATESET] = {"stateset", "state() or enter()"},
};

/* The verb found no cell of its kind. Gives what to try again with: the metric, which had no kind
 * in this process and now has this one or what it is, or the one that takes what there is no room
 * for. NULL: the verb does not fit, or nothing can be counted. */
__attribute__((cold, noinline)) static struct fast_metric *metric_settle(struct fast_metric *metric,
									 enum fast_metric_kind kind,
									 const char *verb)
{
	struct metric_info *info;

	if ((int)metric_kind(metric) == FAST_METRIC_KIND_NOWHERE) {
		return NULL;
	}
	info = metric_info(metric);
	if (metric_kind(metric) == FAST_METRIC_UNDECLARED) {
		if (!fast_plugin_is_here(info->plugin)) {
			return NULL;
		}
		if (info->overflows && info->kind == FAST_METRIC_UNDECLARED) {
			return fast_metric_overflow_handle(info->plugin, kind);
		}
		fast_metric_bind(info, kind);
		return metric;
	}
	if (!atomic_flag_test_and_set(&info->reported)) {
		kind = metric_kind(metric);
		fast_log(FAST_LOG_WARNING, "metric \"%s\" is a %s: %s does not fit it; use %s",
			 info->name, fitting[kind].name, verb, fitting[kind].verbs);
	}
	return NULL;
}

/* The tagged address of the cell; 0: the metric has no kind yet. */
static inline uintptr_t bound_load(const struct fast_metric *metric)
{
	return __atomic_load_n(&metric->bound, __ATOMIC_ACQUIRE);
}

static inline bool is_kind(uintptr_t bound, enum fast_metric_kind kind)
{
	return __builtin_expect((bound & FAST_METRIC_KIND_MASK) == kind, 1);
}

int64_t fast_metric_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * (int64_t)NS_PER_S + now.tv_nsec;
}

static void heartbeat_beat(struct fast_page_heartbeat *heartbeat)
{
	int64_t now = fast_metric_now();
	int64_t last =
		(int64_t)__atomic_exchange_n(&heartbeat->last_ns, (uint64_t)now, __ATOMIC_RELAXED);
	int64_t interval = now > last ? now - last : 0; /* threads may overtake each other */

	if (__builtin_expect(last == 0, 0)) {
		page_store(&heartbeat->first_ns, (uint64_t)now);
		return;
	}
	fast_page_distribution_count(&heartbeat->intervals, (double)interval * SECONDS_PER_NS);
}

/* The definitions for who calls them through a pointer, or from another language. */
extern uint64_t *fast_metric_counter(struct fast_metric *metric);
extern void fast_metric_inc(struct fast_metric *metric);
extern void fast_metric_add(struct fast_metric *metric, uint64_t n);

void fast_metric_inc_other(struct fast_metric *metric)
{
	uintptr_t bound = bound_load(metric);

	if (is_kind(bound, FAST_METRIC_HEARTBEAT)) {
		heartbeat_beat((void *)(bound - FAST_METRIC_HEARTBEAT));
	} else if ((metric = metric_settle(metric, FAST_METRIC_HEARTBEAT, "inc()")) != NULL) {
		fast_metric_inc(metric);
	}
}

void fast_metric_add_other(struct fast_metric *metric, uint64_t n)
{
	if ((metric = metric_settle(metric, FAST_METRIC_COUNTER, "add()")) != NULL) {
		fast_metric_add(metric, n);
	}
}

void fast_metric_set(struct fast_metric *metric, double value)
{
	uintptr_t bound = bound_load(metric);

	if (is_kind(bound, FAST_METRIC_GAUGE)) {
		struct fast_page_gauge *gauge = (void *)(bound - FAST_METRIC_GAUGE);
		page_store_double(&gauge->value, value);
	} else if ((metric = metric_settle(metric, FAST_METRIC_GAUGE, "set()")) != NULL) {
		fast_metric_set(metric, value);
	}
}

void fast_metric_observe(struct fast_metric *metric, double value)
{
	uintptr_t bound = bound_load(metric);

	if (is_kind(bound, FAST_METRIC_HISTOGRAM) || is_kind(bound, FAST_METRIC_TIMER)) {
		struct fast_page_histogram *histogram = (void *)(bound & ~FAST_METRIC_KIND_MASK);
		if (isfinite(value)) {
			fast_page_distribution_add(&histogram->values, value);
		}
	} else if ((metric = metric_settle(metric, FAST_METRIC_HISTOGRAM, "observe()")) != NULL) {
		fast_metric_observe(metric, value);
	}
}

void fast_metric_beat(struct fast_metric *metric, double work)
{
	uintptr_t bound = bound_load(metric);

	if (is_kind(bound, FAST_METRIC_HEARTBEAT)) {
		struct fast_page_heartbeat *heartbeat = (void *)(bound - FAST_METRIC_HEARTBEAT);
		if (isfinite(work) && work != 1) {
			page_add_double(&heartbeat->extra_work, work - 1);
		}
		heartbeat_beat(heartbeat);
	} else if ((metric = metric_settle(metric, FAST_METRIC_HEARTBEAT, "beat()")) != NULL) {
		fast_metric_beat(metric, work);
	}
}

void fast_metric_observe_since(struct fast_metric *metric, int64_t start_ns)
{
	uintptr_t bound = bound_load(metric);

	if (is_kind(bound, FAST_METRIC_TIMER)) {
		struct fast_page_histogram *timer = (void *)(bound - FAST_METRIC_TIMER);
		double elapsed_ns = (double)(fast_metric_now() - start_ns);
		fast_page_distribution_add(&timer->values, elapsed_ns * SECONDS_PER_NS);
	} else if ((metric = metric_settle(metric, FAST_METRIC_TIMER, "observe_since()")) != NULL) {
		fast_metric_observe_since(metric, start_ns);
	}
}

/* The word of a stateset that has this state; else NULL. One that was never declared has none. */
static uint64_t *state_word(struct fast_metric *metric, size_t state, const char *verb)
{
	uintptr_t bound = bound_load(metric);

	if (bound == 0 && fast_plugin_is_here(metric_info(metric)->plugin)) {
		bound = bound_load(metric); /* a forked child has its page now */
	}
	if (is_kind(bound, FAST_METRIC_STATESET)) {
		struct fast_page_stateset *set = (void *)(bound - FAST_METRIC_STATESET);

		return state < metric_info(metric)->state_count ? &set->bits : NULL;
	}
	if (bound != 0) {
		(void)metric_settle(metric, FAST_METRIC_STATESET, verb);
	}
	return NULL;
}

void fast_metric_state(struct fast_metric *metric, size_t state, bool on)
{
	uint64_t *bits = state_word(metric, state, "state()");

	if (bits != NULL && on) {
		(void)__atomic_fetch_or(bits, UINT64_C(1) << state, __ATOMIC_RELAXED);
	} else if (bits != NULL) {
		(void)__atomic_fetch_and(bits, ~(UINT64_C(1) << state), __ATOMIC_RELAXED);
	}
}

void fast_metric_enter(struct fast_metric *metric, size_t state)
{
	uint64_t *bits = state_word(metric, state, "enter()");

	if (bits != NULL) {
		page_store(bits, UINT64_C(1) << state);
	}
}
