/* support/flat.h - what the process holds, for tests that it holds no more than before. */
#ifndef FAST_TEST_FLAT_H
#define FAST_TEST_FLAT_H

#include <stddef.h>

/* Open file descriptors. */
size_t flat_descriptors(void);
/* Bytes in use of malloc's; 0 where a sanitizer has its own, which finds leaks itself. */
size_t flat_heap_bytes(void);

#endif
