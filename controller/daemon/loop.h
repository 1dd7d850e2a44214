/* daemon/loop.h - the thread that waits: for plugins, for the clock, for being woken. */
#ifndef FASTD_LOOP_H
#define FASTD_LOOP_H

#include "node.h"

/* Something that the loop waits for. */
struct watch {
	int fd; /* -1: closed */
	void (*ready)(struct node *node, struct watch *watch, uint32_t events);
};

FAST_MUST_CHECK enum fast_status loop_open(struct node *node);
void loop_close(struct node *node);
void *loop_run(void *arg);
/* The loop looks again at what is due. Any thread. */
void loop_wake(struct node *node);
FAST_MUST_CHECK enum fast_status loop_watch(struct node *node, struct watch *watch,
					    uint32_t events);
/* Closes the descriptor. */
void loop_unwatch(struct node *node, struct watch *watch);
/* The same of a socket into which strangers may have put something. */
void loop_give_up(struct node *node, struct watch *watch);

#endif
