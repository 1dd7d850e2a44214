/* json/random_wire.h - random messages as packed bytes. */
#ifndef FAST_TEST_RANDOM_WIRE_H
#define FAST_TEST_RANDOM_WIRE_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

#define WIRE_BYTES_MAX 65536

struct wire {
	uint64_t seed; /* not 0 */
	size_t bytes;
	uint8_t data[WIRE_BYTES_MAX];
};

/* Appends a message of this type: its fields by chance, each value one that JSON can carry. */
void wire_message(struct wire *wire, const ProtobufCMessageDescriptor *type, unsigned depth);

#endif
