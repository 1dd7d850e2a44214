/* model.h - what a request asks for, in C names: read once, then only printed. */
#ifndef GEN_MODEL_H
#define GEN_MODEL_H

#include "pool.h"

#include <google/protobuf/compiler/plugin.pb-c.h>
#include <stdbool.h>
#include <stdint.h>

#define MODEL_REFUSAL_BYTES_MAX 1024

struct model_type {
	const char *c_name;     /* "Fast__V1__ParamSetRequest" */
	const char *descriptor; /* "fast__v1__param_set_request__descriptor" */
	const char *header;     /* "fast/v1/param.pb-c.h" */
};

struct model_method {
	const char *name;        /* "Set" */
	const char *path;        /* "fast.v1.Param/Set" */
	const char *comment;     /* NULL: none */
	const char *function;    /* "fast_v1_param_set" */
	const char *member;      /* "set"; "default_" for Default */
	const char *idempotency; /* enumerator of enum fast_idempotency */
	const char *priority;    /* enumerator of enum fast_priority; NULL: the default */
	bool is_resumable;
	bool is_lossy;
	bool is_stream;    /* of items from the server */
	bool takes_stream; /* of items from the client */
	struct model_type request;
	struct model_type response;
};

struct model_service {
	const char *name;    /* "fast.v1.Param" */
	const char *prefix;  /* "fast_v1_param" */
	const char *comment; /* NULL: none */
	const struct model_method *methods;
	size_t method_count;
};

struct model_file {
	const char *path; /* "fast/v1/param.proto" */
	const char *stem; /* "fast/v1/param" */
	const char *guard;
	const char *const *headers; /* of messages, sorted, each once; the file's own among them */
	size_t header_count;
	const struct model_service *services;
	size_t service_count;
	bool has_streams;
	const uint8_t *descriptor_set; /* NULL without services */
	size_t descriptor_set_bytes;
};

/* Zeroed memory is a valid empty model. */
struct model {
	struct pool pool;
	const struct model_file *files; /* those to generate */
	size_t file_count;
	char refusal[MODEL_REFUSAL_BYTES_MAX + 1]; /* why there is no model: for people */
};

/* Reads request, which is borrowed as long as the model lives. False: see model->refusal. */
bool model_read(struct model *model,
		const Google__Protobuf__Compiler__CodeGeneratorRequest *request);

/* Releases everything and leaves the model empty. */
void model_fini(struct model *model);

#endif
