/* connect/code.h - Connect's words for statuses, HTTP's numbers for them, and the error object. */
#ifndef FAST_CONNECT_CODE_H
#define FAST_CONNECT_CODE_H

#include "json/writer.h"
#include <fast/client.h>

/* "not_found"; NULL for FAST_OK. */
const char *fast_connect_code(enum fast_status status);

/* 404 for FAST_NOT_FOUND; 200 for FAST_OK. */
unsigned fast_connect_http_code(enum fast_status status);

/* Writes {"code":...,"message":...,"details":[...]}, with each detail that the schema knows as JSON
 * in "debug", for people. schema may be NULL. reply has failed. */
void fast_connect_write_error(struct fast_writer *writer, const struct fast_schema *schema,
			      const struct fast_reply *reply);

#endif
