/* cli/terminal.h - the terminal as a canvas, given back as it was on every way out. */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include "client/text.h"

enum terminal_key {
	TERMINAL_KEY_NONE,
	TERMINAL_KEY_QUIT, /* q, Q, Ctrl-C; the terminal has gone */
	TERMINAL_KEY_UP,
	TERMINAL_KEY_DOWN,
	TERMINAL_KEY_OTHER,
};

/* Whether standard input and output are a terminal. */
bool terminal_is_there(void);

/* Takes the terminal: alternate screen, no echo, no cursor. From now on signals that end or stop
 * the process give it back first. UNAVAILABLE: it is none. */
FAST_MUST_CHECK enum fast_status terminal_open(void);

/* Gives it back. May be called twice. */
void terminal_close(void);

/* Size in characters; 120 by 24 when it is not known. */
void terminal_size(size_t *columns, size_t *rows);

/* Draws lines, each ended by a newline, from the top left; the rest of the screen is cleared. Lines
 * that do not begin with a blank stand out. scratch is used. */
void terminal_draw(const char *lines, struct text *scratch);

/* Waits at most so long for a key; a change of size ends the wait too. */
enum terminal_key terminal_key(int wait_ms);

#endif
