/* session.h - the packets of proto/fast/v1/session.proto, packed and unpacked. */
#ifndef FAST_SESSION_H
#define FAST_SESSION_H

#include "plugin_impl.h"

#include <fast/v1/session.pb-c.h>

/* Additions to the page and to session.proto that this SDK knows. */
#define FAST_SESSION_REVISION_FAILURES 2 /* ParamFailed; Segment, which is sent to any */

/* A declaration with 32 choices of 64 bytes, which is the largest packet, fits. */
#define FAST_SESSION_PACKET_BYTES_MAX 4096

/* Each packs one SessionUp into packet and gives its length. fast_session_unpack() gives the
 * message again, for who sends it otherwise; NULL: no memory. */
Fast__V1__SessionUp *fast_session_unpack(const uint8_t *packet, size_t bytes);

size_t fast_session_pack_attach(const struct fast_plugin *plugin, const char *instance,
				uint8_t *packet);
size_t fast_session_pack_announcement(const struct announcement *announcement, uint8_t *packet);
/* The caller holds the lock. */
size_t fast_session_pack_failure(const struct fast_param *param, uint8_t *packet);
size_t fast_session_pack_detach(uint8_t *packet);

/* Sends the packet, with descriptor fd unless it is -1. RESOURCE_EXHAUSTED: the socket's buffer is
 * full; poll for POLLOUT. UNAVAILABLE: nothing can be sent on it any more. */
FAST_MUST_CHECK enum fast_status fast_session_send(int socket, const uint8_t *packet, size_t bytes,
						   int fd);

/* Receives and unpacks a packet. Gives *out, which the caller frees with
 * fast__v1__session_down__free_unpacked(); NULL when the packet means nothing to us. NOT_FOUND:
 * none is there. UNAVAILABLE: none will come. */
FAST_MUST_CHECK enum fast_status fast_session_receive(int socket, Fast__V1__SessionDown **out);

#endif
