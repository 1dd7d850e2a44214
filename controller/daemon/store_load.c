/* What was stored about knobs, read once when fastd starts. */
#include "store_column.h"
#include "store_impl.h"

#include <assert.h>

typedef bool load_fn(sqlite3_stmt *row, const struct store_visitor *visitor);

static bool load_revision(sqlite3_stmt *row, const struct store_visitor *visitor)
{
	struct store_revision revision;

	column_copy(row, 0, revision.instance, sizeof revision.instance);
	revision.revision = column_unsigned(row, 1);
	return visitor->revision == NULL || visitor->revision(&revision, visitor->arg);
}

static bool load_param(sqlite3_stmt *row, const struct store_visitor *visitor)
{
	struct store_param param;

	column_copy(row, 0, param.instance, sizeof param.instance);
	column_copy(row, 1, param.param, sizeof param.param);
	if (!column_value(row, 2, &param.value)) {
		return true;
	}
	param.revision = column_unsigned(row, 4);
	column_copy(row, 5, param.actor, sizeof param.actor);
	param.time_unix_ns = sqlite3_column_int64(row, 6);
	param.expires_unix_ns = sqlite3_column_int64(row, 7);
	param.has_back = column_value(row, 8, &param.back);
	return visitor->param == NULL || visitor->param(&param, visitor->arg);
}

static bool load_lease(sqlite3_stmt *row, const struct store_visitor *visitor)
{
	struct store_lease lease;

	lease.id = column_unsigned(row, 0);
	column_copy(row, 1, lease.instance, sizeof lease.instance);
	column_copy(row, 2, lease.owner, sizeof lease.owner);
	lease.terms.ttl_ms = (uint32_t)sqlite3_column_int64(row, 3);
	lease.terms.on_loss = (enum node_on_loss)sqlite3_column_int(row, 4);
	lease.terms.hold_ms = (uint32_t)sqlite3_column_int64(row, 5);
	lease.terms.priority = (uint32_t)sqlite3_column_int64(row, 6);
	lease.terms.notice_ms = (uint32_t)sqlite3_column_int64(row, 7);
	lease.epoch = column_unsigned(row, 8);
	column_copy(row, 9, lease.principal, sizeof lease.principal);
	column_copy(row, 10, lease.client, sizeof lease.client);
	lease.terms.outlive_process = sqlite3_column_int(row, 11) != 0;
	return visitor->lease == NULL || visitor->lease(&lease, visitor->arg);
}

static bool load_baseline(sqlite3_stmt *row, const struct store_visitor *visitor)
{
	struct store_baseline baseline;

	baseline.lease_id = column_unsigned(row, 0);
	column_copy(row, 1, baseline.param, sizeof baseline.param);
	baseline.has_value = column_value(row, 2, &baseline.value);
	return visitor->baseline == NULL || visitor->baseline(&baseline, visitor->arg);
}

static bool load_bound(sqlite3_stmt *row, const struct store_visitor *visitor)
{
	struct store_bound bound = {0};

	column_copy(row, 0, bound.plugin, sizeof bound.plugin);
	column_copy(row, 1, bound.param, sizeof bound.param);
	bound.has_min = sqlite3_column_type(row, 2) != SQLITE_NULL;
	bound.min = sqlite3_column_double(row, 2);
	bound.has_max = sqlite3_column_type(row, 3) != SQLITE_NULL;
	bound.max = sqlite3_column_double(row, 3);
	column_copy(row, 4, bound.actor, sizeof bound.actor);
	bound.time_unix_ns = sqlite3_column_int64(row, 5);
	return visitor->bound == NULL || visitor->bound(&bound, visitor->arg);
}

static bool load_bound_choice(sqlite3_stmt *row, const struct store_visitor *visitor)
{
	struct store_bound_choice choice = {0};

	column_copy(row, 0, choice.plugin, sizeof choice.plugin);
	column_copy(row, 1, choice.param, sizeof choice.param);
	choice.position = (uint32_t)sqlite3_column_int64(row, 2);
	if (!column_value(row, 3, &choice.value) || visitor->bound_choice == NULL) {
		return true;
	}
	return visitor->bound_choice(&choice, visitor->arg);
}

