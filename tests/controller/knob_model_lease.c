#include "controller/knob_model.h"

#include <assert.h>

#define NS_PER_MS INT64_C(1000000)

static void lose(struct model *model, struct model_lease *lease)
{
	bool changed = false;

	for (int knob = 0; knob < MODEL_KNOBS; knob++) {
		struct model_knob *it = &model->knobs[lease->plugin][knob];
		int to = model_initial[knob];

		if (!lease->holds[knob] || !it->set || lease->terms.on_loss == NODE_ON_LOSS_HOLD) {
			continue;
		}
		if (lease->terms.on_loss == NODE_ON_LOSS_REVERT && lease->has_baseline[knob]) {
			to = lease->baseline[knob];
		}
		if (!model_fit(model, lease->plugin, knob, &to) ||
		    (it->value == to && it->expires_ns == 0)) {
			continue;
		}
		changed = true;
		if (lease->terms.on_loss == NODE_ON_LOSS_HOLD_THEN_DEFAULT) {
			*it = (struct model_knob){.set = true,
						  .value = it->value,
						  .expires_ns = model->now_ns +
								lease->terms.hold_ms * NS_PER_MS};
		} else {
			*it = (struct model_knob){.set = true, .value = to};
		}
	}
	model->revisions[lease->plugin] += changed;
	lease->id = 0;
}

static void grant(struct model *model, const struct model_lease *claim)
{
	for (int i = 0; i < MODEL_LEASES; i++) {
		struct model_lease *lease = &model->leases[i];

		if (lease->id != 0) {
			continue;
		}
		*lease = *claim;
		lease->id = ++model->lease_id;
		lease->epoch = 1;
		lease->deadline_ns = model->now_ns + lease->terms.ttl_ms * NS_PER_MS;
		for (int knob = 0; knob < MODEL_KNOBS; knob++) {
			const struct model_knob *it = &model->knobs[lease->plugin][knob];
			bool temporary = it->expires_ns != 0;

			lease->has_baseline[knob] = temporary ? it->has_back : it->set;
			lease->baseline[knob] = temporary ? it->back : it->value;
		}
		return;
	}
	assert(false && "there are fewer knobs than leases");
}

/* The claimant's own lease, when it has all that is wanted. */
static struct model_lease *own(struct model *model, const struct model_lease *claim)
{
	struct model_lease *lease = NULL;

	for (int knob = 0; knob < MODEL_KNOBS; knob++) {
		struct model_lease *holder = model_holder(model, claim->plugin, knob);

		if (!claim->holds[knob]) {
			continue;
		}
		if (holder == NULL || holder->client != claim->client ||
		    (lease != NULL && lease != holder)) {
			return NULL;
		}
		lease = holder;
	}
	return lease;
}

/* FAST_OK: nobody but lower priorities is in the way. notice_ms: the longest of theirs, 0: none. */
static enum fast_status blockers(struct model *model, const struct model_lease *claim, bool waits,
				 uint32_t *notice_ms)
{
	*notice_ms = 0;
	for (int knob = 0; knob < MODEL_KNOBS; knob++) {
		const struct model_lease *holder = model_holder(model, claim->plugin, knob);

		if (!claim->holds[knob]) {
			continue;
		}
		if (holder != NULL && holder->terms.priority >= claim->terms.priority) {
			return FAST_FAILED_PRECONDITION;
		}
		if (!waits && model->waits && model->waiting.plugin == claim->plugin &&
		    model->waiting.holds[knob] &&
		    model->waiting.terms.priority >= claim->terms.priority) {
			return FAST_FAILED_PRECONDITION;
		}
		if (holder != NULL && holder->terms.notice_ms > *notice_ms) {
			*notice_ms = holder->terms.notice_ms;
		}
	}
	return FAST_OK;
}

enum fast_status model_claim(struct model *model, const struct model_lease *claim)
{
	struct model_lease *mine = own(model, claim);
	uint32_t notice_ms;
	enum fast_status status;

