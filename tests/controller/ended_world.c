#include "controller/ended_world.h"

#include "daemon/node_impl.h"

#include <fast/param_change.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS_PER_S INT64_C(1000000000)

int64_t ended_later_ns;

/* In place of daemon/clock.c. */
int64_t node_now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t node_now_unix_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec +
	       __atomic_load_n(&ended_later_ns, __ATOMIC_RELAXED);
}

/* ---- what is known, as a text ---- */

__attribute__((format(printf, 2, 3))) static void text_add(struct ended_text *text,
							   const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text->used += (size_t)vsnprintf(text->bytes + text->used, ENDED_TEXT_BYTES - text->used,
					format, args);
	va_end(args);
	assert_true(text->used < ENDED_TEXT_BYTES);
}

static void text_add_value(struct ended_text *text, const char *name,
			   const struct fast_page_value *value)
{
	char bytes[FAST_PARAM_STRING_BYTES_MAX + 1];

	text_add(text, " %s=%d:%s", name, (int)value->type,
		 node_value_text(value, bytes, sizeof bytes));
}

static void add_param(const struct node_param *param, void *arg)
{
	struct ended_text *text = arg;

	assert_false(param->live);
	text_add(text, "%s.%s [%s] '%s' type %d", param->plugin, param->name, param->unit,
		 param->help, (int)param->type);
	text_add_value(text, "initial", &param->initial);
	text_add(text, " range %d %g..%g/%g", param->has_range, param->min, param->max,
		 param->step);
	for (size_t i = 0; i < param->choice_count; i++) {
		text_add_value(text, "choice", &param->choices[i]);
	}
	text_add(text, " flags %d%d ack %u", param->read_only, param->restart_required,
		 param->ack_timeout_ms);
	text_add_value(text, "desired", &param->desired);
	text_add_value(text, "effective", &param->effective);
	text_add(text, " at %llu/%llu of %llu status %d by '%s' %lld",
		 (unsigned long long)param->revision, (unsigned long long)param->effective_revision,
		 (unsigned long long)param->plugin_revision, (int)param->status, param->actor,
		 (long long)param->set_unix_ns);
	text_add(text, " failure %llu '%s' %lld", (unsigned long long)param->failure_revision,
		 param->failure_reason, (long long)param->failure_unix_ns);
	if (param->failure_revision > 0) {
		text_add_value(text, "failed", &param->failure_value);
	}
	text_add(text, " lease %llu '%s'", (unsigned long long)param->lease_id, param->lease_owner);
	text_add(text, " back %d %d", param->value_ttl_ms > 0, param->has_back);
	if (param->last_refused != NULL) {
		text_add_value(text, "refused", &param->last_refused->value);
	}
	text_add(text, "\n");
}

static void add_plugin(const struct node_plugin *plugin, void *arg)
{
	text_add(
		arg,
		"%s %s parent '%s' host '%s' live %d pid %u uid %u %lld..%lld %u knobs %llu %llu\n",
		plugin->name, plugin->version, plugin->parent, plugin->host, plugin->live,
		plugin->pid, plugin->uid, (long long)plugin->attach_unix_ns,
		(long long)plugin->end_unix_ns, plugin->param_count,
		(unsigned long long)plugin->revision,
		(unsigned long long)plugin->effective_revision);
}

/* All that is known of plugins that have ended. */
struct ended_text world_known(struct world *world)
{
	const struct node_filter filter = {.include_ended = true};
	struct ended_text text = {0};

	node_each_plugin(world->node, &filter, add_plugin, &text);
	node_each_param(world->node, &filter, add_param, &text);
	return text;
}

/* ---- the database, from outside ---- */

sqlite3 *world_database(const struct world *world)
{
	char path[128];
	sqlite3 *db = NULL;

	(void)snprintf(path, sizeof path, "%s/fastd.db", world->dir);
	assert_int_equal(SQLITE_OK, sqlite3_open(path, &db));
	(void)sqlite3_busy_timeout(db, WORLD_WAIT_MS);
	return db;
}

void world_database_run(const struct world *world, const char *sql)
{
	sqlite3 *db = world_database(world);

	assert_int_equal(SQLITE_OK, sqlite3_exec(db, sql, NULL, NULL, NULL));
	assert_int_equal(SQLITE_OK, sqlite3_close(db));
}

int64_t world_database_number(const struct world *world, const char *sql)
{
	sqlite3 *db = world_database(world);
	sqlite3_stmt *statement = NULL;
	int64_t number;

	assert_int_equal(SQLITE_OK, sqlite3_prepare_v2(db, sql, -1, &statement, NULL));
	assert_int_equal(SQLITE_ROW, sqlite3_step(statement));
	number = sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	assert_int_equal(SQLITE_OK, sqlite3_close(db));
	return number;
}

struct question {
	const struct world *world;
	const char *sql;
	int64_t number;
};

static bool is_number(void *arg)
{
	const struct question *question = arg;

	return world_database_number(question->world, question->sql) == question->number;
}

void world_database_wait(const struct world *world, const char *sql, int64_t number)
{
	struct question question = {world, sql, number};

	wait_until(is_number, &question);
}

