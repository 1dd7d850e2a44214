/* client/interrupt.h - SIGINT, SIGTERM and SIGHUP as a question that loops ask. */
#ifndef CLIENT_INTERRUPT_H
#define CLIENT_INTERRUPT_H

#include <stdbool.h>

/* From now on the signals are kept; SIGPIPE is ignored, so that a write fails instead. */
void interrupt_catch(void);

/* Whether one has come. */
bool interrupt_seen(void);

#endif
