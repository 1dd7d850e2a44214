/* runtime/random.h - the same numbers at every run. */
#ifndef FAST_TEST_RANDOM_H
#define FAST_TEST_RANDOM_H

#include <stdint.h>

/* xorshift64*; *state must not be 0. */
static inline uint64_t random_next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1du;
}

/* Below limit. */
static inline uint32_t random_below(uint64_t *state, uint32_t limit)
{
	return (uint32_t)((random_next(state) >> 33) % limit);
}

#endif
