#include "rpc/thread.h"

#include <assert.h>

static _Thread_local unsigned thread_depth;

void fast_thread_enter(void)
{
	thread_depth++;
}

void fast_thread_leave(void)
{
	assert(thread_depth > 0);
	thread_depth--;
}

bool fast_thread_is_runtime(void)
{
	return thread_depth > 0;
}
