#include "param_declare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void param_spec_check(const Fast__V1__ParamSpec *spec, struct verdict *verdict)
{
	verdict_texts(verdict, "param", spec->name, spec->unit, spec->help);
	if (verdict->status == FAST_OK && spec->ack_timeout_ms > FAST_PARAM_ACK_TIMEOUT_MS_MAX) {
		verdict_refuse(verdict, FAST_INVALID_ARGUMENT,
			       "param \"%s\": ack_timeout_ms is %u; give at most %d", spec->name,
			       spec->ack_timeout_ms, FAST_PARAM_ACK_TIMEOUT_MS_MAX);
	}
}

/* False: no value. A text that is too long is told from one that fits by its length. */
static bool value_take(enum fast_param_type type, const Fast__V1__ParamValue *from,
		       struct fast_page_value *out)
{
	*out = (struct fast_page_value){.type = type};
	if (from == NULL) {
		return false;
	}
	switch (from->kind_case) {
	case FAST__V1__PARAM_VALUE__KIND_BOOL_VALUE:
		out->type = FAST_PARAM_BOOL;
		out->u.boolean = from->bool_value;
		return true;
	case FAST__V1__PARAM_VALUE__KIND_INT_VALUE:
		out->type = FAST_PARAM_INT;
		out->u.integer = from->int_value;
		return true;
	case FAST__V1__PARAM_VALUE__KIND_DOUBLE_VALUE:
		out->type = FAST_PARAM_DOUBLE;
		out->u.number = from->double_value;
		return true;
	case FAST__V1__PARAM_VALUE__KIND_STRING_VALUE:
		out->type = FAST_PARAM_STRING;
		(void)snprintf(out->string, sizeof out->string, "%s", from->string_value);
		return strlen(from->string_value) < sizeof out->string;
	case FAST__V1__PARAM_VALUE__KIND__NOT_SET:
	case _FAST__V1__PARAM_VALUE__KIND__CASE_IS_INT_SIZE:
		break;
	}
	return false;
}

/* Copies the declaration into param. */
static void rules_take(const Fast__V1__ParamSpec *spec, struct param_rules *rules,
		       struct verdict *verdict)
{
	bool whole;

	rules->type = (enum fast_param_type)spec->type;
	whole = value_take(rules->type, spec->initial, &rules->initial);
	if (spec->range != NULL) {
		rules->has_range = true;
		rules->min = spec->range->min;
		rules->max = spec->range->max;
		rules->step = spec->range->step;
	}
	if (spec->n_choices > FAST_PARAM_CHOICES_MAX) {
		verdict_refuse(verdict, FAST_INVALID_ARGUMENT,
			       "param \"%s\": %zu choices; at most %d", spec->name, spec->n_choices,
			       FAST_PARAM_CHOICES_MAX);
		return;
	}
	if (spec->n_choices > 0) {
		rules->choices = calloc(spec->n_choices, sizeof *rules->choices);
		if (rules->choices == NULL) {
			verdict_refuse(verdict, FAST_RESOURCE_EXHAUSTED,
				       "param \"%s\": fastd has no memory", spec->name);
			return;
		}
	}
	for (size_t i = 0; i < spec->n_choices; i++) {
		whole = whole && value_take(rules->type, spec->choices[i], &rules->choices[i]);
		rules->choice_count++;
	}
	if (!whole) {
		verdict_refuse(
			verdict, FAST_INVALID_ARGUMENT,
			"param \"%s\": its initial value or a choice is missing, or a string "
			"longer than %d bytes",
			spec->name, FAST_PARAM_STRING_BYTES_MAX);
		return;
	}
	verdict->status =
		param_rules_check(rules, spec->name, verdict->reason, sizeof verdict->reason);
}

/* What the store keeps. False: no memory. */
static bool packet_keep(struct param *param, const Fast__V1__DeclareParam *declare)
{
	Fast__V1__SessionUp packet = FAST__V1__SESSION_UP__INIT;
	size_t bytes;

	packet.kind_case = FAST__V1__SESSION_UP__KIND_DECLARE_PARAM;
	packet.declare_param = (Fast__V1__DeclareParam *)declare;
	bytes = fast__v1__session_up__get_packed_size(&packet);
	if (bytes > PARAM_PACKET_BYTES_MAX) {
		return true;
	}
	param->packet = malloc(bytes);
	if (param->packet != NULL) {
		param->packet_bytes = fast__v1__session_up__pack(&packet, param->packet);
	}
	return param->packet != NULL;
}

void param_declare(struct param *param, const Fast__V1__DeclareParam *declare,
		   struct verdict *verdict)
{
	const Fast__V1__ParamSpec *spec = declare->spec;

	rules_take(spec, &param->rules, verdict);
	param->help = strdup(spec->help);
	if (verdict->status == FAST_OK && (param->help == NULL || !packet_keep(param, declare))) {
		verdict_refuse(verdict, FAST_RESOURCE_EXHAUSTED,
			       "param \"%s\": fastd has no memory", spec->name);
	}
	if (verdict->status != FAST_OK) {
		param_fini(param);
		return;
	}
	(void)snprintf(param->name, sizeof param->name, "%s", spec->name);
	(void)snprintf(param->unit, sizeof param->unit, "%s", spec->unit);
	param->slot = declare->slot;
	param->read_only = spec->read_only;
	param->restart_required = spec->restart_required;
	param->ack_timeout_ms = spec->ack_timeout_ms;
	param->effective = param->rules.initial;
}

bool param_is_declared_so(const struct param *known, const Fast__V1__DeclareParam *declare)
{
	const Fast__V1__ParamSpec *spec = declare->spec;
	struct param_rules rules = {0};
	struct verdict verdict = {FAST_OK, ""};
	bool same;

	rules_take(spec, &rules, &verdict);
	same = verdict.status == FAST_OK && known->slot == declare->slot &&
	       param_rules_equal(&known->rules, &rules) && strcmp(known->unit, spec->unit) == 0 &&
	       strcmp(known->help, spec->help) == 0 && known->read_only == !!spec->read_only &&
	       known->restart_required == !!spec->restart_required &&
	       known->ack_timeout_ms == spec->ack_timeout_ms;
	free(rules.choices);
	return same;
}
