#include "prof/attach.h"

#include "client/quantity.h"

#include <fast/v1/param.fast.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOOK_MS     50
#define DECLARED_MS 300 /* after it has attached: for what it declares one by one */
#define CALL_MS     5000

static const struct fast_call_options call = {.size = sizeof call, .timeout_ms = CALL_MS};

/* Lets time pass while nothing is sampled. */
static enum ending idle(struct visitor *visitor, int wait_ms)
{
	(void)poll(NULL, 0, wait_ms);
	return visit_check(visitor);
}

/* Waits for the plugin. ENDING_RUNNING: it has attached. */
static enum ending wait_attached(struct visitor *visitor)
{
	int64_t end_ns = quantity_monotonic_now() + (int64_t)(visitor->options->attach_s * 1e9);
	enum ending ending;

	for (;;) {
		ending = idle(visitor, LOOK_MS);
		if (ending != ENDING_RUNNING) {
			return ending;
		}
		ending = stage_find_plugin(&visitor->stage, visitor->options, &visitor->system);
		if (ending == ENDING_DONE) {
			return idle(visitor, DECLARED_MS);
		}
		if (ending != ENDING_RUNNING) {
			return visit_end(visitor, ending, visitor->stage.error);
		}
		if (quantity_monotonic_now() > end_ns) {
			char sentence[PROFILE_REASON_BYTES_MAX];

			snprintf(sentence, sizeof sentence,
				 "no plugin has attached within %.3g s; see %s",
				 visitor->options->attach_s, visitor->stage.log_name);
			return visit_end(visitor, ENDING_NO_PLUGIN, sentence);
		}
	}
}

/* Whom the result is about; the first time. */
static void describe_plugin(struct visitor *visitor)
{
	struct profile_run *run = &visitor->profile->run;
	struct cgroup own;

	if (run->plugin[0] != '\0') {
		return;
	}
	snprintf(run->plugin, sizeof run->plugin, "%s", visitor->stage.plugin);
	snprintf(run->plugin_version, sizeof run->plugin_version, "%.64s", visitor->stage.version);
	snprintf(run->cgroup, sizeof run->cgroup, "%.500s", visitor->system.cgroup.path);
	cgroup_find(&own, "", getpid());
	if (run->cgroup[0] != '\0' && strcmp(own.path, visitor->system.cgroup.path) == 0) {
		profile_note(visitor->profile,
			     "the plugin shares its cgroup with fastprof: cgroup.* "
			     "covers other processes too");
	}
}

static enum ending list_params(struct visitor *visitor)
{
	Fast__V1__ParamListRequest request = FAST__V1__PARAM_LIST_REQUEST__INIT;
	enum ending ending;

	request.plugin = visitor->stage.plugin;
	fast_reply_fini(&visitor->params);
	if (fast_v1_param_list(visitor->stage.client, &call, &request, &visitor->params) ==
	    FAST_OK) {
		return ENDING_RUNNING;
	}
	ending = visit_check_at_once(visitor);
	return ending != ENDING_RUNNING ? ending
					: visit_end(visitor, ENDING_FASTD, visitor->params.text);
}

enum ending attach(struct visitor *visitor)
{
	const struct run_command *command = visitor->command;
	bool again = visitor->profile->setting_count > 0;
	enum ending ending;

	if (again && command->clear != NULL) {
		command->clear(command->arg);
	}
	if (stage_start(&visitor->stage, command->argv, command->folder) != ENDING_RUNNING) {
		return visit_end(visitor, ENDING_NO_PLUGIN, visitor->stage.error);
	}
	ending = wait_attached(visitor);
	if (ending != ENDING_RUNNING) {
		return ending;
	}
	system_set_plugin(&visitor->system, visitor->stage.plugin_pid);
	describe_plugin(visitor);
	ending = list_params(visitor);
	return ending == ENDING_RUNNING && again ? visit_open(visitor) : ending;
}

void detach(struct visitor *visitor)
{
	visit_close(visitor);
	stage_stop(&visitor->stage);
	system_forget_plugin(&visitor->system);
}
