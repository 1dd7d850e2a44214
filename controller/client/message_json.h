/* client/message_json.h - any message as JSON, by protobuf's own mapping. */
#ifndef CLIENT_MESSAGE_JSON_H
#define CLIENT_MESSAGE_JSON_H

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

/* Keys are the fields' names in lowerCamelCase; every field is there but absent messages and oneof
 * members that are not set. 64-bit numbers are strings, enums their names, bytes base 64. Beside a
 * time in nanoseconds since 1970 (...TimeUnixNs) stands the same as RFC 3339 (...Time), unless it
 * is 0. Gives a reference, or NULL when memory is short. */
json_t *message_json(const ProtobufCMessage *message);

/* Text that came from elsewhere: bytes that are not UTF-8 become '?'. */
json_t *message_json_string(const char *chars);

/* Adds key (a time, as RFC 3339) and key with "UnixNs" at its end. False when memory is short. */
bool message_json_add_time(json_t *object, const char *key, int64_t unix_ns);

#endif
