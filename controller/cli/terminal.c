#include "cli/terminal.h"

#include "client/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define ENTER "\033[?1049h\033[?25l"
#define LEAVE "\033[0m\033[?25h\033[?1049l"
/* Begin and end of one picture: terminals that know them show it at once, others pass over them. */
#define PICTURE_BEGIN "\033[?2026h\033[H"
#define PICTURE_END   "\033[J\033[?2026l"

static struct termios terminal_before;             /* before it was taken */
static volatile sig_atomic_t terminal_taken;       /* also read by handlers */
static volatile sig_atomic_t terminal_stop_wanted; /* Ctrl-Z */

static void terminal_write(const char *bytes, size_t count)
{
	while (count > 0) {
		ssize_t written = write(STDOUT_FILENO, bytes, count);

		if (written < 0 && errno != EINTR && errno != EAGAIN) {
			return;
		}
		if (written > 0) {
			bytes += written;
			count -= (size_t)written;
		}
	}
}

bool terminal_is_there(void)
{
	return isatty(STDIN_FILENO) != 0 && isatty(STDOUT_FILENO) != 0;
}

/* Calls only what a signal handler may. */
void terminal_close(void)
{
	if (terminal_taken == 0) {
		return;
	}
	terminal_taken = 0;
	tcsetattr(STDIN_FILENO, TCSANOW, &terminal_before);
	terminal_write(LEAVE, strlen(LEAVE));
}

/* For signals after which the process is no more: the default action follows. */
static void terminal_die(int number)
{
	terminal_close();
	raise(number); /* SA_RESETHAND has restored the default */
}

static void terminal_stop(int number)
{
	(void)number;
	terminal_stop_wanted = 1;
}

/* Its arrival alone is what matters: it ends a poll. */
static void terminal_resized(int number)
{
	(void)number;
}

static void terminal_catch(void)
{
	static const int deadly[] = {SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
	struct sigaction die = {.sa_handler = terminal_die,
				.sa_flags = (int)(SA_RESETHAND | SA_NODEFER)};
	struct sigaction stop = {.sa_handler = terminal_stop};
	struct sigaction resized = {.sa_handler = terminal_resized};

	sigemptyset(&die.sa_mask);
	sigemptyset(&stop.sa_mask);
	sigemptyset(&resized.sa_mask);
	for (size_t i = 0; i < sizeof deadly / sizeof deadly[0]; i++) {
		sigaction(deadly[i], &die, NULL);
	}
	sigaction(SIGTSTP, &stop, NULL);
	sigaction(SIGWINCH, &resized, NULL);
	interrupt_catch();
}

static void terminal_take(void)
{
	struct termios raw = terminal_before;

	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	terminal_taken = 1;
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	terminal_write(ENTER, strlen(ENTER));
}

enum fast_status terminal_open(void)
{
	if (tcgetattr(STDIN_FILENO, &terminal_before) != 0) {
		return FAST_UNAVAILABLE;
	}
	terminal_catch();
	terminal_take();
	return FAST_OK;
}

void terminal_size(size_t *columns, size_t *rows)
{
	struct winsize size;
	bool known =
		ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0;

	*columns = known ? size.ws_col : 120;
	*rows = known ? size.ws_row : 24;
}

void terminal_draw(const char *lines, struct text *scratch)
{
	text_clear(scratch);
	text_add(scratch, PICTURE_BEGIN);
	while (*lines != '\0') {
		size_t bytes = strcspn(lines, "\n");
		bool stands_out = bytes > 0 && lines[0] != ' ';
		bool last = lines[bytes] == '\0' || lines[bytes + 1] == '\0';

		text_add(scratch, "%s%.*s%s\033[K%s", stands_out ? "\033[1m" : "", (int)bytes,
			 lines, stands_out ? "\033[0m" : "", last ? "" : "\r\n");
		lines += bytes + (lines[bytes] == '\n');
	}
	text_add(scratch, PICTURE_END);
	if (!scratch->failed) {
		terminal_write(text_chars(scratch), scratch->bytes);
	}
}

/* Stops as Ctrl-Z asks, with the terminal given back meanwhile. */
static void terminal_pause(void)
{
	terminal_stop_wanted = 0;
	terminal_close();
	raise(SIGSTOP);
	terminal_take();
}

static enum terminal_key terminal_read(void)
{
	char bytes[8];
	ssize_t count = read(STDIN_FILENO, bytes, sizeof bytes);

	if (count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN)) {
		return TERMINAL_KEY_QUIT;
	}
	if (count < 0) {
		return TERMINAL_KEY_NONE;
	}
	if (bytes[0] == 'q' || bytes[0] == 'Q') {
		return TERMINAL_KEY_QUIT;
	}
	if (bytes[0] == 'k' || (count >= 3 && memcmp(bytes, "\033[A", 3) == 0)) {
		return TERMINAL_KEY_UP;
	}
	if (bytes[0] == 'j' || (count >= 3 && memcmp(bytes, "\033[B", 3) == 0)) {
		return TERMINAL_KEY_DOWN;
	}
	return TERMINAL_KEY_OTHER;
}

enum terminal_key terminal_key(int wait_ms)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	int ready = poll(&input, 1, wait_ms);

	if (interrupt_seen()) {
		return TERMINAL_KEY_QUIT;
	}
	if (terminal_stop_wanted != 0) {
		terminal_pause();
		return TERMINAL_KEY_OTHER;
	}
	return ready > 0 ? terminal_read() : TERMINAL_KEY_NONE;
}
