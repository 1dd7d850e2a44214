/* json/print.h - the parts of printing. Each returns false when it fails, with status and error
 * set; the writer says by itself when memory is short. */
#ifndef FAST_JSON_PRINT_H
#define FAST_JSON_PRINT_H

#include "json/path.h"
#include "json/schema.h"
#include "json/writer.h"

struct fast_printer {
	const struct fast_schema *schema;
	struct fast_writer writer;
	unsigned flags; /* enum fast_json_flags */
	unsigned depth; /* messages that are open */
	unsigned anys;  /* of those */
	enum fast_status status;
	char *error; /* FAST_JSON_ERROR_BYTES_MAX bytes */
};

bool fast_print_refuse(struct fast_printer *printer, const struct fast_path *path,
		       const char *format, ...) FAST_PRINTF(3, 4);

/* Any message as a value. */
bool fast_print_message(struct fast_printer *printer, const struct fast_path *path,
			const ProtobufCMessage *message);
/* Its fields, in an object that is open. */
bool fast_print_fields(struct fast_printer *printer, const struct fast_path *path,
		       const ProtobufCMessage *message);
/* One value of a field; member points at it. */
bool fast_print_value(struct fast_printer *printer, const struct fast_path *path,
		      const ProtobufCMessage *message, unsigned field, const void *member);
/* A map's entries as an object; of equal keys the last counts. */
bool fast_print_map(struct fast_printer *printer, const struct fast_path *path,
		    const ProtobufCMessage *message, unsigned field);
/* A message that is known by its name. */
bool fast_print_known(struct fast_printer *printer, const struct fast_path *path,
		      const ProtobufCMessage *message);

#endif
