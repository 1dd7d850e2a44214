/* prof/words.h - a command that is put together word by word. */
#ifndef PROF_WORDS_H
#define PROF_WORDS_H

#include <fast/status.h>
#include <stdbool.h>
#include <stddef.h>

#define WORDS_COUNT_MAX 128
#define WORDS_BYTES_MAX 32768

/* Zeroed memory is an empty one. It is large: not for the stack. */
struct words {
	char *argv[WORDS_COUNT_MAX + 1]; /* NULL-terminated */
	size_t count;
	char bytes[WORDS_BYTES_MAX]; /* what argv points to */
	size_t used;
};

void words_clear(struct words *words);

/* What does not fit is told at the end, by words_are_whole(). */
void words_add(struct words *words, const char *format, ...) FAST_PRINTF(2, 3);
/* Clears it, then adds each of a NULL-terminated list. */
void words_set(struct words *words, const char *const *list);
bool words_are_whole(const struct words *words);

/* Runs it, as command_run() does. False: it failed, or it is not whole. */
bool words_run(const struct words *words, const char *folder, const char *log, int timeout_s);

/* Runs it, and takes the first line of what it prints, by way of a file in the folder out. */
bool words_ask(const struct words *words, const char *folder, const char *out, char *line,
	       size_t line_bytes);

#endif
