/* The built fastctl against a daemon made of plain handlers: what it prints and how it ends. */
#include "tests/controller/fake_fastd.h"
#include "tests/support/harness.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOBODY 65534

static struct told told;

static int world_begin(void **state)
{
	struct fake_fastd *fake = calloc(1, sizeof *fake);

	assert_non_null(fake);
	fake_fastd_open(fake);
	*state = fake;
	return 0;
}

static int world_end(void **state)
{
	struct fake_fastd *fake = *state;

	fake_fastd_close(fake);
	pthread_mutex_destroy(&fake->lock);
	rmdir(fake->dir);
	free(fake);
	return 0;
}

static void assert_told(int code, const char *out, const char *err)
{
	if (told.code != code || strstr(told.out, out) == NULL || strstr(told.err, err) == NULL) {
		fail_msg("ended with %d, wrote:\n%s\nand:\n%s\nwanted %d, '%s', '%s'", told.code,
			 told.out, told.err, code, out, err);
	}
}

/* Each line that was written is one JSON object; gives the first. */
static json_t *json_told(void)
{
	json_t *json = json_loads(told.out, JSON_DISABLE_EOF_CHECK, NULL);

	assert_int_equal(0, told.code);
	assert_non_null(json);
	return json;
}

static void each_question_has_its_table(void **state)
{
	fastctl_run(*state, &told, "status");
	assert_told(0, "version    0.1.0\npid        4711\nstarted    2024-05-01T09:30:00", "");
	fastctl_run(*state, &told, "plugins");
	assert_told(0, "PLUGIN  STATE   PID  UID  VERSION", "");
	assert_told(0, " 2       1  7 (read: 6)\n", "");
	fastctl_run(*state, &told, "metrics fps");
	assert_told(0, "camera  fps     heartbeat", "");
	assert_null(strstr(told.out, "acc "));
	fastctl_run(*state, &told, "params");
	assert_told(0, "camera  res    int      1080       1080  applied  1080|720|360  -\n", "");
	fastctl_run(*state, &told, "get res");
	assert_told(0, "allowed    1080|720|360\n", "");
	fastctl_run(*state, &told, "audit --after 41");
	assert_told(0, " 42  2024-05-01T09:30:00.000000000Z  uid 0 pid 1 (fastctl set)  set ", "");
	fastctl_run(*state, &told, "history fps --limit 1");
	assert_told(0, "2024-05-01T09:30:00.000000000Z     24  12.0 Hz", "");
}

static void each_answer_has_its_json(void **state)
{
	static const struct {
		const char *line;
		const char *key;
	} cases[] = {{"status --json", "pluginsLive"},      {"--json plugins", "plugins"},
		     {"metrics --json", "metrics"},         {"params --json", "params"},
		     {"get res --json", "desired"},         {"audit --json", "entries"},
		     {"history fps --json", "samples"},     {"set res=720 --json", "revision"},
		     {"watch --count 1 --json", "samples"}, {"top --once --json", "metrics"}};

	for (size_t i = 0; i < FAST_TEST_COUNT(cases); i++) {
		json_t *json;

		fastctl_run(*state, &told, cases[i].line);
		assert_string_equal("", told.err);
		json = json_told();
		assert_non_null(json_object_get(json, cases[i].key));
		assert_ptr_equal(strchr(told.out, '\n'), told.out + strlen(told.out) - 1);
		json_decref(json);
	}
}

static void times_stand_beside_their_nanoseconds(void **state)
{
	json_t *json;

	fastctl_run(*state, &told, "status --json");
	json = json_told();
	assert_string_equal("2024-05-01T09:30:00.000000000Z",
			    json_string_value(json_object_get(json, "startTime")));
	assert_string_equal("1714555800000000000",
			    json_string_value(json_object_get(json, "startTimeUnixNs")));
	json_decref(json);
}

static void a_knob_is_turned(void **state)
{
	struct fake_fastd *fake = *state;

	fastctl_run(fake, &told, "set res=720 --plugin camera --wait");
	assert_told(0, "res        720        720  applied         1\n", "");
	assert_int_equal(1, fake_seen(fake).setting);
	fastctl_run(fake, &told, "set res=360 --dry-run");
	assert_told(0, "PARAM  WOULD BE  EFFECTIVE\nres         360        720\n",
		    "the value would do; nothing was changed");
	assert_int_equal(1, fake_seen(fake).setting);
	fastctl_run(fake, &told, "set res=360 --if-rev 1");
	assert_told(0, "360", "");
}

