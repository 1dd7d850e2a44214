/* daemon/fastd.h - the daemon as a whole: owns every part. */
#ifndef FASTD_FASTD_H
#define FASTD_FASTD_H

#include "daemon/options.h"

#define FASTD_ERROR_BYTES_MAX 2048
#define FASTD_READY_BYTES_MAX 8192

struct fastd;

/* Opens everything and serves. options are complete. SIGTERM and SIGINT must be blocked already, as
 * threads start here. error, which holds FASTD_ERROR_BYTES_MAX bytes, is then a sentence. Gives
 * *out, which the caller closes. */
FAST_MUST_CHECK enum fast_status fastd_open(const struct options *options, struct fastd **out,
					    char *error);

/* One line for people: what is served where. out holds FASTD_READY_BYTES_MAX bytes. */
void fastd_describe(const struct fastd *fastd, char *out);

/* Ends calls, commits, removes sockets. Plugins go on. NULL is allowed. */
void fastd_close(struct fastd *fastd);

#endif
