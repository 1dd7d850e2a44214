/* cli/options.h - the options of all commands, read by tables. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPTIONS_WORDS_MAX       64
#define OPTIONS_TEXTS_MAX       16
#define OPTIONS_ERROR_BYTES_MAX 256

struct option_integer {
	bool given;
	uint64_t value;
};

struct option_number {
	bool given;
	double value;
};

/* An option that may be given more than once; borrowed from argv. */
struct option_texts {
	size_t count;
	const char *text[OPTIONS_TEXTS_MAX];
};

enum option_kind {
	OPTION_FLAG,     /* bool */
	OPTION_TEXT,     /* const char *, borrowed from argv */
	OPTION_TEXTS,    /* struct option_texts */
	OPTION_INTEGER,  /* struct option_integer */
	OPTION_NUMBER,   /* struct option_number */
	OPTION_DURATION, /* struct option_number, in seconds: "90", "1.5s", "10m", "2h", "7d" */
};

/* A table of these ends with one without a name. */
struct option {
	const char *name; /* without the dashes */
	enum option_kind kind;
	size_t offset;        /* in struct options */
	const char *argument; /* how the help calls it; NULL for a flag */
	const char *help;
	double min; /* of a number; min = max: any */
	double max;
};

struct options {
	bool help;
	bool version;
	bool json;
	const char *endpoint;
	const char *tls_ca;
	const char *tls_cert;
	const char *tls_key;

	bool all;
	bool dry_run;
	bool once;
	bool wait;
	const char *metric;
	const char *param;
	const char *plugin;
	struct option_integer after;
	struct option_integer count;
	struct option_integer if_rev;
	struct option_integer interval_ms;
	struct option_integer lease;
	struct option_integer limit;
	struct option_integer ttl_ms;
	struct option_integer window_ms;
	struct option_number since_s;
	struct option_number step_s;
	const char *on_loss;
	struct option_integer hold_ms;
	struct option_integer notice_ms;
	struct option_integer priority;

	bool knobs_only;
	struct option_integer epoch;
	struct option_integer from_rev;
	struct option_integer from_seq;

	const char *choices;
	struct option_number max;
	struct option_number min;

	bool learn;
	bool revert;
	const char *knobs;
	const char *maximize;
	const char *mean;
	const char *minimize;
	const char *table;
	struct option_integer learn_ms;
	struct option_integer period_ms;
	struct option_number for_s;
	struct option_number margin;
	struct option_number patience_s;

	bool defaults;
	bool verbose;
	struct option_texts headers;
	struct option_integer connections;
	struct option_number duration_s;
	struct option_number rate;
	struct option_number timeout_s;
};

/* What stands on a command line besides options; borrowed from argv. */
struct words {
	size_t count;
	const char *word[OPTIONS_WORDS_MAX];
};

/* The options that every command takes. */
extern const struct option options_common[];

/* Reads one argument, and the next when it belongs to it: an option of one of the two tables
 * (either may be NULL), or a word. Gives the number of arguments read; 0: error says why, in
 * OPTIONS_ERROR_BYTES_MAX bytes. After "--" all are words: *only_words is kept between calls. */
int options_read(const struct option *first, const struct option *second, int argc, char **argv,
		 bool *only_words, struct options *out, struct words *words, char *error);

#endif