static void a_refusal_ends_with_1_and_names_the_nearest_value(void **state)
{
	struct fake_fastd *fake = *state;

	fastctl_run(fake, &told, "set res=700");
	assert_told(1, "",
		    "fastctl: it is not allowed\n"
		    "fastctl: the nearest allowed value of res is 720\n");
	fastctl_run(fake, &told, "set res=700 --json");
	assert_told(1, "",
		    "{\"error\":{\"code\":\"OUT_OF_RANGE\",\"message\":\"it is not allowed\","
		    "\"param\":\"res\",\"nearest\":{\"intValue\":\"720\"}}}\n");
	fastctl_run(fake, &told, "set res=720 --if-rev 5");
	assert_told(1, "", "the newest revision is another");
	fastctl_run(fake, &told, "get zoom");
	assert_told(1, "", "there is no param \"zoom\"");
	fake_set(fake, late, true);
	fastctl_run(fake, &told, "set res=720 --wait");
	assert_told(
		1, "",
		"res was accepted, but camera has not read it within 5 s; it holds once it does");
}

static void a_wrong_command_line_ends_with_2(void **state)
{
	static const struct {
		const char *line;
		const char *err;
	} cases[] = {
		{"frobnicate", "there is no command 'frobnicate'"},
		{"stauts", "there is no command 'stauts' (did you mean status?); see"},
		{"watch --epoch 5", "--epoch goes with --from-rev or --from-seq"},
		{"watch --from-seq 5", "--from-seq takes the --epoch that came with it"},
		{"watch --from-seq 5 --from-rev 5 --epoch 1",
		 "give either --from-rev or --from-seq"},
		{"watch fps --knobs", "changes of knobs take no glob of metrics"},
		{"watch --knobs --interval 50", "no --interval and no --window"},
		{"claim res --hold 5", "--on-loss hold-then-default and --hold MS go together"},
		{"claim res --on-loss hold-then-default", "and --hold MS go together"},
		{"bounds --min 4", "--min, --max and --choices go with bounds set PARAM"},
		{"bounds clear res --choices a", "go with bounds set PARAM"},
		{"profile save night --for 5", "go with profile apply NAME"},
		{"get", "usage: fastctl get PARAM"},
		{"get a b", "'b' is one word too many"},
		{"set res", "'res' should read PARAM=VALUE"},
		{"set res=big", "res takes a whole number, not 'big'"},
		{"watch --count 0", "--count takes N from 1 to "},
		{"watch --interval 5", "--interval takes MS from 10 to 60000"},
		{"plugins --colour", "there is no option '--colour'"},
		{"status --endpoint carrier-pigeon://home", "is not understood"},
		{"hold 'fps > 24' --maximize acc --learn",
		 "'>=' or '<=' should stand at character 5"},
		{"hold 'fps <= 40 ms' --maximize acc --learn",
		 "the goal is in ms, but fps is in Hz: give the number in that, without a unit"},
		{"hold 'fps >= 24' --maximize acc --minimize acc --learn",
		 "--maximize and --minimize exclude each other"},
		{"hold 'fps >= 24' --learn --for 1e9",
		 "--for takes TIME from 0 to 100000000 seconds (90s, 10m, 2h, 1d), not"},
		{"--colour", "'--colour'; see 'fastctl --help'"},
		{"hold 'fps >= 24' --learn", "say what to --maximize or --minimize"},
		{"hold 'fps >= 24' --maximize acc", "a --table of configurations is needed"},
		{"hold 'fps >= 24' --maximize acc --table /nowhere/x.csv",
		 "/nowhere/x.csv: No such"},
		{"release never", "'never' is no lease"},
		{"claim --on-loss explode", "--on-loss takes revert, default, hold or hold-then"},
	};

	for (size_t i = 0; i < FAST_TEST_COUNT(cases); i++) {
		fastctl_run(*state, &told, cases[i].line);
		assert_told(2, "", cases[i].err);
		assert_string_equal("", told.out);
	}
	fastctl_run(*state, &told, "");
	assert_told(2, "", "usage: fastctl");
}

static void without_a_daemon_it_ends_with_3(void **state)
{
	struct fake_fastd *fake = *state;

	fastctl_run(fake, &told, "plugins --endpoint ipc:///nowhere/fastd.sock");
	assert_told(3, "", "ipc:///nowhere/fastd.sock");
	assert_told(3, "", "start it with 'fastd', or name another endpoint with --endpoint URL");
	assert_ptr_equal(strchr(told.err, '\n'),
			 told.err + strlen(told.err) - 1); /* one sentence */
	fastctl_run(fake, &told, "--json top --endpoint ipc:///nowhere/fastd.sock");
	assert_told(3, "", "{\"error\":{\"code\":\"UNREACHABLE\"");
}

/* Runs as nobody, whom a socket of mode 0600 does not let in. */
static void a_socket_that_may_not_be_opened_ends_with_3(void **state)
{
	struct fake_fastd *fake = *state;

	if (geteuid() != 0 || chmod(fake->dir, 0755) != 0) {
		skip();
	}
	assert_int_equal(0, seteuid(NOBODY));
	fastctl_run(fake, &told, "plugins");
	assert_int_equal(0, seteuid(0));
	if (told.code == 127) {
		skip(); /* nor may nobody run the program where it was built */
	}
	assert_told(3, "", ": permission denied; the socket's mode, 0660 as a rule");
	assert_told(3, "", "be root or in the group that owns it");
}

