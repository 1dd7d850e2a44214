#include "support/harness.h"

#include "page/names.h"

#include <string.h>

#define LONG_64 "a234567890123456789012345678901234567890123456789012345678901234"

static const struct {
	const char *name;
	const char *reason; /* NULL: allowed */
} item_names[] = {
	{"fps", NULL},
	{"a", NULL},
	{"decode.frame_time.p99", NULL},
	{"system.load", NULL},
	{"uploads", NULL},
	{"upload.bytes", NULL},
	{LONG_64, NULL},
	{NULL, "metric \"\": the name is empty; use [a-z0-9_] parts joined by dots"},
	{"", "metric \"\": the name is empty; use [a-z0-9_] parts joined by dots"},
	{"FPS", "metric \"FPS\": upper case 'F' at byte 0; use [a-z0-9_] parts joined by dots"},
	{"f ps", "metric \"f ps\": a space at byte 1; use [a-z0-9_] parts joined by dots"},
	{"a-b", "metric \"a-b\": '-' at byte 1; use [a-z0-9_] parts joined by dots"},
	{"a\nb", "metric \"a?b\": 0x0a at byte 1; use [a-z0-9_] parts joined by dots"},
	{"\xc3\xa9", "metric \"??\": 0xc3 at byte 0; use [a-z0-9_] parts joined by dots"},
	{".a", "metric \".a\": empty part at byte 0; use [a-z0-9_] parts joined by dots"},
	{"a..b", "metric \"a..b\": empty part at byte 2; use [a-z0-9_] parts joined by dots"},
	{"a.", "metric \"a.\": empty part at byte 2; use [a-z0-9_] parts joined by dots"},
	{LONG_64 "5", "metric \"" LONG_64 "...\": the name is 65 bytes long; at most 64"},
	{"sys.cpu", "metric \"sys.cpu\": names that begin with \"sys.\" are the node's own; begin "
		    "with another part"},
	{"upload", "metric \"upload\": the name is reserved for uploaded files; choose another, "
		   "such as \"uploads\""},
};

static void a_refused_name_is_answered_with_what_would_be_right(void **state)
{
	char reason[FAST_REASON_BYTES];

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(item_names); i++) {
		enum fast_status status =
			fast_name_check("metric", item_names[i].name, 64, reason, sizeof reason);

		if (item_names[i].reason == NULL) {
			assert_ok(status);
		} else {
			assert_status(FAST_INVALID_ARGUMENT, status);
			assert_string_equal(reason, item_names[i].reason);
		}
	}
}

static void a_plugin_name_may_hold_hyphens_and_reserved_words(void **state)
{
	char reason[FAST_REASON_BYTES];

	(void)state;
	assert_ok(fast_plugin_name_check("bird-song.v2", reason, sizeof reason));
	assert_ok(fast_plugin_name_check("upload", reason, sizeof reason));
	assert_status(FAST_INVALID_ARGUMENT, fast_plugin_name_check("Bird", reason, sizeof reason));
	assert_string_equal(reason, "plugin \"Bird\": upper case 'B' at byte 0; use [a-z0-9_-] "
				    "parts joined by dots");
}

static void a_reason_is_cut_to_fit(void **state)
{
	char reason[16];

	(void)state;
	assert_status(FAST_INVALID_ARGUMENT, fast_name_check("metric", "A", 64, reason, 16));
	assert_string_equal(reason, "metric \"A\": upp");
	assert_status(FAST_INVALID_ARGUMENT, fast_name_check("metric", "A", 64, reason, 4));
	assert_string_equal(reason, "met");
}

static void a_unit_is_a_code_without_spaces(void **state)
{
	char reason[FAST_REASON_BYTES];

	(void)state;
	assert_ok(fast_unit_check("metric", "m", "", reason, sizeof reason));
	assert_ok(fast_unit_check("metric", "m", "{frame}/s", reason, sizeof reason));
	assert_status(FAST_INVALID_ARGUMENT,
		      fast_unit_check("metric", "m", "per second", reason, sizeof reason));
	assert_string_equal(reason, "metric \"m\": unit \"per second\" at byte 3; use a UCUM code, "
				    "visible ASCII without spaces, such as \"By\"");
	assert_status(FAST_INVALID_ARGUMENT,
		      fast_unit_check("metric", "m", "12345678901234567", reason, sizeof reason));
	assert_string_equal(reason,
			    "metric \"m\": unit of 17 bytes; use a UCUM code of at most 16, "
			    "such as \"By\"");
}

static void a_text_is_one_line_of_utf8(void **state)
{
	char reason[FAST_REASON_BYTES];

	(void)state;
	assert_ok(fast_text_check("metric", "m", "help", "d\xc3\xa9j\xc3\xa0 vu", 20, reason,
				  sizeof reason));
	assert_status(FAST_INVALID_ARGUMENT, fast_text_check("metric", "m", "help", "two\nlines",
							     20, reason, sizeof reason));
	assert_string_equal(reason, "metric \"m\": help has a control character at byte 3; use one "
				    "line");
	assert_status(FAST_INVALID_ARGUMENT,
		      fast_text_check("metric", "m", "help", "\xff", 20, reason, sizeof reason));
	assert_string_equal(reason, "metric \"m\": help is not UTF-8");
	assert_status(FAST_INVALID_ARGUMENT,
		      fast_text_check("metric", "m", "help", "four", 3, reason, sizeof reason));
	assert_string_equal(reason, "metric \"m\": help of 4 bytes; at most 3");
}

static void utf8_is_what_rfc_3629_says(void **state)
{
	static const struct {
		const char *bytes;
		bool valid;
	} cases[] = {
		{"", true},
		{"abc", true},
		{"\xc2\x80", true},
		{"\xe0\xa0\x80", true},
		{"\xed\x9f\xbf", true},
		{"\xf0\x90\x80\x80", true},
		{"\xf4\x8f\xbf\xbf", true},
		{"\x80", false},             /* continuation first */
		{"\xc3", false},             /* cut off */
		{"\xe2\x82", false},         /* cut off */
		{"\xc0\x80", false},         /* overlong */
		{"\xe0\x9f\xbf", false},     /* overlong */
		{"\xf0\x8f\xbf\xbf", false}, /* overlong */
		{"\xed\xa0\x80", false},     /* surrogate */
		{"\xf4\x90\x80\x80", false}, /* beyond U+10FFFF */
		{"\xf8\x88\x80\x80\x80", false},
		{"a\xc3(", false},
	};

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(cases); i++) {
		assert_int_equal(cases[i].valid,
				 fast_utf8_valid(cases[i].bytes, strlen(cases[i].bytes)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refused_name_is_answered_with_what_would_be_right),
		cmocka_unit_test(a_plugin_name_may_hold_hyphens_and_reserved_words),
		cmocka_unit_test(a_reason_is_cut_to_fit),
		cmocka_unit_test(a_unit_is_a_code_without_spaces),
		cmocka_unit_test(a_text_is_one_line_of_utf8),
		cmocka_unit_test(utf8_is_what_rfc_3629_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
