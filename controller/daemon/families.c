#include "daemon/families.h"
#include "daemon/node.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_MS    1000000
#define NS_PER_S     1000000000
#define HASH_BUCKETS 1024
#define CLAIMS_MAX   5

/* A name that a family uses. */
struct claim {
	struct claim *next; /* in its bucket */
	struct family *family;
	const char *suffix;
};

struct family {
	struct families *families;
	char name[FAMILY_NAME_BYTES_MAX + 1];
	char unit[FAMILY_NAME_BYTES_MAX + 1];
	char help[FAMILY_HELP_BYTES_MAX + 1];
	enum family_type type;
	bool own;
	char plugin[FAMILY_NAME_BYTES_MAX + 1]; /* whose series was begun last */
	char metric[FAMILY_NAME_BYTES_MAX + 1]; /* and of which metric */
	struct text samples;
	struct claim claims[CLAIMS_MAX];
};

struct families {
	enum families_format format;
	size_t count;
	struct family *all[FAMILIES_MAX];
	struct claim *buckets[HASH_BUCKETS];
	size_t bytes; /* of samples */
	uint64_t rejected;
	bool failed; /* no memory */
};

/* What each type is called, and which names its samples have beside the family's own. Text 0.0.4
 * has no info, and gives the counter's TYPE to its sample. */
static const struct {
	const char *name[2];      /* by format */
	const char *in_header[2]; /* suffix of the family's name in TYPE and HELP, by format */
	const char *suffixes[CLAIMS_MAX];
} types[] = {
	[FAMILY_GAUGE] = {{"gauge", "gauge"}, {"", ""}, {""}},
	[FAMILY_COUNTER] = {{"counter", "counter"}, {"_total", ""}, {"", "_total", "_created"}},
	[FAMILY_HISTOGRAM] = {{"histogram", "histogram"},
			      {"", ""},
			      {"", "_bucket", "_sum", "_count", "_created"}},
	[FAMILY_INFO] = {{"gauge", "info"}, {"_info", ""}, {"", "_info"}},
	[FAMILY_STATESET] = {{"gauge", "stateset"}, {"", ""}, {""}},
};

enum fast_status families_new(enum families_format format, struct families **out)
{
	struct families *families = calloc(1, sizeof *families);

	if (families == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	families->format = format;
	*out = families;
	return FAST_OK;
}

void families_free(struct families *families)
{
	if (families == NULL) {
		return;
	}
	for (size_t i = 0; i < families->count; i++) {
		text_fini(&families->all[i]->samples);
		free(families->all[i]);
	}
	free(families);
}

/* FNV-1a over both parts. */
static size_t hash(const char *name, const char *suffix)
{
	uint64_t sum = UINT64_C(14695981039346656037);

	for (const char *c = name; *c != '\0'; c++) {
		sum = (sum ^ (unsigned char)*c) * UINT64_C(1099511628211);
	}
	for (const char *c = suffix; *c != '\0'; c++) {
		sum = (sum ^ (unsigned char)*c) * UINT64_C(1099511628211);
	}
	return sum % HASH_BUCKETS;
}

/* Whether the claim's two parts and these spell the same name, wherever they are cut. */
static bool is_spelt(const struct claim *claim, const char *name, const char *suffix)
{
	const char *theirs = claim->family->name;
	const char *their_rest = claim->suffix;

	for (;;) {
		if (*name == '\0') {
			name = suffix;
			suffix = "";
		}
		if (*theirs == '\0') {
			theirs = their_rest;
			their_rest = "";
		}
		if (*name != *theirs) {
			return false;
		}
		if (*name == '\0') {
			return true;
		}
		name++;
		theirs++;
	}
}

/* The claim to the name that the two parts spell, or NULL. */
static const struct claim *find(const struct families *families, const char *name,
				const char *suffix)
{
	for (const struct claim *claim = families->buckets[hash(name, suffix)]; claim != NULL;
	     claim = claim->next) {
		if (is_spelt(claim, name, suffix)) {
			return claim;
		}
	}
	return NULL;
}

static bool is_free(const struct families *families, const struct family_spec *spec)
{
	for (size_t i = 0; i < CLAIMS_MAX && types[spec->type].suffixes[i] != NULL; i++) {
		if (find(families, spec->name, types[spec->type].suffixes[i]) != NULL) {
			return false;
		}
	}
	return true;
}

static void claim_all(struct families *families, struct family *family)
{
	for (size_t i = 0; i < CLAIMS_MAX && types[family->type].suffixes[i] != NULL; i++) {
		struct claim *claim = &family->claims[i];
		struct claim **bucket;

		claim->family = family;
		claim->suffix = types[family->type].suffixes[i];
		bucket = &families->buckets[hash(family->name, claim->suffix)];
		claim->next = *bucket;
		*bucket = claim;
	}
}

static struct family *family_new(struct families *families, const struct family_spec *spec)
{
	struct family *family = calloc(1, sizeof *family);

