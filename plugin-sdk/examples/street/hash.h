/* hash.h - FNV-1a, 64 bits: tells files apart and finds damage; it keeps no secret. */
#ifndef STREET_HASH_H
#define STREET_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_START UINT64_C(0xcbf29ce484222325)

static inline uint64_t hash_more(uint64_t hash, const void *data, size_t bytes)
{
	const uint8_t *byte = data;

	for (size_t i = 0; i < bytes; i++) {
		hash = (hash ^ byte[i]) * UINT64_C(0x100000001b3);
	}
	return hash;
}

#endif
