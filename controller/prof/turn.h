/* prof/turn.h - the knobs of a setting are turned, and it is seen whether the plugin has read them.
 */
#ifndef PROF_TURN_H
#define PROF_TURN_H

#include "prof/visit.h"

/* Turns all knobs at once. ENDING_RUNNING: they are turned, *revision is theirs. ENDING_REFUSED:
 * setting->reason says why not. Else visitor->reason does. */
enum ending turn_knobs(struct visitor *visitor, struct setting *setting, uint64_t *revision);

/* Whether the plugin has read the knobs: ENDING_DONE; ENDING_RUNNING: not yet; or ENDING_REFUSED.
 */
enum ending turn_status(struct visitor *visitor, struct setting *setting, uint64_t revision);

#endif
