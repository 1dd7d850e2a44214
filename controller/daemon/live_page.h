/* daemon/live_page.h - live.html, which the build puts into the program. */
#ifndef FASTD_LIVE_PAGE_H
#define FASTD_LIVE_PAGE_H

#include <stddef.h>

extern const unsigned char live_page[];
extern const size_t live_page_bytes;

#endif
