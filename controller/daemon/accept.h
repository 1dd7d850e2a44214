/* daemon/accept.h - which format a scraper gets. */
#ifndef FASTD_ACCEPT_H
#define FASTD_ACCEPT_H

#include "daemon/families.h"

/* Chooses by an HTTP Accept header: the format that is rated highest. Named formats outrank
 * wildcards; of two named alike OpenMetrics is taken; where nothing is asked for, or nothing that
 * there is, text. NULL: no header. */
enum families_format accept_choose(const char *header);

/* The Content-Type of a page in that format. */
const char *accept_content_type(enum families_format format);

#endif
