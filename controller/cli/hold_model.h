/* cli/hold_model.h - what `fastctl hold` knows of a plugin's configurations. */
#ifndef CLI_HOLD_MODEL_H
#define CLI_HOLD_MODEL_H

#include "cli/hull.h"
#include "client/goal.h"
#include "client/table.h"

#include <fast/param.h>
#include <fast/v1/param.pb-c.h>

#define HOLD_KNOBS_MAX       16
#define HOLD_ERROR_BYTES_MAX 512
/* Values of one knob that are visited when a range is learned. */
#define HOLD_VALUES_MAX FAST_PARAM_CHOICES_MAX

/* What is asked for. Strings are borrowed. */
struct hold_wish {
	struct goal goal;
	const char *merit; /* metric, or column of the table */
	bool minimize;     /* rather than maximise */
	enum hull_mean mean;
	const char *knobs; /* names parted by commas; NULL: every one that fits */
};

/* A knob to be turned, and the text of its values. */
struct hold_knob {
	char name[FAST_PARAM_NAME_BYTES_MAX + 1];
	Fast__V1__ParamType type;
};

/* Zeroed memory is a valid empty model. */
struct hold_model {
	size_t knob_count;
	struct hold_knob knobs[HOLD_KNOBS_MAX];
	struct table table; /* of its columns the first knob_count are the knobs, in their order */
	struct hull hull;   /* its points' configs are rows */
};

void hold_model_fini(struct hold_model *model);

/* Chooses the knobs of the wish among the plugin's params: with a table those that are its columns,
 * else those whose values can be counted. INVALID_ARGUMENT: error says why not. */
FAST_MUST_CHECK enum fast_status hold_model_choose(struct hold_model *model,
						   const struct hold_wish *wish,
						   const struct table *table,
						   const Fast__V1__ParamListResponse *params,
						   char *error);

/* Every combination of the chosen knobs' values, as rows of model->table with no measures yet.
 * RESOURCE_EXHAUSTED: more than TABLE_ROWS_MAX; error says how many. */
FAST_MUST_CHECK enum fast_status hold_model_grid(struct hold_model *model,
						 const struct hold_wish *wish,
						 const Fast__V1__ParamListResponse *params,
						 char *error);

/* Takes the rows of a table, which were measured, and builds the hull. Rows in which a param that
 * is no chosen knob differs from what it is now are left out. */
FAST_MUST_CHECK enum fast_status hold_model_build(struct hold_model *model,
						  const struct hold_wish *wish,
						  const struct table *table,
						  const Fast__V1__ParamListResponse *params,
						  char *error);

/* The value of a knob in a row, as a message that borrows from the model. */
void hold_model_value(const struct hold_model *model, size_t row, size_t knob,
		      Fast__V1__ParamValue *out);

#endif
