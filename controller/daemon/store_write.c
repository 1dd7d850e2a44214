#include "store_bind.h"

bool store_run(struct store *store, enum store_statement statement)
{
	struct binder binder = {.statement = store->statements[statement]};

	return binder_run(&binder);
}

bool store_run_with(struct store *store, enum store_statement statement, uint64_t value)
{
	struct binder binder = {.statement = store->statements[statement]};

	bind_unsigned(&binder, value);
	return binder_run(&binder);
}

static bool put_param(struct store *store, const struct store_op *op)
{
	const struct store_param *param = &op->u.param;
	struct binder binder = {.statement = store->statements[SQL_PUT_PARAM]};

	bind_text(&binder, param->instance);
	bind_text(&binder, param->param);
	bind_value(&binder, &param->value);
	bind_unsigned(&binder, param->revision);
	bind_text(&binder, param->actor);
	bind_int(&binder, param->time_unix_ns);
	bind_int(&binder, param->expires_unix_ns);
	bind_value_if(&binder, param->has_back, &param->back);
	return binder_run(&binder);
}

static bool forget_param(struct store *store, const struct store_op *op)
{
	struct binder binder = {.statement = store->statements[SQL_FORGET_PARAM]};

	bind_text(&binder, op->u.param.instance);
	bind_text(&binder, op->u.param.param);
	return binder_run(&binder);
}

static bool put_revision(struct store *store, const struct store_op *op)
{
	struct binder binder = {.statement = store->statements[SQL_PUT_REVISION]};

	bind_text(&binder, op->u.revision.instance);
	bind_unsigned(&binder, op->u.revision.revision);
	return binder_run(&binder);
}

static bool put_lease(struct store *store, const struct store_op *op)
{
	const struct store_lease *lease = &op->u.lease;
	struct binder binder = {.statement = store->statements[SQL_PUT_LEASE]};

	bind_unsigned(&binder, lease->id);
	bind_text(&binder, lease->instance);
	bind_text(&binder, lease->owner);
	bind_int(&binder, lease->terms.ttl_ms);
	bind_int(&binder, (int64_t)lease->terms.on_loss);
	bind_int(&binder, lease->terms.hold_ms);
	bind_int(&binder, lease->terms.priority);
	bind_int(&binder, lease->terms.notice_ms);
	bind_unsigned(&binder, lease->epoch);
	bind_text(&binder, lease->principal);
	bind_text(&binder, lease->client);
	bind_int(&binder, lease->terms.outlive_process);
	return binder_run(&binder) && store_run_with(store, SQL_PUT_LEASE_ID, lease->id);
}

static bool put_baseline(struct store *store, const struct store_op *op)
{
	const struct store_baseline *baseline = &op->u.baseline;
	struct binder binder = {.statement = store->statements[SQL_PUT_BASELINE]};

	bind_unsigned(&binder, baseline->lease_id);
	bind_text(&binder, baseline->param);
	bind_value_if(&binder, baseline->has_value, &baseline->value);
	return binder_run(&binder);
}

static bool delete_lease(struct store *store, const struct store_op *op)
{
	return store_run_with(store, SQL_DELETE_LEASE, op->u.lease.id) &&
	       store_run_with(store, SQL_DELETE_BASELINES, op->u.lease.id);
}

static bool delete_bound(struct store *store, const struct store_op *op)
{
	static const enum store_statement statements[] = {SQL_DELETE_BOUND,
							  SQL_DELETE_BOUND_CHOICES};
	bool good = true;

	for (size_t i = 0; i < sizeof statements / sizeof *statements && good; i++) {
		struct binder binder = {.statement = store->statements[statements[i]]};

		bind_text(&binder, op->u.bound.plugin);
		bind_text(&binder, op->u.bound.param);
		good = binder_run(&binder);
	}
	return good;
}

static bool put_bound(struct store *store, const struct store_op *op)
{
	const struct store_bound *bound = &op->u.bound;
	struct binder binder = {.statement = store->statements[SQL_PUT_BOUND]};

	if (!delete_bound(store, op)) { /* with the choices that it had */
		return false;
	}
	bind_text(&binder, bound->plugin);
	bind_text(&binder, bound->param);
	bind_double_if(&binder, bound->has_min, bound->min);
	bind_double_if(&binder, bound->has_max, bound->max);
	bind_text(&binder, bound->actor);
	bind_int(&binder, bound->time_unix_ns);
	return binder_run(&binder);
}

static bool put_bound_choice(struct store *store, const struct store_op *op)
{
	const struct store_bound_choice *choice = &op->u.bound_choice;
	struct binder binder = {.statement = store->statements[SQL_PUT_BOUND_CHOICE]};

	bind_text(&binder, choice->plugin);
	bind_text(&binder, choice->param);
	bind_int(&binder, choice->position);
	bind_value(&binder, &choice->value);
	return binder_run(&binder);
}

static bool put_profile_value(struct store *store, const struct store_op *op)
{
	const struct store_profile_value *value = &op->u.profile;
	struct binder binder = {.statement = store->statements[SQL_PUT_PROFILE_VALUE]};

	bind_text(&binder, value->plugin);
	bind_text(&binder, value->profile);
	bind_text(&binder, value->param);
	bind_value(&binder, &value->value);
	bind_text(&binder, value->actor);
	bind_int(&binder, value->time_unix_ns);
	bind_int(&binder, value->position);
	return binder_run(&binder);
}

