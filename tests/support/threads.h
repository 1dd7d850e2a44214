/* support/threads.h - waits until every other thread of this process sleeps. */
#ifndef FAST_TEST_THREADS_H
#define FAST_TEST_THREADS_H

#include <dirent.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS_REST_MS 20000

/* How often the thread was put to sleep; -1: it does not sleep, or has just ended. */
static inline long thread_sleeps(const char *tid)
{
	char path[64];
	char line[128];
	bool asleep = false;
	long switches = -1;
	FILE *file;

	(void)snprintf(path, sizeof path, "/proc/self/task/%.20s/status", tid);
	file = fopen(path, "re");
	while (file != NULL && fgets(line, sizeof line, file) != NULL) {
		asleep = asleep || strncmp(line, "State:\tS", 8) == 0;
		if (strncmp(line, "voluntary_ctxt_switches:", 24) == 0) {
			switches = atol(line + 24);
		}
	}
	if (file != NULL) {
		(void)fclose(file);
	}
	return asleep ? switches : -1;
}

/* The sum over all threads but the caller's, which tells whether any has run since; -1: one runs.
 */
static inline long threads_sleeps(void)
{
	DIR *tasks = opendir("/proc/self/task");
	long sum = 0;

	for (struct dirent *task; tasks != NULL && sum >= 0 && (task = readdir(tasks)) != NULL;) {
		long sleeps;

		if (task->d_name[0] == '.' || atoi(task->d_name) == gettid()) {
			continue;
		}
		sleeps = thread_sleeps(task->d_name);
		sum = sleeps < 0 ? -1 : sum + sleeps;
	}
	if (tasks != NULL) {
		(void)closedir(tasks);
	}
	return sum;
}

/* For a test that is about to fork. A sanitizer's allocator has locks which, unlike libc's, a child
 * inherits as they are: none may be held by a thread that starts, works or ends. False: they do not
 * come to rest. */
static inline bool threads_rest(void)
{
	long before = -1;

	for (int waited_ms = 0; waited_ms < THREADS_REST_MS; waited_ms++) {
		long sleeps = threads_sleeps();

		if (sleeps >= 0 && sleeps == before) {
			return true;
		}
		before = sleeps;
		(void)poll(NULL, 0, 1);
	}
	return false;
}

#endif
