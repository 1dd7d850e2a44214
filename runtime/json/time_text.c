#include "json/time_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SECONDS_A_DAY   86400
#define NANOS           1000000000
#define SECONDS_MIN     INT64_C(-62135596800) /* 0001-01-01T00:00:00Z */
#define SECONDS_MAX     INT64_C(253402300799) /* 9999-12-31T23:59:59Z */
#define DURATION_MAX    INT64_C(315576000000)
#define FRACTION_DIGITS 9

/* Days since 1970-01-01 in the Gregorian calendar; years of 400 begin in March. */
static int64_t days_of(int64_t year, unsigned month, unsigned day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	unsigned shifted_month = month > 2 ? month - 3 : month + 9;
	int64_t day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * 146097 + day_of_era - 719468;
}

static void date_of(int64_t days, int *year, unsigned *month, unsigned *day)
{
	int64_t shifted = days + 719468;
	int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
	int64_t of_era = shifted - era * 146097;
	int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t shifted_month = (5 * of_year + 2) / 153;

	*day = (unsigned)(of_year - (153 * shifted_month + 2) / 5 + 1);
	*month = (unsigned)(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
	*year = (int)(year_of_era + era * 400 + (*month <= 2));
}

/* ".5" as ".500": none, three, six or nine digits. */
static void fraction_print(int32_t nanos, char *out, size_t bytes)
{
	if (nanos == 0) {
		out[0] = '\0';
	} else if (nanos % 1000000 == 0) {
		snprintf(out, bytes, ".%03" PRId32, nanos / 1000000);
	} else if (nanos % 1000 == 0) {
		snprintf(out, bytes, ".%06" PRId32, nanos / 1000);
	} else {
		snprintf(out, bytes, ".%09" PRId32, nanos);
	}
}

/* One to nine digits behind a point, or nothing. False: it is neither. */
static bool fraction_read(const char **text, int32_t *nanos)
{
	int32_t scale = NANOS / 10;
	size_t digits;

	*nanos = 0;
	if (**text != '.') {
		return true;
	}
	(*text)++;
	digits = strspn(*text, "0123456789");
	if (digits == 0 || digits > FRACTION_DIGITS) {
		return false;
	}
	for (; digits > 0; digits--, scale /= 10) {
		*nanos += (*(*text)++ - '0') * scale;
	}
	return true;
}

bool fast_timestamp_print(int64_t seconds, int32_t nanos, char *out)
{
	char fraction[16];
	int64_t days, rest;
	unsigned month, day;
	int year;

	if (seconds < SECONDS_MIN || seconds > SECONDS_MAX || nanos < 0 || nanos >= NANOS) {
		return false;
	}
	days = (seconds - SECONDS_MIN) / SECONDS_A_DAY + SECONDS_MIN / SECONDS_A_DAY;
	rest = seconds - days * SECONDS_A_DAY;
	date_of(days, &year, &month, &day);
	fraction_print(nanos, fraction, sizeof fraction);
	snprintf(out, FAST_TIME_BYTES_MAX, "%04d-%02u-%02uT%02d:%02d:%02d%sZ", year, month, day,
		 (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60), fraction);
	return true;
}

/* As many digits, then the character that must follow (none for '\0'). */
static bool number_read(const char **text, size_t digits, char follows, int *out)
{
	*out = 0;
	for (; digits > 0; digits--) {
		if (**text < '0' || **text > '9') {
			return false;
		}
		*out = *out * 10 + (*(*text)++ - '0');
	}
	if (follows != '\0') {
		return *(*text)++ == follows;
	}
	return true;
}

static bool date_is_real(int year, int month, int day)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leaps = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return year >= 1 && month >= 1 && month <= 12 && day >= 1 &&
	       day <= days[month - 1] + (month == 2 && leaps ? 1 : 0);
}

