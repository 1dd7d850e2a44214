#include "store_impl.h"

#include <string.h>

/* A statement being bound: parameters are numbered from 1 in the order of the calls. A failure to
 * bind (no memory) is remembered. */
struct binder {
	sqlite3_stmt *statement;
	int index;
	int code;
};

static void binder_note(struct binder *binder, int code)
{
	binder->code = binder->code == SQLITE_OK ? code : binder->code;
}

static void bind_int(struct binder *binder, int64_t value)
{
	binder_note(binder, sqlite3_bind_int64(binder->statement, ++binder->index, value));
}

static void bind_unsigned(struct binder *binder, uint64_t value)
{
	bind_int(binder, (int64_t)value);
}

static void bind_double(struct binder *binder, double value)
{
	binder_note(binder, sqlite3_bind_double(binder->statement, ++binder->index, value));
}

/* Otherwise it stays NULL. */
static void bind_double_if(struct binder *binder, bool given, double value)
{
	if (given) {
		bind_double(binder, value);
	} else {
		binder->index++;
	}
}

/* text outlives the statement's run. */
static void bind_text(struct binder *binder, const char *text)
{
	binder_note(binder,
		    sqlite3_bind_text(binder->statement, ++binder->index, text, -1, SQLITE_STATIC));
}

static void bind_value(struct binder *binder, const struct fast_page_value *value)
{
	bind_int(binder, (int64_t)value->type);
	switch (value->type) {
	case FAST_PARAM_BOOL:
		bind_int(binder, value->u.boolean);
		break;
	case FAST_PARAM_INT:
		bind_int(binder, value->u.integer);
		break;
	case FAST_PARAM_DOUBLE:
		bind_double(binder, value->u.number);
		break;
	case FAST_PARAM_STRING:
	case FAST_PARAM_ENUM:
		bind_text(binder, value->string);
		break;
	}
}

static bool binder_run(struct store *store, struct binder *binder)
{
	int code = binder->code == SQLITE_OK ? sqlite3_step(binder->statement) : SQLITE_NOMEM;

	(void)store;
	(void)sqlite3_reset(binder->statement);
	(void)sqlite3_clear_bindings(binder->statement);
	return code == SQLITE_DONE || code == SQLITE_ROW;
}

bool store_run(struct store *store, enum store_statement statement)
{
	struct binder binder = {.statement = store->statements[statement]};

	return binder_run(store, &binder);
}

static bool run_with(struct store *store, enum store_statement statement, uint64_t value)
{
	struct binder binder = {.statement = store->statements[statement]};

	bind_unsigned(&binder, value);
	return binder_run(store, &binder);
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
	if (param->has_back) {
		bind_value(&binder, &param->back);
	} else {
		bind_int(&binder, 0); /* the value stays NULL */
	}
	return binder_run(store, &binder);
}

static bool forget_param(struct store *store, const struct store_op *op)
{
	struct binder binder = {.statement = store->statements[SQL_FORGET_PARAM]};

	bind_text(&binder, op->u.param.instance);
	bind_text(&binder, op->u.param.param);
	return binder_run(store, &binder);
}

static bool put_revision(struct store *store, const struct store_op *op)
{
	struct binder binder = {.statement = store->statements[SQL_PUT_REVISION]};

	bind_text(&binder, op->u.revision.instance);
	bind_unsigned(&binder, op->u.revision.revision);
	return binder_run(store, &binder);
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
	return binder_run(store, &binder) && run_with(store, SQL_PUT_LEASE_ID, lease->id);
}

static bool put_baseline(struct store *store, const struct store_op *op)
{
	const struct store_baseline *baseline = &op->u.baseline;
	struct binder binder = {.statement = store->statements[SQL_PUT_BASELINE]};

	bind_unsigned(&binder, baseline->lease_id);
	bind_text(&binder, baseline->param);
	if (baseline->has_value) {
		bind_value(&binder, &baseline->value);
	} else {
		bind_int(&binder, 0); /* the value stays NULL */
	}
	return binder_run(store, &binder);
}

static bool delete_lease(struct store *store, const struct store_op *op)
{
	return run_with(store, SQL_DELETE_LEASE, op->u.lease.id) &&
	       run_with(store, SQL_DELETE_BASELINES, op->u.lease.id);
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
		good = binder_run(store, &binder);
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
	return binder_run(store, &binder);
}

static bool put_bound_choice(struct store *store, const struct store_op *op)
{
	const struct store_bound_choice *choice = &op->u.bound_choice;
	struct binder binder = {.statement = store->statements[SQL_PUT_BOUND_CHOICE]};

	bind_text(&binder, choice->plugin);
	bind_text(&binder, choice->param);
	bind_int(&binder, choice->position);
	bind_value(&binder, &choice->value);
	return binder_run(store, &binder);
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
	return binder_run(store, &binder);
}

