/* runtime/resume_world.h - the world of rpc_world.h with a Watch that is resumable, or lossy, or
 * both, and connections that the test cuts. */
#ifndef FAST_TEST_RESUME_WORLD_H
#define FAST_TEST_RESUME_WORLD_H

#include "rpc_world.h"

#include <fast/resume.h>

#define RESUME_CALLS_MAX 64

/* One Watch at the server, as its handler saw it. */
struct resume_call {
	struct fast_call *call; /* NULL: it was ended */
	enum fast_resume resume;
	uint64_t after;
};

struct resume_world {
	struct world world;
	struct fast_method methods[3]; /* of Probe, at both ends */
	struct fast_service service;
	struct testing_v1_probe_handlers handlers;
	uint64_t epoch; /* of the service */
	fast_dispatch_fn
		*own; /* the Watch handler of a test that brings one; NULL: keeps the call */
	struct resume_call calls[RESUME_CALLS_MAX];
	unsigned call_count;
};

void resume_open(struct resume_world *it, bool resumable, bool lossy);
/* Ends what the handlers keep. */
void resume_close(struct resume_world *it);
void resume_start_server(struct resume_world *it);
void resume_stop_server(struct resume_world *it);

/* Opens a Watch and runs the world. timeout_ms as in struct fast_call_options. */
struct fast_stream *resume_watch(struct resume_world *it, int64_t timeout_ms);
/* The newest call at the server. */
struct resume_call *resume_newest(struct resume_world *it);
/* Sends items first to last by the newest call, each with its number as its cursor; asserts. */
void resume_send(struct resume_world *it, uint32_t first, uint32_t last);
/* Cuts the connection under both ends; nothing that was not stepped arrives. Runs the world, for as
 * long as a first try to connect again may take. */
void resume_cut(struct resume_world *it);

/* The status and the number of the next item; 0: none. Runs the world. */
enum fast_status resume_next(struct resume_world *it, struct fast_stream *stream, uint32_t *number);
void resume_expect(struct resume_world *it, struct fast_stream *stream, uint32_t first,
		   uint32_t last);
void resume_expect_nothing(struct resume_world *it, struct fast_stream *stream);
/* And closes it. */
void resume_expect_end(struct resume_world *it, struct fast_stream *stream,
		       enum fast_status status);

#endif
