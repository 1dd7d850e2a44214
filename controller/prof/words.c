#include "prof/words.h"

#include "prof/command.h"
#include "prof/small.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ASK_S          30
#define PATH_BYTES_MAX 512

void words_clear(struct words *words)
{
	words->count = 0;
	words->used = 0;
	words->argv[0] = NULL;
}

void words_add(struct words *words, const char *format, ...)
{
	size_t room = sizeof words->bytes - words->used;
	va_list args;
	int bytes;

	if (words->count >= WORDS_COUNT_MAX) {
		words->count = WORDS_COUNT_MAX + 1;
		return;
	}
	va_start(args, format);
	bytes = vsnprintf(words->bytes + words->used, room, format, args);
	va_end(args);
	if (bytes < 0 || (size_t)bytes >= room) {
		words->count = WORDS_COUNT_MAX + 1;
		return;
	}
	words->argv[words->count++] = words->bytes + words->used;
	words->argv[words->count] = NULL;
	words->used += (size_t)bytes + 1;
}

void words_set(struct words *words, const char *const *list)
{
	words_clear(words);
	for (size_t i = 0; list[i] != NULL; i++) {
		words_add(words, "%s", list[i]);
	}
}

bool words_are_whole(const struct words *words)
{
	return words->count > 0 && words->count <= WORDS_COUNT_MAX;
}

bool words_run(const struct words *words, const char *folder, const char *log, int timeout_s)
{
	return words_are_whole(words) && command_run(words->argv, folder, log, timeout_s);
}

bool words_ask(const struct words *words, const char *folder, const char *out, char *line,
	       size_t line_bytes)
{
	char path[PATH_BYTES_MAX];
	bool good;

	snprintf(path, sizeof path, "%.400s/.answer", out);
	(void)unlink(path);
	good = words_run(words, folder, path, ASK_S) &&
	       small_read(line, line_bytes, "", "%s", path);
	(void)unlink(path);
	line[good ? strcspn(line, "\n") : 0] = '\0';
	return good;
}
