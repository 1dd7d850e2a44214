#include "controller/knob_model.h"

#include <assert.h>
#include <fnmatch.h>
#include <string.h>

#define NS_PER_MS INT64_C(1000000)

const char *const model_plugins[MODEL_PLUGINS] = {"cam", "mic"};
const char *const model_knobs[MODEL_KNOBS] = {"quality", "size", "zoom"};
const int model_initial[MODEL_KNOBS] = {7, 50, 100};

struct model_lease *model_lease(struct model *model, uint64_t id)
{
	for (int i = 0; i < MODEL_LEASES && id != 0; i++) {
		if (model->leases[i].id == id) {
			return &model->leases[i];
		}
	}
	return NULL;
}

struct model_lease *model_holder(struct model *model, int plugin, int knob)
{
	for (int i = 0; i < MODEL_LEASES; i++) {
		struct model_lease *lease = &model->leases[i];

		if (lease->id != 0 && lease->plugin == plugin && lease->holds[knob]) {
			return lease;
		}
	}
	return NULL;
}

/* What bounds leave of a knob; false: nothing. */
static bool allowed(const struct model *model, int plugin, int knob, int *min, int *max)
{
	*min = 0;
	*max = MODEL_MAX;
	for (int i = 0; i < MODEL_BOUNDS; i++) {
		const struct model_bound *bound = &model->bounds[i];

		if (bound->glob[0] != '\0' && bound->knob == knob &&
		    fnmatch(bound->glob, model_plugins[plugin], 0) == 0) {
			*min = bound->min > *min ? bound->min : *min;
			*max = bound->max < *max ? bound->max : *max;
		}
	}
	return *min <= *max;
}

bool model_fit(const struct model *model, int plugin, int knob, int *value)
{
	int min;
	int max;

	if (!allowed(model, plugin, knob, &min, &max)) {
		return false;
	}
	*value = *value < min ? min : *value > max ? max : *value;
	return true;
}

static bool is_allowed(const struct model *model, int plugin, int knob, int value)
{
	int min;
	int max;

	return allowed(model, plugin, knob, &min, &max) && value >= min && value <= max;
}

int model_value(const struct model *model, int plugin, int knob)
{
	const struct model_knob *it = &model->knobs[plugin][knob];

	return it->set ? it->value : model_initial[knob];
}

/* ttl_ms 0: it stays. */
static void put(struct model *model, int plugin, int knob, int value, uint32_t ttl_ms)
{
	struct model_knob *it = &model->knobs[plugin][knob];
	struct model_knob before = *it;

	*it = (struct model_knob){.set = true, .value = value};
	if (ttl_ms != 0) {
		it->expires_ns = model->now_ns + ttl_ms * NS_PER_MS;
		it->has_back = before.expires_ns != 0 ? before.has_back : before.set;
		it->back = before.expires_ns != 0 ? before.back : before.value;
	}
}

enum fast_status model_set(struct model *model, const struct model_set *set)
{
	const struct model_lease *lease = model_lease(model, set->lease_id);

	if (set->lease_id != 0 && (lease == NULL || lease->plugin != set->plugin ||
				   (set->epoch != 0 && set->epoch != lease->epoch))) {
		return FAST_FAILED_PRECONDITION;
	}
	for (int knob = 0; knob < MODEL_KNOBS; knob++) {
		const struct model_lease *holder = model_holder(model, set->plugin, knob);

		if (!set->sets[knob]) {
			continue;
		}
		if (holder != NULL && holder != lease) {
			return FAST_FAILED_PRECONDITION;
		}
		if (!is_allowed(model, set->plugin, knob, set->values[knob])) {
			return FAST_OUT_OF_RANGE;
		}
	}
	if (set->has_if_revision && set->if_revision != model->revisions[set->plugin]) {
		return FAST_ABORTED;
	}
	for (int knob = 0; knob < MODEL_KNOBS; knob++) {
		if (set->sets[knob]) {
			put(model, set->plugin, knob, set->values[knob], set->ttl_ms);
		}
	}
	model->revisions[set->plugin]++;
	return FAST_OK;
}

/* ---- bounds and profiles ---- */

static void enforce(struct model *model, int plugin)
{
	bool changed = false;

	for (int knob = 0; knob < MODEL_KNOBS; knob++) {
		struct model_knob *it = &model->knobs[plugin][knob];
		int to = model_value(model, plugin, knob);

		if (model_fit(model, plugin, knob, &to) && to != model_value(model, plugin, knob)) {
			it->set = true;
			it->value = to; /* and goes back as before */
			changed = true;
		}
	}
	model->revisions[plugin] += changed;
}

static struct model_bound *bound_find(struct model *model, const char *glob, int knob)
{
	for (int i = 0; i < MODEL_BOUNDS; i++) {
		if (strcmp(model->bounds[i].glob, glob) == 0 &&
		    (glob[0] == '\0' || model->bounds[i].knob == knob)) {
			return &model->bounds[i];
		}
	}
	return NULL;
}

void model_bound(struct model *model, const struct model_bound *bound)
{
	struct model_bound *known = bound_find(model, bound->glob, bound->knob);

	known = known == NULL ? bound_find(model, "", 0) : known;
	assert(known != NULL);
	*known = *bound;
	for (int plugin = 0; plugin < MODEL_PLUGINS; plugin++) {
		enforce(model, plugin);
	}
}

enum fast_status model_unbound(struct model *model, const char *glob, int knob)
{
	struct model_bound *known = bound_find(model, glob, knob);

	if (known == NULL) {
		return FAST_NOT_FOUND;
	}
	known->glob[0] = '\0';
	for (int plugin = 0; plugin < MODEL_PLUGINS; plugin++) {
		enforce(model, plugin);
	}
	return FAST_OK;
}

void model_save(struct model *model, int plugin, int profile)
{
	struct model_profile *it = &model->profiles[plugin][profile];

	it->saved = true;
	for (int knob = 0; knob < MODEL_KNOBS; knob++) {
		it->values[knob] = model_value(model, plugin, knob);
	}
}

enum fast_status model_apply(struct model *model, int profile, struct model_set *set)
{
	const struct model_profile *it = &model->profiles[set->plugin][profile];

	if (!it->saved) {
		return FAST_NOT_FOUND;
	}
	for (int knob = 0; knob < MODEL_KNOBS; knob++) {
		set->sets[knob] = true;
		set->values[knob] = it->values[knob];
	}
	return model_set(model, set);
}

enum fast_status model_delete(struct model *model, int plugin, int profile)
{
	struct model_profile *it = &model->profiles[plugin][profile];
	bool saved = it->saved;

	it->saved = false;
	return saved ? FAST_OK : FAST_NOT_FOUND;
}
