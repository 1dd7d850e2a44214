/* rpc/retry.h - calls that are sent again: keys, policies, pauses. PROTOCOL.md, "Calls that run
 * once". */
#ifndef FAST_RPC_RETRY_H
#define FAST_RPC_RETRY_H

#include "rpc/client_call.h"
#include <fast/retry.h>

/* A pause without a policy. */
#define FAST_RETRY_PAUSE_MS_MIN 20
#define FAST_RETRY_PAUSE_MS_MAX 2000
/* A retry costs a token, an answer gives a tenth of one, and half of them must be there. */
#define FAST_RETRY_TOKENS_MAX 100
#define FAST_RETRY_TOKEN      10

/* NULL is allowed. */
void fast_retry_policies_free(struct fast_retry_policies *policies);
/* Of a client that is being opened: what keys and pauses are made of. */
void fast_retry_seed(struct fast_client *client);

/* Fills what is 0. INVALID_ARGUMENT: a number that cannot be. */
FAST_MUST_CHECK enum fast_status fast_retry_fill(const struct fast_retry *retry,
						 struct fast_retry *out);

/* No lock held. Gives the call a key if it is to have one. */
void fast_retry_key_make(struct fast_client_call *call, enum fast_once once);

/* Lock held, all of these. */

/* Gives the call its policy, unless it has one. */
void fast_retry_policy_find(struct fast_client_call *call);
/* Numbers the key, unless that was done, before the call is sent. */
void fast_retry_key_number(struct fast_client_call *call);
/* The call is over: nobody will ask for its answer again. */
void fast_retry_key_settle(struct fast_client_call *call);
/* Puts the key, if there is one, into a packet that is to be sent. */
void fast_retry_key_put(const struct fast_client_call *call, struct fast_packet *packet);
/* Whether the call, as it is, can be sent on the connection: a key is of no use to a server that
 * has not said who it is. */
bool fast_retry_is_ready(const struct fast_client_call *call,
			 const struct fast_client_connection *connection);
/* Whether the key of the call went to another server than this. */
bool fast_retry_is_elsewhere(const struct fast_client_call *call,
			     const struct fast_client_connection *connection);
/* Whether a failed dial does not end the call. */
bool fast_retry_is_patient(const struct fast_client_call *call);
/* The connection of an open call is lost. True: the call goes on. False: it is to be ended. */
FAST_MUST_CHECK bool fast_retry_lost(struct fast_client_call *call);
/* A call that waits could not be sent for want of a connection. True: it goes on. */
FAST_MUST_CHECK bool fast_retry_dial_failed(struct fast_client_call *call, enum fast_status status);
/* The connection was lost before the server said who it is, and calls waited for that. Those that
 * do not go on go to failed. */
void fast_retry_hello_lost(struct fast_client *client, struct fast_list *failed);
/* An open call with a policy got this answer. True: the call goes on, and the answer is forgotten.
 */
FAST_MUST_CHECK bool fast_retry_answered(struct fast_client_call *call,
					 const struct fast_packet *packet);

/* What the reply of a call says that was sent more than once. */
void fast_retry_correct(const struct fast_client_call *call);

#endif
