/* Values that were set for a while go back. */
#include "change.h"

#include <string.h>

#define NODE_ITSELF "fastd"

static bool is_due(const struct kept *kept, int64_t now_ns)
{
	return kept->set && kept->back.expires_ns != 0 && kept->back.expires_ns <= now_ns;
}

/* Where the knob goes. False: to nobody having set it. */
static bool back_value(const struct node *node, const struct record *record,
		       const struct kept *kept, struct fast_page_value *out)
{
	const struct plugin *plugin = registry_find(&node->registry, record->instance);
	const struct param *param = plugin == NULL ? NULL : plugin_param(plugin, kept->param);
	const struct kept_back *back = &kept->back;

	if (param == NULL) {
		*out = back->value;
		return back->has_value;
	}
	if (!bounds_value_fit(&node->bounds, record->instance, kept->param, &param->rules,
			      back->has_value ? &back->value : &param->rules.initial, out)) {
		return false;
	}
	return back->has_value || !param_value_equal(out, &param->rules.initial);
}

static enum fast_status record_expire(struct node *node, struct record *record, size_t count,
				      int64_t now_ns)
{
	struct change *change = change_new(node, record->instance, NODE_ITSELF, count, 0);
	enum fast_status status = change == NULL ? FAST_RESOURCE_EXHAUSTED : FAST_OK;
	char due[RECORD_KEPT_MAX][FAST_PARAM_NAME_BYTES_MAX + 1];
	size_t due_count = 0;

	if (change == NULL) {
		return status;
	}
	change->applies_anyway = true;
	change->job->owed = true;
	for (size_t i = 0; i < record->kept_count; i++) { /* by name, since adding moves them */
		if (record->kept[i].pending == 0 && is_due(&record->kept[i], now_ns)) {
			memcpy(due[due_count++], record->kept[i].param, sizeof due[0]);
		}
	}
	for (size_t i = 0; i < due_count && status == FAST_OK; i++) {
		struct fast_page_value value;
		bool explicit = back_value(node, record, record_kept(record, due[i]), &value);

		status = change_item_add(change, "expire", due[i], explicit ? &value : NULL);
	}
	if (status != FAST_OK) {
		change_undo(change);
	} else {
		status = change_push(change);
	}
	if (status != FAST_OK) {
		change_free(change);
	}
	return status;
}

void values_expire(struct node *node, int64_t now_ns)
{
	const int64_t again_ns = now_ns + (int64_t)node->tick_ms * 1000000;
	int64_t next_ns = INT64_MAX;

	if (now_ns < node->expiry_ns) {
		return;
	}
	for (size_t r = 0; r < node->registry.record_count; r++) {
		struct record *record = node->registry.records[r];
		size_t ready = 0;

		for (size_t i = 0; i < record->kept_count; i++) {
			const struct kept *kept = &record->kept[i];
			bool due = is_due(kept, now_ns);

			ready += due && kept->pending == 0;
			if (due && kept->pending > 0) { /* something is on its way */
				next_ns = again_ns < next_ns ? again_ns : next_ns;
			} else if (!due && kept->set && kept->back.expires_ns != 0 &&
				   kept->back.expires_ns < next_ns) {
				next_ns = kept->back.expires_ns;
			}
		}
		if (ready > 0 && record_expire(node, record, ready, now_ns) != FAST_OK) {
			next_ns = again_ns < next_ns ? again_ns : next_ns;
		}
	}
	node->expiry_ns = next_ns;
}
