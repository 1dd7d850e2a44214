#include "daemon/options.h"
#include "tests/support/harness.h"

#include <stdlib.h>
#include <string.h>

#define ARGUMENTS_MAX 8

struct world {
	struct options options;
	char error[OPTIONS_ERROR_BYTES_MAX];
};

static int set_up(void **state)
{
	unsetenv("XDG_RUNTIME_DIR");
	unsetenv("XDG_STATE_HOME");
	*state = calloc(1, sizeof(struct world));
	return *state == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
	free(*state);
	return 0;
}

/* Parses a command line given as one text. */
static enum fast_status parse(struct world *world, const char *line)
{
	char *words = strdup(line);
	char *argv[ARGUMENTS_MAX + 1] = {(char *)"fastd"};
	char *rest = NULL;
	int argc = 1;
	enum fast_status status;

	assert_non_null(words);
	for (char *word = strtok_r(words, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest)) {
		assert_true(argc < ARGUMENTS_MAX);
		argv[argc++] = word;
	}
	memset(&world->options, 0, sizeof world->options);
	status = options_parse(&world->options, argc, argv, world->error);
	free(words);
	return status;
}

static void values_follow_or_are_joined_by_an_equals_sign(void **state)
{
	struct world *world = *state;

	assert_ok(
		parse(world, "--tick 50 --socket=/x --listen ipc:///a --listen=ipc:///b --check"));
	assert_int_equal(50, world->options.tick_ms);
	assert_string_equal("/x", world->options.socket);
	assert_int_equal(2, world->options.listen.count);
	assert_string_equal("ipc:///b", world->options.listen.items[1]);
	assert_true(world->options.check);
	assert_ok(parse(world, "-h"));
	assert_true(world->options.help);
}

static void what_is_wrong_is_said_with_what_would_be_right(void **state)
{
	static const char *const cases[][2] = {
		{"--tikc 50", "there is no option --tikc; did you mean --tick?"},
		{"--frobnicate", "there is no option --frobnicate; fastd --help lists them"},
		{"tick", "'tick' is no option; options begin with --, as in --tick 50"},
		{"--tick", "--tick needs a value; give --tick MS"},
		{"--history-mib 0", "--history-mib: 0 is out of range; give 1 to 65536"},
		{"--tick 5", "--tick: 5 is out of range; give 10 to 1000"},
		{"--tick 5x", "--tick: '5x' is no whole number; give 10 to 1000"},
		{"--tick -5", "--tick: '-5' is no whole number; give 10 to 1000"},
		{"--check=yes", "--check takes no value; give --check alone"},
		{"--log-level noisy",
		 "--log-level: 'noisy' is no log level; give error, warning, info or debug"},
		{"--http 10.0.0.1:1",
		 "--http: 10.0.0.1 can be reached from other hosts, and nothing here is encrypted; "
		 "give 127.0.0.1:PORT or [::1]:PORT"},
		{"--listen unix:///x", "--listen: 'unix:///x' is no endpoint; give ipc:///PATH, "
				       "tcp://127.0.0.1:PORT or tls+tcp://ADDR:PORT"},
		{"--publish x", "--publish: 'x' is no endpoint; give ipc:///PATH or "
				"tcp://127.0.0.1:PORT"},
		{"--socket=", "--socket: the path is empty; give the path of a socket"},
	};

	for (size_t i = 0; i < FAST_TEST_COUNT(cases); i++) {
		struct world *world = *state;

		assert_status(FAST_INVALID_ARGUMENT, parse(world, cases[i][0]));
		assert_string_equal(cases[i][1], world->error);
	}
}

static void a_socket_path_of_108_bytes_is_refused_with_limit_and_length(void **state)
{
	struct world *world = *state;
	char line[160];

	snprintf(line, sizeof line, "--socket /%0106d", 0);
	assert_ok(parse(world, line));
	snprintf(line, sizeof line, "--socket /%0107d", 0);
	assert_status(FAST_INVALID_ARGUMENT, parse(world, line));
	assert_string_equal(
		"--socket: the path has 108 bytes, and a socket's may have at most 107; "
		"choose a shorter one",
		world->error);
}

