#include "daemon/convert.h"

static Fast__V1__Exemplar *convert_exemplar(struct scratch *scratch,
					    const struct node_exemplar *exemplar)
{
	Fast__V1__Exemplar *out = scratch_alloc(scratch, sizeof *out);
	struct fast_label label;
	size_t at = 0;

	if (out == NULL) {
		return NULL;
	}
	fast__v1__exemplar__init(out);
	out->value = exemplar->value;
	out->time_unix_ns = exemplar->time_unix_ns;
	while (fast_exemplar_next(exemplar->text, exemplar->bytes, &at, &label)) {
		Fast__V1__ExemplarLabel *part = scratch_alloc(scratch, sizeof *part);

		out->labels = scratch_grow(scratch, out->labels, out->n_labels);
		if (out->labels == NULL || part == NULL) {
			return NULL;
		}
		fast__v1__exemplar_label__init(part);
		part->name = scratch_text(scratch, label.name);
		part->value = scratch_text(scratch, label.value);
		out->labels[out->n_labels++] = part;
	}
	return out;
}

void convert_exemplars(struct scratch *scratch, const struct node_metric *metric,
		       Fast__V1__MetricEntry *out)
{
	for (size_t i = 0; i < metric->exemplar_count && !scratch->failed; i++) {
		Fast__V1__Exemplar *exemplar = convert_exemplar(scratch, &metric->exemplars[i]);

		out->exemplars = scratch_grow(scratch, out->exemplars, i);
		if (out->exemplars == NULL || exemplar == NULL) {
			out->n_exemplars = 0; /* and scratch has failed */
			return;
		}
		out->exemplars[out->n_exemplars++] = exemplar;
	}
}