	if (mine != NULL) {
		mine->epoch++;
		mine->terms = claim->terms;
		mine->deadline_ns = model->now_ns + claim->terms.ttl_ms * NS_PER_MS;
		return FAST_OK;
	}
	status = blockers(model, claim, false, &notice_ms);
	if (status != FAST_OK) {
		return status;
	}
	if (notice_ms == 0) {
		grant(model, claim);
		return FAST_OK;
	}
	model->waits = true;
	model->waiting = *claim;
	model->waits_until_ns = model->now_ns + notice_ms * NS_PER_MS;
	return FAST_UNKNOWN;
}

static enum fast_status find(struct model *model, uint64_t id, uint64_t epoch,
			     struct model_lease **lease)
{
	*lease = model_lease(model, id);
	if (*lease == NULL) {
		return FAST_NOT_FOUND;
	}
	return epoch != 0 && epoch != (*lease)->epoch ? FAST_FAILED_PRECONDITION : FAST_OK;
}

enum fast_status model_renew(struct model *model, uint64_t id, uint64_t epoch)
{
	struct model_lease *lease;
	enum fast_status status = find(model, id, epoch, &lease);

	if (status == FAST_OK) {
		lease->deadline_ns = model->now_ns + lease->terms.ttl_ms * NS_PER_MS;
	}
	return status;
}

enum fast_status model_release(struct model *model, uint64_t id, uint64_t epoch, bool lost)
{
	struct model_lease *lease;
	enum fast_status status = find(model, id, epoch, &lease);

	if (status == FAST_OK && lost) {
		lose(model, lease);
	} else if (status == FAST_OK) {
		lease->id = 0;
	}
	return status;
}

/* ---- time ---- */

static void expire_leases(struct model *model)
{
	for (int i = 0; i < MODEL_LEASES; i++) {
		struct model_lease *lease = &model->leases[i];

		if (lease->id != 0 && lease->deadline_ns <= model->now_ns) {
			lose(model, lease);
		}
	}
}

static void expire_values(struct model *model, int plugin)
{
	bool changed = false;

	for (int knob = 0; knob < MODEL_KNOBS; knob++) {
		struct model_knob *it = &model->knobs[plugin][knob];
		int to = it->has_back ? it->back : model_initial[knob];
		bool fits = model_fit(model, plugin, knob, &to);

		if (it->expires_ns == 0 || it->expires_ns > model->now_ns) {
			continue;
		}
		changed = true;
		if (fits && (it->has_back || to != model_initial[knob])) {
			*it = (struct model_knob){.set = true, .value = to};
		} else {
			*it = (struct model_knob){0};
		}
	}
	model->revisions[plugin] += changed;
}

bool model_due(struct model *model, enum fast_status *waited)
{
	uint32_t notice_ms;

	expire_leases(model);
	for (int plugin = 0; plugin < MODEL_PLUGINS; plugin++) {
		expire_values(model, plugin);
	}
	if (!model->waits) {
		return false;
	}
	if (own(model, &model->waiting) != NULL) { /* another claim of its client was quicker */
		model->waits = false;
		*waited = model_claim(model, &model->waiting);
		return true;
	}
	*waited = blockers(model, &model->waiting, true, &notice_ms);
	if (*waited == FAST_OK && notice_ms > 0 && model->now_ns < model->waits_until_ns) {
		return false;
	}
	model->waits = false;
	for (int knob = 0; knob < MODEL_KNOBS && *waited == FAST_OK; knob++) {
		struct model_lease *holder = model_holder(model, model->waiting.plugin, knob);

		if (holder != NULL && model->waiting.holds[knob]) {
			lose(model, holder);
		}
	}
	if (*waited == FAST_OK) {
		grant(model, &model->waiting);
	}
	return true;
}

void model_restart(struct model *model)
{
	model->waits = false;
	for (int i = 0; i < MODEL_LEASES; i++) {
		struct model_lease *lease = &model->leases[i];

		lease->deadline_ns = model->now_ns + lease->terms.ttl_ms * NS_PER_MS;
	}
}
