#include "prof/turn.h"

#include "client/value.h"

#include <fast/v1/param.fast.h>
#include <string.h>

#define CALL_MS 5000

static const struct fast_call_options call = {.size = sizeof call, .timeout_ms = CALL_MS};

static const Fast__V1__ParamSpec *spec_of(const struct visitor *visitor, const char *name)
{
	const Fast__V1__ParamListResponse *params =
		(const Fast__V1__ParamListResponse *)visitor->params.message;

	for (size_t i = 0; i < params->n_params; i++) {
		if (params->params[i]->spec != NULL &&
		    strcmp(params->params[i]->spec->name, name) == 0) {
			return params->params[i]->spec;
		}
	}
	return NULL;
}

enum ending turn_knobs(struct visitor *visitor, struct setting *setting, uint64_t *revision)
{
	const struct table *grid = &visitor->profile->grid;
	Fast__V1__ParamValue values[GRID_KNOBS_MAX];
	Fast__V1__ParamAssignment assignments[GRID_KNOBS_MAX];
	Fast__V1__ParamAssignment *pointers[GRID_KNOBS_MAX];
	Fast__V1__ParamSetRequest request = FAST__V1__PARAM_SET_REQUEST__INIT;
	struct fast_reply reply = {0};
	char error[VALUE_ERROR_BYTES_MAX];
	enum ending ending = ENDING_RUNNING;

	for (size_t i = 0; i < grid->column_count; i++) {
		const Fast__V1__ParamSpec *spec = spec_of(visitor, table_name(grid, i));

		if (spec == NULL || value_parse(spec, table_cell(grid, setting->row, i), &values[i],
						error) != FAST_OK) {
			snprintf(setting->reason, sizeof setting->reason, "%.200s",
				 spec == NULL ? "the knob has gone" : error);
			return ENDING_REFUSED;
		}
		fast__v1__param_assignment__init(&assignments[i]);
		assignments[i].param = (char *)table_name(grid, i);
		assignments[i].value = &values[i];
		pointers[i] = &assignments[i];
	}
	request.plugin = visitor->stage.plugin;
	request.assignments = pointers;
	request.n_assignments = grid->column_count;
	request.client = (char *)"fastprof";
	request.lease_id = visitor->claim.lease_id;
	if (fast_v1_param_set(visitor->stage.client, &call, &request, &reply) != FAST_OK) {
		ending = visit_check_at_once(visitor);
		if (ending == ENDING_RUNNING && reply.executed != FAST_EXECUTED_YES) {
			ending = visit_end(visitor, ENDING_FASTD, reply.text);
		} else if (ending == ENDING_RUNNING) {
			snprintf(setting->reason, sizeof setting->reason, "%.200s", reply.text);
			ending = ENDING_REFUSED;
		}
	} else {
		*revision = fast_v1_param_set_response(&reply)->revision;
	}
	fast_reply_fini(&reply);
	return ending;
}

enum ending turn_status(struct visitor *visitor, struct setting *setting, uint64_t revision)
{
	Fast__V1__ParamListRequest request = FAST__V1__PARAM_LIST_REQUEST__INIT;
	struct fast_reply reply = {0};
	enum ending ending = ENDING_DONE;
	const Fast__V1__ParamListResponse *list;

	request.plugin = visitor->stage.plugin;
	if (fast_v1_param_list(visitor->stage.client, &call, &request, &reply) != FAST_OK) {
		fast_reply_fini(&reply);
		return ENDING_RUNNING; /* visit_check() will say what is wrong */
	}
	list = fast_v1_param_list_response(&reply);
	for (size_t i = 0; i < list->n_params; i++) {
		const Fast__V1__ParamState *state = list->params[i];

		if (state->spec == NULL || state->revision != revision) {
			continue;
		}
		if (state->status == FAST__V1__PARAM_STATUS__PARAM_STATUS_FAILED) {
			snprintf(setting->reason, sizeof setting->reason,
				 "the plugin cannot apply %.64s: %.150s", state->spec->name,
				 state->last_failure != NULL ? state->last_failure->reason : "");
			ending = ENDING_REFUSED;
			break;
		}
		if (state->status != FAST__V1__PARAM_STATUS__PARAM_STATUS_APPLIED) {
			ending = ENDING_RUNNING;
		}
	}
	fast_reply_fini(&reply);
	return ending;
}