static void what_was_given_outranks_what_was_not(void **state)
{
	struct world *world = *state;
	struct options *file = calloc(1, sizeof *file);

	assert_non_null(file);
	assert_ok(parse(world, "--tick 50 --listen ipc:///file --http 127.0.0.1:1"));
	*file = world->options;
	assert_ok(parse(world, "--tick 60 --listen ipc:///line"));
	options_merge(file, &world->options);
	assert_int_equal(60, file->tick_ms);
	assert_int_equal(1, file->listen.count);
	assert_string_equal("ipc:///line", file->listen.items[0]);
	assert_string_equal("127.0.0.1:1", file->http);
	free(file);
}

static void defaults_follow_the_environment(void **state)
{
	struct world *world = *state;

	assert_ok(parse(world, ""));
	assert_ok(options_complete(&world->options, world->error));
	assert_string_equal("/run/fastd/fastd.sock", world->options.socket);
	assert_string_equal("/run/fastd/plugin.sock", world->options.plugin_socket);
	assert_int_equal(100, world->options.tick_ms);
	assert_int_equal(FAST_LOG_WARNING, world->options.log_level);
	assert_false(options_is_given(&world->options, offsetof(struct options, socket)));

	setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
	setenv("XDG_STATE_HOME", "/home/x/state", 1);
	assert_ok(parse(world, "--plugin-socket /p --log-level error"));
	assert_ok(options_complete(&world->options, world->error));
	assert_string_equal("/run/user/7/fastd/fastd.sock", world->options.socket);
	assert_string_equal("/p", world->options.plugin_socket);
	assert_string_equal("/home/x/state/fastd", world->options.state_dir);
	assert_int_equal(FAST_LOG_ERROR, world->options.log_level);
}

static void a_relative_xdg_path_is_ignored(void **state)
{
	struct world *world = *state;

	setenv("XDG_RUNTIME_DIR", "run", 1);
	assert_ok(parse(world, ""));
	assert_ok(options_complete(&world->options, world->error));
	assert_string_equal("/run/fastd/fastd.sock", world->options.socket);
}

static void two_sockets_at_one_path_are_refused(void **state)
{
	struct world *world = *state;

	assert_ok(parse(world, "--socket /x --plugin-socket /x"));
	assert_status(FAST_INVALID_ARGUMENT, options_complete(&world->options, world->error));
	assert_string_equal("socket and plugin-socket are the same path; give two", world->error);
}

static void certificates_without_their_key_are_refused(void **state)
{
	struct world *world = *state;

	assert_ok(parse(world, "--tls-ca /ca --tls-cert /cert"));
	assert_status(FAST_INVALID_ARGUMENT, options_complete(&world->options, world->error));
	assert_string_equal("tls-ca, tls-cert and tls-key go together; give all three",
			    world->error);
	assert_ok(parse(world, "--tls-ca /ca --tls-cert /cert --tls-key /key"));
	assert_ok(options_complete(&world->options, world->error));
}

static void a_default_that_is_too_long_is_explained(void **state)
{
	struct world *world = *state;
	char dir[128];

	snprintf(dir, sizeof dir, "/%0110d", 0);
	setenv("XDG_RUNTIME_DIR", dir, 1);
	assert_ok(parse(world, ""));
	assert_status(FAST_INVALID_ARGUMENT, options_complete(&world->options, world->error));
	assert_non_null(strstr(world->error, "the default socket is /000"));
	assert_non_null(strstr(world->error, "at most 107"));
}

static void help_names_every_option(void **state)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&text, &bytes);

	(void)state;
	options_help(out);
	fclose(out);
	for (size_t i = 0; i < options_count; i++) {
		char name[64];

		snprintf(name, sizeof name, "  --%s ", options_table[i].name);
		assert_non_null(strstr(text, name));
	}
	free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(values_follow_or_are_joined_by_an_equals_sign),
		TEST(what_is_wrong_is_said_with_what_would_be_right),
		TEST(a_socket_path_of_108_bytes_is_refused_with_limit_and_length),
		TEST(what_was_given_outranks_what_was_not),
		TEST(defaults_follow_the_environment),
		TEST(a_relative_xdg_path_is_ignored),
		TEST(two_sockets_at_one_path_are_refused),
		TEST(certificates_without_their_key_are_refused),
		TEST(a_default_that_is_too_long_is_explained),
		TEST(help_names_every_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
