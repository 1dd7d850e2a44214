/* page/atomic.h - how the page is read and written: relaxed 8-byte atomics, never memcpy. */
#ifndef FAST_PAGE_ATOMIC_H
#define FAST_PAGE_ATOMIC_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t page_load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static inline void page_store(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELAXED);
}

static inline void page_add(uint64_t *word, uint64_t n)
{
	(void)__atomic_fetch_add(word, n, __ATOMIC_RELAXED);
}

static inline double page_double_from_bits(uint64_t bits)
{
	double value;

	memcpy(&value, &bits, sizeof value);
	return value;
}

static inline uint64_t page_double_bits(double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof bits);
	return bits;
}

static inline double page_load_double(const uint64_t *word)
{
	return page_double_from_bits(page_load(word));
}

static inline void page_store_double(uint64_t *word, double value)
{
	page_store(word, page_double_bits(value));
}

static inline bool page_replace(uint64_t *word, uint64_t *old, uint64_t value)
{
	return __atomic_compare_exchange_n(word, old, value, true, __ATOMIC_RELAXED,
					   __ATOMIC_RELAXED);
}

static inline void page_add_double(uint64_t *word, double value)
{
	uint64_t old = page_load(word);

	while (!page_replace(word, &old, page_double_bits(page_double_from_bits(old) + value))) {
	}
}

/* Lowers the word to value, when it is higher. */
static inline void page_lower_double(uint64_t *word, double value)
{
	uint64_t old = page_load(word);

	while (value < page_double_from_bits(old) &&
	       !page_replace(word, &old, page_double_bits(value))) {
	}
}

/* Raises the word to value, when it is lower. */
static inline void page_raise_double(uint64_t *word, double value)
{
	uint64_t old = page_load(word);

	while (value > page_double_from_bits(old) &&
	       !page_replace(word, &old, page_double_bits(value))) {
	}
}

#endif