void world_kill(struct world *world)
{
	char copy[sizeof world->dir] = "/tmp/fastd-test-XXXXXX";
	char command[256];
	struct world killed = *world;

	assert_non_null(mkdtemp(copy));
	(void)snprintf(command, sizeof command, "cp %s/fastd.db* %s", world->dir, copy);
	assert_int_equal(0, system(command));
	node_close(killed.node); /* what it still writes, it writes elsewhere */
	directory_remove(killed.dir);
	world->node = NULL;
	memcpy(world->dir, copy, sizeof copy);
	(void)snprintf(world->socket, sizeof world->socket, "%s/p.sock", world->dir);
	world_restart(world);
}

/* ---- a plugin with a knob of each kind ---- */

void ended_declare(struct fast_plugin *plugin, struct fast_param *params[KNOBS])
{
	static const union fast_param_value sizes[] = {{.integer = 1}, {.integer = 4}};
	static const union fast_param_value modes[] = {{.string = "fast"}, {.string = "good"}};
	const struct fast_param_spec specs[KNOBS] = {
		[QUALITY] = {.name = "quality",
			     .type = FAST_PARAM_INT,
			     .initial.integer = 7,
			     .min = -3,
			     .max = 97,
			     .step = 2,
			     .unit = "%",
			     .help = "How good a picture is."},
		[SIZE] = {.name = "size",
			  .type = FAST_PARAM_INT,
			  .initial.integer = 4,
			  .choices = sizes,
			  .choice_count = 2},
		[GAIN] = {.name = "gain",
			  .type = FAST_PARAM_DOUBLE,
			  .initial.number = 0.1,
			  .min = 0,
			  .max = 1},
		[MODE] = {.name = "mode",
			  .type = FAST_PARAM_ENUM,
			  .initial.string = "good",
			  .choices = modes,
			  .choice_count = 2},
		[TITLE] = {.name = "title",
			   .type = FAST_PARAM_STRING,
			   .initial.string = "a \"b\" \xc3\xa9"},
		[FLIP] = {.name = "flip", .type = FAST_PARAM_BOOL, .restart_required = true},
		[SERIAL] = {.name = "serial",
			    .type = FAST_PARAM_INT,
			    .initial.integer = 5,
			    .read_only = true},
		[SLOW] = {.name = "slow",
			  .type = FAST_PARAM_INT,
			  .ack = FAST_PARAM_ACK_EXPLICIT,
			  .ack_timeout_ms = 60000},
	};

	for (size_t i = 0; i < KNOBS; i++) {
		struct fast_param_spec spec = specs[i];

		spec.size = sizeof spec;
		assert_ok(fast_plugin_param(plugin, &spec, &params[i]));
	}
}

static struct fast_page_value value_text(enum fast_param_type type, const char *text)
{
	struct fast_page_value value = {.type = type};

	(void)snprintf(value.string, sizeof value.string, "%s", text);
	return value;
}

static void set_for(struct world *world, const char *param, struct fast_page_value value,
		    uint32_t ttl_ms)
{
	struct outcome outcome = {0};
	struct node_assignment assignment = {.value = value};
	const struct node_set set = {.plugin = "cam",
				     .assignments = &assignment,
				     .count = 1,
				     .value_ttl_ms = ttl_ms,
				     .actor = "tester"};

	(void)snprintf(assignment.param, sizeof assignment.param, "%s", param);
	node_set(world->node, &set, outcome_done, &outcome);
	assert_ok(outcome_wait(&outcome).status);
}

void ended_turn(struct world *world, struct fast_param *params[KNOBS])
{
	uint64_t revision = 0;

	(void)world_param_wait(world, "cam", "slow", NODE_PARAM_UNSET);
	assert_ok(world_set(world, "cam", "slow", value_int(3), 0).status);
	assert_ok(fast_param_wait(params[SLOW], &revision, WORLD_WAIT_MS));
	fast_param_failed(params[SLOW], revision, "there is no third");
	(void)world_param_wait(world, "cam", "slow", NODE_PARAM_FAILED);
	assert_ok(world_set(world, "cam", "quality", value_int(9), 0).status);
	assert_int_equal(9, fast_param_get_int(params[QUALITY]));
	(void)world_param_wait(world, "cam", "quality", NODE_PARAM_APPLIED);
	set_for(world, "gain", value_double(0.5), 60000);
	assert_status(
		FAST_OUT_OF_RANGE,
		world_set(world, "cam", "mode", value_text(FAST_PARAM_STRING, "bad"), 0).status);
	assert_ok(world_set(world, "cam", "flip",
			    (struct fast_page_value){.type = FAST_PARAM_BOOL, .u.boolean = true}, 0)
			  .status);
	assert_ok(world_claim(world, "cam", "title", 60000, NODE_ON_LOSS_HOLD, "holder").status);
	assert_ok(world_set(world, "cam", "size", value_int(1), 0).status); /* it is not read */
}

void ended_visit(struct world *world, const char *plugin, const char *param, const char *second)
{
	struct fast_plugin *gone = world_plugin(world, plugin);

	if (second != NULL) {
		(void)plugin_int_param(gone, second, 7);
	}
	(void)plugin_int_param(gone, param, 7);
	(void)world_param_wait(world, plugin, param, NODE_PARAM_UNSET);
	fast_plugin_close(gone);
	(void)world_plugin_wait(world, plugin, false);
}
