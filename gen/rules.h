/* rules.h - what fast/v1/options.proto lets a schema say about a method. */
#ifndef GEN_RULES_H
#define GEN_RULES_H

#include "model.h"

/* Reads the option (fast.v1.rules) into out, of which all else is set. False: it is refused. */
bool rules_read(struct model *model, const char *path,
		const Google__Protobuf__MethodDescriptorProto *method, struct model_method *out);

/* The file of that option. */
#define RULES_PROTO "fast/v1/options.proto"

#endif
