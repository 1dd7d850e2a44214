/* input.h - looks at packed bytes before protobuf-c does, which recurses without a limit. */
#ifndef GEN_INPUT_H
#define GEN_INPUT_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

#define INPUT_BYTES_MAX ((size_t)64 << 20)
/* Messages within messages; protoc itself reads no more than 100. */
#define INPUT_DEPTH_MAX 100

/* Whether the bytes can be a message of this kind within these limits. */
bool input_is_bounded(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes,
		      size_t size);

#endif
