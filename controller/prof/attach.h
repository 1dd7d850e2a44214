/* prof/attach.h - the plugin is started and found, and after it has failed, started again. */
#ifndef PROF_ATTACH_H
#define PROF_ATTACH_H

#include "prof/visit.h"

/* Starts the command and waits until its plugin has attached and declared what it has; fills in
 * visitor->params. Again after detach() as well; then the knobs of the grid are claimed and the
 * samples watched, as visit_open() does. ENDING_RUNNING: it is there; else visitor->reason. */
enum ending attach(struct visitor *visitor);

/* Ends the command, and gives the knobs back. */
void detach(struct visitor *visitor);

#endif
