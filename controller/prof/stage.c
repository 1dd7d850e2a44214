#include "prof/stage.h"

#include "client/connect.h"
#include "client/quantity.h"

#include <errno.h>
#include <fast/v1/plugin.fast.h>
#include <fnmatch.h>
#include <ftw.h>
#include <libgen.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#define START_MS   10000
#define CALL_MS    3000
#define LOOK_NS    INT64_C(500000000)
#define LAST_WORDS 1500 /* ms in which the command of a plugin that has gone may end */

static enum ending stage_fail(struct stage *stage, enum ending ending, const char *format, ...)
	FAST_PRINTF(3, 4);

static enum ending stage_fail(struct stage *stage, enum ending ending, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(stage->error, sizeof stage->error, format, args);
	va_end(args);
	return ending;
}

/* The program beside ours, else the one in $PATH. */
static void stage_program(const struct options *options, const char *name, char *out,
			  size_t out_bytes)
{
	char self[STAGE_PATH_BYTES_MAX];
	ssize_t bytes = readlink("/proc/self/exe", self, sizeof self - 1);
	const char *folder = options->bin;

	if (folder == NULL && bytes > 0) {
		self[bytes] = '\0';
		folder = dirname(self);
	}
	snprintf(out, out_bytes, "%s/%s", folder == NULL ? "/usr/bin" : folder, name);
	if (options->bin == NULL && access(out, X_OK) != 0) {
		snprintf(out, out_bytes, "/usr/bin/%s", name);
	}
}

static enum ending start_fastd(struct stage *stage, const struct options *options,
			       const struct profile *profile)
{
	char program[STAGE_PATH_BYTES_MAX + 16], socket[96], state[96], log[STAGE_PATH_BYTES_MAX];
	char name[STAGE_FILE_BYTES_MAX];
	const char *argv[] = {program,
			      "--socket",
			      socket,
			      "--plugin-socket",
			      stage->plugin_socket,
			      "--state-dir",
			      state,
			      "--tick",
			      "50",
			      NULL};

	snprintf(stage->dir, sizeof stage->dir, "/tmp/fastprof.XXXXXX");
	if (mkdtemp(stage->dir) == NULL) {
		stage->dir[0] = '\0';
		return stage_fail(stage, ENDING_BROKEN, "/tmp: %s", strerror(errno));
	}
	stage_program(options, "fastd", program, sizeof program);
	snprintf(socket, sizeof socket, "%s/fastd.sock", stage->dir);
	snprintf(state, sizeof state, "%s/state", stage->dir);
	snprintf(stage->plugin_socket, sizeof stage->plugin_socket, "%s/plugin.sock", stage->dir);
	snprintf(stage->endpoint, sizeof stage->endpoint, "ipc://%s", socket);
	profile_file(profile, "fastd", ".log", name, sizeof name);
	snprintf(log, sizeof log, "%.400s/%s", options->out, name);
	if (access(program, X_OK) != 0) {
		return stage_fail(stage, ENDING_BROKEN,
				  "%.150s is not there; say with --bin where fastd is", program);
	}
	if (process_start(&stage->fastd, "fastd", argv, NULL, log) != FAST_OK) {
		return stage_fail(stage, ENDING_BROKEN, "fastd cannot be started");
	}
	return ENDING_RUNNING;
}

static enum ending use_fastd(struct stage *stage, const struct options *options)
{
	const char *socket = options->plugin_socket != NULL ? options->plugin_socket
							    : getenv("FASTD_PLUGIN_SOCKET");

	if (connect_endpoint(options->endpoint, stage->endpoint) != FAST_OK) {
		return stage_fail(stage, ENDING_BROKEN, "--endpoint is too long");
	}
	snprintf(stage->plugin_socket, sizeof stage->plugin_socket, "%s",
		 socket == NULL ? "" : socket);
	return ENDING_RUNNING;
}

static void describe_node(struct profile *profile, const Fast__V1__NodeStatusResponse *status)
{
	struct utsname name;

	snprintf(profile->run.fastd, sizeof profile->run.fastd, "%s", status->version);
	if (uname(&name) == 0) {
		snprintf(profile->run.node, sizeof profile->run.node, "%.64s", name.nodename);
		snprintf(profile->run.kernel, sizeof profile->run.kernel, "%.64s %.60s",
			 name.release, name.machine);
	}
}

