/* daemon/families.h - metric families of one scrape: names claimed once, samples kept together. */
#ifndef FASTD_FAMILIES_H
#define FASTD_FAMILIES_H

#include "daemon/text.h"

#define FAMILY_NAME_BYTES_MAX   127
#define FAMILY_HELP_BYTES_MAX   320
#define FAMILY_LABELS_BYTES_MAX 511
#define FAMILIES_MAX            8192
#define FAMILIES_BYTES_MAX      (64u << 20) /* of samples; series beyond are rejected */

enum families_format {
	FAMILIES_TEXT,        /* Prometheus text 0.0.4 */
	FAMILIES_OPENMETRICS, /* OpenMetrics 1.0.0 */
};

enum family_type {
	FAMILY_GAUGE,
	FAMILY_COUNTER,
	FAMILY_HISTOGRAM,
	FAMILY_INFO,
	FAMILY_STATESET,
};

/* Copied. */
struct family_spec {
	const char *name; /* without _total, _bucket, _info ... */
	enum family_type type;
	const char *unit; /* a suffix of name; "": none */
	const char *help; /* not empty */
	bool own;         /* of fastd itself: plugins' metrics cannot join it */
};

/* One thread at a time. */
struct families;
struct family;

FAST_MUST_CHECK enum fast_status families_new(enum families_format format, struct families **out);
/* NULL is allowed. */
void families_free(struct families *families);

/* The family, made when it is new: the first help stays. NULL: the series is rejected, because
 * another family has that name or one of its samples' names, or because the page is full. */
struct family *families_get(struct families *families, const struct family_spec *spec);

/* The same, and begins a series of this plugin's metric, of which it may have several in the
 * family, by labels. NULL also when another metric of the plugin is there already. Plugins must
 * come one after the other. */
struct family *families_begin(struct families *families, const struct family_spec *spec,
			      const char *plugin, const char *metric);

/* Adds a sample: name + suffix, labels (without braces, "" for none) and the value. */
void family_count(struct family *family, const char *suffix, const char *labels, uint64_t value);
void family_number(struct family *family, const char *suffix, const char *labels, double value);

struct node_exemplar;

/* Adds a counter's _total. Exemplars stand where the format has them; NULL: none. */
void family_total(struct family *family, const char *labels, uint64_t count,
		  const struct node_exemplar *exemplar);

/* Adds a sample of a histogram: count values were at most bound. */
void family_bucket(struct family *family, const char *labels, double bound, uint64_t count,
		   const struct node_exemplar *exemplar);

/* Adds _created, where the format has it. */
void family_created(struct family *family, const char *labels, int64_t unix_ns);

/* Series rejected so far. */
uint64_t families_rejected(const struct families *families);

/* Appends label="value", escaped, after a comma unless it is the first. labels holds
 * FAMILY_LABELS_BYTES_MAX + 1 bytes; what does not fit is cut. */
void families_label(char *labels, const char *label, const char *value);

/* Appends the page: every family that has samples, by name. RESOURCE_EXHAUSTED: no memory, here or
 * at any step before. */
FAST_MUST_CHECK enum fast_status families_render(struct families *families, struct text *out);

#endif
