#include "daemon/openmetrics.h"
#include "daemon/units.h"

#include "page/page.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define UNIT_BYTES_MAX  24
#define VALUE_BYTES_MAX 80 /* of a knob, as text */
#define OCTAVE_BUCKETS  (1u << FAST_PAGE_SCALE)
/* Bounds appear in groups, so that a new extreme value adds a few series at once and seldom. */
#define GROUP_OCTAVES 4
_Static_assert(FAST_PAGE_OCTAVES % GROUP_OCTAVES == 0, "groups are whole");
_Static_assert(sizeof "plugin_" + FAST_METRIC_NAME_BYTES_MAX + sizeof "_interval_seconds" +
			       UNIT_BYTES_MAX <=
		       FAMILY_NAME_BYTES_MAX,
	       "the longest name fits");

static bool ends_with(const char *text, const char *suffix)
{
	size_t bytes = strlen(text);
	size_t suffix_bytes = strlen(suffix);

	return bytes >= suffix_bytes && strcmp(text + bytes - suffix_bytes, suffix) == 0;
}

/* "frame.time" and "seconds" to "plugin_frame_time_seconds". */
static void spell_name(const struct node_metric *metric, const char *base, const char *unit,
		       char *out)
{
	char suffix[UNIT_BYTES_MAX + 2];
	int bytes = snprintf(out, FAMILY_NAME_BYTES_MAX + 1, "plugin_%s", base);

	for (char *c = out; *c != '\0'; c++) {
		if (*c == '.') {
			*c = '_';
		}
	}
	if (metric->kind == FAST_METRIC_COUNTER && ends_with(out, "_total")) {
		bytes -= (int)strlen("_total"); /* the format adds it */
		out[bytes] = '\0';
	}
	snprintf(suffix, sizeof suffix, "_%s", unit);
	if (unit[0] != '\0' && !ends_with(out, suffix)) {
		memcpy(out + bytes, suffix, strlen(suffix) + 1);
	}
}

/* What the families of one metric have in common. */
struct series {
	struct families *families;
	const struct node_metric *metric;
	char base[FAST_METRIC_NAME_BYTES_MAX + 1]; /* of the metric, without labels */
	char name[FAMILY_NAME_BYTES_MAX + 1];      /* of the family that people look for */
	const char *unit;
	const char *help;
	const char *labels;
};

/* The metric's main family. */
static struct family *begin(const struct series *series, enum family_type type)
{
	const struct family_spec spec = {series->name, type, series->unit, series->help, false};

	return families_begin(series->families, &spec, series->metric->plugin, series->base);
}

/* A further family of a heartbeat. */
static struct family *begin_also(const struct series *series, const char *suffix,
				 enum family_type type, const char *unit, const char *what)
{
	char name[FAMILY_NAME_BYTES_MAX + 1];
	char help[FAMILY_HELP_BYTES_MAX + 1];
	const struct family_spec spec = {name, type, unit, help, false};

	snprintf(name, sizeof name, "%.90s%s", series->name, suffix);
	snprintf(help, sizeof help, "%s of %s.", what, series->base);
	return families_begin(series->families, &spec, series->metric->plugin, series->base);
}

/* A counter's, or a heartbeat's beats'. NULL: none. */
static const struct node_exemplar *total_exemplar(const struct series *series)
{
	return series->metric->exemplar_count > 0 ? &series->metric->exemplars[0] : NULL;
}

/* The newest exemplar of a value above low and at most high. NULL: none. */
static const struct node_exemplar *bucket_exemplar(const struct series *series, double low,
						   double high)
{
	const struct node_metric *metric = series->metric;
	const struct node_exemplar *newest = NULL;

	/* A heartbeat's is of a beat, not of an interval. */
	for (size_t i = 0; i < metric->exemplar_count && metric->kind != FAST_METRIC_HEARTBEAT;
	     i++) {
		const struct node_exemplar *exemplar = &metric->exemplars[i];

		if (exemplar->value > low && exemplar->value <= high &&
		    (newest == NULL || exemplar->time_unix_ns > newest->time_unix_ns)) {
			newest = exemplar;
		}
	}
	return newest;
}

static void add_counter(const struct series *series)
{
	struct family *family = begin(series, FAMILY_COUNTER);

	if (family != NULL) {
		family_total(family, series->labels, series->metric->count, total_exemplar(series));
		family_created(family, series->labels, series->metric->created_unix_ns);
	}
}

static void add_gauge(const struct series *series)
{
	struct family *family;

	if (isnan(series->metric->value)) {
		return; /* never set */
	}
	family = begin(series, FAMILY_GAUGE);
	if (family != NULL) {
		family_number(family, "", series->labels, series->metric->value);
	}
}

