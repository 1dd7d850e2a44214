/* daemon/options.h - what fastd can be told, on the command line and in its config file. */
#ifndef FASTD_OPTIONS_H
#define FASTD_OPTIONS_H

#include <fast/log.h>
#include <fast/status.h>
#include <stdio.h>

#define OPTIONS_TEXT_BYTES_MAX  1023
#define OPTIONS_LIST_MAX        32 /* of any list; an entry of the table may say less */
#define OPTIONS_LISTEN_MAX      8
#define OPTIONS_ERROR_BYTES_MAX 2048

struct options_list {
	size_t count;
	char items[OPTIONS_LIST_MAX][OPTIONS_TEXT_BYTES_MAX + 1];
};

/* Plain data; zeroed memory means that nothing was given. */
struct options {
	char socket[OPTIONS_TEXT_BYTES_MAX + 1];
	char plugin_socket[OPTIONS_TEXT_BYTES_MAX + 1];
	struct options_list listen;
	char tls_ca[OPTIONS_TEXT_BYTES_MAX + 1]; /* "": none, as the next two */
	char tls_cert[OPTIONS_TEXT_BYTES_MAX + 1];
	char tls_key[OPTIONS_TEXT_BYTES_MAX + 1];
	char publish[OPTIONS_TEXT_BYTES_MAX + 1]; /* "": off */
	char http[OPTIONS_TEXT_BYTES_MAX + 1];    /* "": off */
	struct options_list role;
	char state_dir[OPTIONS_TEXT_BYTES_MAX + 1];
	uint32_t history_mib;
	uint32_t history_hours; /* of a sample each second */
	uint32_t history_days;  /* of a sample each minute */
	uint32_t tick_ms;
	enum fast_log_level log_level;
	/* Command line alone. */
	char config[OPTIONS_TEXT_BYTES_MAX + 1];
	bool check;
	bool version;
	bool help;
	uint32_t given; /* bit i: entry i of the table was given */
};

enum option_kind {
	OPTION_TEXT,
	OPTION_LIST,
	OPTION_NUMBER,
	OPTION_LEVEL,
	OPTION_FLAG,
};

/* An entry of the table. */
struct option {
	const char *name; /* "--name" and the config file's key */
	enum option_kind kind;
	bool command_line_only;
	size_t offset;     /* in struct options */
	uint32_t min, max; /* of a number; the most items of a list */
	enum fast_status (*check)(const char *text, char *error); /* may be NULL */
	const char *argument;
	const char *help;
};

extern const struct option options_table[];
extern const size_t options_count;

/* Everywhere below, error holds OPTIONS_ERROR_BYTES_MAX bytes and is written on failure: what is
 * wrong; what would be right. The status is then INVALID_ARGUMENT. */

/* Sets one option from text; a list grows by it. */
FAST_MUST_CHECK enum fast_status options_set(struct options *options, const struct option *option,
					     const char *text, char *error);

/* The entry of this name, or NULL; *nearest is then what may have been meant, or NULL. */
const struct option *options_find(const char *name, bool in_file, const char **nearest);

/* Adds what the command line gives. */
FAST_MUST_CHECK enum fast_status options_parse(struct options *options, int argc, char **argv,
					       char *error);

/* Whatever from was given outranks into. */
void options_merge(struct options *into, const struct options *from);

/* Whether the member at this offset of struct options was given, rather than completed. */
bool options_is_given(const struct options *options, size_t offset);

/* Whether the endpoint is for calls from other hosts. */
bool options_is_tls(const char *endpoint);

/* Fills what was not given, from the environment. */
FAST_MUST_CHECK enum fast_status options_complete(struct options *options, char *error);

void options_help(FILE *out);

/* "error", "warning", "info" or "debug". */
const char *options_level_name(enum fast_log_level level);

#endif
