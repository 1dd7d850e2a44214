/* support/fault_alloc.h - fails one allocation of the code under test.
 *
 * Works by -Wl,--wrap, so that it sees our own objects and static libraries, not shared ones. */
#ifndef FAST_TEST_FAULT_ALLOC_H
#define FAST_TEST_FAULT_ALLOC_H

#include <stdbool.h>

/* The allocation after n more of them fails, once; -1: none fails. Forgets whether one has. */
void fault_alloc_after(int n);

/* Whether an allocation has failed since fault_alloc_after(). */
bool fault_alloc_fired(void);

/* Allocations so far, from any thread: for tests that count them. */
unsigned long fault_alloc_count(void);

#endif
