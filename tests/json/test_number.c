#include "support/harness.h"

#include "json/number.h"
#include "json/time_text.h"

#include <math.h>
#include <string.h>

static uint64_t next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void every_double_comes_back(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		char text[FAST_NUMBER_BYTES_MAX];
		uint64_t bits = next(&seed);
		double number, again = 0;

		memcpy(&number, &bits, sizeof number);
		if (isfinite(number)) {
			fast_number_print_double(number, text);
			assert_int_equal(FAST_NUMBER_READ, fast_number_double(text, false, &again));
			assert_memory_equal(&number, &again, sizeof number);
		}
	}
}

static void every_float_comes_back(void **state)
{
	uint64_t seed = 2;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		char text[FAST_NUMBER_BYTES_MAX];
		uint32_t bits = (uint32_t)next(&seed);
		float number, again = 0;

		memcpy(&number, &bits, sizeof number);
		if (isfinite(number)) {
			fast_number_print_float(number, text);
			assert_int_equal(FAST_NUMBER_READ, fast_number_float(text, false, &again));
			assert_memory_equal(&number, &again, sizeof number);
		}
	}
}

static void base_64_of_every_length_comes_back(void **state)
{
	uint8_t data[64], again[64];
	char text[96];
	uint64_t seed = 3;

	(void)state;
	for (size_t bytes = 0; bytes <= sizeof data; bytes++) {
		size_t used = 0;

		for (size_t i = 0; i < bytes; i++) {
			data[i] = (uint8_t)next(&seed);
		}
		fast_base64_print(data, bytes, text);
		assert_int_equal(fast_base64_bytes(bytes), strlen(text));
		assert_true(fast_base64_read(text, strlen(text), again, &used));
		assert_int_equal(bytes, used);
		assert_memory_equal(data, again, bytes);
	}
}

/* Every day of the years 1 to 9999, and then the next begins. */
static void every_day_comes_back(void **state)
{
	(void)state;
	for (int64_t day = -719162; day <= 2932896; day++) {
		char text[FAST_TIME_BYTES_MAX];
		int64_t seconds = 0;
		int32_t nanos = 0;

		assert_true(fast_timestamp_print(day * 86400, 0, text));
		assert_true(fast_timestamp_read(text, &seconds, &nanos));
		assert_true(seconds == day * 86400 && nanos == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_double_comes_back),
		cmocka_unit_test(every_float_comes_back),
		cmocka_unit_test(base_64_of_every_length_comes_back),
		cmocka_unit_test(every_day_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
