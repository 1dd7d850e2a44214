/* daemon/session.h - one plugin at the plugin socket, from connection to end. Loop thread. */
#ifndef FASTD_SESSION_H
#define FASTD_SESSION_H

#include "node_impl.h"

#define SESSION_ATTACH_MS    2000  /* a connection says who it is within this */
#define SESSION_STRAY_MS     10000 /* between two lines about what never attached */
#define SESSION_REFUSALS_MAX 1000  /* then it is closed */
#define SESSION_WAITING_MAX  256   /* of one uid, not attached yet; more than a backlog */
#define SESSION_USER_MAX                                                                           \
	(NODE_SESSIONS_MAX / 2) /* of one uid but root's, whom containers share                    \
				 */
#define SESSION_PACKETS_PER_TURN 64
#define SESSION_TURNS_LAST       64 /* of a process that has ended; no socket holds as much unread */
/* In one packet: what the kernel passes at most (its SCM_MAX_FD). All are taken, for it would close
 * the others at once, on the loop's thread. */
#define SESSION_DESCRIPTORS_MAX 253
#define SESSION_REPLY_BYTES_MAX 1024
#define SESSION_REVISION        3 /* of the page and of session.proto: docs/page.md */

struct session {
	struct session *next;
	struct watch socket;  /* closed: the session has ended and is freed at the next tick */
	struct watch process; /* pidfd; -1 where the kernel has none */
	struct node *node;
	uint32_t pid;
	uint32_t uid;
	int64_t deadline_ns; /* to attach */
	uint32_t refusals;
	struct plugin *plugin; /* NULL before Attach */
};

/* Takes the connection. */
void session_accept(struct node *node, int fd);
/* Sends a packet. A peer that reads none ends its session. */
void session_send(struct session *session, const Fast__V1__SessionDown *packet);
/* Counts, and says what was wrong and what would be right. */
void session_refuse(struct session *session, enum fast_status status, const char *name,
		    const char *format, ...) FAST_PRINTF(4, 5);
/* The plugin ends with its session: its page is read once more. */
void session_end(struct session *session, const char *why);

/* ---- session_attach.c ---- */

/* page_fd stays the caller's; -1: none came. */
void session_attach(struct session *session, const Fast__V1__Attach *attach, int page_fd);

/* ---- session_declare.c ---- */

void session_declare_metric(struct session *session, const Fast__V1__DeclareMetric *declare);

/* ---- session_params.c ---- */

void session_declare_param(struct session *session, const Fast__V1__DeclareParam *declare);

/* ---- session_more.c ---- */

/* Logs that a connection ended before it was a plugin: one each SESSION_STRAY_MS, which tells how
 * many there were since the last. The caller holds the node's lock. */
void session_note_stray(const struct session *session, const char *why);
void session_param_failed(struct session *session, const Fast__V1__ParamFailed *failed);
/* segment_fd stays the caller's; -1: none came. */
void session_segment(struct session *session, const Fast__V1__Segment *segment, int segment_fd);

#endif
