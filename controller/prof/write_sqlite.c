#include "prof/outputs.h"

#include <fcntl.h>
#include <math.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#define PATH_BYTES_MAX 1024

static const char schema[] =
	"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
	"CREATE TABLE run(key TEXT PRIMARY KEY, value TEXT NOT NULL);"
	"CREATE TABLE target(id INTEGER PRIMARY KEY, name TEXT NOT NULL, ending TEXT NOT NULL,"
	" reason TEXT NOT NULL, command TEXT NOT NULL, plugin TEXT NOT NULL, image TEXT NOT NULL,"
	" dataset TEXT NOT NULL);"
	"CREATE TABLE setting(id INTEGER PRIMARY KEY, target INTEGER NOT NULL, label TEXT NOT "
	"NULL, ending TEXT NOT NULL,"
	" reason TEXT NOT NULL, start_unix_ns INTEGER NOT NULL, end_unix_ns INTEGER NOT NULL,"
	" exit_status INTEGER);"
	"CREATE TABLE knob(setting INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL);"
	"CREATE TABLE metric(setting INTEGER NOT NULL, name TEXT NOT NULL, unit TEXT NOT NULL,"
	" source TEXT NOT NULL, unsupported INTEGER NOT NULL, count INTEGER NOT NULL, mean REAL,"
	" deviation REAL, min REAL, max REAL, p50 REAL, p95 REAL, p99 REAL);"
	"CREATE TABLE sample(setting INTEGER NOT NULL, repeat INTEGER NOT NULL,"
	" metric TEXT NOT NULL, time_unix_ns INTEGER NOT NULL, value REAL);"
	"CREATE TABLE goal(target INTEGER NOT NULL, goal TEXT NOT NULL, verdict INTEGER NOT NULL, "
	"best REAL);"
	"PRAGMA user_version=2; BEGIN;";

/* Runs one insert. types: 't' text, 'i' 64-bit, 'd' double (NaN is NULL). */
static bool insert(sqlite3_stmt *statement, const char *types, ...)
{
	va_list args;
	bool good = true;

	va_start(args, types);
	for (int i = 0; types[i] != '\0'; i++) {
		if (types[i] == 't') {
			good = good &&
			       sqlite3_bind_text(statement, i + 1, va_arg(args, const char *), -1,
						 SQLITE_TRANSIENT) == SQLITE_OK;
		} else if (types[i] == 'i') {
			good = good && sqlite3_bind_int64(statement, i + 1,
							  va_arg(args, int64_t)) == SQLITE_OK;
		} else {
			good = good && sqlite3_bind_double(statement, i + 1,
							   va_arg(args, double)) == SQLITE_OK;
		}
	}
	va_end(args);
	good = good && sqlite3_step(statement) == SQLITE_DONE;
	return sqlite3_reset(statement) == SQLITE_OK && good;
}

/* The statements, in the order of their text. */
enum {
	INSERT_RUN,
	INSERT_TARGET,
	INSERT_SETTING,
	INSERT_KNOB,
	INSERT_METRIC,
	INSERT_SAMPLE,
	INSERT_GOAL,
	INSERTS
};

static const char *const inserts[INSERTS] = {
	"INSERT INTO run VALUES(?,?)",
	"INSERT INTO target VALUES(?,?,?,?,?,?,?,?)",
	"INSERT INTO setting VALUES(?,?,?,?,?,?,?,?)",
	"INSERT INTO knob VALUES(?,?,?)",
	"INSERT INTO metric VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)",
	"INSERT INTO sample VALUES(?,?,?,?,?)",
	"INSERT INTO goal VALUES(?,?,?,?)",
};

static bool fill_series(sqlite3_stmt **statements, int64_t id, const struct series *series)
{
	const struct stats *stats = &series->stats;
	bool good = insert(statements[INSERT_METRIC], "itttiiddddddd", id, series->name,
			   series->unit, source_name(series->source), (int64_t)series->unsupported,
			   (int64_t)stats->count, stats->mean, stats->deviation, stats->min,
			   stats->max, stats->p50, stats->p95, stats->p99);

	for (size_t i = 0; good && i < series->count; i++) {
		good = insert(statements[INSERT_SAMPLE], "iitid", id,
			      (int64_t)series->points[i].repeat, series->name,
			      series->points[i].time_ns, series->points[i].value);
	}
	return good;
}

