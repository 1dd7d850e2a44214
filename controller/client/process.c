#include "client/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESS_POLL_MS 20

static void child_redirect(const char *path, int target)
{
	int fd;

	if (path == NULL) {
		return;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0 || dup2(fd, target) < 0) {
		_exit(126);
	}
	close(fd);
}

static void child_prepare(void)
{
	static const int handled[] = {SIGINT, SIGTERM, SIGPIPE};
	sigset_t none;

	for (size_t i = 0; i < sizeof handled / sizeof *handled; i++) {
		signal(handled[i], SIG_DFL); /* a co-runner would inherit our handlers */
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
}

enum fast_status process_start(struct process *process, const char *name, const char *const *argv,
			       const char *stdout_path, const char *stderr_path)
{
	pid_t pid = fork();

	if (pid < 0) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	if (pid == 0) {
		child_prepare();
		child_redirect(stdout_path, STDOUT_FILENO);
		child_redirect(stderr_path, STDERR_FILENO);
		execv(argv[0], (char *const *)argv);
		_exit(127);
	}
	process->pid = pid;
	process->name = name;
	return FAST_OK;
}

enum fast_status process_start_hog(struct process *process)
{
	pid_t pid = fork();

	if (pid < 0) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	if (pid == 0) {
		child_prepare();
		for (volatile unsigned long spin = 0;; spin++) {
		}
	}
	process->pid = pid;
	process->name = "co-runner";
	return FAST_OK;
}

bool process_is_running(struct process *process, int *exit_status)
{
	pid_t done;

	if (process->pid == 0) {
		return false;
	}
	do {
		done = waitpid(process->pid, exit_status, WNOHANG);
	} while (done < 0 && errno == EINTR);
	if (done == 0) {
		return true;
	}
	process->pid = 0;
	return false;
}

enum fast_status process_wait(struct process *process, int timeout_ms, int *exit_status)
{
	for (int waited = 0; process_is_running(process, exit_status); waited += PROCESS_POLL_MS) {
		if (waited >= timeout_ms) {
			return FAST_DEADLINE_EXCEEDED;
		}
		(void)poll(NULL, 0, PROCESS_POLL_MS);
	}
	return FAST_OK;
}

void process_stop(struct process *process, int timeout_ms)
{
	int status = 0;

	if (process->pid == 0) {
		return;
	}
	kill(process->pid, SIGTERM);
	if (process_wait(process, timeout_ms, &status) != FAST_OK) {
		kill(process->pid, SIGKILL);
		(void)waitpid(process->pid, &status, 0);
		process->pid = 0;
	}
}
