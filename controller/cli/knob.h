/* cli/knob.h - how a param's state reads: columns over a Fast__V1__ParamState. */
#ifndef CLI_KNOB_H
#define CLI_KNOB_H

#include "client/text.h"

#include <fast/v1/types.pb-c.h>

void knob_name(const void *member, struct text *text);
void knob_help(const void *member, struct text *text);
void knob_type(const void *member, struct text *text);
void knob_status(const void *member, struct text *text); /* Fast__V1__ParamStatus */
void knob_allowed(const void *member, struct text *text);
void knob_holder(const void *member, struct text *text);

#endif
