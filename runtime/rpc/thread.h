/* rpc/thread.h - whether the current thread is lent by the runtime and so must not block. */
#ifndef FAST_RPC_THREAD_H
#define FAST_RPC_THREAD_H

#include <stdbool.h>

/* Around each completion of a link, timer or dial. They nest. */
void fast_thread_enter(void);
void fast_thread_leave(void);

/* True in inline handlers, cancel functions and callbacks. */
bool fast_thread_is_runtime(void);

#endif
