/* runtime/random.h - numbers that are the same for the same seed. */
#ifndef FAST_TEST_RANDOM_H
#define FAST_TEST_RANDOM_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

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

/* Another at every run, unless $FASTD_SEED says which; printed, so that a failure can be repeated.
 */
static inline uint64_t random_seed(void)
{
	const char *text = getenv("FASTD_SEED");
	uint64_t seed = 0;
	struct timespec now;

	if (text != NULL) {
		seed = strtoull(text, NULL, 0);
	} else {
		clock_gettime(CLOCK_REALTIME, &now);
		seed = (uint64_t)now.tv_sec * 1000003 ^ (uint64_t)now.tv_nsec;
	}
	seed = seed == 0 ? 1 : seed;
	printf("seed: FASTD_SEED=%" PRIu64 "\n", seed);
	fflush(stdout);
	return seed;
}

#endif
