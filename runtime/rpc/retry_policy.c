#include "rpc/retry.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ATTEMPTS_DEFAULT       3
#define INITIAL_BACKOFF_MS     100
#define MAX_BACKOFF_MS         2000
#define BACKOFF_MULTIPLIER     2
#define BACKOFF_MULTIPLIER_MAX 1000
#define STATUSES_ALL           (((FAST_RETRY_ON(FAST_UNAUTHENTICATED)) << 1) - 1)

/* A policy for methods of this name; "" is for all methods. */
struct retry_policy {
	char name[FAST_METHOD_BYTES_MAX + 1];
	struct fast_retry retry; /* every field has a value */
};

/* Guarded by the lock of the client. */
struct fast_retry_policies {
	size_t count; /* <= FAST_RETRY_POLICIES_MAX */
	struct retry_policy entries[FAST_RETRY_POLICIES_MAX];
};

void fast_retry_policies_free(struct fast_retry_policies *policies)
{
	free(policies);
}

enum fast_status fast_retry_fill(const struct fast_retry *retry, struct fast_retry *out)
{
	struct fast_retry all = {.size = sizeof all};

	assert(retry->size >= sizeof retry->size);
	memcpy(&all, retry, retry->size < sizeof all ? retry->size : sizeof all);
	all.max_attempts = all.max_attempts == 0 ? ATTEMPTS_DEFAULT : all.max_attempts;
	all.initial_backoff_ms =
		all.initial_backoff_ms == 0 ? INITIAL_BACKOFF_MS : all.initial_backoff_ms;
	all.max_backoff_ms = all.max_backoff_ms == 0 ? MAX_BACKOFF_MS : all.max_backoff_ms;
	all.statuses = all.statuses == 0 ? FAST_RETRY_ON(FAST_UNAVAILABLE) : all.statuses;
	if (!(all.backoff_multiplier > 0) && !(all.backoff_multiplier < 0)) {
		all.backoff_multiplier = isnan(all.backoff_multiplier) ? -1 : BACKOFF_MULTIPLIER;
	}
	if (all.max_attempts > FAST_RETRY_ATTEMPTS_MAX || all.backoff_multiplier < 1 ||
	    all.backoff_multiplier > BACKOFF_MULTIPLIER_MAX ||
	    (all.statuses & ~STATUSES_ALL) != 0 || (all.statuses & FAST_RETRY_ON(FAST_OK)) != 0) {
		return FAST_INVALID_ARGUMENT;
	}
	*out = all;
	return FAST_OK;
}

/* Lock held. NULL: there is none of that name. */
static struct retry_policy *policies_find(struct fast_retry_policies *policies, const char *name,
					  size_t name_bytes)
{
	for (size_t i = 0; policies != NULL && i < policies->count; i++) {
		struct retry_policy *policy = &policies->entries[i];
		if (strlen(policy->name) == name_bytes &&
		    memcmp(policy->name, name, name_bytes) == 0) {
			return policy;
		}
	}
	return NULL;
}

void fast_retry_policy_find(struct fast_client_call *call)
{
	struct fast_retry_policies *policies = call->client->policies;
	const char *path = call->method->path;
	const struct retry_policy *policy;

	if (policies == NULL || call->has_policy || call->method->kind != FAST_METHOD_UNARY) {
		return;
	}
	policy = policies_find(policies, path, strlen(path));
	policy = policy != NULL ? policy : policies_find(policies, path, strcspn(path, "/"));
	policy = policy != NULL ? policy : policies_find(policies, "", 0);
	if (policy != NULL) {
		call->has_policy = true;
		call->retry = policy->retry;
	}
}

/* Lock held. */
static enum fast_status policies_set(struct fast_client *client, const char *name,
				     const struct fast_retry *retry)
{
	struct retry_policy *policy = policies_find(client->policies, name, strlen(name));

	if (retry == NULL) {
		if (policy != NULL) {
			*policy = client->policies->entries[--client->policies->count];
		}
		return FAST_OK;
	}
	if (client->policies == NULL) {
		client->policies = calloc(1, sizeof *client->policies);
	}
	if (client->policies == NULL ||
	    (policy == NULL && client->policies->count == FAST_RETRY_POLICIES_MAX)) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	if (policy == NULL) {
		policy = &client->policies->entries[client->policies->count++];
	}
	memcpy(policy->name, name, strlen(name) + 1);
	policy->retry = *retry;
	return FAST_OK;
}

enum fast_status fast_client_set_retry(struct fast_client *client, const char *name,
				       const struct fast_retry *retry)
{
	struct fast_retry filled;
	enum fast_status status;

	if (strlen(name) > FAST_METHOD_BYTES_MAX ||
	    (retry != NULL && fast_retry_fill(retry, &filled) != FAST_OK)) {
		return FAST_INVALID_ARGUMENT;
	}
	pthread_mutex_lock(&client->lock);
	status = policies_set(client, name, retry == NULL ? NULL : &filled);
	pthread_mutex_unlock(&client->lock);
	return status;
}
