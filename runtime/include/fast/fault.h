/* fast/fault.h - things that go wrong on purpose, in a sequence that can be had again. */
#ifndef FAST_FAULT_H
#define FAST_FAULT_H

#include <fast/client.h>
#include <fast/server.h>

FAST_BEGIN_DECLS

#define FAST_FAULT_RULES_MAX 32

enum fast_fault_kind {
	FAST_FAULT_DELAY,      /* the call runs, or is sent, later */
	FAST_FAULT_ERROR,      /* it ends with status, executed NO */
	FAST_FAULT_DROP,       /* it is never answered: its deadline ends it */
	FAST_FAULT_DISCONNECT, /* its connection is cut: a server's instead of running it, a
				* client's when it has been sent */
	FAST_FAULT_LOSE,       /* its handler runs, then the connection is cut instead of its
				* answer being sent; at a server alone */
};

/* Applies to the calls of some methods, by chance. */
struct fast_fault_rule {
	const char *methods; /* a pattern of paths, with * and ?: "fast.v1.Par*Set"; NULL: all */
	enum fast_fault_kind kind;
	double percent;          /* of those calls, 0 to 100 */
	uint32_t delay_ms;       /* DELAY */
	enum fast_status status; /* ERROR; not OK */
};

/* Rules and their chances. Use from any thread. */
struct fast_faults;

/* Copies the rules. All that apply to a call are tried in their order: delays add up, and the first
 * of the others that strikes decides. The n-th call to which a rule applies has always the same
 * chance from the same seed. Gives *out. INVALID_ARGUMENT: a rule is not as above, or there are
 * none or too many. */
FAST_MUST_CHECK enum fast_status fast_faults_new(const struct fast_fault_rule *rules, size_t count,
						 uint64_t seed, struct fast_faults **out);

/* After the servers and clients that have it were closed. NULL is allowed. */
void fast_faults_free(struct fast_faults *faults);

/* Adds the rules as an interceptor, before the first listen or call. faults stays borrowed. As
 * fast_server_intercept() and fast_client_intercept(). */
FAST_MUST_CHECK enum fast_status fast_faults_serve(struct fast_faults *faults,
						   struct fast_server *server);
FAST_MUST_CHECK enum fast_status fast_faults_call(struct fast_faults *faults,
						  struct fast_client *client);

/* How often the rule with this index has struck. */
uint64_t fast_faults_struck(const struct fast_faults *faults, size_t rule);

FAST_END_DECLS

#endif
