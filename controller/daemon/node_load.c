/* What the store has kept goes back into the node, once, when it opens. */
#include "node_load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool load_revision(const struct store_revision *revision, void *arg)
{
	struct node *node = arg;
	struct record *record = registry_record_obtain(&node->registry, revision->instance);

	if (record != NULL) {
		record->revision = revision->revision;
		record->allocated = revision->revision;
	}
	return record != NULL;
}

/* By the wall clock, the only one that goes on while fastd does not. Set back, it must not make a
 * value live longer than it ever could. */
static int64_t time_left_ns(int64_t expires_unix_ns)
{
	const int64_t most_ns = NODE_VALUE_TTL_MS_MAX * INT64_C(1000000);
	int64_t left_ns = expires_unix_ns - node_now_unix_ns();

	return left_ns < 0 ? 0 : left_ns > most_ns ? most_ns : left_ns;
}

static bool load_param(const struct store_param *param, void *arg)
{
	struct node *node = arg;
	struct record *record = registry_record_obtain(&node->registry, param->instance);
	struct kept *kept = record == NULL ? NULL : record_kept_obtain(record, param->param);

	if (kept == NULL) {
		return false;
	}
	kept->set = true;
	kept->value = param->value;
	kept->revision = param->revision;
	kept->set_unix_ns = param->time_unix_ns;
	(void)snprintf(kept->actor, sizeof kept->actor, "%s", param->actor);
	if (param->expires_unix_ns != 0) {
		kept->back = (struct kept_back){.expires_ns = node_now_ns() +
							      time_left_ns(param->expires_unix_ns),
						.expires_unix_ns = param->expires_unix_ns,
						.has_value = param->has_back,
						.value = param->back};
		if (kept->back.expires_ns < node->expiry_ns) {
			node->expiry_ns = kept->back.expires_ns;
		}
	}
	return true;
}

/* After a restart a lease has one full time to live, in which its holder may renew it. */
static bool load_lease(const struct store_lease *stored, void *arg)
{
	struct node *node = arg;
	struct lease *lease =
		lease_new(stored->id, stored->instance, stored->owner, &stored->terms, 0);

	if (lease == NULL || leases_add(&node->leases, lease) != FAST_OK) {
		lease_free(lease);
		return false;
	}
	lease->epoch = stored->epoch;
	(void)snprintf(lease->principal, sizeof lease->principal, "%s", stored->principal);
	(void)snprintf(lease->client, sizeof lease->client, "%s", stored->client);
	lease_renew(lease, node_now_ns());
	return true;
}

static bool load_baseline(const struct store_baseline *baseline, void *arg)
{
	struct node *node = arg;
	struct lease *lease = leases_find(&node->leases, baseline->lease_id);

	if (lease == NULL || lease->count == NODE_SET_MAX) {
		return true;
	}
	return lease_add_param(lease, baseline->param,
			       baseline->has_value ? &baseline->value : NULL) == FAST_OK;
}

static bool load_bound(const struct store_bound *stored, void *arg)
{
	struct node *node = arg;
	struct bound *bound = calloc(1, sizeof *bound);

	if (bound == NULL || bounds_reserve(&node->bounds) != FAST_OK) {
		free(bound);
		return false;
	}
	(void)snprintf(bound->plugin, sizeof bound->plugin, "%s", stored->plugin);
	(void)snprintf(bound->param, sizeof bound->param, "%s", stored->param);
	(void)snprintf(bound->actor, sizeof bound->actor, "%s", stored->actor);
	bound->has_min = stored->has_min;
	bound->has_max = stored->has_max;
	bound->min = stored->min;
	bound->max = stored->max;
	bound->time_unix_ns = stored->time_unix_ns;
	bounds_take(&node->bounds, bound);
	return true;
}

static bool load_bound_choice(const struct store_bound_choice *choice, void *arg)
{
	struct node *node = arg;
	struct bound *bound = bounds_find(&node->bounds, choice->plugin, choice->param);

	if (bound != NULL && bound->choice_count < FAST_PARAM_CHOICES_MAX) {
		bound->choices[bound->choice_count++] = choice->value;
	}
	return true;
}

static struct profile *profile_obtain(struct node *node, const struct store_profile_value *value)
{
	struct profile *profile = profiles_find(&node->profiles, value->plugin, value->profile);

	if (profile != NULL) {
		return profile;
	}
	profile = calloc(1, sizeof *profile);
	if (profile == NULL || profiles_reserve(&node->profiles) != FAST_OK) {
		free(profile);
		return NULL;
	}
	(void)snprintf(profile->plugin, sizeof profile->plugin, "%s", value->plugin);
	(void)snprintf(profile->name, sizeof profile->name, "%s", value->profile);
	(void)snprintf(profile->actor, sizeof profile->actor, "%s", value->actor);
	profile->time_unix_ns = value->time_unix_ns;
	profiles_take(&node->profiles, profile);
	return profile;
}

static bool load_profile(const struct store_profile_value *value, void *arg)
{
	struct profile *profile = profile_obtain(arg, value);

	if (profile != NULL && profile->count < NODE_SET_MAX) {
		struct node_assignment *assignment = &profile->assignments[profile->count++];

		(void)snprintf(assignment->param, sizeof assignment->param, "%s", value->param);
		assignment->value = value->value;
	}
	return profile != NULL;
}

static bool load_failed(const struct store_audit *entry, void *arg)
{
	struct node *node = arg;
	struct node_attempt attempt = {.value = {.type = FAST_PARAM_STRING},
				       .time_unix_ns = entry->time_unix_ns};

	(void)snprintf(attempt.value.string, sizeof attempt.value.string, "%s", entry->new_value);
	(void)snprintf(attempt.actor, sizeof attempt.actor, "%s", entry->actor);
	(void)snprintf(attempt.reason, sizeof attempt.reason, "%s", entry->result);
	if (node->attempts.count < ATTEMPTS_MAX) { /* the newest come first */
		attempts_note_text(&node->attempts, entry->instance, entry->param, &attempt);
	}
	return true;
}

enum fast_status node_load(struct node *node, char *error)
{
	const struct store_visitor visitor = {.revision = load_revision,
					      .param = load_param,
					      .lease = load_lease,
					      .baseline = load_baseline,
					      .bound = load_bound,
					      .bound_choice = load_bound_choice,
					      .profile = load_profile,
					      .failed = load_failed,
					      .plugin = node_load_plugin,
					      .declaration = node_load_declaration,
					      .arg = node};
	enum fast_status status;

	node->lost_unix_ns = node_now_unix_ns();
	node_lock(node);
	status = store_load(node->store, &visitor);
	node_unlock(node);
	if (status == FAST_UNAVAILABLE) {
		store_error(node->store, error);
	}
	if (status != FAST_OK && (status != FAST_UNAVAILABLE || error[0] == '\0')) {
		(void)snprintf(error, NODE_TEXT_BYTES_MAX, "the stored knobs can't be read: %s",
			       fast_status_sentence(status));
	}
	return status;
}
