#include "cli/knob.h"

#include "client/quantity.h"
#include "client/value.h"

#include <inttypes.h>

void knob_name(const void *member, struct text *text)
{
	const Fast__V1__ParamState *state = member;

	text_add_clean(text, state->spec == NULL ? "?" : state->spec->name);
}

void knob_help(const void *member, struct text *text)
{
	const Fast__V1__ParamState *state = member;

	text_add_clean(text, state->spec == NULL || state->spec->help[0] == '\0'
				     ? "-"
				     : state->spec->help);
}

void knob_type(const void *member, struct text *text)
{
	const Fast__V1__ParamState *state = member;

	if (state->spec == NULL) {
		text_add(text, "?");
		return;
	}
	text_add(text, "%s", value_type_name(state->spec->type));
	if (state->spec->unit[0] != '\0') {
		text_add(text, " (");
		text_add_clean(text, state->spec->unit);
		text_add(text, ")");
	}
}

void knob_status(const void *member, struct text *text)
{
	text_add(text, "%s", value_status_name(*(const Fast__V1__ParamStatus *)member));
}

void knob_allowed(const void *member, struct text *text)
{
	const Fast__V1__ParamState *state = member;

	if (state->spec == NULL) {
		text_add(text, "?");
	} else {
		value_add_allowed(text, state->spec);
	}
}

void knob_holder(const void *member, struct text *text)
{
	const Fast__V1__ParamState *state = member;

	if (state->lease_id == 0) {
		text_add(text, "-");
		return;
	}
	text_add_clean(text, state->lease_owner);
	text_add(text, " (lease %" PRIu64 ", ", state->lease_id);
	quantity_seconds(text, state->lease_ttl_ms / 1e3);
	text_add(text, " left)");
}
