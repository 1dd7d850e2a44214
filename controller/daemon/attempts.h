/* daemon/attempts.h - the last attempt to turn each knob that failed. It outlives the plugin and,
 * by the audit log, fastd. Data only. Guarded by the node's lock. */
#ifndef FASTD_ATTEMPTS_H
#define FASTD_ATTEMPTS_H

#include "node.h"

#define ATTEMPTS_MAX 4096 /* knobs; beyond, the oldest attempt is forgotten */

struct attempt;

/* Zeroed memory is a valid empty table. */
struct attempts {
	struct attempt **items; /* sorted by instance and param */
	size_t count;
	size_t capacity;
};

void attempts_fini(struct attempts *attempts);
/* The last one on this knob, until the next attempts_note(). NULL: none. */
const struct node_attempt *attempts_find(const struct attempts *attempts, const char *instance,
					 const char *param);
/* Remembers it instead of what was tried before, as far as memory goes. */
void attempts_note(struct attempts *attempts, const char *instance, const char *param,
		   const struct node_attempt *attempt);
/* The same, of which the value is known as a text alone until attempts_read(). */
void attempts_note_text(struct attempts *attempts, const char *instance, const char *param,
			const struct node_attempt *attempt);
/* The knob is of this type: a value that is a text becomes one of it, if it can. */
void attempts_read(struct attempts *attempts, const char *instance, const char *param,
		   enum fast_param_type type);

#endif