enum ending stage_open(struct stage *stage, const struct options *options, struct profile *profile)
{
	const struct fast_call_options call = {
		.size = sizeof call, .timeout_ms = START_MS, .wait_for_ready = true};
	Fast__V1__NodeStatusRequest request = FAST__V1__NODE_STATUS_REQUEST__INIT;
	struct fast_reply reply = {0};
	enum ending ending;

	prctl(PR_SET_CHILD_SUBREAPER, 1); /* what the command leaves behind comes to us */
	profile_file(profile, "plugin", ".log", stage->log_name, sizeof stage->log_name);
	snprintf(stage->log, sizeof stage->log, "%.400s/%s", options->out, stage->log_name);
	(void)unlink(stage->log);
	ending = options->endpoint == NULL ? start_fastd(stage, options, profile)
					   : use_fastd(stage, options);
	if (ending == ENDING_RUNNING &&
	    fast_client_open(stage->endpoint, NULL, &stage->client) != FAST_OK) {
		ending = stage_fail(stage, ENDING_BROKEN, "%.200s is no endpoint", stage->endpoint);
	}
	if (ending != ENDING_RUNNING) {
		return ending;
	}
	if (fast_v1_node_status(stage->client, &call, &request, &reply) != FAST_OK) {
		ending = stage_fail(stage, ENDING_FASTD, "fastd does not answer: %.200s",
				    reply.text);
	} else {
		describe_node(profile, fast_v1_node_status_response(&reply));
	}
	fast_reply_fini(&reply);
	if (stage->plugin_socket[0] != '\0') {
		setenv("FASTD_PLUGIN_SOCKET", stage->plugin_socket, 1);
	}
	return ending;
}

enum ending stage_start(struct stage *stage, char *const *argv, const char *folder)
{
	if (command_start(&stage->command, argv, folder, stage->log) != FAST_OK) {
		return stage_fail(stage, ENDING_NO_PLUGIN, "%.150s: %s", argv[0], strerror(errno));
	}
	stage->group = stage->command.pid;
	stage->exit_status = -1;
	return ENDING_RUNNING;
}

/* Whether an instance is the plugin meant: of the command's processes; of a private fastd any,
 * since a container's processes are not the command's. */
static bool plugin_is_ours(const struct stage *stage, const struct options *options,
			   struct system *system, const Fast__V1__PluginInfo *info)
{
	if (options->plugin != NULL && fnmatch(options->plugin, info->name, 0) != 0) {
		return false;
	}
	return stage->dir[0] != '\0' || proctree_has(&system->tree, (pid_t)info->pid) ||
	       options->plugin != NULL;
}

/* The plugins that are there now. Gives the reply, to be finished. */
static enum fast_status list_plugins(struct stage *stage, struct fast_reply *reply)
{
	const struct fast_call_options call = {.size = sizeof call, .timeout_ms = CALL_MS};
	Fast__V1__PluginListRequest request = FAST__V1__PLUGIN_LIST_REQUEST__INIT;

	stage->looked_ns = quantity_monotonic_now();
	return fast_v1_plugin_list(stage->client, &call, &request, reply);
}

enum ending stage_find_plugin(struct stage *stage, const struct options *options,
			      struct system *system)
{
	const Fast__V1__PluginListResponse *list;
	struct fast_reply reply = {0};
	enum ending ending = ENDING_RUNNING;

	proctree_add_root(&system->tree, stage->group);
	proctree_look(&system->tree);
	if (list_plugins(stage, &reply) != FAST_OK) {
		fast_reply_fini(&reply);
		return stage_fail(stage, ENDING_FASTD, "fastd does not answer any more");
	}
	list = fast_v1_plugin_list_response(&reply);
	for (size_t i = 0; i < list->n_plugins && ending == ENDING_RUNNING; i++) {
		const Fast__V1__PluginInfo *info = list->plugins[i];

		if (plugin_is_ours(stage, options, system, info) && info->metric_count > 0 &&
		    (pid_t)info->pid != stage->former_pid) {
			snprintf(stage->plugin, sizeof stage->plugin, "%s", info->name);
			snprintf(stage->version, sizeof stage->version, "%.64s", info->version);
			stage->plugin_pid = (pid_t)info->pid;
			ending = ENDING_DONE;
		}
	}
	fast_reply_fini(&reply);
	return ending;
}

