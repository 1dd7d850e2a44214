/* cli/spark.h - a line of values as a row of bars. */
#ifndef CLI_SPARK_H
#define CLI_SPARK_H

#include "client/text.h"

/* Adds one bar per value, oldest first, from the least to the greatest of them; what hardly varies
 * stays in the middle. NaN is a blank. */
void spark_add(struct text *text, const double *values, size_t count);

#endif
