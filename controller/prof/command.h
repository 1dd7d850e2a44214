/* prof/command.h - the plugin's command: started in a group of its own, ended so that it can flush.
 */
#ifndef PROF_COMMAND_H
#define PROF_COMMAND_H

#include "client/process.h"

/* Starts argv[0], found in $PATH, with its output appended to log, in folder (NULL: this one). Gets
 * SIGTERM when we die. INVALID_ARGUMENT: there is no such program. */
FAST_MUST_CHECK enum fast_status command_start(struct process *process, char *const *argv,
					       const char *folder, const char *log);

/* Ends the group: SIGINT, which lets a Python plugin flush, then SIGTERM, then SIGKILL, a few
 * seconds apart. Nothing when it has ended; what it has left behind in the group ends in any case.
 */
void command_stop(struct process *process, pid_t group);

/* "ended with status 3", "was killed by signal 11 (Segmentation fault)"; a shell's 128 + signal is
 * read as that signal. Returns the signal, 0: none. */
int command_sentence(int exit_status, char *out, size_t out_bytes);

/* Runs a command to its end, output to log; false: it could not be run or did not succeed within
 * timeout_s. */
bool command_run(char *const *argv, const char *folder, const char *log, int timeout_s);

#endif
