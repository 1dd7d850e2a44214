/* Plugins that have ended, when what the store has of them is nonsense, or too much, or not to be
 * had. */
#include "controller/ended_world.h"
#include "controller/raw_plugin.h"

#include "support/fault_alloc.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A node that finds nonsense in its database leaves that out. */
static void rows_that_make_no_sense_are_left_out(void **state)
{
	static const struct {
		const char *sql;
		size_t plugins;
		size_t params;
	} kinds[] = {
		{"", 2, 3},
		{"UPDATE plugins SET name = 'Cam!' WHERE instance = 'cam'", 1, 1},
		{"UPDATE plugins SET name = '' WHERE instance = 'cam'", 1, 1},
		{"UPDATE plugins SET instance = 'other' WHERE instance = 'cam'", 1, 1},
		{"UPDATE plugins SET version = CAST(x'ff41' AS TEXT) WHERE instance = 'cam'", 1, 1},
		{"UPDATE plugins SET parent = CAST(x'ff41' AS TEXT) WHERE instance = 'cam'", 1, 1},
		{"UPDATE plugins SET host = CAST(x'ff41' AS TEXT) WHERE instance = 'cam'", 1, 1},
		{"UPDATE plugins SET ended = -9223372036854775807 WHERE instance = 'cam'", 1, 1},
		{"UPDATE plugins SET ended = 9223372036854775807, attached = -1", 2, 3},
		{"UPDATE plugins SET pid = 'junk', uid = -1, effective_revision = -1", 2, 3},
		{"DELETE FROM plugins", 0, 0},
		{"DELETE FROM declarations", 2, 0},
		{"UPDATE declarations SET packet = x'ffffff' WHERE param = 'quality'", 2, 2},
		{"UPDATE declarations SET packet = x'' WHERE param = 'quality'", 2, 2},
		{"UPDATE declarations SET packet = 5 WHERE param = 'quality'", 2, 2},
		{"UPDATE declarations SET packet = zeroblob(5000) WHERE param = 'quality'", 2, 2},
		{"UPDATE declarations SET packet = x'2200' WHERE param = 'quality'", 2, 2},
		{"UPDATE declarations SET packet = x'1a00' WHERE param = 'quality'", 2, 2},
		{"UPDATE declarations SET packet = (SELECT packet FROM declarations WHERE"
		 " param = 'size') WHERE param = 'quality'",
		 2, 2},
		{"UPDATE declarations SET param = 'qualit' WHERE param = 'quality'", 2, 2},
		{"INSERT INTO declarations SELECT instance, 7, param, packet, effective_type,"
		 " effective, effective_revision, failure_type, failure, failure_revision,"
		 " failure_time, failure_reason FROM declarations WHERE param = 'quality'",
		 2, 3},
		{"UPDATE declarations SET effective_type = 4, effective = 'x', failure_type = 9,"
		 " failure_revision = 1",
		 2, 3},
		{"UPDATE declarations SET effective_revision = 1 << 62, failure_type = 2,"
		 " failure_revision = -1, failure_reason = CAST(x'ff' AS TEXT)",
		 2, 3},
		{"UPDATE declarations SET effective = 5000", 2, 3},
	};

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(kinds); i++) {
		struct world world;
		struct node_param seen;
		struct ended_text told;
		size_t lines = 0;

		print_message("%s\n", kinds[i].sql);
		world_init(&world);
		ended_visit(&world, "mic", "level", NULL);
		ended_visit(&world, "cam", "quality", "size");
		world_database_wait(&world, "SELECT count(*) FROM plugins WHERE ended > 0", 2);
		world_database_run(&world, kinds[i].sql);
		world_restart(&world);
		told = world_known(&world);
		for (const char *c = told.bytes; *c != '\0'; c++) {
			lines += *c == '\n';
		}
		assert_int_equal(kinds[i].plugins + kinds[i].params, lines);
		if (world_param(&world, "cam", "quality", &seen)) {
			assert_int_equal(7, seen.effective.u.integer);
			assert_int_equal(0, seen.effective_revision);
		}
		ended_visit(&world, "cam", "again", NULL); /* and it goes on */
		world_fini(&world);
	}
}

static bool store_fails(void *arg)
{
	struct node_status status;

	node_status(arg, &status);
	return status.store_error[0] != '\0';
}

