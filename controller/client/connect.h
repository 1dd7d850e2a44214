/* client/connect.h - where fastd is, and one good sentence when it is not there. */
#ifndef CLIENT_CONNECT_H
#define CLIENT_CONNECT_H

#include <fast/tls.h>

#define CONNECT_ENDPOINT_BYTES_MAX 256
#define CONNECT_SENTENCE_BYTES_MAX 512

/* Writes CONNECT_ENDPOINT_BYTES_MAX bytes: option, else $FASTD_ENDPOINT, else the socket under
 * $XDG_RUNTIME_DIR, else the system's, /run/fastd/fastd.sock. Of the last two the first that
 * exists. INVALID_ARGUMENT: too long. */
FAST_MUST_CHECK enum fast_status connect_endpoint(const char *option, char *endpoint);

/* Gives *out, for an endpoint of tls+tcp: its certificates from the files, each NULL: as
 * $FASTD_TLS_CA, $FASTD_TLS_CERT and $FASTD_TLS_KEY say. NULL for other endpoints. On failure error
 * has a sentence, in FAST_TLS_ERROR_BYTES bytes. */
FAST_MUST_CHECK enum fast_status connect_tls(const char *endpoint, const char *ca,
					     const char *certificate, const char *key,
					     struct fast_tls **out, char *error);

/* Whether the call failed since no daemon could be asked, be it that none is there or that it did
 * not let the client in, rather than by its word. */
bool connect_is_lost(const struct fast_reply *reply);

/* Writes CONNECT_SENTENCE_BYTES_MAX bytes: where nobody answered, and how to start fastd or
 * to be let in. */
void connect_explain(const char *endpoint, const struct fast_reply *reply, char *sentence);

#endif