static bool fill_setting(sqlite3_stmt **statements, int64_t target, const struct profile *profile,
			 const struct setting *setting)
{
	int64_t id = (int64_t)profile_setting_id(profile, setting);
	char label[256];
	bool good;

	profile_label(profile, setting, label, sizeof label);
	good = insert(statements[INSERT_SETTING], "iitttiid", id, target, label,
		      setting_ending_name(setting), setting->reason, setting->start_ns,
		      setting->end_ns,
		      setting->exit_status < 0 ? NAN : (double)setting->exit_status);
	for (size_t i = 0; good && i < profile->grid.column_count; i++) {
		good = insert(statements[INSERT_KNOB], "itt", id, table_name(&profile->grid, i),
			      table_cell(&profile->grid, setting->row, i));
	}
	for (size_t i = 0; good && i < setting->count; i++) {
		good = fill_series(statements, id, &setting->series[i]);
	}
	return good;
}

static bool fill_target(sqlite3_stmt **statements, int64_t id, const struct profile *profile)
{
	bool good = insert(statements[INSERT_TARGET], "ittttttt", id, profile->target,
			   ending_name(profile->ending), profile->reason, profile->run.command,
			   profile->run.plugin, profile->run.image, profile->run.dataset);

	for (size_t i = 0; good && i < profile->setting_count; i++) {
		good = fill_setting(statements, id, profile, &profile->settings[i]);
	}
	for (size_t i = 0; good && i < profile->aim_count; i++) {
		good = insert(statements[INSERT_GOAL], "itid", id, profile->aims[i].words,
			      (int64_t)profile->aims[i].verdict, profile->aims[i].best);
	}
	return good;
}

static bool fill(sqlite3_stmt **statements, const struct profiles *profiles)
{
	char reason[PROFILE_REASON_BYTES_MAX + PROFILE_TARGET_BYTES_MAX + 16];
	const struct profile_run *run = &profiles->all[0].run; /* what all have in common */
	const struct {
		const char *key, *value;
	} rows[] = {{"schema", OUTPUTS_SCHEMA},
		    {"ending", ending_name(profiles_worst(profiles)->ending)},
		    {"reason", reason},
		    {"command", run->command},
		    {"plugin", run->plugin},
		    {"node", run->node},
		    {"kernel", run->kernel},
		    {"image", run->image},
		    {"repo", run->repo},
		    {"ref", run->ref},
		    {"commit", run->commit},
		    {"fastd", run->fastd}};
	bool good = true;

	profiles_reason(profiles, reason, sizeof reason);
	for (size_t i = 0; good && i < sizeof rows / sizeof rows[0]; i++) {
		good = insert(statements[INSERT_RUN], "tt", rows[i].key, rows[i].value);
	}
	for (size_t i = 0; good && i < profiles->count; i++) {
		good = fill_target(statements, (int64_t)i, &profiles->all[i]);
	}
	return good;
}

static bool write_database(sqlite3 *database, const struct profiles *profiles)
{
	sqlite3_stmt *statements[INSERTS] = {0};
	bool good = sqlite3_exec(database, schema, NULL, NULL, NULL) == SQLITE_OK;

	for (size_t i = 0; good && i < INSERTS; i++) {
		good = sqlite3_prepare_v2(database, inserts[i], -1, &statements[i], NULL) ==
		       SQLITE_OK;
	}
	good = good && fill(statements, profiles);
	for (size_t i = 0; i < INSERTS; i++) {
		sqlite3_finalize(statements[i]);
	}
	return good && sqlite3_exec(database, "COMMIT", NULL, NULL, NULL) == SQLITE_OK;
}

static bool sync_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool good = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0) {
		close(fd);
	}
	return good;
}

bool write_sqlite(const struct profiles *profiles, const char *folder, char *error)
{
	char beside[PATH_BYTES_MAX], path[PATH_BYTES_MAX];
	sqlite3 *database = NULL;
	bool good;

	snprintf(beside, sizeof beside, "%.900s/profile.sqlite.tmp", folder);
	snprintf(path, sizeof path, "%.900s/profile.sqlite", folder);
	(void)unlink(beside);
	good = sqlite3_open(beside, &database) == SQLITE_OK && write_database(database, profiles);
	if (!good) {
		snprintf(error, OUTPUTS_ERROR_BYTES_MAX, "%.300s: %s", path,
			 database != NULL ? sqlite3_errmsg(database) : "no memory");
	}
	good = sqlite3_close(database) == SQLITE_OK && good;
	if (good && sync_file(beside) && rename(beside, path) == 0) {
		return true;
	}
	if (good) {
		snprintf(error, OUTPUTS_ERROR_BYTES_MAX, "%.300s: cannot be kept", path);
	}
	(void)unlink(beside);
	return false;
}
