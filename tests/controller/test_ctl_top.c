/* `fastctl top` on a terminal of its own: what it draws, and that it gives the terminal back. */
#include "tests/controller/fake_fastd.h"
#include "tests/support/harness.h"

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define WAIT_S_MAX 10
#define ENTER      "\033[?1049h"
#define LEAVE      "\033[?1049l"

struct world {
	struct fake_fastd fake;
	struct termios before;
	pid_t pid;
	int terminal;
	char seen[1 << 18]; /* all that was written to the terminal */
	size_t bytes;
};

static int world_begin(void **state)
{
	struct world *world = calloc(1, sizeof *world);
	struct winsize size = {.ws_row = 20, .ws_col = 90};
	const char *folder = getenv("FASTD_BIN");
	char path[512];

	assert_non_null(world);
	fake_fastd_open(&world->fake);
	snprintf(path, sizeof path, "%s/fastctl", folder == NULL ? "bin" : folder);
	world->pid = forkpty(&world->terminal, NULL, NULL, &size);
	assert_true(world->pid >= 0);
	if (world->pid == 0) {
		execl(path, "fastctl", "top", "--endpoint", world->fake.endpoint, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(0, tcgetattr(world->terminal, &world->before));
	*state = world;
	return 0;
}

static int world_end(void **state)
{
	struct world *world = *state;

	close(world->terminal);
	fake_fastd_close(&world->fake);
	pthread_mutex_destroy(&world->fake.lock);
	rmdir(world->fake.dir);
	free(world);
	return 0;
}

/* Reads the terminal until it has shown this, after what was seen before. */
static void wait_for(struct world *world, const char *text)
{
	size_t from = world->bytes;
	time_t end = time(NULL) + WAIT_S_MAX;

	while (time(NULL) <= end) {
		struct pollfd ready = {.fd = world->terminal, .events = POLLIN};
		ssize_t bytes;

		world->seen[world->bytes] = '\0';
		if (strstr(world->seen + from, text) != NULL) {
			return;
		}
		if (poll(&ready, 1, 100) <= 0) {
			continue;
		}
		bytes = read(world->terminal, world->seen + world->bytes,
			     sizeof world->seen - 1 - world->bytes);
		if (bytes <= 0) {
			break;
		}
		world->bytes += (size_t)bytes;
	}
	fail_msg("'%s' never came", text);
}

static int wait_for_end(struct world *world)
{
	int status = 0;

	assert_int_equal(world->pid, waitpid(world->pid, &status, 0));
	return status;
}

static void assert_given_back(struct world *world)
{
	struct termios now;

	assert_int_equal(0, tcgetattr(world->terminal, &now));
	assert_int_equal(world->before.c_lflag, now.c_lflag);
}

static void it_draws_and_q_ends_it(void **state)
{
	struct world *world = *state;

	wait_for(world, ENTER);
	wait_for(world, "camera  pid 4711");
	wait_for(world, "▅▅"); /* a second frame, so that there is a past */
	assert_int_equal(1, write(world->terminal, "q", 1));
	wait_for(world, LEAVE);
	assert_given_back(world);
	assert_int_equal(0, wait_for_end(world));
}

static void signals_give_the_terminal_back_too(void **state)
{
	static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGABRT, SIGSEGV};

	world_end(state);
	for (size_t i = 0; i < FAST_TEST_COUNT(numbers); i++) {
		struct world *world;
		int status;

		world_begin(state);
		world = *state;
		wait_for(world, "q quits");
		kill(world->pid, numbers[i]);
		wait_for(world, LEAVE);
		assert_given_back(world);
		status = wait_for_end(world);
		if (i < 3) {
			assert_int_equal(0, status);
		} else {
			assert_true(WIFSIGNALED(status) && WTERMSIG(status) == numbers[i]);
		}
		if (i + 1 < FAST_TEST_COUNT(numbers)) {
			world_end(state);
		}
	}
}

static void it_stops_and_goes_on(void **state)
{
	struct world *world = *state;
	int status = 0;

	wait_for(world, "q quits");
	assert_int_equal(1, write(world->terminal, "\032", 1)); /* Ctrl-Z */
	wait_for(world, LEAVE);
	assert_int_equal(world->pid, waitpid(world->pid, &status, WUNTRACED));
	assert_true(WIFSTOPPED(status));
	assert_given_back(world);
	kill(world->pid, SIGCONT);
	wait_for(world, ENTER);
	wait_for(world, "camera  pid 4711");
	assert_int_equal(1, write(world->terminal, "q", 1));
	wait_for(world, LEAVE);
	assert_int_equal(0, wait_for_end(world));
}

static void a_new_size_is_filled_at_once(void **state)
{
	struct world *world = *state;
	struct winsize size = {.ws_row = 6, .ws_col = 40};

	wait_for(world, "q quits");
	assert_int_equal(0, ioctl(world->terminal, TIOCSWINSZ, &size));
	wait_for(world, "arrows scroll");
	assert_int_equal(3, write(world->terminal, "\033[B", 3));
	wait_for(world, "lines above");
	assert_int_equal(1, write(world->terminal, "q", 1));
	wait_for(world, LEAVE);
	assert_int_equal(0, wait_for_end(world));
}

static void it_outlives_the_daemon(void **state)
{
	struct world *world = *state;

	wait_for(world, "camera  pid 4711");
	fake_fastd_close(&world->fake);
	wait_for(world, "no fastd: ");
	fake_fastd_open(&world->fake);
	wait_for(world, "1 plugin  ipc://");
	assert_int_equal(1, write(world->terminal, "q", 1));
	wait_for(world, LEAVE);
	assert_int_equal(0, wait_for_end(world));
}

int main(void)
{
#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)
	const struct CMUnitTest tests[] = {
		WORLD_TEST(it_draws_and_q_ends_it), WORLD_TEST(signals_give_the_terminal_back_too),
		WORLD_TEST(it_stops_and_goes_on),   WORLD_TEST(a_new_size_is_filled_at_once),
		WORLD_TEST(it_outlives_the_daemon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