static bool load_profile(sqlite3_stmt *row, const struct store_visitor *visitor)
{
	struct store_profile_value value = {0};

	column_copy(row, 0, value.plugin, sizeof value.plugin);
	column_copy(row, 1, value.profile, sizeof value.profile);
	column_copy(row, 2, value.param, sizeof value.param);
	column_copy(row, 5, value.actor, sizeof value.actor);
	value.time_unix_ns = sqlite3_column_int64(row, 6);
	if (!column_value(row, 3, &value.value) || visitor->profile == NULL) {
		return true;
	}
	return visitor->profile(&value, visitor->arg);
}

static bool load_failed(sqlite3_stmt *row, const struct store_visitor *visitor)
{
	struct store_audit entry = {0};

	column_copy(row, 0, entry.instance, sizeof entry.instance);
	column_copy(row, 1, entry.param, sizeof entry.param);
	column_copy(row, 2, entry.new_value, sizeof entry.new_value);
	column_copy(row, 3, entry.actor, sizeof entry.actor);
	entry.time_unix_ns = sqlite3_column_int64(row, 4);
	column_copy(row, 5, entry.result, sizeof entry.result);
	return visitor->failed == NULL || visitor->failed(&entry, visitor->arg);
}

static bool load_plugin(sqlite3_stmt *row, const struct store_visitor *visitor)
{
	struct store_plugin plugin = {0};

	column_copy(row, 0, plugin.instance, sizeof plugin.instance);
	column_copy(row, 1, plugin.name, sizeof plugin.name);
	column_copy(row, 2, plugin.version, sizeof plugin.version);
	column_copy(row, 3, plugin.parent, sizeof plugin.parent);
	column_copy(row, 4, plugin.host, sizeof plugin.host);
	plugin.pid = (uint32_t)sqlite3_column_int64(row, 5);
	plugin.uid = (uint32_t)sqlite3_column_int64(row, 6);
	plugin.open_unix_ns = sqlite3_column_int64(row, 7);
	plugin.attach_unix_ns = sqlite3_column_int64(row, 8);
	plugin.end_unix_ns = sqlite3_column_int64(row, 9);
	plugin.effective_revision = column_unsigned(row, 10);
	return visitor->plugin == NULL || visitor->plugin(&plugin, visitor->arg);
}

static bool load_declaration(sqlite3_stmt *row, const struct store_visitor *visitor)
{
	struct store_declaration declaration = {0};

	column_copy(row, 0, declaration.instance, sizeof declaration.instance);
	declaration.position = (uint32_t)sqlite3_column_int64(row, 1);
	column_copy(row, 2, declaration.param, sizeof declaration.param);
	declaration.packet = sqlite3_column_blob(row, 3);
	declaration.packet_bytes = (size_t)sqlite3_column_bytes(row, 3);
	declaration.has_effective = column_value(row, 4, &declaration.effective);
	declaration.effective_revision = column_unsigned(row, 6);
	if (column_value(row, 7, &declaration.failure_value)) {
		declaration.failure_revision = column_unsigned(row, 9);
	}
	declaration.failure_unix_ns = sqlite3_column_int64(row, 10);
	column_copy(row, 11, declaration.failure_reason, sizeof declaration.failure_reason);
	return visitor->declaration == NULL || visitor->declaration(&declaration, visitor->arg);
}

static bool load_lease_id(sqlite3_stmt *row, const struct store_visitor *visitor)
{
	*(uint64_t *)visitor->arg = column_unsigned(row, 0);
	return true;
}

/* Ids follow the clock, which may have been set back. */
static bool load_series_id(sqlite3_stmt *row, const struct store_visitor *visitor)
{
	uint64_t *newest = visitor->arg;

	if (column_unsigned(row, 0) > *newest) {
		*newest = column_unsigned(row, 0);
	}
	return true;
}

