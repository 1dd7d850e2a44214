#include "prof/sage.h"
#include "tests/prof/tree.h"
#include "tests/support/harness.h"

static struct sage sage; /* large */
static char error[SAGE_ERROR_BYTES_MAX];

/* Reads a text as sage.yaml, with one as fastd.yaml beside it unless NULL. */
static enum fast_status read_text(const char *text, const char *sibling)
{
	enum fast_status status;
	struct tree tree;
	char path[128];

	error[0] = '\0';
	tree_open(&tree);
	tree_put(&tree, "/sage.yaml", text);
	if (sibling != NULL) {
		tree_put(&tree, "/fastd.yaml", sibling);
	}
	snprintf(path, sizeof path, "%s/sage.yaml", tree.root);
	status = sage_read(path, &sage, error);
	tree_close(&tree);
	return status;
}

static const char every_field[] =
	"name: car-counter\nversion: \"1.0.0\"\nnamespace: sage\ndescription: \"Counts cars.\"\n"
	"keywords: \"cars, streets\"\nauthors: \"A. Person\"\ncollaborators: \"\"\n"
	"homepage: \"https://example.org\"\nfunding: \"\"\nlicense: MIT\nsource:\n"
	"  architectures: [\"linux/amd64\", \"linux/arm64\", \"linux/arm/v7\"]\n"
	"  url: \"https://example.org/repo\"\n  branch: main\n  directory: \"./app\"\n"
	"  dockerfile: Dockerfile.edge\n  build_args: {MODEL: tiny, LEVEL: 3}\n"
	"depends_on: []\nbaseCommand: [python3, main.py]\narguments: [--quiet]\n"
	"inputs:\n- {id: res, type: string, description: \"Size.\", default: \"640x480\"}\n"
	"- id: rate\n  type: float\nresources: {}\nmetadata: {any: [thing, {at: all}]}\n"
	"frozen: false\ntesting: {args: [\"-h\"]}\n";

static void every_field_of_the_repository_is_accepted(void **state)
{
	(void)state;
	assert_ok(read_text(every_field, NULL));
	assert_string_equal("car-counter", sage.name);
	assert_string_equal("1.0.0", sage.version);
	assert_string_equal("sage", sage.space);
	assert_string_equal("./app", sage.directory);
	assert_string_equal("Dockerfile.edge", sage.dockerfile);
	assert_string_equal("MODEL=tiny", sage.build_args.all[0]);
	assert_string_equal("LEVEL=3", sage.build_args.all[1]);
	assert_int_equal(3, sage.command.count);
	assert_string_equal("--quiet", sage.command.all[2]);
	assert_int_equal(0, sage.target_count);
}

/* Shapes of files as people write them; each must be read. */
static const struct {
	const char *what;
	const char *text;
	const char *version;
} loose[] = {
	{"blanks before colons", "name : a\nversion : \"0.1.0\"\n", "0.1.0"},
	{"line ends of another system", "name: a\r\nversion: 2.1\r\nsource:\r\n  branch: b\r\n",
	 "2.1"},
	{"a version without quotes", "name: a\nversion: 1.0\n", "1.0"},
	{"lists where texts are wanted", "name: a\nversion: v\nkeywords: [x, y]\nauthors:\n- me\n",
	 "v"},
	{"fields without values", "name: a\nversion: v\nhomepage:\nfunding: ~\nsource:\n", "v"},
	{"a document mark and comments", "# mine\n---\nname: a # here\nversion: v\n...\n", "v"},
	{"a byte order mark", "\xef\xbb\xbfname: a\nversion: v\n", "v"},
	{"a folded description", "name: a\nversion: v\ndescription: >\n  long\n  text\n", "v"},
	{"JSON", "{\"name\": \"a\", \"version\": \"v\", \"inputs\": []}", "v"},
	{"anchors", "name: &n a\nversion: v\ndescription: *n\n", "v"},
	{"no end of line at the end", "name: a\nversion: v", "v"},
	{"words for a command", "name: a\nversion: v\nbaseCommand: python3  main.py\n", "v"},
};

static void loose_files_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(loose); i++) {
		if (read_text(loose[i].text, NULL) != FAST_OK) {
			fail_msg("%s: %s", loose[i].what, error);
		}
		assert_string_equal(loose[i].version, sage.version);
	}
}

