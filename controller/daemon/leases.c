#include "leases.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_MS INT64_C(1000000)

struct lease *lease_new(uint64_t id, const char *instance, const char *owner,
			const struct node_lease_terms *terms, size_t capacity)
{
	struct lease *lease = calloc(1, sizeof *lease);

	if (lease == NULL) {
		return NULL;
	}
	*lease = (struct lease){.id = id, .epoch = 1, .terms = *terms, .pending = true};
	(void)snprintf(lease->instance, sizeof lease->instance, "%s", instance);
	(void)snprintf(lease->owner, sizeof lease->owner, "%s", owner);
	if (capacity > 0) {
		lease->params = calloc(capacity, sizeof *lease->params);
		if (lease->params == NULL) {
			lease_free(lease);
			return NULL;
		}
		lease->capacity = capacity;
	}
	return lease;
}

void lease_restore(struct lease *lease, const struct lease *before)
{
	if (lease->epoch == before->epoch + 1) {
		lease->epoch = before->epoch;
		lease->terms = before->terms;
		memcpy(lease->owner, before->owner, sizeof lease->owner);
		lease->tied = false; /* the next renewal ties it */
	}
}

void lease_free(struct lease *lease)
{
	if (lease == NULL) {
		return;
	}
	free(lease->params);
	free(lease);
}

enum fast_status lease_add_param(struct lease *lease, const char *name,
				 const struct fast_page_value *baseline)
{
	struct lease_param *param;

	if (lease->count == lease->capacity) {
		size_t wanted = lease->capacity == 0 ? 4 : 2 * lease->capacity;
		param = realloc(lease->params, wanted * sizeof *param);
		if (param == NULL) {
			return FAST_RESOURCE_EXHAUSTED;
		}
		lease->params = param;
		lease->capacity = wanted;
	}
	param = &lease->params[lease->count++];
	*param = (struct lease_param){.has_baseline = baseline != NULL};
	(void)snprintf(param->name, sizeof param->name, "%s", name);
	if (baseline != NULL) {
		param->baseline = *baseline;
	}
	return FAST_OK;
}

const struct lease_param *lease_param(const struct lease *lease, const char *name)
{
	for (size_t i = 0; i < lease->count; i++) {
		if (strcmp(lease->params[i].name, name) == 0) {
			return &lease->params[i];
		}
	}
	return NULL;
}

void lease_renew(struct lease *lease, int64_t now_ns)
{
	lease->pending = false;
	lease->deadline_ns = now_ns;
	if (!lease->orphaned) {
		lease->deadline_ns += (int64_t)lease->terms.ttl_ms * NS_PER_MS;
	}
}

void lease_orphan(struct lease *lease, int64_t now_ns)
{
	lease->orphaned = true;
	lease->deadline_ns = lease->deadline_ns < now_ns ? lease->deadline_ns : now_ns;
}

static uint32_t ms_until(int64_t end_ns, int64_t now_ns)
{
	return end_ns <= now_ns ? 0 : (uint32_t)((end_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS);
}

uint32_t lease_left_ms(const struct lease *lease, int64_t now_ns)
{
	return lease->pending ? lease->terms.ttl_ms : ms_until(lease->deadline_ns, now_ns);
}

uint32_t lease_preempt_ms(const struct lease *lease, int64_t now_ns)
{
	uint32_t left_ms = ms_until(lease->preempt_ns, now_ns);

	return lease->preempt_ns != 0 && left_ms == 0 ? 1 : left_ms;
}

bool lease_is_of(const struct lease *lease, const char *principal)
{
	return principal == NULL || lease->principal[0] == '\0' ||
	       strcmp(lease->principal, principal) == 0;
}

void leases_fini(struct leases *leases)
{
	for (size_t i = 0; i < leases->count; i++) {
		lease_free(leases->items[i]);
	}
	free(leases->items);
	*leases = (struct leases){0};
}

enum fast_status leases_add(struct leases *leases, struct lease *lease)
{
	if (leases->items == NULL) {
		leases->items = calloc(LEASES_MAX, sizeof(struct lease *));
	}
	if (leases->items == NULL || leases->count == LEASES_MAX) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	leases->items[leases->count++] = lease;
	return FAST_OK;
}

void leases_remove(struct leases *leases, const struct lease *lease)
{
	for (size_t i = 0; i < leases->count; i++) {
		if (leases->items[i] == lease) {
			leases->items[i] = leases->items[--leases->count];
			return;
		}
	}
	assert(false); /* it is in the table */
}

struct lease *leases_find(const struct leases *leases, uint64_t id)
{
	for (size_t i = 0; i < leases->count; i++) {
		if (leases->items[i]->id == id) {
			return leases->items[i];
		}
	}
	return NULL;
}

struct lease *leases_holder(const struct leases *leases, const char *instance, const char *param)
{
	for (size_t i = 0; i < leases->count; i++) {
		struct lease *lease = leases->items[i];
		if (strcmp(lease->instance, instance) == 0 && lease_param(lease, param) != NULL) {
			return lease;
		}
	}
	return NULL;
}

struct lease *leases_expired(const struct leases *leases, int64_t now_ns)
{
	for (size_t i = 0; i < leases->count; i++) {
		struct lease *lease = leases->items[i];
		if (!lease->pending && lease->deadline_ns <= now_ns) {
			return lease;
		}
	}
	return NULL;
}

int64_t leases_deadline(const struct leases *leases)
{
	int64_t deadline_ns = INT64_MAX;

	for (size_t i = 0; i < leases->count; i++) {
		const struct lease *lease = leases->items[i];
		if (!lease->pending && lease->deadline_ns < deadline_ns) {
			deadline_ns = lease->deadline_ns;
		}
	}
	return deadline_ns;
}