static bool delete_profile(struct store *store, const struct store_op *op)
{
	struct binder binder = {.statement = store->statements[SQL_DELETE_PROFILE]};

	bind_text(&binder, op->u.profile.plugin);
	bind_text(&binder, op->u.profile.profile);
	return binder_run(&binder);
}

static bool put_audit(struct store *store, const struct store_op *op)
{
	const struct store_audit *audit = &op->u.audit;
	struct binder binder = {.statement = store->statements[SQL_PUT_AUDIT]};

	bind_int(&binder, audit->time_unix_ns);
	bind_text(&binder, audit->actor);
	bind_text(&binder, audit->verb);
	bind_text(&binder, audit->instance);
	bind_text(&binder, audit->param);
	bind_text(&binder, audit->old_value);
	bind_text(&binder, audit->new_value);
	bind_unsigned(&binder, audit->revision);
	bind_unsigned(&binder, audit->lease_id);
	bind_text(&binder, audit->result);
	if (!binder_run(&binder)) {
		return false;
	}
	int64_t sequence = sqlite3_last_insert_rowid(store->db);
	return sequence <= STORE_AUDIT_MAX ||
	       store_run_with(store, SQL_TRIM_AUDIT, (uint64_t)sequence - STORE_AUDIT_MAX);
}

static bool delete_declarations(struct store *store, const char *instance)
{
	struct binder binder = {.statement = store->statements[SQL_DELETE_DECLARATIONS]};

	bind_text(&binder, instance);
	return binder_run(&binder);
}

static bool put_plugin(struct store *store, const struct store_op *op)
{
	const struct store_plugin *plugin = &op->u.plugin;
	struct binder binder = {.statement = store->statements[SQL_PUT_PLUGIN]};

	bind_text(&binder, plugin->instance);
	bind_text(&binder, plugin->name);
	bind_text(&binder, plugin->version);
	bind_text(&binder, plugin->parent);
	bind_text(&binder, plugin->host);
	bind_int(&binder, plugin->pid);
	bind_int(&binder, plugin->uid);
	bind_int(&binder, plugin->open_unix_ns);
	bind_int(&binder, plugin->attach_unix_ns);
	bind_int(&binder, plugin->end_unix_ns);
	bind_unsigned(&binder, plugin->effective_revision);
	return binder_run(&binder) && delete_declarations(store, plugin->instance);
}

static bool put_declaration(struct store *store, const struct store_op *op)
{
	const struct store_declaration *declaration = &op->u.declaration;
	struct binder binder = {.statement = store->statements[SQL_PUT_DECLARATION]};

	bind_text(&binder, declaration->instance);
	bind_int(&binder, declaration->position);
	bind_text(&binder, declaration->param);
	bind_bytes(&binder, declaration->packet, declaration->packet_bytes);
	bind_value_if(&binder, declaration->has_effective, &declaration->effective);
	bind_unsigned(&binder, declaration->effective_revision);
	bind_value_if(&binder, declaration->failure_revision > 0, &declaration->failure_value);
	bind_unsigned(&binder, declaration->failure_revision);
	bind_int(&binder, declaration->failure_unix_ns);
	bind_text(&binder, declaration->failure_reason);
	return binder_run(&binder);
}

static bool lose_plugins(struct store *store, const struct store_op *op)
{
	return store_run_with(store, SQL_LOSE_PLUGINS, (uint64_t)op->u.plugin.end_unix_ns);
}

static bool forget_plugins(struct store *store, const struct store_op *op)
{
	const uint64_t end_unix_ns = (uint64_t)op->u.plugin.end_unix_ns;

	return store_run_with(store, SQL_FORGET_DECLARATIONS, end_unix_ns) &&
	       store_run_with(store, SQL_FORGET_PLUGINS, end_unix_ns);
}

static bool (*const op_write[STORE_VERBS])(struct store *store, const struct store_op *op) = {
	[STORE_PUT_PARAM] = put_param,           [STORE_FORGET_PARAM] = forget_param,
	[STORE_PUT_REVISION] = put_revision,     [STORE_PUT_LEASE] = put_lease,
	[STORE_PUT_BASELINE] = put_baseline,     [STORE_DELETE_LEASE] = delete_lease,
	[STORE_PUT_BOUND] = put_bound,           [STORE_PUT_BOUND_CHOICE] = put_bound_choice,
	[STORE_DELETE_BOUND] = delete_bound,     [STORE_PUT_PROFILE_VALUE] = put_profile_value,
	[STORE_DELETE_PROFILE] = delete_profile, [STORE_PUT_AUDIT] = put_audit,
	[STORE_PUT_PLUGIN] = put_plugin,         [STORE_PUT_DECLARATION] = put_declaration,
	[STORE_LOSE_PLUGINS] = lose_plugins,     [STORE_FORGET_PLUGINS] = forget_plugins,
};

bool store_write_job(struct store *store, const struct store_job *job)
{
	for (size_t i = 0; i < job->count; i++) {
		if (!op_write[job->ops[i].verb](store, &job->ops[i])) {
			return false;
		}
	}
	return true;
}