/* Nonsense, the line that must be named, and a word of the reason. */
static const struct {
	const char *text;
	int line;
	const char *reason;
} broken[] = {
	{"", 1, "name: value"},
	{"just words\n", 1, "name: value"},
	{"- a\n- b\n", 1, "name: value"},
	{"version: 1\n", 1, "name is missing"},
	{"name: a\nflavour: sweet\n", 2, "no field 'flavour'"},
	{"name: a\nversion: [1, 2]\n", 2, "version must be one text"},
	{"name: a\nsource: here\n", 2, "source must be a mapping"},
	{"name: a\nsource:\n  colour: red\n", 3, "no field 'colour'"},
	{"name: a\nsource:\n  architectures: [linux/z80]\n", 3, "linux/z80"},
	{"name: a\ninputs: 5\n", 2, "inputs must be a list"},
	{"name: a\ninputs:\n- type: int\n", 3, "no id"},
	{"name: a\ninputs:\n- id: x\n  type: colour\n", 4, "type must be"},
	{"name: a\nprofiling: {targets: 5}\n", 2, "targets must be a list"},
	{"name: a\nprofiling:\n  targets:\n  - timeout: soon\n", 4, "timeout must be"},
	{"name: a\nprofiling:\n  targets:\n  - colour: red\n", 4, "no field 'colour'"},
	{"name: a\nprofiling:\n  targets:\n  - knobs: [a]\n", 4, "knobs must be"},
	{"name: \"a\nversion: 1\n", 1, "end of stream"},
	{"name: a\n\tversion: 1\n", 2, ""},
	{"name: *nobody\n", 1, "alias"},
};

static void nonsense_is_refused_with_file_and_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(broken); i++) {
		char where[64];

		assert_status(FAST_INVALID_ARGUMENT, read_text(broken[i].text, NULL));
		snprintf(where, sizeof where, "/sage.yaml:%d: ", broken[i].line);
		if (i >= 16) { /* the parser has its own view of where that is */
			snprintf(where, sizeof where, "/sage.yaml:");
		}
		if (strstr(error, where) == NULL || strstr(error, broken[i].reason) == NULL) {
			fail_msg("'%s': %s", broken[i].text, error);
		}
	}
}

#define BLOCK(indent)                                                                              \
	indent "targets:\n" indent "- args: [--clip, a.avi]\n" indent "  timeout: 90\n" indent     \
	       "  knobs: {res: [1, 0.5], mode: fast}\n" indent                                     \
	       "  dataset: https://example.org/d\n" indent "- args: second one\n"

static void check_targets(void)
{
	assert_int_equal(2, sage.target_count);
	assert_string_equal("--clip", sage.targets[0].args.all[0]);
	assert_true(sage.targets[0].timeout_s > 89 && sage.targets[0].timeout_s < 91);
	assert_string_equal("res=1,0.5", sage.targets[0].knobs.all[0]);
	assert_string_equal("mode=fast", sage.targets[0].knobs.all[1]);
	assert_string_equal("https://example.org/d", sage.targets[0].dataset);
	assert_int_equal(2, sage.targets[1].args.count);
}

static void targets_may_stand_in_each_of_the_places(void **state)
{
	(void)state;
	assert_ok(
		read_text("name: a\nmetadata:\n  fastd:\n    profiling:\n" BLOCK("      "), NULL));
	check_targets();
	assert_ok(read_text("name: a\ntesting:\n" BLOCK("  "), NULL));
	check_targets();
	assert_ok(read_text("name: a\nprofiling:\n" BLOCK("  "), NULL));
	check_targets();
	assert_ok(read_text("name: a\n", BLOCK("")));
	check_targets();
	assert_ok(read_text("name: a\n", "profiling:\n" BLOCK("  ")));
	check_targets();
}

static void the_first_place_counts_and_a_target_may_stand_alone(void **state)
{
	(void)state;
	assert_ok(read_text("name: a\nmetadata: {fastd: {profiling: {command: [./x, y]}}}\n"
			    "profiling: {args: [z]}\n",
			    "args: [w]"));
	assert_int_equal(1, sage.target_count);
	assert_string_equal("./x", sage.targets[0].command.all[0]);
	assert_int_equal(0, sage.targets[0].args.count);
}

static void a_broken_sibling_is_named(void **state)
{
	(void)state;
	assert_status(FAST_INVALID_ARGUMENT, read_text("name: a\n", "targets:\n- 5\n"));
	assert_non_null(strstr(error, "/fastd.yaml:2: "));
}

static void a_file_that_is_not_there_says_so(void **state)
{
	(void)state;
	assert_status(FAST_NOT_FOUND, sage_read("/no/such/sage.yaml", &sage, error));
	assert_non_null(strstr(error, "/no/such/sage.yaml"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_of_the_repository_is_accepted),
		cmocka_unit_test(loose_files_are_read),
		cmocka_unit_test(nonsense_is_refused_with_file_and_line),
		cmocka_unit_test(targets_may_stand_in_each_of_the_places),
		cmocka_unit_test(the_first_place_counts_and_a_target_may_stand_alone),
		cmocka_unit_test(a_broken_sibling_is_named),
		cmocka_unit_test(a_file_that_is_not_there_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
