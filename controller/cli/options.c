#include "cli/options.h"

#include "daemon/nearest.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of one command, and the common ones. */
#define OPTION_NAMES_MAX 64

const struct option options_common[] = {
	{"endpoint", OPTION_TEXT, offsetof(struct options, endpoint), "URL",
	 "where fastd listens (ipc:///path, tcp://127.0.0.1:port, tls+tcp://host:port); else "
	 "$FASTD_ENDPOINT",
	 0, 0},
	{"tls-ca", OPTION_TEXT, offsetof(struct options, tls_ca), "FILE",
	 "for tls+tcp://host:port: the CA of fastd's certificate; else $FASTD_TLS_CA", 0, 0},
	{"tls-cert", OPTION_TEXT, offsetof(struct options, tls_cert), "FILE",
	 "the certificate to show; else $FASTD_TLS_CERT", 0, 0},
	{"tls-key", OPTION_TEXT, offsetof(struct options, tls_key), "FILE",
	 "its key; else $FASTD_TLS_KEY", 0, 0},
	{"json", OPTION_FLAG, offsetof(struct options, json), NULL, "answer in JSON", 0, 0},
	{"help", OPTION_FLAG, offsetof(struct options, help), NULL, "explain the command", 0, 0},
	{NULL, OPTION_FLAG, 0, NULL, NULL, 0, 0},
};

static const struct option *option_find(const struct option *table, const char *name, size_t bytes)
{
	for (; table != NULL && table->name != NULL; table++) {
		if (strlen(table->name) == bytes && memcmp(table->name, name, bytes) == 0) {
			return table;
		}
	}
	return NULL;
}

static bool option_fits(const struct option *option, double value)
{
	return option->min == option->max || (option->min <= value && value <= option->max);
}

static bool read_integer(const struct option *option, const char *chars, void *member)
{
	struct option_integer *integer = member;
	char *end;

	errno = 0;
	integer->value = strtoull(chars, &end, 10);
	integer->given = true;
	return chars[0] >= '0' && chars[0] <= '9' && *end == '\0' && errno == 0 &&
	       option_fits(option, (double)integer->value);
}

static bool read_number(const struct option *option, const char *chars, void *member)
{
	struct option_number *number = member;
	char *end;

	number->value = strtod(chars, &end);
	number->given = true;
	return end != chars && *end == '\0' && isfinite(number->value) &&
	       option_fits(option, number->value);
}

