/* daemon/scrape.h - one page of metrics: fastd's own and its plugins'. */
#ifndef FASTD_SCRAPE_H
#define FASTD_SCRAPE_H

#include "daemon/families.h"
#include "daemon/self.h"

/* Appends the page to out. Any thread. RESOURCE_EXHAUSTED: no memory. */
FAST_MUST_CHECK enum fast_status scrape_page(const struct self *self, enum families_format format,
					     struct text *out);

#endif
