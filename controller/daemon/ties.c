#include "ties.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

/* One per lease that has a process. Made by any thread, freed by the loop's alone, since the loop
 * may be about to look at it. When the lease is claimed anew another process may have it. */
struct tie {
	struct tie *next;   /* guarded by the node's lock */
	struct watch watch; /* pidfd */
	uint64_t lease_id;
	uint64_t epoch; /* of the lease */
};

/* The lease that it ties; NULL: it has ended, or is another process's by now. The caller holds the
 * lock. */
static struct lease *tie_lease(const struct node *node, const struct tie *tie)
{
	struct lease *lease = leases_find(&node->leases, tie->lease_id);

	return lease != NULL && lease->epoch == tie->epoch ? lease : NULL;
}

static void tie_ready(struct node *node, struct watch *watch, uint32_t events)
{
	struct tie *tie = (struct tie *)(void *)((char *)watch - offsetof(struct tie, watch));
	struct lease *lease;

	(void)events;
	node_lock(node);
	lease = tie_lease(node, tie);
	if (lease != NULL) {
		lease_orphan(lease, node_now_ns()); /* leases_expire() does the rest */
	}
	node_unlock(node);
	loop_unwatch(node, watch);
}

bool tie_make(struct node *node, struct lease *lease, uint32_t pid)
{
	struct tie *tie;
	int fd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);

	if (fd < 0) {
		return errno != ESRCH;
	}
	tie = calloc(1, sizeof *tie);
	if (tie == NULL) {
		(void)close(fd);
		return true;
	}
	tie->watch = (struct watch){.fd = fd, .ready = tie_ready};
	tie->lease_id = lease->id;
	tie->epoch = lease->epoch;
	if (loop_watch(node, &tie->watch, EPOLLIN) != FAST_OK) {
		(void)close(fd);
		free(tie);
		return true;
	}
	tie->next = node->ties;
	node->ties = tie;
	lease->tied = true;
	return true;
}

void ties_reap(struct node *node)
{
	struct tie **link;
	struct tie *gone = NULL;

	node_lock(node);
	link = &node->ties;
	while (*link != NULL) {
		struct tie *tie = *link;

		if (tie_lease(node, tie) != NULL) {
			link = &tie->next;
			continue;
		}
		*link = tie->next;
		tie->next = gone;
		gone = tie;
	}
	node_unlock(node);
	while (gone != NULL) {
		struct tie *tie = gone;

		gone = tie->next;
		loop_unwatch(node, &tie->watch);
		free(tie);
	}
}

void ties_close(struct node *node)
{
	while (node->ties != NULL) {
		struct tie *tie = node->ties;

		node->ties = tie->next;
		loop_unwatch(node, &tie->watch);
		free(tie);
	}
}