/* "Z" or "+01:00", to the end of the text. */
static bool zone_read(const char *text, int *offset_seconds)
{
	int hours, minutes, sign = *text == '-' ? -1 : 1;

	*offset_seconds = 0;
	if (*text == 'Z') {
		return text[1] == '\0';
	}
	if (*text != '+' && *text != '-') {
		return false;
	}
	text++;
	if (!number_read(&text, 2, ':', &hours) || !number_read(&text, 2, '\0', &minutes) ||
	    *text != '\0' || hours > 23 || minutes > 59) {
		return false;
	}
	*offset_seconds = sign * (hours * 3600 + minutes * 60);
	return true;
}

bool fast_timestamp_read(const char *text, int64_t *seconds, int32_t *nanos)
{
	int year, month, day, hour, minute, second, offset;

	if (!number_read(&text, 4, '-', &year) || !number_read(&text, 2, '-', &month) ||
	    !number_read(&text, 2, 'T', &day) || !number_read(&text, 2, ':', &hour) ||
	    !number_read(&text, 2, ':', &minute) || !number_read(&text, 2, '\0', &second) ||
	    !fraction_read(&text, nanos) || !zone_read(text, &offset)) {
		return false;
	}
	if (!date_is_real(year, month, day) || hour > 23 || minute > 59 || second > 59) {
		return false;
	}
	*seconds = days_of(year, (unsigned)month, (unsigned)day) * SECONDS_A_DAY + hour * 3600 +
		   minute * 60 + second - offset;
	return *seconds >= SECONDS_MIN && *seconds <= SECONDS_MAX;
}

bool fast_duration_print(int64_t seconds, int32_t nanos, char *out)
{
	bool is_negative = seconds < 0 || nanos < 0;
	char fraction[16];

	if (seconds < -DURATION_MAX || seconds > DURATION_MAX || nanos <= -NANOS ||
	    nanos >= NANOS || (is_negative && (seconds > 0 || nanos > 0))) {
		return false;
	}
	fraction_print(nanos < 0 ? -nanos : nanos, fraction, sizeof fraction);
	snprintf(out, FAST_TIME_BYTES_MAX, "%s%" PRId64 "%ss", is_negative ? "-" : "",
		 seconds < 0 ? -seconds : seconds, fraction);
	return true;
}

bool fast_duration_read(const char *text, int64_t *seconds, int32_t *nanos)
{
	bool is_negative = *text == '-';

	text += is_negative;
	*seconds = 0;
	if (*text < '0' || *text > '9') {
		return false;
	}
	for (; *text >= '0' && *text <= '9'; text++) {
		*seconds = *seconds * 10 + (*text - '0');
		if (*seconds > DURATION_MAX) {
			return false;
		}
	}
	if (!fraction_read(&text, nanos) || text[0] != 's' || text[1] != '\0' ||
	    (*seconds == DURATION_MAX && *nanos != 0)) {
		return false;
	}
	if (is_negative) {
		*seconds = -*seconds;
		*nanos = -*nanos;
	}
	return true;
}

bool fast_path_print(const char *path, char *out)
{
	bool upper = false;

	for (; *path != '\0'; path++) {
		if (*path >= 'A' && *path <= 'Z') {
			return false;
		}
		if (upper && (*path < 'a' || *path > 'z')) {
			return false;
		}
		if (*path == '_') {
			upper = true;
			continue;
		}
		*out++ = upper ? (char)(*path - 'a' + 'A') : *path;
		upper = false;
	}
	*out = '\0';
	return !upper;
}

bool fast_path_read(const char *text, size_t bytes, char *out)
{
	for (size_t i = 0; i < bytes; i++) {
		if (text[i] == '_' || text[i] == '\0') {
			return false;
		}
		if (text[i] >= 'A' && text[i] <= 'Z') {
			*out++ = '_';
			*out++ = (char)(text[i] - 'A' + 'a');
		} else {
			*out++ = text[i];
		}
	}
	*out = '\0';
	return bytes > 0;
}
