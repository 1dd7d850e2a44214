#include "client/quantity.h"
#include "tests/support/fault_alloc.h"
#include "tests/support/harness.h"

#include <string.h>

static void check(struct text *text, const char *expected)
{
	assert_string_equal(expected, text_chars(text));
	text_clear(text);
}

static void numbers_have_sensible_precision_and_units(void **state)
{
	struct text text = {0};

	(void)state;
	quantity_number(&text, 1080);
	check(&text, "1080");
	quantity_number(&text, -0.0);
	check(&text, "0");
	quantity_number(&text, 24.31234);
	check(&text, "24.31");
	quantity_rate(&text, 24.31234);
	check(&text, "24.3 Hz");
	quantity_rate(&text, 0);
	check(&text, "0 Hz");
	quantity_rate(&text, 0.5);
	check(&text, "0.50 Hz");
	quantity_rate(&text, 12345);
	check(&text, "12.3 kHz");
	quantity_seconds(&text, 0.0417);
	check(&text, "41.7 ms");
	quantity_seconds(&text, 1.25);
	check(&text, "1.25 s");
	quantity_seconds(&text, 850e-6);
	check(&text, "850 us");
	quantity_seconds(&text, 3e-9);
	check(&text, "3.00 ns");
	quantity_bytes(&text, 640);
	check(&text, "640 B");
	quantity_bytes(&text, 12.5 * 1024 * 1024);
	check(&text, "12.5 MiB");
	quantity_value(&text, 0.25, "s");
	check(&text, "250 ms");
	quantity_value(&text, 36.6, "Cel");
	check(&text, "36.6 Cel");
	quantity_value(&text, 0.81, "1");
	check(&text, "0.81");
	text_fini(&text);
}

static void flows_are_in_the_counters_unit(void **state)
{
	struct text text = {0};

	(void)state;
	quantity_flow(&text, 13900, "By");
	check(&text, "13.6 KiB/s");
	quantity_flow(&text, 12.5, "J");
	check(&text, "12.5 J/s");
	quantity_flow(&text, 13900, "");
	check(&text, "13.9 kHz");
	quantity_flow(&text, 24.3, "{frame}");
	check(&text, "24.3 Hz");
	quantity_flow(&text, 13900, NULL);
	check(&text, "13.9 k/s");
	text_fini(&text);
}

static void spans_have_two_parts(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} cases[] = {{0, "0 s"},           {59, "59 s"},        {250, "4 min 10 s"},
		     {7980, "2 h 13 min"}, {273600, "3 d 4 h"}, {-5, "0 s"}};
	struct text text = {0};

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(cases); i++) {
		quantity_span(&text, cases[i].seconds * 1000000000);
		check(&text, cases[i].text);
	}
	text_fini(&text);
}

static void times_keep_each_nanosecond(void **state)
{
	struct text text = {0};

	(void)state;
	quantity_time(&text, 1714555800123456789);
	check(&text, "2024-05-01T09:30:00.123456789Z");
	quantity_time(&text, -1);
	check(&text, "1969-12-31T23:59:59.999999999Z");
	text_fini(&text);
}

static void foreign_text_cannot_steer_the_terminal(void **state)
{
	struct text text = {0};

	(void)state;
	text_add_clean(&text, "a\033[2Jb\tc\x7f");
	check(&text, "a?[2Jb?c?");
	text_add_clean(&text, "\xc2\x9b"
			      "1m \xe2\x82\xac \xff\xfe \xc0\xaf \xed");
	check(&text, "??1m \xe2\x82\xac ?? ?? ?");
	text_fini(&text);
}

static void a_cut_text_is_marked(void **state)
{
	struct text text = {0};

	(void)state;
	text_add(&text, "ab▁▂▃▄");
	assert_int_equal(6, text_width(text_chars(&text)));
	text_cut(&text, 0, 6);
	check(&text, "ab▁▂▃▄");
	text_add(&text, "ab▁▂▃▄");
	text_cut(&text, 0, 4);
	check(&text, "ab▁…");
	text_add(&text, "head tail");
	text_cut(&text, 5, 3);
	check(&text, "head ta…");
	text_fini(&text);
}

static void a_text_that_fails_says_so_and_stays_whole(void **state)
{
	struct text text = {0};

	(void)state;
	fault_alloc_after(0);
	text_add(&text, "lost");
	fault_alloc_after(-1);
	assert_true(text.failed);
	assert_string_equal("", text_chars(&text));
	text_clear(&text);
	text_add(&text, "kept");
	assert_false(text.failed);
	fault_alloc_after(0);
	text_add_spaces(&text, 1000);
	fault_alloc_after(-1);
	assert_true(text.failed);
	assert_int_equal(0, strncmp("kept", text_chars(&text), 4));
	text_fini(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_have_sensible_precision_and_units),
		cmocka_unit_test(flows_are_in_the_counters_unit),
		cmocka_unit_test(spans_have_two_parts),
		cmocka_unit_test(times_keep_each_nanosecond),
		cmocka_unit_test(foreign_text_cannot_steer_the_terminal),
		cmocka_unit_test(a_cut_text_is_marked),
		cmocka_unit_test(a_text_that_fails_says_so_and_stays_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
