/* daemon/units.h - UCUM codes as Prometheus spells units. */
#ifndef FASTD_UNITS_H
#define FASTD_UNITS_H

/* "seconds" for "s", "bytes" for "By"; "" for none and for what has no common spelling. */
const char *units_word(const char *ucum);

#endif