static bool load_second(sqlite3_stmt *row, const struct store_visitor *visitor)
{
	*(int64_t *)visitor->arg = sqlite3_column_int64(row, 0);
	return true;
}

static enum fast_status load_each(sqlite3 *db, const char *sql, load_fn *fn,
				  const struct store_visitor *visitor)
{
	enum fast_status status = FAST_OK;
	sqlite3_stmt *row = NULL;
	int code = sqlite3_prepare_v2(db, sql, -1, &row, NULL);

	if (code == SQLITE_OK) {
		while (status == FAST_OK && (code = sqlite3_step(row)) == SQLITE_ROW) {
			status = fn(row, visitor) ? FAST_OK : FAST_RESOURCE_EXHAUSTED;
		}
	}
	(void)sqlite3_finalize(row);
	return status == FAST_OK && code != SQLITE_DONE ? FAST_UNAVAILABLE : status;
}

/* For a database that could not be brought up to date, since the disk is full: from which version
 * on the schema has these columns, and how the one before gives them; NULL: it has none of these.
 */
static const struct {
	const char *sql;
	int64_t since;
	const char *before;
	load_fn *fn;
} tables[] = {
	{"SELECT * FROM revisions", 1, NULL, load_revision},
	{"SELECT * FROM params", 2, "SELECT *, 0, 0, NULL FROM params", load_param},
	{"SELECT * FROM leases", 2, "SELECT *, 0, 0, 0, 1, '', '', 0 FROM leases", load_lease},
	{"SELECT * FROM baselines", 1, NULL, load_baseline},
	{"SELECT * FROM bounds ORDER BY time", 2, NULL, load_bound},
	{"SELECT * FROM bound_choices ORDER BY position", 2, NULL, load_bound_choice},
	{"SELECT * FROM profiles ORDER BY time, position", 2, NULL, load_profile},
	/* SQLite takes the other columns from the row that has the greatest. */
	{"SELECT instance, param, new, actor, time, result, max(sequence) AS newest FROM audit"
	 " WHERE result <> 'ok' AND verb IN ('set', 'profile', 'timeout')"
	 " GROUP BY instance, param ORDER BY newest DESC",
	 1, NULL, load_failed},
	{"SELECT * FROM plugins", 5, NULL, load_plugin},
	{"SELECT * FROM declarations ORDER BY instance, position", 5, NULL, load_declaration},
};

enum fast_status store_load(struct store *store, const struct store_visitor *visitor)
{
	const struct store_visitor lease_id = {.arg = &store->lease_id_newest};
	const struct store_visitor series_id = {.arg = &store->series_id_newest};
	const struct store_visitor second = {.arg = &store->second_newest};
	int64_t version = STORE_VERSION;
	sqlite3 *readable = NULL;
	sqlite3 *db = store->db;
	enum fast_status status = FAST_OK;

	assert(!store->started);
	if (db == NULL) {
		status = store_db_open_readable(store, &readable, &version);
		db = readable;
	}
	if (status != FAST_OK || db == NULL) {
		return status;
	}
	status = load_each(db, "SELECT value FROM meta WHERE key = 'lease_id'", load_lease_id,
			   &lease_id);
	if (status == FAST_OK) {
		status = load_each(db, "SELECT max(id) FROM series", load_series_id, &series_id);
	}
	if (status == FAST_OK) {
		status = load_each(db, "SELECT max(second) FROM seconds", load_second, &second);
	}
	for (size_t i = 0; i < sizeof tables / sizeof *tables && status == FAST_OK; i++) {
		const char *sql = version < tables[i].since ? tables[i].before : tables[i].sql;

		if (sql != NULL) {
			status = load_each(db, sql, tables[i].fn, visitor);
		}
	}
	(void)sqlite3_close(readable);
	return status;
}
