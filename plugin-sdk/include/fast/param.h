/* fast/param.h - params: knobs that a controller may turn while the plugin runs.
 *
 * A get or a snapshot reads memory only: no lock, no allocation, no system call. Call it from any
 * thread, where the value is about to be used. Unless the param says otherwise it is also the
 * acknowledgement: fastd sees that the plugin has read the new value. fast/param_change.h has what
 * a plugin can do about changes: wait, be called back, say that one is applied or has failed. */
#ifndef FAST_PARAM_H
#define FAST_PARAM_H

#include <fast/status.h>

FAST_BEGIN_DECLS

#define FAST_PARAM_NAME_BYTES_MAX     64
#define FAST_PARAM_STRING_BYTES_MAX   64
#define FAST_PARAM_CHOICES_MAX        32
#define FAST_PARAM_ACK_TIMEOUT_MS_MAX 3600000

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

/* When a new value counts as applied. */
enum fast_param_ack {
	FAST_PARAM_ACK_READ = 0,     /* once it has been read */
	FAST_PARAM_ACK_EXPLICIT = 1, /* at fast_param_applied() */
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
	enum fast_param_ack ack;
	bool read_only;        /* the plugin alone gives it its value: nobody may set it */
	bool restart_required; /* a new value is taken when the plugin starts again */
	/* A new value that is not read (or applied: ack) within this shows as timed out. 0: 5000;
	 * at most FAST_PARAM_ACK_TIMEOUT_MS_MAX. */
	uint32_t ack_timeout_ms;
};

/* Declares a param. The same declaration again gives the same param. Gives *out, owned by the
 * plugin. INVALID_ARGUMENT, ALREADY_EXISTS (another declaration), RESOURCE_EXHAUSTED
 * (FAST_PLUGIN_PARAMS_MAX, or no memory). UNAVAILABLE: in a process that a bare clone() made.
 * fast_plugin_error() says more. */
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

/* What a snapshot gives of one param. */
struct fast_param_reading {
	uint64_t revision; /* 0: the initial value */
	size_t choice;     /* index among the choices; 0 if there are none */
	union {
		bool boolean;
		int64_t integer;
		double number;
	} value; /* BOOL, INT, DOUBLE: the member for the type */
	char string[FAST_PARAM_STRING_BYTES_MAX + 1]; /* STRING, ENUM */
};

/* Reads count params of one plugin at one moment: of a batch that was set at once it gives all or
 * nothing. A value that is not allowed leaves that param at its last good one. ABORTED: fastd set
 * params again and again meanwhile, or a bare clone() made this process; out then holds each
 * param's last good value. */
FAST_MUST_CHECK enum fast_status fast_param_snapshot(struct fast_param *const *params, size_t count,
						     struct fast_param_reading *out);

FAST_END_DECLS

#endif
