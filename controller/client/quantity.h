/* client/quantity.h - numbers as people read them. Each adds to a text. */
#ifndef CLIENT_QUANTITY_H
#define CLIENT_QUANTITY_H

#include "client/text.h"

/* Four significant digits; whole numbers below a million in full: "24.31", "1080", "1.2e+07". */
void quantity_number(struct text *text, double value);

/* "24.3 Hz", "1.20 kHz". */
void quantity_rate(struct text *text, double hertz);

/* What a counter gains in a second, by its UCUM unit: "13.6 KiB/s", "12.5 J/s"; "24.3 Hz" where it
 * has none; "13.9 k/s" where unit is NULL, not known. */
void quantity_flow(struct text *text, double per_second, const char *unit);

/* A measured duration: "850 us", "41.7 ms", "1.25 s". */
void quantity_seconds(struct text *text, double seconds);

/* "640 B", "12.5 MiB". */
void quantity_bytes(struct text *text, double bytes);

/* A value with its UCUM unit: seconds and bytes are scaled, others follow the number. "-" for NaN,
 * which a gauge is before its first set. */
void quantity_value(struct text *text, double value, const char *unit);

/* How long something has lasted: "12 s", "4 min 10 s", "2 h 13 min", "3 d 4 h". */
void quantity_span(struct text *text, int64_t nanoseconds);

/* "2024-05-01T09:30:00.000000000Z". */
void quantity_time(struct text *text, int64_t unix_ns);

/* Local wall clock: "09:30:00.125". */
void quantity_clock(struct text *text, int64_t unix_ns);

/* Now, in nanoseconds: since 1970, and on the monotonic clock. */
int64_t quantity_unix_now(void);
int64_t quantity_monotonic_now(void);

#endif