static void the_only_plugin_need_not_be_named(void **state)
{
	struct fake_fastd *fake = *state;

	fake_set(fake, two, true);
	fastctl_run(fake, &told, "get res");
	assert_told(2, "", "2 plugins are live (camera, weather): say which with --plugin");
	fastctl_run(fake, &told, "get res --plugin camera");
	assert_told(0, "1080", "");
	fake_set(fake, empty, true);
	fastctl_run(fake, &told, "get res");
	assert_told(1, "", "no plugin is live");
}

static void watch_ends_after_its_count(void **state)
{
	fastctl_run(*state, &told, "watch --count 3 --interval 20");
	assert_told(0, "TIME          PLUGIN", "");
	assert_told(0, "camera            fps", "");
	fastctl_run(*state, &told, "--json watch --count 3 --interval 20");
	assert_int_equal(0, told.code);
	assert_non_null(strstr(strstr(strstr(told.out, "\n{") + 1, "\n{") + 1, "\n"));
}

static void what_is_not_there_is_said(void **state)
{
	struct fake_fastd *fake = *state;

	fake_set(fake, empty, true);
	fastctl_run(fake, &told, "plugins");
	assert_told(0, "", "no plugin is attached\n");
	fastctl_run(fake, &told, "plugins x*");
	assert_told(0, "", "no plugin matches\n");
	fastctl_run(fake, &told, "watch --count 1 --interval 20");
	assert_told(0, "", "no metric matches yet; waiting\n");
	fastctl_run(fake, &told, "watch frames --count 2 --interval 20");
	assert_told(0, "", "no metric matches frames yet; waiting\n");
}

static void top_elsewhere_than_on_a_terminal_is_a_line_a_second(void **state)
{
	fastctl_run(*state, &told, "top --count 1");
	assert_told(0, "camera  fps 12.0 Hz  acc 0.92  |  res=1080\n", "");
	fastctl_run(*state, &told, "top --once");
	assert_told(0, "  metric ", "");
	assert_told(0, "  res           1080          1080          applied\n", "");
	assert_null(strstr(told.out, "q quits"));
}

static void wait_ends_when_the_plugin_is_there(void **state)
{
	fastctl_run(*state, &told, "wait camera --patience 2");
	assert_told(0, "", "");
	fastctl_run(*state, &told, "wait --endpoint ipc:///nowhere/fastd.sock --patience 100ms");
	assert_told(3, "", "ipc:///nowhere/fastd.sock");
}

static void claims_are_taken_and_given_back(void **state)
{
	struct fake_fastd *fake = *state;

	fastctl_run(fake, &told, "claim res --ttl 2000 --on-loss hold");
	assert_told(0, "lease     41\n", "");
	fastctl_run(fake, &told, "set res=720");
	assert_told(1, "", "is held by");
	fastctl_run(fake, &told, "set res=720 --lease 41");
	assert_told(0, "720", "");
	fastctl_run(fake, &told, "release 41 --revert --json");
	assert_told(0, "{}\n", "");
	assert_int_equal(1, fake_seen(fake).reverts);
	fastctl_run(fake, &told, "release 41");
	assert_told(1, "", "the lease has ended");
}

static void help_teaches_by_example(void **state)
{
	static const char *const names[] = {"status",  "plugins", "metrics", "params", "get",
					    "set",     "watch",   "top",     "hold",   "claim",
					    "release", "audit",   "wait",    "history"};

	fastctl_run(*state, &told, "--help");
	for (size_t i = 0; i < FAST_TEST_COUNT(names); i++) {
		assert_told(0, names[i], "");
	}
	for (size_t i = 0; i < FAST_TEST_COUNT(names); i++) {
		char line[64], example[64];

		snprintf(line, sizeof line, "%s --help", names[i]);
		snprintf(example, sizeof example, "\n  fastctl %s", names[i]);
		fastctl_run(*state, &told, line);
		assert_told(0, example, "");
		assert_told(0, "usage: fastctl", "");
	}
}

int main(void)
{
#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)
	const struct CMUnitTest tests[] = {
		WORLD_TEST(each_question_has_its_table),
		WORLD_TEST(each_answer_has_its_json),
		WORLD_TEST(times_stand_beside_their_nanoseconds),
		WORLD_TEST(a_knob_is_turned),
		WORLD_TEST(a_refusal_ends_with_1_and_names_the_nearest_value),
		WORLD_TEST(a_wrong_command_line_ends_with_2),
		WORLD_TEST(without_a_daemon_it_ends_with_3),
		WORLD_TEST(a_socket_that_may_not_be_opened_ends_with_3),
		WORLD_TEST(the_only_plugin_need_not_be_named),
		WORLD_TEST(watch_ends_after_its_count),
		WORLD_TEST(what_is_not_there_is_said),
		WORLD_TEST(top_elsewhere_than_on_a_terminal_is_a_line_a_second),
		WORLD_TEST(wait_ends_when_the_plugin_is_there),
		WORLD_TEST(claims_are_taken_and_given_back),
		WORLD_TEST(help_teaches_by_example),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
