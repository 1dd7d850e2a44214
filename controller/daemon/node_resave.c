/* The store has begun a new database, since the one that it had was broken: what the node knows
 * goes into it. History, runs, events and the audit log begin anew. */
#include "job_put.h"
#include "node_impl.h"

/* A record that only a page claims is none of the store's. */
static bool is_saved(const struct record *record)
{
	return !record->claimed && record->revision > 0;
}

static size_t ops_count(const struct node *node)
{
	size_t count = node->bounds.count + node->profiles.count + node->leases.count;

	for (size_t i = 0; i < node->bounds.count; i++) {
		count += node->bounds.items[i]->choice_count;
	}
	for (size_t i = 0; i < node->profiles.count; i++) {
		count += node->profiles.items[i]->count;
	}
	for (size_t i = 0; i < node->leases.count; i++) {
		count += node->leases.items[i]->count;
	}
	for (size_t i = 0; i < node->registry.record_count; i++) {
		count += 1 + node->registry.records[i]->kept_count;
	}
	return count;
}

static void ops_add(const struct node *node, struct store_job *job)
{
	for (size_t i = 0; i < node->registry.record_count; i++) {
		if (is_saved(node->registry.records[i])) {
			job_put_record(job, node->registry.records[i]);
		}
	}
	for (size_t i = 0; i < node->leases.count; i++) {
		const struct lease *lease = node->leases.items[i];

		if (lease->pending) { /* on its way already */
			continue;
		}
		job_put_lease(job, lease);
		for (size_t k = 0; k < lease->count; k++) {
			job_put_baseline(job, lease, &lease->params[k]);
		}
	}
	for (size_t i = 0; i < node->bounds.count; i++) {
		job_put_bound(job, node->bounds.items[i]);
	}
	for (size_t i = 0; i < node->profiles.count; i++) {
		job_put_profile(job, node->profiles.items[i]);
	}
}

/* The store will know plugins and the names of their series again. */
static void plugins_resave(struct node *node)
{
	node->save_failed = true;
	for (size_t i = 0; i < node->registry.count; i++) {
		struct plugin *plugin = node->registry.plugins[i];

		for (size_t k = 0; k < plugin->metric_count; k++) {
			plugin->metrics[k].store_named_s = 0;
		}
	}
}

struct store_job *node_resave(void *arg)
{
	struct node *node = arg;
	struct store_job *job;

	node_lock(node);
	job = store_job_new(ops_count(node), NULL, NULL);
	if (job != NULL) {
		job->durable = true; /* leases' baselines are */
		ops_add(node, job);
		plugins_resave(node);
	}
	node_unlock(node);
	return job;
}
