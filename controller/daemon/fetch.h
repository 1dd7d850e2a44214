/* daemon/fetch.h - asks the processor for a cache line that will be written. */
#ifndef FASTD_FETCH_H
#define FASTD_FETCH_H

static inline void fetch(const void *line)
{
	__builtin_prefetch(line, 1);
	/* Without this, gcc takes a function that does nothing else for one without effect, and
	 * drops its calls. */
	__asm__ volatile("" : : "r"(line));
}

#endif
