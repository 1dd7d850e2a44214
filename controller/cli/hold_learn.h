/* cli/hold_learn.h - measures configurations by visiting each. */
#ifndef CLI_HOLD_LEARN_H
#define CLI_HOLD_LEARN_H

#include "cli/hold_session.h"

#define HOLD_LEARN_MS_DEFAULT 1500

/* Visits every row of the session's model, whose table has no measures yet, and gives a table of
 * the same columns with them; says first how many those are and how long that takes. What fails was
 * said. EXIT_OK with fewer rows: interrupted. */
enum exit_code hold_learn(struct hold_session *session, const struct hold_wish *wish,
			  uint32_t learn_ms, struct table *measured);

#endif
