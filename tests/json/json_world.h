/* json/json_world.h - the test schemas, and a message to JSON and back in one step. */
#ifndef FAST_TEST_JSON_WORLD_H
#define FAST_TEST_JSON_WORLD_H

#include <fast/json.h>

extern const uint8_t everything_set[], old_set[], golden_packed_set[], golden_json_set[];
extern const size_t everything_set_bytes, old_set_bytes, golden_packed_set_bytes,
	golden_json_set_bytes;

#define EVERYTHING "testing.v1.Everything"
#define OLD        "testing.v1.Old"

/* The schema, or abort. */
struct fast_schema *world_everything(void);
struct fast_schema *world_old(void);

/* The text as JSON prints it after reading it; NULL: refused, error says why. The caller frees it.
 */
char *world_again(const struct fast_schema *schema, const char *name, const char *text,
		  unsigned flags, char *error);

/* Packs into memory that the caller frees. */
uint8_t *world_pack(const ProtobufCMessage *message, size_t *bytes);

#endif
