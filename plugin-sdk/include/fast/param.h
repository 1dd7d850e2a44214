/* fast/param.h - params: knobs that a controller may turn while the plugin runs.
 *
 * A get reads memory only: no lock, no allocation, no system call. It is also the acknowledgement:
 * fastd sees that the plugin has read the new value. Call it from any thread, where the value is
 * about to be used. */
#ifndef FAST_PARAM_H
#define FAST_PARAM_H

#include <fast/status.h>

FAST_BEGIN_DECLS

#define FAST_PARAM_NAME_BYTES_MAX   64
#define FAST_PARAM_STRING_BYTES_MAX 64
#define FAST_PARAM_CHOICES_MAX      32

struct fast_plugin;

/* Belongs to its plugin and lives as long. */
struct fast_param;

/* The numbers are those of fast.v1.ParamType. */
enum fast_param_type {
	FAST_PARAM_BOOL = 1,
	FAST_PARAM_INT = 2,
	FAST_PARAM_DOUBLE = 3,
	FAST_PARAM_STRING = 4, /* UTF-8, at most 64 bytes */
	FAST_PARAM_ENUM = 5,   /* one of the choices */
};

/* The member for the type. */
union fast_param_value {
	bool boolean;
	int64_t integer;
	double number;
	const char *string; /* STRING and ENUM */
};

/* Copied; pointers are borrowed for the call. */
struct fast_param_spec {
	size_t size;      /* sizeof(struct fast_param_spec) */
	const char *name; /* dotted [a-z0-9_]+, at most 64 bytes */
	enum fast_param_type type;
	union fast_param_value initial; /* must be allowed by what follows */
	const char *unit;               /* UCUM; NULL: none */
	const char *help;               /* one sentence; NULL: none */
	/* INT, DOUBLE: min <= value <= max, when max > min; in steps from min, when step > 0 */
	double min;
	double max;
	double step;
	/* Allowed values, at most 32; required for ENUM, not for BOOL. 0: none */
	const union fast_param_value *choices;
	size_t choice_count;
};

/* Declares a param. The same declaration again gives the same param. Gives *out, owned by the
 * plugin. INVALID_ARGUMENT, ALREADY_EXISTS (another declaration), RESOURCE_EXHAUSTED
 * (FAST_PLUGIN_PARAMS_MAX). fast_plugin_error() says more. */
FAST_MUST_CHECK enum fast_status fast_plugin_param(struct fast_plugin *plugin,
						   const struct fast_param_spec *spec,
						   struct fast_param **out);

/* The value now. The getter must fit the type: asserted. */
bool fast_param_get_bool(struct fast_param *param);
int64_t fast_param_get_int(struct fast_param *param);
double fast_param_get_double(struct fast_param *param);

/* STRING, ENUM: copies the value into out, which holds FAST_PARAM_STRING_BYTES_MAX + 1 bytes. */
void fast_param_get_string(struct fast_param *param, char *out);

/* ENUM: index of the value in the spec's choices. */
size_t fast_param_get_choice(struct fast_param *param);

/* Revision of the value that the last get gave; 0: the initial value. */
uint64_t fast_param_revision(const struct fast_param *param);

FAST_END_DECLS

#endif