static void add_info(const struct series *series)
{
	struct family *family = begin(series, FAMILY_INFO);

	if (family != NULL) {
		family_count(family, "_info", series->labels, 1);
	}
}

/* One sample for each state, which is the value of a label with the family's name. */
static void add_stateset(const struct series *series)
{
	const char *states = series->metric->states == NULL ? "" : series->metric->states;
	struct family *family = begin(series, FAMILY_STATESET);
	uint32_t bits = (uint32_t)series->metric->value;

	for (size_t i = 0; family != NULL && *states != '\0' && i < FAST_METRIC_STATES_MAX; i++) {
		char labels[FAMILY_LABELS_BYTES_MAX + 1];
		char state[FAMILY_NAME_BYTES_MAX + 1];
		size_t bytes = strcspn(states, ",");

		snprintf(labels, sizeof labels, "%s", series->labels);
		snprintf(state, sizeof state, "%.*s", (int)bytes, states);
		families_label(labels, series->name, state);
		family_count(family, "", labels, bits >> i & 1);
		states += bytes + (states[bytes] == ',');
	}
}

/* One bucket per octave, from the first group that holds something to the last. The last octave
 * also holds what lies beyond it, so only +Inf bounds it. Gives the last bound. */
static double add_octaves(struct family *family, const struct series *series,
			  const struct fast_distribution *distribution)
{
	uint64_t octaves[FAST_PAGE_OCTAVES] = {0};
	uint64_t cumulative = distribution->zero;
	size_t begin_at = FAST_PAGE_OCTAVES, end_at = 0;
	double low = -(double)INFINITY;

	for (size_t i = 0; i < FAST_PAGE_BUCKETS; i++) {
		octaves[i / OCTAVE_BUCKETS] += distribution->buckets[i];
	}
	for (size_t i = 0; i < FAST_PAGE_OCTAVES - 1; i++) {
		if (octaves[i] > 0) {
			size_t group = i / GROUP_OCTAVES * GROUP_OCTAVES;

			begin_at = begin_at == FAST_PAGE_OCTAVES ? group : begin_at;
			end_at = group + GROUP_OCTAVES;
		}
	}
	for (size_t i = begin_at; i < end_at && i < FAST_PAGE_OCTAVES - 1; i++) {
		double high = fast_distribution_bound(i * OCTAVE_BUCKETS + OCTAVE_BUCKETS - 1);

		cumulative += octaves[i];
		family_bucket(family, series->labels, high, cumulative,
			      bucket_exemplar(series, low, high));
		low = high;
	}
	return low;
}

static void add_distribution(struct family *family, const struct series *series)
{
	const struct fast_distribution *distribution = series->metric->distribution;
	double low;

	if (family == NULL) {
		return;
	}
	low = add_octaves(family, series, distribution);
	family_bucket(family, series->labels, (double)INFINITY, distribution->count,
		      bucket_exemplar(series, low, (double)INFINITY));
	family_count(family, "_count", series->labels, distribution->count);
	family_number(family, "_sum", series->labels, distribution->sum);
	family_created(family, series->labels, series->metric->created_unix_ns);
}

static void add_histogram(const struct series *series)
{
	if (series->metric->distribution != NULL) {
		add_distribution(begin(series, FAMILY_HISTOGRAM), series);
	}
}

static void add_heartbeat(const struct series *series)
{
	const struct node_metric *metric = series->metric;
	struct family *rate = begin(series, FAMILY_GAUGE);
	struct family *beats = begin_also(series, "_beats", FAMILY_COUNTER, "", "Beats");

	if (rate != NULL) {
		family_number(rate, "", series->labels, metric->rate_window);
	}
	if (beats != NULL) {
		family_total(beats, series->labels, metric->count, total_exemplar(series));
		family_created(beats, series->labels, metric->created_unix_ns);
	}
	if (metric->distribution != NULL) {
		add_distribution(begin_also(series, "_interval_seconds", FAMILY_HISTOGRAM,
					    "seconds", "Time between two beats"),
				 series);
	}
}

