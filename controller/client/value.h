/* client/value.h - values of params as people write and read them. */
#ifndef CLIENT_VALUE_H
#define CLIENT_VALUE_H

#include "client/text.h"

#include <fast/v1/types.pb-c.h>

#define VALUE_ERROR_BYTES_MAX 256

/* Reads a value of the param's type; range and choices are the daemon's to judge. *out borrows
 * chars for a string. INVALID_ARGUMENT: error, VALUE_ERROR_BYTES_MAX bytes, says what would be
 * right. */
FAST_MUST_CHECK enum fast_status value_parse(const Fast__V1__ParamSpec *spec, const char *chars,
					     Fast__V1__ParamValue *out, char *error);

/* Adds the value so that value_parse() reads the same one back; "-" for NULL. */
void value_add(struct text *text, const Fast__V1__ParamValue *value);

/* Adds what is allowed: "360|480|720", "0..10 step 2", "true|false", "any". */
void value_add_allowed(struct text *text, const Fast__V1__ParamSpec *spec);

/* "APPLIED" as "applied". status is any number that came over the wire. */
const char *value_status_name(Fast__V1__ParamStatus status);
const char *value_type_name(Fast__V1__ParamType type);
const char *value_kind_name(Fast__V1__MetricKind kind);

#endif
