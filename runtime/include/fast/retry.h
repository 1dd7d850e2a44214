/* fast/retry.h - when a client sends a call again by itself. */
#ifndef FAST_RETRY_H
#define FAST_RETRY_H

#include <fast/client.h>

FAST_BEGIN_DECLS

#define FAST_RETRY_ATTEMPTS_MAX 5
#define FAST_RETRY_POLICIES_MAX 64

/* The bit of a status in fast_retry.statuses. */
#define FAST_RETRY_ON(status) (1u << (status))

/* As retryPolicy of gRPC's service config. For calls of one request and one answer; all attempts
 * are within the one deadline of the call. What may have run is never sent again, unless its method
 * has no side effects or is idempotent, or the call carries a key (fast_call_options.once). A pause
 * is 0.8 to 1.2 times as long as said here, and never shorter than the server asks for
 * (retry_after_ms). One that would end after the deadline is not begun: the call ends with what it
 * has. */
struct fast_retry {
	size_t size;                 /* sizeof(struct fast_retry) */
	uint32_t max_attempts;       /* the first one included; 0: 3; 1: no second one */
	uint32_t initial_backoff_ms; /* before the second attempt; 0: 100 */
	uint32_t max_backoff_ms;     /* 0: 2000 */
	double backoff_multiplier;   /* from one pause to the next; at least 1; 0: 2 */
	uint32_t statuses;           /* FAST_RETRY_ON(...) | ...; 0: UNAVAILABLE */
};

/* Sets the policy of one method ("fast.v1.Param/Get"), of the methods of a service
 * ("fast.v1.Param"), or of all (""); the narrowest counts. retry is copied; NULL takes it back.
 * Calls that have begun keep what they had. While many calls fail (of every ten more than one), the
 * client sends nothing again by its policies. RESOURCE_EXHAUSTED: more than
 * FAST_RETRY_POLICIES_MAX. INVALID_ARGUMENT: a name or a number that cannot be. */
FAST_MUST_CHECK enum fast_status fast_client_set_retry(struct fast_client *client, const char *name,
						       const struct fast_retry *retry);

FAST_END_DECLS

#endif