static bool delete_profile(struct store *store, const struct store_op *op)
{
	struct binder binder = {.statement = store->statements[SQL_DELETE_PROFILE]};

	bind_text(&binder, op->u.profile.plugin);
	bind_text(&binder, op->u.profile.profile);
	return binder_run(store, &binder);
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
	if (!binder_run(store, &binder)) {
		return false;
	}
	int64_t sequence = sqlite3_last_insert_rowid(store->db);
	return sequence <= STORE_AUDIT_MAX ||
	       run_with(store, SQL_TRIM_AUDIT, (uint64_t)sequence - STORE_AUDIT_MAX);
}

static bool (*const op_write[STORE_VERBS])(struct store *store, const struct store_op *op) = {
	[STORE_PUT_PARAM] = put_param,           [STORE_FORGET_PARAM] = forget_param,
	[STORE_PUT_REVISION] = put_revision,     [STORE_PUT_LEASE] = put_lease,
	[STORE_PUT_BASELINE] = put_baseline,     [STORE_DELETE_LEASE] = delete_lease,
	[STORE_PUT_BOUND] = put_bound,           [STORE_PUT_BOUND_CHOICE] = put_bound_choice,
	[STORE_DELETE_BOUND] = delete_bound,     [STORE_PUT_PROFILE_VALUE] = put_profile_value,
	[STORE_DELETE_PROFILE] = delete_profile, [STORE_PUT_AUDIT] = put_audit,
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

static bool put_series(struct store *store, const struct store_series *series, int64_t second)
{
	struct binder binder = {.statement = store->statements[SQL_PUT_SERIES]};

	bind_unsigned(&binder, series->id);
	bind_text(&binder, series->instance);
	bind_text(&binder, series->metric);
	bind_text(&binder, series->unit);
	bind_int(&binder, (int64_t)series->kind);
	bind_int(&binder, second);
	return binder_run(store, &binder);
}

static bool put_sample(struct store *store, const struct store_sample *sample, int64_t second)
{
	struct binder binder = {.statement = store->statements[SQL_PUT_SAMPLE]};

	bind_int(&binder, second);
	bind_unsigned(&binder, sample->series);
	bind_int(&binder, sample->time_unix_ns);
	bind_unsigned(&binder, sample->count);
	bind_double(&binder, sample->value);
	bind_double(&binder, sample->sum);
	bind_double(&binder, sample->rate_instant);
	bind_double(&binder, sample->rate_window);
	bind_double(&binder, sample->rate_global);
	bind_int(&binder, sample->window_ms);
	bind_unsigned(&binder, sample->window.count);
	bind_double(&binder, sample->window.mean);
	bind_double(&binder, sample->window.p50);
	bind_double(&binder, sample->window.p95);
	bind_double(&binder, sample->window.p99);
	bind_unsigned(&binder, sample->revision_first);
	bind_unsigned(&binder, sample->revision_last);
	return binder_run(store, &binder);
}

bool store_write_samples(struct store *store, struct store_samples *samples, size_t *count)
{
	if (samples->written == 0) {
		if (!run_with(store, SQL_PUT_SECOND, (uint64_t)samples->second)) {
			return false;
		}
		for (size_t i = 0; i < samples->series_count; i++) {
			if (!put_series(store, &samples->series[i], samples->second)) {
				return false;
			}
		}
	}
	while (samples->written<samples->count && * count> 0) {
		if (!put_sample(store, &samples->samples[samples->written], samples->second)) {
			return false;
		}
		samples->written++;
		--*count;
	}
	return true;
}

/* The number that a query gives; otherwise when it gives none. */
static int64_t query(struct store *store, enum store_statement statement, int64_t otherwise)
{
	sqlite3_stmt *sql = store->statements[statement];
	int64_t number = otherwise;

	if (sqlite3_step(sql) == SQLITE_ROW && sqlite3_column_type(sql, 0) != SQLITE_NULL) {
		number = sqlite3_column_int64(sql, 0);
	}
	(void)sqlite3_reset(sql);
	return number;
}

bool store_trim(struct store *store, int64_t now_s, size_t count)
{
	size_t deleted = 0;
	bool trimmed = false;

	while (deleted < count) {
		int64_t oldest = query(store, SQL_OLDEST_SECOND, INT64_MAX);
		int64_t used = query(store, SQL_USED_BYTES, 0);

		if (oldest >= now_s - (int64_t)store->samples_age_s_max &&
		    (uint64_t)used <= store->samples_bytes_max) {
			break;
		}
		if (oldest == INT64_MAX) {
			break;
		}
		if (!run_with(store, SQL_DELETE_SAMPLES, (uint64_t)oldest)) {
			return false;
		}
		deleted += (size_t)sqlite3_changes(store->db) + 1;
		if (!run_with(store, SQL_DELETE_SECOND, (uint64_t)oldest)) {
			return false;
		}
		trimmed = true;
	}
	if (!trimmed) {
		return true;
	}
	return run_with(store, SQL_DELETE_SERIES, (uint64_t)query(store, SQL_OLDEST_SECOND, now_s));
}
