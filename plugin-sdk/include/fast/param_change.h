/* fast/param_change.h - what a plugin does about changes of its params: waits for them, is called
 * back, and says whether it could apply them. */
#ifndef FAST_PARAM_CHANGE_H
#define FAST_PARAM_CHANGE_H

#include <fast/param.h>
#include <fast/plugin.h>

FAST_BEGIN_DECLS

#define FAST_PARAM_REASON_BYTES_MAX 256

/* Waits until the param has another revision than *seen, and gives it in *seen; 0 is the revision
 * of the initial value. At most timeout_ms; below 0: for ever. DEADLINE_EXCEEDED: *seen is left
 * alone. UNAVAILABLE: in a process that a bare clone() made. Any number of threads may wait; they
 * sleep in the kernel, and are woken one by the other, so that a thousand of them hold up nobody. A
 * value that is not allowed counts as a change, though a get goes on giving the last good one. The
 * plugin must not be closed meanwhile. */
FAST_MUST_CHECK enum fast_status fast_param_wait(struct fast_param *param, uint64_t *seen,
						 int64_t timeout_ms);

/* The same for all params of a plugin: *seen stands for all their revisions together, and 0 for
 * all at their initial values. */
FAST_MUST_CHECK enum fast_status fast_plugin_wait_params(struct fast_plugin *plugin, uint64_t *seen,
							 int64_t timeout_ms);

/* Says that the value with this revision is in effect, for a param with FAST_PARAM_ACK_EXPLICIT or
 * a callback. Memory only. */
void fast_param_applied(struct fast_param *param, uint64_t revision);

/* Says that the value with this revision can't be applied and why, in one sentence of UTF-8, cut
 * to FAST_PARAM_REASON_BYTES_MAX; NULL: no reason. fastd then reports the param as failed, with
 * the last value that was applied as the one in effect, and keeps the failure until the next. */
void fast_param_failed(struct fast_param *param, uint64_t revision, const char *reason);

/* Applies the param's new value, which a get gives. OK: it is in effect. Any other status: it is
 * not; reason, which holds FAST_PARAM_REASON_BYTES_MAX + 1 bytes and is empty, may say why. */
typedef enum fast_status fast_param_change_fn(struct fast_param *param, char *reason, void *arg);

/* Sets the one callback of a param; NULL: none. Its param counts as applied when fn says so, not
 * when it is read. fn runs in fast_plugin_dispatch() and nowhere else: no thread of the SDK ever
 * runs code of the plugin. */
void fast_param_on_change(struct fast_param *param, fast_param_change_fn *fn, void *arg);

/* Calls, in order of declaration and on this thread, the callback of each param that has changed
 * since its last call, or since it was declared. No lock is held: a callback may call anything but
 * fast_plugin_close(). Gives how many were called. One thread at a time: the usual loop is
 * fast_plugin_wait_params() and then this. */
size_t fast_plugin_dispatch(struct fast_plugin *plugin);

FAST_END_DECLS

#endif
