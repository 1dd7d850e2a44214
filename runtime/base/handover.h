/* base/handover.h - tells ThreadSanitizer of an order that a library makes into which it cannot
 * see: all before fast_hand_over() comes before all after fast_take_over() of the same object. */
#ifndef FAST_BASE_HANDOVER_H
#define FAST_BASE_HANDOVER_H

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define FAST_SANITIZES_THREADS
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define FAST_SANITIZES_THREADS
#endif

#if defined(FAST_SANITIZES_THREADS)

void __tsan_acquire(void *object);
void __tsan_release(void *object);

static inline void fast_hand_over(void *object)
{
	__tsan_release(object);
}

static inline void fast_take_over(void *object)
{
	__tsan_acquire(object);
}

#else

static inline void fast_hand_over(void *object)
{
	(void)object;
}

static inline void fast_take_over(void *object)
{
	(void)object;
}

#endif

#endif
