/* prof/stage.h - the players of a run: fastd, and the command with its plugin. */
#ifndef PROF_STAGE_H
#define PROF_STAGE_H

#include "client/process.h"
#include "prof/command.h"
#include "prof/options.h"
#include "prof/system.h"

#include <fast/client.h>

#define STAGE_PATH_BYTES_MAX  512
#define STAGE_FILE_BYTES_MAX  96
#define STAGE_ERROR_BYTES_MAX PROFILE_REASON_BYTES_MAX

/* Zeroed memory is a stage without players. */
struct stage {
	char dir[64]; /* sockets and state of a private fastd; removed at the end */
	char endpoint[256];
	char plugin_socket[160]; /* "": not set for the command */
	char log[STAGE_PATH_BYTES_MAX];
	char log_name[STAGE_FILE_BYTES_MAX]; /* of that file, for people */
	struct process fastd;
	struct process command;
	pid_t group;
	struct fast_client *client;
	char plugin[PROFILE_NAME_BYTES_MAX + 1]; /* instance; "": none has attached */
	char version[80];
	pid_t plugin_pid;
	pid_t former_pid;  /* of the one before, which may be listed for a moment more */
	int64_t looked_ns; /* monotonic */
	int exit_status;   /* of the command, once it has ended by itself */
	char error[STAGE_ERROR_BYTES_MAX];
};

/* Starts a private fastd, or finds the one of the options; fills in the profile's node. */
enum ending stage_open(struct stage *stage, const struct options *options, struct profile *profile);

/* Starts the command, again too. */
enum ending stage_start(struct stage *stage, char *const *argv, const char *folder);

/* Looks once whether the plugin has attached. ENDING_RUNNING: not yet; ENDING_DONE: it has. */
enum ending stage_find_plugin(struct stage *stage, const struct options *options,
			      struct system *system);

/* Whether all are still there; ENDING_RUNNING: yes. Else error says what has happened. */
enum ending stage_check(struct stage *stage, struct system *system);

/* Ends the command; none is left that could be found. */
void stage_stop(struct stage *stage);

/* Ends all, the command first so that it can flush. */
void stage_close(struct stage *stage, struct profile *profile);

#endif
