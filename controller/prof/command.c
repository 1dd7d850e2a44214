#include "prof/command.h"

#include "client/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define FLUSH_MS 3000 /* after SIGINT */
#define TERM_MS  2000
#define KILL_MS  2000
#define POLL_MS  20

/* In the child: never returns. What fails is told through the pipe, which closes on exec. */
static void child_run(char *const *argv, const char *folder, const char *log, int report)
{
	static const int handled[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
	sigset_t none;
	int why;
	int fd;

	setpgid(0, 0);
	for (size_t i = 0; i < sizeof handled / sizeof *handled; i++) {
		signal(handled[i], SIG_DFL);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC); /* the copies stay */
	if (fd >= 0) {
		dup2(fd, STDIN_FILENO);
	}
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd >= 0) {
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
	}
	if (folder == NULL || chdir(folder) == 0) {
		execvp(argv[0], argv);
	}
	why = errno;
	_exit(write(report, &why, sizeof why) > 0 ? 127 : 126);
}

enum fast_status command_start(struct process *process, char *const *argv, const char *folder,
			       const char *log)
{
	int report[2];
	int why = 0;
	ssize_t told;
	pid_t pid;

	if (pipe2(report, O_CLOEXEC) != 0) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	pid = fork();
	if (pid == 0) {
		child_run(argv, folder, log, report[1]);
	}
	close(report[1]);
	if (pid < 0) {
		close(report[0]);
		return FAST_RESOURCE_EXHAUSTED;
	}
	setpgid(pid, pid); /* whoever of the two comes first */
	do {
		told = read(report[0], &why, sizeof why);
	} while (told < 0 && errno == EINTR); /* the interrupt is looked for later */
	if (told > 0) {
		close(report[0]);
		waitpid(pid, NULL, 0);
		errno = why;
		return FAST_INVALID_ARGUMENT;
	}
	close(report[0]);
	*process = (struct process){.pid = pid, .name = argv[0]};
	return FAST_OK;
}

static bool group_is_there(pid_t group)
{
	while (waitpid(-group, NULL, WNOHANG) > 0) { /* orphans of it are ours to reap */
	}
	return kill(-group, 0) == 0;
}

void command_stop(struct process *process, pid_t group)
{
	static const struct {
		int number;
		int wait_ms;
	} steps[] = {{SIGINT, FLUSH_MS}, {SIGTERM, TERM_MS}, {SIGKILL, KILL_MS}};

	if (group <= 0) {
		return;
	}
	for (size_t i = 0; i < sizeof steps / sizeof *steps && group_is_there(group); i++) {
		kill(-group, steps[i].number);
		kill(-group, SIGCONT); /* one that was stopped takes the signal only then */
		for (int waited = 0; group_is_there(group) && waited < steps[i].wait_ms;
		     waited += POLL_MS) {
			(void)poll(NULL, 0, POLL_MS);
		}
	}
	process->pid = 0;
}

int command_sentence(int exit_status, char *out, size_t out_bytes)
{
	int code = WIFEXITED(exit_status) ? WEXITSTATUS(exit_status) : 0;
	int number = WIFSIGNALED(exit_status)          ? WTERMSIG(exit_status)
		     : code > 128 && code < 128 + NSIG ? code - 128
						       : 0;

	if (number != 0) {
		snprintf(out, out_bytes, "was killed by signal %d (%s)", number, strsignal(number));
	} else {
		snprintf(out, out_bytes, "ended by itself with status %d", code);
	}
	return number;
}

bool command_run(char *const *argv, const char *folder, const char *log, int timeout_s)
{
	struct process process = {0};
	int exit_status = 0;
	pid_t group;

	if (command_start(&process, argv, folder, log) != FAST_OK) {
		return false;
	}
	group = process.pid;
	for (int64_t waited = 0; process_is_running(&process, &exit_status); waited += POLL_MS) {
		if (interrupt_seen() || waited > (int64_t)timeout_s * 1000) {
			command_stop(&process, group);
			return false;
		}
		(void)poll(NULL, 0, POLL_MS);
	}
	return exit_status == 0;
}
