/* json/dynamic.h - the memory of messages. */
#ifndef FAST_JSON_DYNAMIC_H
#define FAST_JSON_DYNAMIC_H

#include "base/arena.h"
#include "json/schema.h"

/* An empty message; NULL: no memory. */
ProtobufCMessage *fast_dynamic_new(const struct fast_schema_message *type,
				   struct fast_arena *arena);

/* An arena of its own for *out; RESOURCE_EXHAUSTED. */
enum fast_status fast_dynamic_open(struct fast_dynamic *out);

#endif