/* The command has ended by itself: how. */
static enum ending judge_end(struct stage *stage, const struct system *system, int exit_status)
{
	char sentence[160];
	int number = command_sentence(exit_status, sentence, sizeof sentence);

	stage->exit_status = exit_status;
	if (number == SIGKILL && system_was_out_of_memory(system)) {
		return stage_fail(stage, ENDING_OUT_OF_MEMORY,
				  "the plugin was killed, since memory ran out");
	}
	return stage_fail(stage, number != 0 ? ENDING_CRASHED : ENDING_EXITED,
			  "the plugin %s; see %s", sentence, stage->log_name);
}

/* The plugin has gone from fastd: its command tells why, as a rule. */
static enum ending judge_gone(struct stage *stage, const struct system *system)
{
	int exit_status = 0;

	if (process_wait(&stage->command, LAST_WORDS, &exit_status) == FAST_OK) {
		return judge_end(stage, system, exit_status);
	}
	if (system_was_out_of_memory(system)) {
		return stage_fail(stage, ENDING_OUT_OF_MEMORY,
				  "the plugin has ended, and memory ran out");
	}
	return stage_fail(stage, ENDING_CRASHED,
			  "the plugin has ended, though its command goes on; see %s",
			  stage->log_name);
}

enum ending stage_check(struct stage *stage, struct system *system)
{
	const Fast__V1__PluginListResponse *list;
	struct fast_reply reply = {0};
	bool there = false;
	int exit_status = 0;

	if (stage->fastd.pid != 0 && !process_is_running(&stage->fastd, &exit_status)) {
		return stage_fail(stage, ENDING_FASTD, "fastd has ended; see fastd.log");
	}
	if (stage->group != 0 && !process_is_running(&stage->command, &exit_status)) {
		return judge_end(stage, system, exit_status);
	}
	if (stage->plugin[0] == '\0' || quantity_monotonic_now() - stage->looked_ns < LOOK_NS) {
		return ENDING_RUNNING;
	}
	if (list_plugins(stage, &reply) != FAST_OK) {
		fast_reply_fini(&reply);
		return stage_fail(stage, ENDING_FASTD, "fastd does not answer any more");
	}
	list = fast_v1_plugin_list_response(&reply);
	for (size_t i = 0; i < list->n_plugins; i++) {
		there = there || strcmp(list->plugins[i]->name, stage->plugin) == 0;
	}
	fast_reply_fini(&reply);
	return there ? ENDING_RUNNING : judge_gone(stage, system);
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk)
{
	(void)info;
	(void)type;
	(void)walk;
	return remove(path);
}

static void measure_overhead(struct stage *stage, struct overhead *overhead)
{
	struct rusage usage;
	char text[4096];

	if (getrusage(RUSAGE_SELF, &usage) == 0) {
		overhead->fastprof_cpu_s =
			(double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
			(double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
	}
	if (stage->fastd.pid != 0) {
		overhead->fastd_cpu_s = proctree_cpu("", stage->fastd.pid);
		if (small_read(text, sizeof text, "", "/proc/%d/status", (int)stage->fastd.pid)) {
			overhead->fastd_rss_bytes =
				(uint64_t)small_field(text, "VmHWM") * UINT64_C(1024);
		}
	}
}

void stage_stop(struct stage *stage)
{
	command_stop(&stage->command, stage->group);
	stage->group = 0;
	stage->former_pid = stage->plugin_pid;
	stage->plugin_pid = 0;
	stage->plugin[0] = '\0';
}

void stage_close(struct stage *stage, struct profile *profile)
{
	stage_stop(stage);
	measure_overhead(stage, &profile->overhead);
	fast_client_close(stage->client);
	stage->client = NULL;
	process_stop(&stage->fastd, 5000);
	if (stage->dir[0] != '\0') {
		(void)nftw(stage->dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	}
}
