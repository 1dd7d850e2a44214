/* emit.h - prints a model as C. */
#ifndef GEN_EMIT_H
#define GEN_EMIT_H

#include "model.h"
#include "writer.h"

/* The two files that are made from one. */
void emit_header(struct writer *writer, const struct model_file *file);
void emit_source(struct writer *writer, const struct model_file *file);

/* What a client calls: declarations for the header, functions for the source. */
void emit_client_declarations(struct writer *writer, const struct model_service *service);
void emit_client_functions(struct writer *writer, const struct model_service *service);

/* What a server fills in and calls, for the header; how that is called, for the source. */
void emit_server_declarations(struct writer *writer, const struct model_service *service);
void emit_server_functions(struct writer *writer, const struct model_service *service);

#endif
