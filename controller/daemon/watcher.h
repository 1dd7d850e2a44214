/* daemon/watcher.h - one open Watch call, as watch.c drives it. */
#ifndef FASTD_WATCHER_H
#define FASTD_WATCHER_H

#include "daemon/changes.h"
#include "daemon/node.h"
#include "daemon/watch.h"

#include <fast/call.h>
#include <stdatomic.h>

/* What a step may look at. */
struct watch_moment {
	struct node *node;
	bool ticked;          /* new samples have been taken, */
	int64_t time_unix_ns; /* at this time */
	int64_t now_ns;       /* monotonic */
};

/* How a step went. */
struct watch_step {
	enum fast_status status; /* other than OK: the call ends so */
	const char *text;        /* static; NULL: the status's own sentence */
	uint64_t dropped;        /* items that the reader did not get */
	bool again;              /* there is more to send, and the reader is reading */
};

struct watcher;

struct watcher_ops {
	/* Sends what is due. Watch thread; must not block. */
	void (*step)(struct watcher *watcher, const struct watch_moment *moment,
		     struct watch_step *out);
	/* Frees it; the call is ended already. */
	void (*free)(struct watcher *watcher);
};

/* The first member of a watcher of either kind. */
struct watcher {
	const struct watcher_ops *ops;
	struct watch *watch;
	struct fast_call *call;
	struct watcher *next;  /* guarded by the watch's lock while incoming, then watch thread */
	atomic_bool cancelled; /* any thread */
};

/* Give *out. changes is borrowed until the watcher is freed. */
FAST_MUST_CHECK enum fast_status watch_metric_new(const struct node_filter *filter,
						  uint32_t interval_ms, struct watcher **out);
FAST_MUST_CHECK enum fast_status watch_param_new(const struct watch_start *start, uint64_t epoch,
						 struct changes *changes, struct watcher **out);

#endif