void openmetrics_add_metric(struct families *families, const struct node_metric *metric)
{
	static void (*const add[])(const struct series *series) = {
		[FAST_METRIC_COUNTER] = add_counter,     [FAST_METRIC_GAUGE] = add_gauge,
		[FAST_METRIC_HISTOGRAM] = add_histogram, [FAST_METRIC_TIMER] = add_histogram,
		[FAST_METRIC_HEARTBEAT] = add_heartbeat, [FAST_METRIC_INFO] = add_info,
		[FAST_METRIC_STATESET] = add_stateset,
	};
	size_t base_bytes = metric->base_bytes > 0 ? metric->base_bytes : strlen(metric->name);
	struct series series = {.families = families, .metric = metric};
	char help[FAMILY_HELP_BYTES_MAX + 1];
	char labels[FAMILY_LABELS_BYTES_MAX + 1] = "";

	if (!metric->sampled || (size_t)metric->kind >= sizeof add / sizeof add[0] ||
	    add[metric->kind] == NULL) {
		return;
	}
	series.unit = metric->kind == FAST_METRIC_HEARTBEAT || metric->unit == NULL
			      ? ""
			      : units_word(metric->unit);
	if (metric->kind == FAST_METRIC_TIMER && series.unit[0] == '\0') {
		series.unit = "seconds";
	}
	snprintf(series.base, sizeof series.base, "%.*s", (int)base_bytes, metric->name);
	spell_name(metric, series.base, series.unit, series.name);
	snprintf(help, sizeof help, "%s, as the plugin reports it.", series.base);
	series.help = metric->help == NULL || metric->help[0] == '\0' ? help : metric->help;

	families_label(labels, "plugin", metric->plugin);
	if (metric->labels != NULL) { /* nothing in them needs escaping: fast_labels_check() */
		size_t used = strlen(labels);

		snprintf(labels + used, sizeof labels - used, ",%s", metric->labels);
	}
	series.labels = labels;
	add[metric->kind](&series);
}

void openmetrics_add_param(struct families *families, const struct node_param *param)
{
	static const struct family_spec number = {
		.name = "plugin_param",
		.type = FAMILY_GAUGE,
		.unit = "",
		.help = "Value that the plugin uses now; 1 and 0 for true and false.",
		.own = true,
	};
	/* A gauge rather than an info: its name would clash with the one above. */
	static const struct family_spec info = {
		.name = "plugin_param_info",
		.type = FAMILY_GAUGE,
		.unit = "",
		.help = "Value that the plugin uses now, as text.",
		.own = true,
	};
	const struct fast_page_value *value = &param->effective;
	char labels[FAMILY_LABELS_BYTES_MAX + 1] = "";
	char text[VALUE_BYTES_MAX + 1];
	struct family *family;

	families_label(labels, "plugin", param->plugin);
	families_label(labels, "param", param->name);
	if (value->type != FAST_PARAM_STRING && value->type != FAST_PARAM_ENUM) {
		family = families_get(families, &number);
		if (family != NULL) {
			family_number(family, "", labels,
				      value->type == FAST_PARAM_BOOL  ? (double)value->u.boolean
				      : value->type == FAST_PARAM_INT ? (double)value->u.integer
								      : value->u.number);
		}
	}
	families_label(labels, "value", node_value_text(value, text, sizeof text));
	family = families_get(families, &info);
	if (family != NULL) {
		family_count(family, "", labels, 1);
	}
}

void openmetrics_add_plugin(struct families *families, const char *plugin, bool live)
{
	static const struct family_spec up = {
		.name = "fastd_plugin_up",
		.type = FAMILY_GAUGE,
		.unit = "",
		.help = "1 while the plugin is attached, 0 for ten minutes after.",
		.own = true,
	};
	char labels[FAMILY_LABELS_BYTES_MAX + 1] = "";
	struct family *family = families_get(families, &up);

	if (family != NULL) {
		families_label(labels, "plugin", plugin);
		family_count(family, "", labels, live);
	}
}

void openmetrics_add_cost(struct families *families, const struct node_plugin *plugin)
{
	const struct {
		struct family_spec spec;
		double value;
	} costs[] = {
		{{"fastd_plugin_sampling_seconds", FAMILY_COUNTER, "seconds",
		  "Time spent on reading the plugin.", true},
		 plugin->sampling_seconds},
		{{"fastd_plugin_metric_bytes", FAMILY_GAUGE, "bytes",
		  "Memory of the plugin's metrics, samples and distributions.", true},
		 (double)plugin->metric_bytes},
		{{"fastd_plugin_series_rejected", FAMILY_COUNTER, "",
		  "Metrics of the plugin that were refused, since there was no room.", true},
		 (double)plugin->series_rejected},
	};
	char labels[FAMILY_LABELS_BYTES_MAX + 1] = "";

	families_label(labels, "plugin", plugin->name);
	for (size_t i = 0; i < sizeof costs / sizeof costs[0]; i++) {
		const struct family_spec *spec = &costs[i].spec;
		struct family *family = families_get(families, spec);
		bool counter = spec->type == FAMILY_COUNTER;

		if (family != NULL) {
			family_number(family, counter ? "_total" : "", labels, costs[i].value);
		}
		if (family != NULL && counter) {
			family_created(family, labels, plugin->attach_unix_ns);
		}
	}
}
