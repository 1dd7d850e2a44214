#include "tests/controller/fake_fastd.h"
#include "tests/support/harness.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_MAX 40

/* Parts a line at blanks; '...' stays together. The words point into line. */
static void line_split(char *line, char **words)
{
	size_t count = 0;

	while (*line != '\0') {
		char end = *line == '\'' ? '\'' : ' ';

		line += end == '\'';
		assert_true(count < WORDS_MAX - 1);
		words[count++] = line;
		line += strcspn(line, end == '\'' ? "'" : " ");
		if (*line == '\'') {
			*line++ = '\0';
		}
		while (*line == ' ') {
			*line++ = '\0';
		}
	}
	words[count] = NULL;
}

/* The program under test, beside the test's own folder or in $FASTD_BIN. */
static void program_find(char *path, size_t size)
{
	const char *folder = getenv("FASTD_BIN");

	snprintf(path, size, "%s/fastctl", folder == NULL ? "bin" : folder);
	if (access(path, X_OK) != 0) {
		print_message("there is no %s\n", path);
		skip();
	}
}

void fastctl_start(const struct fake_fastd *fake, struct fastctl_child *child, const char *line)
{
	char copy[512], path[512], endpoint[160], sanitizer[512];
	char *words[WORDS_MAX + 1];
	char *environment[] = {endpoint, (char *)"TZ=UTC", sanitizer, NULL};
	uid_t user = geteuid();
	const char *tsan_options = getenv("TSAN_OPTIONS");

	program_find(path, sizeof path);
	snprintf(copy, sizeof copy, "%s", line);
	snprintf(endpoint, sizeof endpoint, "FASTD_ENDPOINT=%s", fake->endpoint);
	snprintf(sanitizer, sizeof sanitizer, "TSAN_OPTIONS=%s",
		 tsan_options == NULL ? "" : tsan_options);
	words[0] = path;
	line_split(copy, words + 1);
	child->out = memfd_create("out", 0);
	child->err = memfd_create("err", 0);
	assert_true(child->out >= 0 && child->err >= 0);
	child->pid = fork();
	assert_true(child->pid >= 0);
	if (child->pid == 0) {
		dup2(child->out, STDOUT_FILENO);
		dup2(child->err, STDERR_FILENO);
		/* As that user altogether: one who merely borrows rights cannot look into itself,
		 * as a sanitizer must. */
		if (user != getuid() &&
		    (seteuid(getuid()) != 0 || setresuid(user, user, user) != 0)) {
			_exit(126);
		}
		execve(path, words, environment);
		_exit(127);
	}
}

static void file_read(int fd, char *text, size_t size)
{
	ssize_t bytes = pread(fd, text, size - 1, 0);

	assert_true(bytes >= 0);
	text[bytes] = '\0';
	close(fd);
}

void fastctl_wait(struct fastctl_child *child, struct told *told)
{
	int status = 0;

	assert_int_equal(child->pid, waitpid(child->pid, &status, 0));
	told->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	file_read(child->out, told->out, sizeof told->out);
	file_read(child->err, told->err, sizeof told->err);
}

void fastctl_run(const struct fake_fastd *fake, struct told *told, const char *line)
{
	struct fastctl_child child;

	fastctl_start(fake, &child, line);
	fastctl_wait(&child, told);
}
