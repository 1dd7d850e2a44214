/* page/ucum.h - units by the Unified Code for Units of Measure. */
#ifndef FAST_PAGE_UCUM_H
#define FAST_PAGE_UCUM_H

#include <stdbool.h>

/* Whether the text is a unit: known atoms with prefixes and exponents, joined by '.' and '/', with
 * annotations ("{frame}/s"). Empty: dimensionless. */
bool fast_ucum_valid(const char *text);

#endif
