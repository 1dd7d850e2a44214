#include "demo/stage.h"

#include <errno.h>
#include <fast/v1/param.fast.h>
#include <fast/v1/plugin.fast.h>
#include <ftw.h>
#include <libgen.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define STAGE_START_MS      10000
#define STAGE_PREPARE_MS    600000
#define STAGE_LEARN_MS      60000
#define STAGE_LEARN_EACH_MS "1200"
#define HOLD_LOST           4 /* how fastctl hold ends when the goal was out of reach */

static enum fast_status stage_fail(struct stage *stage, enum fast_status status, const char *what,
				   const char *why)
{
	snprintf(stage->error, sizeof stage->error, "%.120s: %.380s", what, why);
	return status;
}

char *stage_out_path(const struct stage *stage, const char *name, char *out, size_t out_bytes)
{
	snprintf(out, out_bytes, "%s/%s", stage->options->out, name);
	return out;
}

/* Path of one of our programs; valid until the next call with the same slot. */
static const char *stage_program(struct stage *stage, const char *name)
{
	static char paths[4][STAGE_PATH_BYTES_MAX + 32];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof paths[0], "%s/%s", stage->bin, name);
	return path;
}

static enum fast_status stage_find_programs(struct stage *stage)
{
	char self[STAGE_PATH_BYTES_MAX];
	ssize_t bytes;

	if (stage->options->bin != NULL) {
		snprintf(stage->bin, sizeof stage->bin, "%s", stage->options->bin);
		return FAST_OK;
	}
	bytes = readlink("/proc/self/exe", self, sizeof self - 1);
	if (bytes < 0) {
		return stage_fail(stage, FAST_INTERNAL, "/proc/self/exe", strerror(errno));
	}
	self[bytes] = '\0';
	snprintf(stage->bin, sizeof stage->bin, "%s", dirname(self));
	return FAST_OK;
}

static enum fast_status stage_make_folders(struct stage *stage)
{
	if (mkdir(stage->options->out, 0755) != 0 && errno != EEXIST) {
		return stage_fail(stage, FAST_PERMISSION_DENIED, stage->options->out,
				  strerror(errno));
	}
	snprintf(stage->dir, sizeof stage->dir, "/tmp/fastd-demo.XXXXXX");
	if (mkdtemp(stage->dir) == NULL) {
		stage->dir[0] = '\0';
		return stage_fail(stage, FAST_PERMISSION_DENIED, "/tmp", strerror(errno));
	}
	snprintf(stage->endpoint, sizeof stage->endpoint, "ipc://%s/fastd.sock", stage->dir);
	return FAST_OK;
}

/* The plugin makes its model and reference table; shows its own progress. */
static enum fast_status stage_prepare(struct stage *stage)
{
	const char *const argv[] = {
		stage_program(stage, "street"),
		"--prepare",
		"--clip",
		stage->options->clip,
		"--cache",
		stage->options->cache,
		"--frames-max",
		STAGE_CLIP_FRAMES,
		NULL,
	};
	struct process process = {0};
	int exit_status = 0;
	enum fast_status status = process_start(&process, "street", argv, NULL, NULL);

	if (status != FAST_OK) {
		return stage_fail(stage, status, "street", "cannot be started");
	}
	if (process_wait(&process, STAGE_PREPARE_MS, &exit_status) != FAST_OK || exit_status != 0) {
		process_stop(&process, 1000);
		return stage_fail(stage, FAST_FAILED_PRECONDITION, "street --prepare",
				  "did not succeed; its message is above");
	}
	return FAST_OK;
}

enum fast_status stage_start_fastd(struct stage *stage)
{
	char socket[96], plugin_socket[96], state[96], log[STAGE_PATH_BYTES_MAX], http[96];
	const char *const argv[] = {
		stage_program(stage, "fastd"),
		"--socket",
		socket,
		"--plugin-socket",
		plugin_socket,
		"--state-dir",
		state,
		"--http",
		http,
		NULL,
	};
	const struct fast_call_options options = {
		.size = sizeof options, .timeout_ms = STAGE_START_MS, .wait_for_ready = true};
	Fast__V1__NodeStatusRequest request = FAST__V1__NODE_STATUS_REQUEST__INIT;
	struct fast_reply reply = {0};
	enum fast_status status;

