#include "daemon/accept.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define RANGE_BYTES_MAX 256 /* of one media range with its parameters; longer ones are skipped */

/* How precisely a media range names a format. */
enum precision {
	NOT_AT_ALL,
	ANY_TYPE,    /* star/star */
	ANY_SUBTYPE, /* text/star */
	NAMED,
};

/* The best that was said of one format. */
struct rating {
	enum precision precision;
	double q;
};

static const struct {
	const char *type;
	const char *any_subtype;
	const char *version;
	const char *content_type;
} formats[] = {
	[FAMILIES_TEXT] = {"text/plain", "text/*", "0.0.4",
			   "text/plain; version=0.0.4; charset=utf-8"},
	[FAMILIES_OPENMETRICS] = {"application/openmetrics-text", "application/*", "1.0.0",
				  "application/openmetrics-text; version=1.0.0; charset=utf-8"},
};
#define FORMAT_COUNT (sizeof formats / sizeof formats[0])

const char *accept_content_type(enum families_format format)
{
	return formats[format].content_type;
}

/* Cuts blanks and quotes off both ends, in place. */
static char *trim(char *text)
{
	size_t bytes;

	text += strspn(text, " \t\"");
	bytes = strlen(text);
	while (bytes > 0 && strchr(" \t\"", text[bytes - 1]) != NULL) {
		bytes--;
	}
	text[bytes] = '\0';
	return text;
}

/* A quality from 0 to 1; anything else is 0. */
static double parse_quality(const char *text)
{
	char *end = NULL;
	double q = strtod(text, &end);

	return end != text && *end == '\0' && q >= 0 && q <= 1 ? q : 0;
}

static enum precision precision_of(size_t format, const char *type, const char *version)
{
	if (strcasecmp(type, formats[format].type) == 0) {
		return version == NULL || strcmp(version, formats[format].version) == 0
			       ? NAMED
			       : NOT_AT_ALL;
	}
	if (strcmp(type, "*/*") == 0) {
		return ANY_TYPE;
	}
	return strcasecmp(type, formats[format].any_subtype) == 0 ? ANY_SUBTYPE : NOT_AT_ALL;
}

/* Takes one media range, which is cut up, into the ratings: the most precise word counts. */
static void rate(char *range, struct rating *ratings)
{
	char *rest = NULL;
	char *type = strtok_r(range, ";", &rest);
	const char *version = NULL;
	double q = 1;

	if (type == NULL) {
		return;
	}
	for (char *part = strtok_r(NULL, ";", &rest); part != NULL;
	     part = strtok_r(NULL, ";", &rest)) {
		char *equals = strchr(part, '=');

		if (equals == NULL) {
			continue;
		}
		*equals = '\0';
		if (strcasecmp(trim(part), "q") == 0) {
			q = parse_quality(trim(equals + 1));
		} else if (strcasecmp(trim(part), "version") == 0) {
			version = trim(equals + 1);
		}
	}
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		enum precision precision = precision_of(i, trim(type), version);

		if (precision > ratings[i].precision ||
		    (precision == ratings[i].precision && q > ratings[i].q)) {
			ratings[i] = (struct rating){precision, precision == NOT_AT_ALL ? 0 : q};
		}
	}
}

enum families_format accept_choose(const char *header)
{
	struct rating ratings[FORMAT_COUNT] = {{NOT_AT_ALL, 0}};
	const struct rating *text = &ratings[FAMILIES_TEXT];
	const struct rating *open = &ratings[FAMILIES_OPENMETRICS];

	while (header != NULL && *header != '\0') {
		size_t bytes = strcspn(header, ",");
		char range[RANGE_BYTES_MAX + 1];

		if (bytes <= RANGE_BYTES_MAX) {
			memcpy(range, header, bytes);
			range[bytes] = '\0';
			rate(range, ratings);
		}
		header += bytes + (header[bytes] == ',');
	}
	if (open->precision != NAMED || open->q <= 0) {
		return FAMILIES_TEXT; /* a wildcard does not ask for the newer format */
	}
	return open->q >= text->q ? FAMILIES_OPENMETRICS : FAMILIES_TEXT;
}
