/* strip.h - leaves out what protoc-c would generate so that it does not compile. */
#ifndef GEN_STRIP_H
#define GEN_STRIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Copies a FileDescriptorSet, without the services of each file where protoc-c would name a member
 * of its own service struct by a keyword or twice: rpc Default, Delete, Base. Messages stay, and
 * our stubs need no more. And without imports of fast/v1/options.proto, whose messages nobody has
 * in C. Gives *out, which the caller frees. False: the set cannot be read, or there is no memory.
 */
bool strip_services(const uint8_t *in, size_t in_bytes, uint8_t **out, size_t *out_bytes);

#endif
