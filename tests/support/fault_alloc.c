#include "support/fault_alloc.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

/* The linker's names for the wrapped functions. */
void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
int __real_posix_memalign(void **out, size_t alignment, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
int __wrap_posix_memalign(void **out, size_t alignment, size_t bytes);
char *__wrap_strdup(const char *text);

static atomic_int countdown = -1;
static atomic_bool fired;
static atomic_ulong allocations;

static bool alloc_fails(void)
{
	int left = atomic_load(&countdown);

	atomic_fetch_add(&allocations, 1);
	while (left >= 0) {
		if (atomic_compare_exchange_weak(&countdown, &left, left - 1)) {
			if (left == 0) {
				atomic_store(&fired, true);
			}
			return left == 0;
		}
	}
	return false;
}

void fault_alloc_after(int n)
{
	atomic_store(&fired, false);
	atomic_store(&countdown, n);
}

bool fault_alloc_fired(void)
{
	return atomic_load(&fired);
}

unsigned long fault_alloc_count(void)
{
	return atomic_load(&allocations);
}

void *__wrap_malloc(size_t bytes)
{
	return alloc_fails() ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
	return alloc_fails() ? NULL : __real_calloc(count, bytes);
}

int __wrap_posix_memalign(void **out, size_t alignment, size_t bytes)
{
	return alloc_fails() ? ENOMEM : __real_posix_memalign(out, alignment, bytes);
}

void *__wrap_realloc(void *old, size_t bytes)
{
	return alloc_fails() ? NULL : __real_realloc(old, bytes);
}

char *__wrap_strdup(const char *text)
{
	size_t bytes = strlen(text) + 1;
	char *copy = alloc_fails() ? NULL : __real_malloc(bytes);

	return copy == NULL ? NULL : memcpy(copy, text, bytes);
}
