/* json/number.h - numbers and bytes as JSON writes them, whatever the locale. */
#ifndef FAST_JSON_NUMBER_H
#define FAST_JSON_NUMBER_H

#include "base/arena.h"
#include <fast/status.h>

#define FAST_NUMBER_BYTES_MAX 40

/* How a text was read. */
enum fast_number {
	FAST_NUMBER_READ,
	FAST_NUMBER_NONE,     /* it is no number */
	FAST_NUMBER_FRACTION, /* not a whole one */
	FAST_NUMBER_OUT_OF_RANGE
};

/* Whole numbers in JSON's notation: "1e3" and "5.0" are whole too. */
enum fast_number fast_number_signed(const char *text, int64_t min, int64_t max, int64_t *out);
enum fast_number fast_number_unsigned(const char *text, uint64_t max, uint64_t *out);
/* Numbers in JSON's notation; names too: "NaN", "Infinity" and "-Infinity". */
enum fast_number fast_number_double(const char *text, bool names, double *out);
enum fast_number fast_number_float(const char *text, bool names, float *out);

/* The shortest text that reads as the same number, in FAST_NUMBER_BYTES_MAX bytes. */
void fast_number_print_double(double number, char *out);
void fast_number_print_float(float number, char *out);

/* Bytes that base 64 takes, without the zero byte. */
size_t fast_base64_bytes(size_t bytes);
void fast_base64_print(const uint8_t *data, size_t bytes, char *out);
/* Either alphabet, padded or not. out has room for 3/4 of the text. False: it is not base 64. */
bool fast_base64_read(const char *text, size_t bytes, uint8_t *out, size_t *used);

#endif
