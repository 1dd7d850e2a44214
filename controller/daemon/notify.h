/* daemon/notify.h - tells the service manager how far we are. */
#ifndef FASTD_NOTIFY_H
#define FASTD_NOTIFY_H

/* Sends state ("READY=1") to $NOTIFY_SOCKET, if there is one. Failure changes nothing for us. */
void notify_send(const char *state);

#endif
