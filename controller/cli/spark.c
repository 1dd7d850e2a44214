#include "cli/spark.h"

#include <math.h>

/* Least spread that fills the height, as a share of the greatest value: noise shall not look like
 * drama. */
#define SPREAD_MIN 0.2

static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
#define BARS (sizeof bars / sizeof bars[0])

void spark_add(struct text *text, const double *values, size_t count)
{
	double least = INFINITY, greatest = -INFINITY, spread;

	for (size_t i = 0; i < count; i++) {
		least = fmin(least, values[i]); /* fmin and fmax pass over NaN */
		greatest = fmax(greatest, values[i]);
	}
	spread = fmax(greatest - least, SPREAD_MIN * fmax(fabs(greatest), fabs(least)));
	least -= (spread - (greatest - least)) / 2;
	for (size_t i = 0; i < count; i++) {
		double share = spread > 0 ? (values[i] - least) / spread : 0;

		if (isfinite(values[i])) {
			/* A hair more, so that rounding decides the middle the same way always. */
			size_t bar = (size_t)(fmin(fmax(share, 0), 1) * (BARS - 1) + 0.500001);

			text_add(text, "%s", bars[bar]);
		} else {
			text_add(text, " ");
		}
	}
}