	if (family == NULL) {
		families->failed = true;
		return NULL;
	}
	assert(strlen(spec->name) <= FAMILY_NAME_BYTES_MAX);
	family->families = families;
	snprintf(family->name, sizeof family->name, "%s", spec->name);
	snprintf(family->unit, sizeof family->unit, "%s", spec->unit);
	snprintf(family->help, sizeof family->help, "%s", spec->help);
	family->type = spec->type;
	family->own = spec->own;
	text_init(&family->samples, FAMILIES_BYTES_MAX);
	claim_all(families, family);
	families->all[families->count++] = family;
	return family;
}

struct family *families_get(struct families *families, const struct family_spec *spec)
{
	const struct claim *claim = find(families, spec->name, "");

	if (families->bytes >= FAMILIES_BYTES_MAX) {
		families->rejected++;
		return NULL;
	}
	if (claim != NULL && claim->suffix[0] == '\0' && claim->family->type == spec->type &&
	    claim->family->own == spec->own) {
		return claim->family;
	}
	if (claim != NULL || families->count == FAMILIES_MAX || !is_free(families, spec)) {
		families->rejected++;
		return NULL;
	}
	return family_new(families, spec);
}

struct family *families_begin(struct families *families, const struct family_spec *spec,
			      const char *plugin, const char *metric)
{
	struct family *family = families_get(families, spec);

	if (family == NULL) {
		return NULL;
	}
	if (strcmp(family->plugin, plugin) == 0 && strcmp(family->metric, metric) != 0) {
		families->rejected++;
		return NULL;
	}
	snprintf(family->plugin, sizeof family->plugin, "%s", plugin);
	snprintf(family->metric, sizeof family->metric, "%s", metric);
	return family;
}

/* Writes value escaped into out, cut to fit. OpenMetrics escapes quotes in HELP too, text 0.0.4
 * only in labels. */
static void escape(const char *value, bool quotes, char *out, size_t out_bytes)
{
	size_t count = 0;

	for (const char *c = value; *c != '\0' && count + 3 <= out_bytes; c++) {
		if (*c == '\n' || *c == '\\' || (*c == '"' && quotes)) {
			out[count++] = '\\';
		}
		out[count++] = *c == '\n' ? 'n' : *c;
	}
	out[count] = '\0';
}

/* Adds # {name="value",...} value time. */
static void add_exemplar(struct text *samples, const struct node_exemplar *exemplar)
{
	char escaped[2 * FAST_PAGE_EXEMPLAR_TEXT_BYTES + 1];
	char number[TEXT_NUMBER_BYTES_MAX];
	const char *before = " # {";
	struct fast_label label;
	size_t at = 0;

	while (fast_exemplar_next(exemplar->text, exemplar->bytes, &at, &label)) {
		escape(label.value, true, escaped, sizeof escaped);
		text_format(samples, "%s%s=\"%s\"", before, label.name, escaped);
		before = ",";
	}
	text_format(samples, "} %s %" PRId64 ".%03d", text_of_number(exemplar->value, number),
		    exemplar->time_unix_ns / NS_PER_S,
		    (int)(exemplar->time_unix_ns % NS_PER_S / NS_PER_MS));
}

/* Adds a line: name + suffix{labels,le="bound"} value, and the exemplar if there is one. */
static void add_sample(struct family *family, const char *suffix, const char *labels,
		       const char *bound, const char *value, const struct node_exemplar *exemplar)
{
	struct text *samples = &family->samples;
	size_t before = samples->count;

	text_add(samples, family->name);
	text_add(samples, suffix);
	if (labels[0] != '\0' || bound != NULL) {
		text_add(samples, "{");
		text_add(samples, labels);
	}
	if (bound != NULL) {
		text_add(samples, labels[0] != '\0' ? ",le=\"" : "le=\"");
		text_add(samples, bound);
		text_add(samples, "\"");
	}
	text_add(samples, labels[0] != '\0' || bound != NULL ? "} " : " ");
	text_add(samples, value);
	if (exemplar != NULL && family->families->format == FAMILIES_OPENMETRICS) {
		add_exemplar(samples, exemplar);
	}
	text_add(samples, "\n");
	family->families->bytes += samples->count - before;
	family->families->failed = family->families->failed || samples->failed;
}

void family_count(struct family *family, const char *suffix, const char *labels, uint64_t value)
{
	char number[TEXT_NUMBER_BYTES_MAX];

	snprintf(number, sizeof number, "%" PRIu64, value);
	add_sample(family, suffix, labels, NULL, number, NULL);
}

void family_total(struct family *family, const char *labels, uint64_t count,
		  const struct node_exemplar *exemplar)
{
	char number[TEXT_NUMBER_BYTES_MAX];

	snprintf(number, sizeof number, "%" PRIu64, count);
	add_sample(family, "_total", labels, NULL, number, exemplar);
}

void family_number(struct family *family, const char *suffix, const char *labels, double value)
{
	char number[TEXT_NUMBER_BYTES_MAX];

	add_sample(family, suffix, labels, NULL, text_of_number(value, number), NULL);
}

void family_bucket(struct family *family, const char *labels, double bound, uint64_t count,
		   const struct node_exemplar *exemplar)
{
	char shortest[TEXT_NUMBER_BYTES_MAX];
	char le[TEXT_NUMBER_BYTES_MAX + 2];
	char number[TEXT_NUMBER_BYTES_MAX];

	/* OpenMetrics wants 1.0, not 1. */
	text_of_number(bound, shortest);
	snprintf(le, sizeof le, "%s%s", shortest, strpbrk(shortest, ".ef") == NULL ? ".0" : "");
	snprintf(number, sizeof number, "%" PRIu64, count);
	add_sample(family, "_bucket", labels, le, number, exemplar);
}

void family_created(struct family *family, const char *labels, int64_t unix_ns)
{
	char number[TEXT_NUMBER_BYTES_MAX];
	int64_t unix_ms = unix_ns / NS_PER_MS;

	if (family->families->format == FAMILIES_OPENMETRICS && unix_ns > 0) {
		snprintf(number, sizeof number, "%" PRId64 ".%03d", unix_ms / 1000,
			 (int)(unix_ms % 1000));
		add_sample(family, "_created", labels, NULL, number, NULL);
	}
}

uint64_t families_rejected(const struct families *families)
{
	return families->rejected;
}

void families_label(char *labels, const char *label, const char *value)
{
	size_t used = strlen(labels);
	char escaped[FAMILY_LABELS_BYTES_MAX / 2];

	escape(value, true, escaped, sizeof escaped);
	snprintf(labels + used, FAMILY_LABELS_BYTES_MAX + 1 - used, "%s%s=\"%s\"",
		 used == 0 ? "" : ",", label, escaped);
}

static int compare(const void *a, const void *b)
{
	const struct family *const *left = a;
	const struct family *const *right = b;

	return strcmp((*left)->name, (*right)->name);
}

static void render_family(const struct family *family, struct text *out)
{
	enum families_format format = family->families->format;
	const char *suffix = types[family->type].in_header[format];
	char help[2 * FAMILY_HELP_BYTES_MAX + 1];

	text_format(out, "# TYPE %s%s %s\n", family->name, suffix,
		    types[family->type].name[format]);
	if (format == FAMILIES_OPENMETRICS && family->unit[0] != '\0') {
		text_format(out, "# UNIT %s%s %s\n", family->name, suffix, family->unit);
	}
	escape(family->help, format == FAMILIES_OPENMETRICS, help, sizeof help);
	text_format(out, "# HELP %s%s %s\n", family->name, suffix, help);
	text_add_bytes(out, family->samples.bytes, family->samples.count);
}

enum fast_status families_render(struct families *families, struct text *out)
{
	qsort(families->all, families->count, sizeof families->all[0], compare);
	for (size_t i = 0; i < families->count; i++) {
		if (families->all[i]->samples.count > 0) {
			render_family(families->all[i], out);
		}
	}
	if (families->format == FAMILIES_OPENMETRICS) {
		text_add(out, "# EOF\n");
	}
	return families->failed || out->failed ? FAST_RESOURCE_EXHAUSTED : FAST_OK;
}
