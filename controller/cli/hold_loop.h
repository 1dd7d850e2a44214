/* cli/hold_loop.h - the running of `fastctl hold`: samples in, decisions out. */
#ifndef CLI_HOLD_LOOP_H
#define CLI_HOLD_LOOP_H

#include "cli/hold_law.h"
#include "cli/hold_session.h"

struct hold_loop_options {
	const char *goal; /* as it was given */
	double margin;
	int64_t cycle_ns;
	int64_t for_ns; /* 0: until interrupted */
};

/* Holds the goal with the session's model, which has a hull. EXIT_LOST: the claim was lost, or the
 * goal was out of reach for most of the time. */
enum exit_code hold_loop(struct hold_session *session, const struct hold_wish *wish,
			 const struct hold_loop_options *options);

#endif
