/* runtime/rpc_world.h - a server and a client on memory links and a clock that the test moves.
 * Nothing happens but in world_run() and world_advance_ms(), on the test's thread. */
#ifndef FAST_TEST_RPC_WORLD_H
#define FAST_TEST_RPC_WORLD_H

#include "support/harness.h"

#include "link/link_memory.h"
#include "rpc/client.h"
#include "rpc/server.h"
#include <fast/stream.h>
#include <stdatomic.h>
#include <testing/v1/probe.fast.h>

#define WORLD_KEPT_MAX 8192

/* What the Echo and Watch handlers do with a call. */
enum world_handling {
	WORLD_ANSWERS, /* number and text of the request; Watch: as many items as the number says */
	WORLD_KEEPS,   /* in kept */
	WORLD_FAILS,   /* OUT_OF_RANGE with a detail */
};

struct world {
	struct fast_memory_net *net;
	struct fast_timers *timers;
	int64_t now_ns;
	struct fast_server *server; /* NULL: dials are refused */
	struct fast_client *client;
	struct testing_v1_probe_handlers handlers;
	enum world_handling handling;
	struct fast_call *kept[WORLD_KEPT_MAX];
	uint32_t kept_numbers[WORLD_KEPT_MAX]; /* of their requests */
	unsigned kept_count;
	unsigned cancelled;               /* times that the cancel function ran */
	unsigned requests;                /* times that a handler ran */
	size_t capacity;                  /* of new links, each way */
	struct fast_call_options options; /* of the calls that are asked, but for timeout_ms */
	atomic_bool client_is_closed;

	/* the dial under way; NULL: none */
	fast_link_dialed_fn *dialed;
	void *dialed_arg;
	unsigned dials;
	bool is_unreachable;         /* dials are refused */
	struct fast_link *link;      /* the client's end of the newest; it may have been freed */
	bool has_peer_links;         /* a dial is answered by a link to nobody, kept here: */
	struct fast_link *peer_link; /* the other end of the newest such link */
};

/* options may be NULL. */
void world_open(struct world *world, const struct fast_server_options *options);
/* Closes what is open. */
void world_close(struct world *world);
void world_start_server(struct world *world, const struct fast_server_options *options);
void world_stop_server(struct world *world);
/* While another thread steps, so that what is being sent comes to its end. NULL clients are
 * allowed. */
void world_close_client(struct world *world);

/* Until nothing is left to happen at this time. */
void world_run(struct world *world);
void world_advance_ms(struct world *world, int64_t ms);

/* How a call ended. */
struct outcome {
	unsigned count; /* times that the callback ran */
	enum fast_status status;
	enum fast_executed executed;
	uint32_t number;
	size_t details;
	uint32_t retry_after_ms;
	char origin[32]; /* "": not said */
	char text[FAST_STATUS_MESSAGE_BYTES_MAX + 1];
};

/* As fast_reply_fn; arg: struct outcome. */
void outcome_note(const struct fast_reply *reply, void *arg);

/* Starts Echo, or Read where reads. timeout_ms as in struct fast_call_options. */
void world_ask(struct world *world, uint32_t number, int64_t timeout_ms, struct outcome *outcome);
void world_ask_read(struct world *world, uint32_t number, int64_t timeout_ms,
		    struct outcome *outcome);

#endif
