/* client/process.h - child processes that never outlive this one. */
#ifndef CLIENT_PROCESS_H
#define CLIENT_PROCESS_H

#include <fast/status.h>
#include <sys/types.h>

#define PROCESS_ARGUMENTS_MAX 32

struct process {
	pid_t pid; /* 0: none */
	const char *name;
};

/* Starts argv[0] (NULL-terminated argv) with its output in the files; NULL: inherited. The child
 * gets SIGTERM when we die. */
FAST_MUST_CHECK enum fast_status process_start(struct process *process, const char *name,
					       const char *const *argv, const char *stdout_path,
					       const char *stderr_path);
/* Starts a busy loop. */
FAST_MUST_CHECK enum fast_status process_start_hog(struct process *process);

/* Whether it still runs; if not, *exit_status is as waitpid() gave it. */
bool process_is_running(struct process *process, int *exit_status);
/* Waits at most timeout_ms. DEADLINE_EXCEEDED. */
FAST_MUST_CHECK enum fast_status process_wait(struct process *process, int timeout_ms,
					      int *exit_status);
/* SIGTERM, then SIGKILL after timeout_ms. Nothing when there is no process. */
void process_stop(struct process *process, int timeout_ms);

#endif
