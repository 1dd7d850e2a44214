/* daemon/verdict.h - what a declaration is answered. */
#ifndef FASTD_VERDICT_H
#define FASTD_VERDICT_H

#include "node.h"

/* Why a declaration is refused; FAST_OK: it is not. */
struct verdict {
	enum fast_status status;
	char reason[NODE_TEXT_BYTES_MAX];
};

void verdict_refuse(struct verdict *verdict, enum fast_status status, const char *format, ...)
	FAST_PRINTF(3, 4);
/* Checks name, unit and help; what: "metric" or "param". */
void verdict_texts(struct verdict *verdict, const char *what, const char *name, const char *unit,
		   const char *help);

#endif