	snprintf(socket, sizeof socket, "%s/fastd.sock", stage->dir);
	snprintf(plugin_socket, sizeof plugin_socket, "%s/plugin.sock", stage->dir);
	snprintf(state, sizeof state, "%s/state", stage->dir);
	snprintf(http, sizeof http, "unix:%s/http.sock", stage->dir);
	setenv("FASTD_PLUGIN_SOCKET", plugin_socket, 1);
	setenv("FASTD_ENDPOINT", stage->endpoint, 1);
	status = process_start(&stage->fastd, "fastd", argv, NULL,
			       stage_out_path(stage, "fastd.log", log, sizeof log));
	if (status != FAST_OK) {
		return stage_fail(stage, status, "fastd", "cannot be started");
	}
	if (stage->client == NULL) {
		status = fast_client_open(stage->endpoint, NULL, &stage->client);
		if (status != FAST_OK) {
			return stage_fail(stage, status, stage->endpoint,
					  fast_status_sentence(status));
		}
	}
	status = fast_v1_node_status(stage->client, &options, &request, &reply);
	if (status != FAST_OK) {
		stage_fail(stage, status, "fastd does not answer (see fastd.log)", reply.text);
	}
	fast_reply_fini(&reply);
	return status;
}

static enum fast_status stage_start_plugin(struct stage *stage)
{
	char log[STAGE_PATH_BYTES_MAX];
	const char *const argv[] = {
		stage_program(stage, "street"),
		"--clip",
		stage->options->clip,
		"--cache",
		stage->options->cache,
		"--frames-max",
		STAGE_CLIP_FRAMES,
		"--name",
		STAGE_PLUGIN,
		NULL,
	};
	struct point newest;
	enum fast_status status =
		process_start(&stage->plugin, "street", argv, NULL,
			      stage_out_path(stage, "street.log", log, sizeof log));

	if (status != FAST_OK) {
		return stage_fail(stage, status, "street", "cannot be started");
	}
	status = record_start(&stage->record, stage->client, STAGE_PLUGIN);
	if (status != FAST_OK) {
		return stage_fail(stage, status, "watch", fast_status_sentence(status));
	}
	for (int waited = 0; waited < STAGE_START_MS; waited += 50) {
		if (record_newest(&stage->record, &newest) && newest.beats > 0) {
			return FAST_OK;
		}
		(void)poll(NULL, 0, 50);
	}
	return stage_fail(stage, FAST_DEADLINE_EXCEEDED, "the plugin does not report frames",
			  "see street.log");
}

enum fast_status stage_open(struct stage *stage, const struct demo_options *options)
{
	enum fast_status (*const steps[])(struct stage *) = {
		stage_find_programs, stage_make_folders, stage_prepare,
		stage_start_fastd,   stage_start_plugin,
	};

	memset(stage, 0, sizeof *stage);
	stage->options = options;
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		enum fast_status status = steps[i](stage);

		if (status != FAST_OK) {
			return status;
		}
	}
	return FAST_OK;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk)
{
	(void)info;
	(void)type;
	(void)walk;
	return remove(path);
}

