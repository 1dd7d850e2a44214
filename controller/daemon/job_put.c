#include "job_put.h"

#include <stdio.h>

void job_put_bound(struct store_job *job, const struct bound *bound)
{
	struct store_bound *stored = &store_job_add(job, STORE_PUT_BOUND)->u.bound;

	(void)snprintf(stored->plugin, sizeof stored->plugin, "%s", bound->plugin);
	(void)snprintf(stored->param, sizeof stored->param, "%s", bound->param);
	(void)snprintf(stored->actor, sizeof stored->actor, "%s", bound->actor);
	stored->has_min = bound->has_min;
	stored->has_max = bound->has_max;
	stored->min = bound->min;
	stored->max = bound->max;
	stored->time_unix_ns = bound->time_unix_ns;
	for (size_t i = 0; i < bound->choice_count; i++) {
		struct store_bound_choice *choice =
			&store_job_add(job, STORE_PUT_BOUND_CHOICE)->u.bound_choice;

		(void)snprintf(choice->plugin, sizeof choice->plugin, "%s", bound->plugin);
		(void)snprintf(choice->param, sizeof choice->param, "%s", bound->param);
		choice->position = (uint32_t)i;
		choice->value = bound->choices[i];
	}
}

void job_put_profile(struct store_job *job, const struct profile *profile)
{
	struct store_profile_value *stored = &store_job_add(job, STORE_DELETE_PROFILE)->u.profile;

	(void)snprintf(stored->plugin, sizeof stored->plugin, "%s", profile->plugin);
	(void)snprintf(stored->profile, sizeof stored->profile, "%s", profile->name);
	for (size_t i = 0; i < profile->count; i++) {
		stored = &store_job_add(job, STORE_PUT_PROFILE_VALUE)->u.profile;
		(void)snprintf(stored->plugin, sizeof stored->plugin, "%s", profile->plugin);
		(void)snprintf(stored->profile, sizeof stored->profile, "%s", profile->name);
		(void)snprintf(stored->param, sizeof stored->param, "%s",
			       profile->assignments[i].param);
		(void)snprintf(stored->actor, sizeof stored->actor, "%s", profile->actor);
		stored->value = profile->assignments[i].value;
		stored->time_unix_ns = profile->time_unix_ns;
		stored->position = (uint32_t)i;
	}
}

void job_put_lease(struct store_job *job, const struct lease *lease)
{
	struct store_lease *stored = &store_job_add(job, STORE_PUT_LEASE)->u.lease;

	stored->id = lease->id;
	stored->epoch = lease->epoch;
	stored->terms = lease->terms;
	(void)snprintf(stored->instance, sizeof stored->instance, "%s", lease->instance);
	(void)snprintf(stored->owner, sizeof stored->owner, "%s", lease->owner);
	(void)snprintf(stored->principal, sizeof stored->principal, "%s", lease->principal);
	(void)snprintf(stored->client, sizeof stored->client, "%s", lease->client);
}

void job_put_baseline(struct store_job *job, const struct lease *lease,
		      const struct lease_param *param)
{
	struct store_baseline *baseline = &store_job_add(job, STORE_PUT_BASELINE)->u.baseline;

	baseline->lease_id = lease->id;
	(void)snprintf(baseline->param, sizeof baseline->param, "%s", param->name);
	baseline->has_value = param->has_baseline;
	if (param->has_baseline) {
		baseline->value = param->baseline;
	}
}

void job_put_record(struct store_job *job, const struct record *record)
{
	struct store_revision *revision = &store_job_add(job, STORE_PUT_REVISION)->u.revision;

	(void)snprintf(revision->instance, sizeof revision->instance, "%s", record->instance);
	revision->revision = record->revision;
	for (size_t i = 0; i < record->kept_count; i++) {
		const struct kept *kept = &record->kept[i];
		struct store_param *param;

		if (!kept->set) {
			continue;
		}
		param = &store_job_add(job, STORE_PUT_PARAM)->u.param;
		(void)snprintf(param->instance, sizeof param->instance, "%s", record->instance);
		(void)snprintf(param->param, sizeof param->param, "%s", kept->param);
		(void)snprintf(param->actor, sizeof param->actor, "%s", kept->actor);
		param->value = kept->value;
		param->revision = kept->revision;
		param->time_unix_ns = kept->set_unix_ns;
		param->expires_unix_ns = kept->back.expires_unix_ns;
		param->has_back = kept->back.has_value;
		param->back = kept->back.value;
	}
}
