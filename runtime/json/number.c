#include "json/number.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A number's text in its parts. */
struct decimal {
	bool is_negative;
	const char *whole; /* digits */
	size_t whole_count;
	const char *fraction; /* digits */
	size_t fraction_count;
	int64_t exponent; /* kept within EXPONENT_MAX */
};

/* Past any number of digits that a text has. */
#define EXPONENT_MAX 1000000000

static size_t count_digits(const char *text)
{
	return strspn(text, "0123456789");
}

/* False: not JSON's notation. */
static bool decimal_read(const char *text, struct decimal *out)
{
	*out = (struct decimal){.is_negative = *text == '-'};
	text += out->is_negative;
	out->whole = text;
	out->whole_count = count_digits(text);
	if (out->whole_count == 0 || (out->whole_count > 1 && text[0] == '0')) {
		return false;
	}
	text += out->whole_count;
	if (*text == '.') {
		out->fraction = ++text;
		out->fraction_count = count_digits(text);
		text += out->fraction_count;
		if (out->fraction_count == 0) {
			return false;
		}
	}
	if (*text == 'e' || *text == 'E') {
		bool is_negative = text[1] == '-';

		text += 1 + (text[1] == '-' || text[1] == '+');
		if (count_digits(text) == 0) {
			return false;
		}
		for (; *text >= '0' && *text <= '9'; text++) {
			if (out->exponent < EXPONENT_MAX) {
				out->exponent = out->exponent * 10 + (*text - '0');
			}
		}
		out->exponent = is_negative ? -out->exponent : out->exponent;
	}
	return *text == '\0';
}

/* The digit at this place behind the first of the whole digits. */
static unsigned decimal_digit(const struct decimal *decimal, size_t place)
{
	if (place < decimal->whole_count) {
		return (unsigned)(decimal->whole[place] - '0');
	}
	place -= decimal->whole_count;
	return place < decimal->fraction_count ? (unsigned)(decimal->fraction[place] - '0') : 0;
}

static enum fast_number decimal_whole(const struct decimal *decimal, uint64_t *out)
{
	size_t digits = decimal->whole_count + decimal->fraction_count;
	int64_t point = (int64_t)decimal->whole_count + decimal->exponent;
	bool out_of_range = false, fraction = false;
	uint64_t value = 0;

	for (size_t i = 0; i < digits; i++) {
		unsigned digit = decimal_digit(decimal, i);

		if ((int64_t)i >= point) {
			fraction |= digit != 0;
		} else if (value > (UINT64_MAX - digit) / 10) {
			out_of_range = true;
		} else {
			value = value * 10 + digit;
		}
	}
	for (int64_t i = (int64_t)digits; i < point && value != 0 && !out_of_range; i++) {
		out_of_range = value > UINT64_MAX / 10;
		value = out_of_range ? value : value * 10;
	}
	*out = value;
	if (fraction) {
		return FAST_NUMBER_FRACTION;
	}
	return out_of_range ? FAST_NUMBER_OUT_OF_RANGE : FAST_NUMBER_READ;
}

enum fast_number fast_number_unsigned(const char *text, uint64_t max, uint64_t *out)
{
	struct decimal decimal;
	enum fast_number result;
	uint64_t value;

	if (!decimal_read(text, &decimal)) {
		return FAST_NUMBER_NONE;
	}
	result = decimal_whole(&decimal, &value);
	if (result != FAST_NUMBER_READ) {
		return result;
	}
	if (value > max || (decimal.is_negative && value != 0)) {
		return FAST_NUMBER_OUT_OF_RANGE;
	}
	*out = value;
	return FAST_NUMBER_READ;
}

enum fast_number fast_number_signed(const char *text, int64_t min, int64_t max, int64_t *out)
{
	struct decimal decimal;
	enum fast_number result;
	uint64_t value, limit;

	if (!decimal_read(text, &decimal)) {
		return FAST_NUMBER_NONE;
	}
	result = decimal_whole(&decimal, &value);
	if (result != FAST_NUMBER_READ) {
		return result;
	}
	limit = decimal.is_negative ? (uint64_t)0 - (uint64_t)min : (uint64_t)max;
	if (value > limit) {
		return FAST_NUMBER_OUT_OF_RANGE;
	}
	*out = (int64_t)(decimal.is_negative ? (uint64_t)0 - value : value);
	return FAST_NUMBER_READ;
}

/* The thread's locale becomes "C" until number_locale_end(). */
static locale_t number_locale_begin(locale_t *plain)
{
	*plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	return *plain == (locale_t)0 ? (locale_t)0 : uselocale(*plain);
}

static void number_locale_end(locale_t before, locale_t plain)
{
	if (plain != (locale_t)0) {
		uselocale(before);
		freelocale(plain);
	}
}

static bool number_named(const char *text, double *out)
{
	static const struct {
		const char *name;
		double value;
	} named[] = {{"NaN", NAN}, {"Infinity", INFINITY}, {"-Infinity", -INFINITY}};

	for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
		if (strcmp(named[i].name, text) == 0) {
			*out = named[i].value;
			return true;
		}
	}
	return false;
}

enum fast_number fast_number_double(const char *text, bool names, double *out)
{
	struct decimal decimal;
	locale_t before, plain;
	double value;

	if (names && number_named(text, out)) {
		return FAST_NUMBER_READ;
	}
	if (!decimal_read(text, &decimal)) {
		return FAST_NUMBER_NONE;
	}
	before = number_locale_begin(&plain);
	value = strtod(text, NULL);
	number_locale_end(before, plain);
	if (isinf(value)) {
		return FAST_NUMBER_OUT_OF_RANGE;
	}
	*out = value;
	return FAST_NUMBER_READ;
}

enum fast_number fast_number_float(const char *text, bool names, float *out)
{
	struct decimal decimal;
	locale_t before, plain;
	double named;
	float value;

	if (names && number_named(text, &named)) {
		*out = (float)named;
		return FAST_NUMBER_READ;
	}
	if (!decimal_read(text, &decimal)) {
		return FAST_NUMBER_NONE;
	}
	before = number_locale_begin(&plain);
	value = strtof(text, NULL);
	number_locale_end(before, plain);
	if (isinf(value)) {
		return FAST_NUMBER_OUT_OF_RANGE;
	}
	*out = value;
	return FAST_NUMBER_READ;
}

/* Digits that any number of the type survives without, and those that every number needs. */
#define DOUBLE_DIGITS_MIN 15
#define DOUBLE_DIGITS_MAX 17
#define FLOAT_DIGITS_MIN  6
#define FLOAT_DIGITS_MAX  9

void fast_number_print_double(double number, char *out)
{
	locale_t plain, before = number_locale_begin(&plain);
	int digits = DOUBLE_DIGITS_MIN;

	do {
		snprintf(out, FAST_NUMBER_BYTES_MAX, "%.*g", digits, number);
	} while (digits++ < DOUBLE_DIGITS_MAX && strtod(out, NULL) != number);
	number_locale_end(before, plain);
}

void fast_number_print_float(float number, char *out)
{
	locale_t plain, before = number_locale_begin(&plain);
	int digits = FLOAT_DIGITS_MIN;

	do {
		snprintf(out, FAST_NUMBER_BYTES_MAX, "%.*g", digits, (double)number);
	} while (digits++ < FLOAT_DIGITS_MAX && strtof(out, NULL) != number);
	number_locale_end(before, plain);
}