static void what_the_disk_did_not_take_is_saved_when_it_can_be(void **state)
{
	struct fast_plugin *plugin;
	struct world world;
	sqlite3 *db;

	(void)state;
	world_init(&world);
	db = world_database(&world);
	assert_int_equal(SQLITE_OK, sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL));
	ended_visit(&world, "mic", "level", NULL);
	plugin = world_plugin(&world, "cam");
	(void)plugin_int_param(plugin, "quality", 7);
	(void)world_param_wait(&world, "cam", "quality", NODE_PARAM_UNSET);
	wait_until(store_fails, world.node);
	assert_int_equal(SQLITE_OK, sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL));
	assert_int_equal(SQLITE_OK, sqlite3_close(db));
	world_database_wait(&world, "SELECT count(*) FROM declarations", 2);
	world_database_wait(&world, "SELECT count(*) FROM plugins WHERE ended = 0", 1);
	fast_plugin_close(plugin);
	world_fini(&world);
}

/* A plugin may say what this fastd does not know, but not fill the disk with it. */
static void a_declaration_that_is_far_too_long_is_not_stored(void **state)
{
	static uint8_t plenty[8000];
	Fast__V1__ParamSpec spec = FAST__V1__PARAM_SPEC__INIT;
	Fast__V1__ParamValue initial = FAST__V1__PARAM_VALUE__INIT;
	ProtobufCMessageUnknownField unknown = {.tag = 1000,
						.wire_type = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED};
	int page = raw_page();
	struct node_param seen;
	struct world world;
	int fd;

	(void)state;
	world_init(&world);
	plenty[0] = 0xbe; /* its length as a varint: 7998 */
	plenty[1] = 0x3e;
	initial.kind_case = FAST__V1__PARAM_VALUE__KIND_BOOL_VALUE;
	spec.type = FAST__V1__PARAM_TYPE__PARAM_TYPE_BOOL;
	spec.initial = &initial;
	spec.base.n_unknown_fields = 1;
	spec.base.unknown_fields = &unknown;
	fd = raw_connect(world.socket);
	assert_true(raw_send_attach(fd, "cam", "", page) && raw_receive(fd).attached);
	spec.name = (char *)"long";
	unknown.data = plenty;
	unknown.len = sizeof plenty;
	assert_true(raw_send_spec(fd, &spec, 0));
	spec.name = (char *)"short";
	unknown.data = (uint8_t[]){2, 'o', 'k'};
	unknown.len = 3;
	assert_true(raw_send_spec(fd, &spec, 1));
	(void)world_param_wait(&world, "cam", "short", NODE_PARAM_UNSET);
	assert_true(world_param(&world, "cam", "long", &seen));
	(void)close(fd);
	(void)world_plugin_wait(&world, "cam", false);
	world_database_wait(&world, "SELECT count(*) FROM plugins WHERE ended > 0", 1);
	assert_int_equal(1, world_database_number(&world, "SELECT count(*) FROM declarations"));
	world_restart(&world);
	assert_true(world_param(&world, "cam", "short", &seen));
	assert_false(world_param(&world, "cam", "long", &seen));
	(void)close(page);
	world_fini(&world);
}

static void open_survives_each_allocation_failure(void **state)
{
	struct fast_param *params[KNOBS];
	struct fast_plugin *plugin;
	struct world world;
	struct ended_text before;
	char error[NODE_TEXT_BYTES_MAX];
	enum fast_status status;
	int n = 0;

	(void)state;
	world_init(&world);
	plugin = world_plugin(&world, "cam");
	ended_declare(plugin, params);
	ended_turn(&world, params);
	fast_plugin_close(plugin);
	(void)world_plugin_wait(&world, "cam", false);
	before = world_known(&world);
	node_close(world.node);
	for (;;) {
		world.node = NULL;
		fault_alloc_after(n++);
		status = node_open(&world.options, &world.node, error);
		if (!fault_alloc_fired()) {
			break;
		}
		fault_alloc_after(-1);
		assert_true(status == FAST_RESOURCE_EXHAUSTED || status == FAST_OK);
		node_close(world.node);
	}
	fault_alloc_after(-1);
	assert_ok(status);
	assert_string_equal(before.bytes, world_known(&world).bytes);
	world_fini(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_that_make_no_sense_are_left_out),
		cmocka_unit_test(what_the_disk_did_not_take_is_saved_when_it_can_be),
		cmocka_unit_test(a_declaration_that_is_far_too_long_is_not_stored),
		cmocka_unit_test(open_survives_each_allocation_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
