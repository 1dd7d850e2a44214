/* check.h - refuses what cannot be generated, in words that say what to do about it. */
#ifndef GEN_CHECK_H
#define GEN_CHECK_H

#include "model.h"

/* Notes why there is no model. Always false, to be returned. */
__attribute__((format(printf, 2, 3))) bool model_refuse(struct model *model, const char *format,
							...);

/* Whether every file and package has a name that may stand in C text. Before anything else. */
bool check_names(struct model *model,
		 const Google__Protobuf__Compiler__CodeGeneratorRequest *request);

/* Whether protobuf-c can generate the file's messages so that they compile. */
bool check_messages(struct model *model, const Google__Protobuf__FileDescriptorProto *file);

/* Whether this method can be called over the runtime. */
bool check_method(struct model *model, const char *path, const char *service,
		  const Google__Protobuf__MethodDescriptorProto *method);

/* Whether no two things generated for the file have the same name. */
bool check_collisions(struct model *model, const struct model_file *file);

#endif