void stage_close(struct stage *stage)
{
	disturb_stop(&stage->disturbance);
	process_stop(&stage->viewer, 2000);
	process_stop(&stage->controller, 3000);
	record_fini(&stage->record);
	process_stop(&stage->plugin, 5000);
	fast_client_close(stage->client);
	stage->client = NULL;
	process_stop(&stage->fastd, 5000);
	if (stage->dir[0] != '\0') {
		(void)nftw(stage->dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	}
}

enum fast_status stage_set_res(struct stage *stage, double res)
{
	Fast__V1__ParamValue value = FAST__V1__PARAM_VALUE__INIT;
	Fast__V1__ParamAssignment assignment = FAST__V1__PARAM_ASSIGNMENT__INIT;
	Fast__V1__ParamAssignment *assignments[] = {&assignment};
	Fast__V1__ParamSetRequest request = FAST__V1__PARAM_SET_REQUEST__INIT;
	struct fast_reply reply = {0};
	enum fast_status status;

	value.kind_case = FAST__V1__PARAM_VALUE__KIND_DOUBLE_VALUE;
	value.double_value = res;
	assignment.param = (char *)"res";
	assignment.value = &value;
	request.plugin = (char *)STAGE_PLUGIN;
	request.n_assignments = 1;
	request.assignments = assignments;
	request.client = (char *)"fastd-demo";
	status = fast_v1_param_set(stage->client, NULL, &request, &reply);
	if (status != FAST_OK) {
		stage_fail(stage, status, "turning the knob res", reply.text);
	}
	fast_reply_fini(&reply);
	return status;
}

double stage_get_res(struct stage *stage)
{
	Fast__V1__ParamGetRequest request = FAST__V1__PARAM_GET_REQUEST__INIT;
	struct fast_reply reply = {0};
	double res = NAN;

	request.plugin = (char *)STAGE_PLUGIN;
	request.param = (char *)"res";
	if (fast_v1_param_get(stage->client, NULL, &request, &reply) == FAST_OK) {
		const Fast__V1__ParamState *state = fast_v1_param_get_response(&reply)->param;

		if (state != NULL && state->desired != NULL) {
			res = state->desired->double_value;
		}
	}
	fast_reply_fini(&reply);
	return res;
}

/* Starts fastctl hold with a table of settings. */
static enum fast_status stage_start_controller(struct stage *stage, double goal, double seconds,
					       bool learn, const char *name)
{
	char goal_text[64], seconds_text[32], margin_text[16], table[STAGE_PATH_BYTES_MAX];
	char json[STAGE_PATH_BYTES_MAX], log[STAGE_PATH_BYTES_MAX], file_name[64];
	const char *argv[PROCESS_ARGUMENTS_MAX] = {
		stage_program(stage, "fastctl"),
		"hold",
		goal_text,
		"--maximize",
		"acc",
		"--plugin",
		STAGE_PLUGIN,
		"--knobs",
		"res",
		"--table",
		table,
		"--margin",
		margin_text,
		"--for",
		seconds_text,
		"--json",
	};
	size_t count = 16;
	enum fast_status status;

	if (learn) {
		argv[count++] = "--learn";
		argv[count++] = "--learn-ms";
		argv[count++] = STAGE_LEARN_EACH_MS;
	}
	snprintf(goal_text, sizeof goal_text, "fps >= %.3f", goal);
	snprintf(margin_text, sizeof margin_text, "%.3f", STAGE_MARGIN);
	snprintf(seconds_text, sizeof seconds_text, "%.1f", seconds);
	stage_out_path(stage, "settings.csv", table, sizeof table);
	snprintf(file_name, sizeof file_name, "%s.ndjson", name);
	stage_out_path(stage, file_name, json, sizeof json);
	snprintf(file_name, sizeof file_name, "%s.log", name);
	stage_out_path(stage, file_name, log, sizeof log);
	status = process_start(&stage->controller, "fastctl hold", argv, json, log);
	return status == FAST_OK ? FAST_OK
				 : stage_fail(stage, status, "fastctl", "cannot be started");
}

/* On a busy machine the goal may be out of reach by then; what was learned is no less learned. */
static bool has_learned(const struct stage *stage, int exit_status)
{
	char table[STAGE_PATH_BYTES_MAX];

	return WIFEXITED(exit_status) &&
	       (WEXITSTATUS(exit_status) == 0 || WEXITSTATUS(exit_status) == HOLD_LOST) &&
	       access(stage_out_path(stage, "settings.csv", table, sizeof table), R_OK) == 0;
}

enum fast_status stage_learn(struct stage *stage, double goal)
{
	char table[STAGE_PATH_BYTES_MAX];
	int exit_status = 0;
	enum fast_status status;

	(void)unlink(stage_out_path(stage, "settings.csv", table, sizeof table)); /* an older one */
	status = stage_start_controller(stage, goal, 1, true, "learn");
	if (status != FAST_OK) {
		return status;
	}
	if (process_wait(&stage->controller, STAGE_LEARN_MS, &exit_status) != FAST_OK ||
	    !has_learned(stage, exit_status)) {
		return stage_fail(stage, FAST_FAILED_PRECONDITION, "fastctl hold --learn",
				  "did not succeed; see learn.log");
	}
	return FAST_OK;
}

enum fast_status stage_hold(struct stage *stage, double goal, double seconds)
{
	return stage_start_controller(stage, goal, seconds, false, "hold");
}
