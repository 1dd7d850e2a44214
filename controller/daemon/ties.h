/* daemon/ties.h - leases and the processes that hold them: the end of a process ends its leases. */
#ifndef FASTD_TIES_H
#define FASTD_TIES_H

#include "node_impl.h"

/* Ties the lease to the process. The caller holds the lock. False: the process has ended already.
 * Where the kernel can't tell, the lease is tied to nothing and its time alone ends it. */
bool tie_make(struct node *node, struct lease *lease, uint32_t pid);
/* Forgets ties of leases that have ended, or were claimed anew. Loop thread. */
void ties_reap(struct node *node);
/* Once the loop has ended. */
void ties_close(struct node *node);

#endif