static bool read_duration(const struct option *option, const char *chars, void *member)
{
	static const struct {
		const char *unit;
		double seconds;
	} units[] = {{"", 1}, {"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
	struct option_number *number = member;
	char *end;
	double value = strtod(chars, &end);

	for (size_t i = 0; end != chars && i < sizeof units / sizeof units[0]; i++) {
		if (strcmp(end, units[i].unit) == 0) {
			number->value = value * units[i].seconds;
			number->given = true;
			return isfinite(value) && option_fits(option, number->value);
		}
	}
	return false;
}

static bool read_text(const struct option *option, const char *chars, void *member)
{
	(void)option;
	*(const char **)member = chars;
	return true;
}

static bool read_texts(const struct option *option, const char *chars, void *member)
{
	struct option_texts *texts = member;

	(void)option;
	if (texts->count == OPTIONS_TEXTS_MAX) {
		return false;
	}
	texts->text[texts->count++] = chars;
	return true;
}

static bool option_read(const struct option *option, const char *chars, struct options *out,
			char *error)
{
	static bool (*const readers[])(const struct option *, const char *, void *) = {
		[OPTION_TEXT] = read_text,         [OPTION_TEXTS] = read_texts,
		[OPTION_INTEGER] = read_integer,   [OPTION_NUMBER] = read_number,
		[OPTION_DURATION] = read_duration,
	};

	static const char *const kinds[] = {
		[OPTION_INTEGER] = "a whole number",
		[OPTION_NUMBER] = "a number",
		[OPTION_DURATION] = "a time (90s, 10m, 2h, 1d)",
	};

	if (readers[option->kind](option, chars, (char *)out + option->offset)) {
		return true;
	}
	if (option->kind == OPTION_TEXTS) {
		snprintf(error, OPTIONS_ERROR_BYTES_MAX, "--%s comes more than %d times",
			 option->name, OPTIONS_TEXTS_MAX);
	} else if (option->min == option->max) {
		snprintf(error, OPTIONS_ERROR_BYTES_MAX, "--%s takes %s, %s, not '%.64s'",
			 option->name, option->argument, kinds[option->kind], chars);
	} else {
		snprintf(error, OPTIONS_ERROR_BYTES_MAX,
			 "--%s takes %s from %.15g to %.15g%s, not '%.64s'", option->name,
			 option->argument, option->min, option->max,
			 option->kind == OPTION_DURATION ? " seconds (90s, 10m, 2h, 1d)" : "",
			 chars);
	}
	return false;
}

static size_t names_gather(const struct option *table, const char **names, size_t count)
{
	for (; table != NULL && table->name != NULL && count < OPTION_NAMES_MAX; table++) {
		names[count++] = table->name;
	}
	return count;
}

/* What was probably meant by an option that neither table has. */
static void option_unknown(const struct option *first, const struct option *second,
			   const char *argument, char *error)
{
	const char *names[OPTION_NAMES_MAX];
	size_t count = names_gather(second, names, names_gather(first, names, 0));
	char name[NEAREST_WORD_BYTES_MAX + 1];
	const char *nearest;

	snprintf(name, sizeof name, "%.*s", (int)strcspn(argument, "="), argument);
	nearest = nearest_word(name + strspn(name, "-"), names, count);
	snprintf(error, OPTIONS_ERROR_BYTES_MAX, "there is no option '%.64s'%s%s%s", argument,
		 nearest == NULL ? "" : " (did you mean --", nearest == NULL ? "" : nearest,
		 nearest == NULL ? "" : "?)");
}

static int words_add(struct words *words, const char *word, char *error)
{
	if (words->count == OPTIONS_WORDS_MAX) {
		snprintf(error, OPTIONS_ERROR_BYTES_MAX, "more than %d words", OPTIONS_WORDS_MAX);
		return 0;
	}
	words->word[words->count++] = word;
	return 1;
}

/* Short for a few options, as they are in other programs. */
static const struct {
	const char *dashed;
	const char *full;
} letters[] = {{"-h", "--help"}, {"-v", "--verbose"}, {"-H", "--header"}};

static const char *option_spelled(const char *argument)
{
	for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++) {
		if (strcmp(argument, letters[i].dashed) == 0) {
			return letters[i].full;
		}
	}
	return argument;
}

int options_read(const struct option *first, const struct option *second, int argc, char **argv,
		 bool *only_words, struct options *out, struct words *words, char *error)
{
	const char *spelled = option_spelled(argv[0]);
	const char *name = spelled + 2;
	const struct option *option;
	const char *equals;
	size_t bytes;

	if (!*only_words && strcmp(argv[0], "--") == 0) {
		*only_words = true;
		return 1;
	}
	if (*only_words || argv[0][0] != '-' || argv[0][1] == '\0') {
		return words_add(words, argv[0], error);
	}

	equals = strchr(name, '=');
	bytes = equals == NULL ? strlen(name) : (size_t)(equals - name);
	option = option_find(first, name, bytes);
	option = option == NULL ? option_find(second, name, bytes) : option;
	if (spelled[1] != '-' || option == NULL) {
		option_unknown(first, second, argv[0], error);
		return 0;
	}
	if (option->kind == OPTION_FLAG) {
		if (equals != NULL) {
			snprintf(error, OPTIONS_ERROR_BYTES_MAX, "--%s takes no value",
				 option->name);
			return 0;
		}
		*(bool *)((char *)out + option->offset) = true;
		return 1;
	}
	if (equals == NULL && argc < 2) {
		snprintf(error, OPTIONS_ERROR_BYTES_MAX, "--%s needs %s", option->name,
			 option->argument);
		return 0;
	}
	if (!option_read(option, equals != NULL ? equals + 1 : argv[1], out, error)) {
		return 0;
	}
	return equals != NULL ? 1 : 2;
}
