/* daemon/config.h - the config file: the options' names and values, as YAML. */
#ifndef FASTD_CONFIG_H
#define FASTD_CONFIG_H

#include "daemon/options.h"
#include "daemon/text.h"

#define CONFIG_BYTES_MAX (64u << 10)

/* Adds what the file gives to *out. INVALID_ARGUMENT or NOT_FOUND: error, which holds
 * OPTIONS_ERROR_BYTES_MAX bytes, is "file:line: what is wrong; what would be right". */
FAST_MUST_CHECK enum fast_status config_read(const char *path, struct options *out, char *error);

/* The same from memory; name stands for the file in errors. */
FAST_MUST_CHECK enum fast_status config_parse(const char *name, const char *bytes, size_t count,
					      struct options *out, char *error);

/* Prints the options so that config_parse() gives them back. */
void config_print(const struct options *options, struct text *out);

#endif
