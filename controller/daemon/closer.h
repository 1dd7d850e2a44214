/* daemon/closer.h - closes what strangers have given us. That can take as long as they like: a
 * socket may linger for hours, and what lies unread in a socket is closed with it. So a thread of
 * its own does it, and is urged on. */
#ifndef FASTD_CLOSER_H
#define FASTD_CLOSER_H

#include <fast/status.h>

#define CLOSER_MAX    512  /* descriptors that wait; beyond, they stay open */
#define CLOSER_END_MS 2000 /* for what still waits at the end */

/* Use from any thread. */
struct closer;

/* Starts the thread. It gets SIGURG, which is to mean nothing else to the process. Gives *out. */
FAST_MUST_CHECK enum fast_status closer_open(struct closer **out);
/* Takes fd, and returns at once. closer NULL: closes it here. */
void closer_take(struct closer *closer, int fd);
/* Cuts short what is being closed. To be called now and then. */
void closer_urge(struct closer *closer);
/* Closes what still waits. A close that nothing cuts short is left to the process's end. NULL is
 * allowed. */
void closer_close(struct closer *closer);

#endif
