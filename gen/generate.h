/* generate.h - the generator without its streams. */
#ifndef GEN_GENERATE_H
#define GEN_GENERATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Answers a CodeGeneratorRequest with a CodeGeneratorResponse, of files or of an error for people.
 * Gives *out, which the caller frees. False: the request cannot be read, or there is no memory. */
bool generate(const uint8_t *in, size_t in_bytes, uint8_t **out, size_t *out_bytes);

#endif
