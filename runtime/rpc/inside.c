#include "rpc/inside.h"

#include "link/link_inproc.h"
#include "link/link_memory.h"
#include "rpc/client.h"
#include "rpc/server.h"
#include <stdlib.h>

/* Dials a server by handing it one end of a pair. */
struct inside {
	struct fast_server *server;
	struct fast_timers *timers;
	struct fast_peer peer;
	struct fast_timer timer; /* reports the dial under way, for nobody may be told inside it */
	fast_link_dialed_fn *dialed;
	void *dialed_arg;
};

static void inside_report(void *arg)
{
	struct inside *inside = arg;
	struct fast_link *ours = NULL;
	struct fast_link *theirs = NULL;
	enum fast_status status = fast_memory_live_pair(FAST_INPROC_BYTES, &ours, &theirs);

	if (status == FAST_OK) {
		theirs->peer = inside->peer;
		fast_server_take_link(inside->server, theirs);
	}
	inside->dialed(status, ours, inside->dialed_arg);
}

static void inside_dial(void *arg, int64_t timeout_ms, fast_link_dialed_fn *dialed,
			void *dialed_arg)
{
	struct inside *inside = arg;

	(void)timeout_ms; /* it takes none */
	inside->dialed = dialed;
	inside->dialed_arg = dialed_arg;
	if (fast_timer_set(inside->timers, &inside->timer, fast_timers_now_ns(inside->timers),
			   inside_report, inside) != FAST_OK) {
		dialed(FAST_RESOURCE_EXHAUSTED, NULL, dialed_arg);
	}
}

static void inside_free(void *arg)
{
	struct inside *inside = arg;

	if (fast_timer_cancel(inside->timers, &inside->timer)) {
		inside->dialed(FAST_CANCELLED, NULL, inside->dialed_arg);
	}
	fast_timer_cancel_wait(inside->timers, &inside->timer);
	free(inside);
}

static const struct fast_dial_ops inside_ops = {
	.dial = inside_dial,
	.free = inside_free,
};

enum fast_status fast_client_open_inside(struct fast_server *server, const struct fast_peer *peer,
					 const struct fast_client_options *options,
					 struct fast_timers *timers, struct fast_client **out)
{
	struct inside *inside = calloc(1, sizeof *inside);
	enum fast_status status;

	if (inside == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	inside->server = server;
	inside->timers = timers;
	inside->peer = *peer;
	status = fast_client_open_with("inside", options, timers, &inside_ops, inside, out);
	if (status != FAST_OK) {
		free(inside);
	}
	return status;
}
