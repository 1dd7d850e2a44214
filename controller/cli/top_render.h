/* cli/top_render.h - a moment of `fastctl top` as text. Pure. */
#ifndef CLI_TOP_RENDER_H
#define CLI_TOP_RENDER_H

#include "cli/top_model.h"

#define TOP_COLUMNS_MIN 20
#define TOP_ROWS_MIN    3
#define TOP_ROWS_ALL    0 /* as many as there are, without the foot and regardless of skip */

/* A frame of exactly rows lines, each of at most columns: a head, a block per plugin from line
 * `skip` of the blocks on, a foot. Each line ends with a newline. Gives the greatest skip that
 * still shows something new. */
size_t top_render(const struct top_model *model, size_t columns, size_t rows, size_t skip,
		  struct text *out);

/* One plugin in one line, for where there is no terminal. */
void top_render_line(const struct top_model *model, size_t plugin, struct text *out);

#endif
