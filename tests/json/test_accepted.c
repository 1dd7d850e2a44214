/* What JSON of fields is taken, and how it comes back. */
#include "support/harness.h"

#include "json_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct row {
	const char *text;
	const char *again; /* as it is printed */
};

static const struct row rows[] = {
	{"{}", "{}"},
	{" \t\r\n{ } ", "{}"},
	/* whole numbers */
	{"{\"anInt32\":1}", "{\"anInt32\":1}"},
	{"{\"an_int32\":1}", "{\"anInt32\":1}"},
	{"{\"anInt32\":0}", "{}"},
	{"{\"anInt32\":-0}", "{}"},
	{"{\"anInt32\":2147483647}", "{\"anInt32\":2147483647}"},
	{"{\"anInt32\":-2147483648}", "{\"anInt32\":-2147483648}"},
	{"{\"anInt32\":\"12\"}", "{\"anInt32\":12}"},
	{"{\"anInt32\":\"-12\"}", "{\"anInt32\":-12}"},
	{"{\"anInt32\":1e3}", "{\"anInt32\":1000}"},
	{"{\"anInt32\":1E+3}", "{\"anInt32\":1000}"},
	{"{\"anInt32\":1500e-2}", "{\"anInt32\":15}"},
	{"{\"anInt32\":5.0}", "{\"anInt32\":5}"},
	{"{\"anInt32\":1.5e1}", "{\"anInt32\":15}"},
	{"{\"anInt32\":\"1e3\"}", "{\"anInt32\":1000}"},
	{"{\"anInt32\":0e999999999999}", "{}"},
	{"{\"anInt32\":2.147483647e9}", "{\"anInt32\":2147483647}"},
	{"{\"anInt32\":null}", "{}"},
	{"{\"anInt64\":\"9223372036854775807\"}", "{\"anInt64\":\"9223372036854775807\"}"},
	{"{\"anInt64\":9223372036854775807}", "{\"anInt64\":\"9223372036854775807\"}"},
	{"{\"anInt64\":-9223372036854775808}", "{\"anInt64\":\"-9223372036854775808\"}"},
	{"{\"anInt64\":9.223372036854775807e18}", "{\"anInt64\":\"9223372036854775807\"}"},
	{"{\"aUint32\":4294967295}", "{\"aUint32\":4294967295}"},
	{"{\"aUint32\":-0}", "{}"},
	{"{\"aUint64\":18446744073709551615}", "{\"aUint64\":\"18446744073709551615\"}"},
	{"{\"aUint64\":\"18446744073709551615\"}", "{\"aUint64\":\"18446744073709551615\"}"},
	{"{\"aUint64\":1e19}", "{\"aUint64\":\"10000000000000000000\"}"},
	{"{\"aSint32\":-2147483648}", "{\"aSint32\":-2147483648}"},
	{"{\"aSint64\":\"-5\"}", "{\"aSint64\":\"-5\"}"},
	{"{\"aFixed32\":4294967295}", "{\"aFixed32\":4294967295}"},
	{"{\"aFixed64\":\"1\"}", "{\"aFixed64\":\"1\"}"},
	{"{\"aSfixed32\":-1}", "{\"aSfixed32\":-1}"},
	{"{\"aSfixed64\":-1}", "{\"aSfixed64\":\"-1\"}"},
	/* float and double */
	{"{\"aFloat\":0.1}", "{\"aFloat\":0.1}"},
	{"{\"aFloat\":\"0.5\"}", "{\"aFloat\":0.5}"},
	{"{\"aFloat\":3.4028235e38}", "{\"aFloat\":3.4028235e+38}"},
	{"{\"aFloat\":-3.4028235e38}", "{\"aFloat\":-3.4028235e+38}"},
	{"{\"aFloat\":1.17549e-38}", "{\"aFloat\":1.17549e-38}"},
	{"{\"aFloat\":1e-50}", "{}"},
	{"{\"aFloat\":\"NaN\"}", "{\"aFloat\":\"NaN\"}"},
	{"{\"aFloat\":\"Infinity\"}", "{\"aFloat\":\"Infinity\"}"},
	{"{\"aFloat\":\"-Infinity\"}", "{\"aFloat\":\"-Infinity\"}"},
	{"{\"aFloat\":16777217}", "{\"aFloat\":16777216}"},
	{"{\"aDouble\":0.1}", "{\"aDouble\":0.1}"},
	{"{\"aDouble\":0.30000000000000004}", "{\"aDouble\":0.30000000000000004}"},
	{"{\"aDouble\":1}", "{\"aDouble\":1}"},
	{"{\"aDouble\":\"1\"}", "{\"aDouble\":1}"},
	{"{\"aDouble\":1e300}", "{\"aDouble\":1e+300}"},
	{"{\"aDouble\":1.7976931348623157e308}", "{\"aDouble\":1.7976931348623157e+308}"},
	{"{\"aDouble\":2.22507e-308}", "{\"aDouble\":2.22507e-308}"},
	{"{\"aDouble\":5e-324}", "{\"aDouble\":4.94065645841247e-324}"},
	{"{\"aDouble\":-0.0}", "{\"aDouble\":-0}"},
	{"{\"aDouble\":\"NaN\"}", "{\"aDouble\":\"NaN\"}"},
	{"{\"aDouble\":\"-Infinity\"}", "{\"aDouble\":\"-Infinity\"}"},
	{"{\"aDouble\":123456789012345678}", "{\"aDouble\":1.2345678901234568e+17}"},
	/* bool */
	{"{\"aBool\":true}", "{\"aBool\":true}"},
	{"{\"aBool\":false}", "{}"},
	{"{\"aBool\":null}", "{}"},
	/* string */
	{"{\"aString\":\"\"}", "{}"},
	{"{\"aString\":\"a\"}", "{\"aString\":\"a\"}"},
	{"{\"aString\":\"\\u00e4\\u20ac\\ud83d\\ude00\"}",
	 "{\"aString\":\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"}"},
	{"{\"aString\":\"\xc3\xa4\"}", "{\"aString\":\"\xc3\xa4\"}"},
	{"{\"aString\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0001\"}",
	 "{\"aString\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\"}"},
	{"{\"aString\":\"</script>\"}", "{\"aString\":\"</script>\"}"},
	{"{\"aString\":null}", "{}"},
	/* bytes */
	{"{\"someBytes\":\"AQI=\"}", "{\"someBytes\":\"AQI=\"}"},
	{"{\"someBytes\":\"AQI\"}", "{\"someBytes\":\"AQI=\"}"},
	{"{\"someBytes\":\"AQID\"}", "{\"someBytes\":\"AQID\"}"},
	{"{\"someBytes\":\"AQ==\"}", "{\"someBytes\":\"AQ==\"}"},
	{"{\"someBytes\":\"-_\"}", "{\"someBytes\":\"+w==\"}"},
	{"{\"someBytes\":\"+/+/\"}", "{\"someBytes\":\"+/+/\"}"},
	{"{\"someBytes\":\"-_-_\"}", "{\"someBytes\":\"+/+/\"}"},
	{"{\"someBytes\":\"\"}", "{}"},
	/* enum */
	{"{\"aColor\":\"COLOR_RED\"}", "{\"aColor\":\"COLOR_RED\"}"},
	{"{\"aColor\":\"COLOR_CRIMSON\"}", "{\"aColor\":\"COLOR_RED\"}"},
	{"{\"aColor\":1}", "{\"aColor\":\"COLOR_RED\"}"},
	{"{\"aColor\":1.0}", "{\"aColor\":\"COLOR_RED\"}"},
	{"{\"aColor\":-5}", "{\"aColor\":\"COLOR_BLUE\"}"},
	{"{\"aColor\":77}", "{\"aColor\":77}"},
	{"{\"aColor\":-2147483648}", "{\"aColor\":-2147483648}"},
	{"{\"aColor\":2147483647}", "{\"aColor\":\"COLOR_MAX\"}"},
	{"{\"aColor\":\"COLOR_UNSPECIFIED\"}", "{}"},
	{"{\"aColor\":null}", "{}"},
	/* messages */
	{"{\"aPart\":{}}", "{\"aPart\":{}}"},
	{"{\"aPart\":null}", "{}"},
	{"{\"aPart\":{\"name\":\"a\",\"inner\":{\"inner\":{\"count\":3}}}}",
	 "{\"aPart\":{\"name\":\"a\",\"inner\":{\"inner\":{\"count\":3}}}}"},
	{"{\"aBool\":true,\"anInt32\":1}", "{\"anInt32\":1,\"aBool\":true}"},
	/* lists */
	{"{\"int32s\":[]}", "{}"},
	{"{\"int32s\":null}", "{}"},
	{"{\"int32s\":[1,\"2\",3e0]}", "{\"int32s\":[1,2,3]}"},
	{"{\"uint64s\":[1,\"18446744073709551615\"]}",
	 "{\"uint64s\":[\"1\",\"18446744073709551615\"]}"},
	{"{\"doubles\":[0,0.5,\"NaN\"]}", "{\"doubles\":[0,0.5,\"NaN\"]}"},
	{"{\"floats\":[0.1,1e10]}", "{\"floats\":[0.1,1e+10]}"},
	{"{\"bools\":[true,false]}", "{\"bools\":[true,false]}"},
	{"{\"strings\":[\"\",\"a\"]}", "{\"strings\":[\"\",\"a\"]}"},
	{"{\"blobs\":[\"\",\"AA==\"]}", "{\"blobs\":[\"\",\"AA==\"]}"},
	{"{\"colors\":[\"COLOR_RED\",0,9]}",
	 "{\"colors\":[\"COLOR_RED\",\"COLOR_UNSPECIFIED\",9]}"},
	{"{\"parts\":[{},{\"count\":1}]}", "{\"parts\":[{},{\"count\":1}]}"},
	{"{\"unpacked\":[-1,1]}", "{\"unpacked\":[-1,1]}"},
	/* maps */
	{"{\"byString\":{}}", "{}"},
	{"{\"byString\":null}", "{}"},
	{"{\"byString\":{\"b\":1,\"a\":0,\"\":3}}", "{\"byString\":{\"b\":1,\"a\":0,\"\":3}}"},
	{"{\"byBool\":{\"true\":\"x\",\"false\":\"\"}}",
	 "{\"byBool\":{\"true\":\"x\",\"false\":\"\"}}"},
	{"{\"byInt32\":{\"-1\":{},\"5\":{\"count\":1}}}",
	 "{\"byInt32\":{\"-1\":{},\"5\":{\"count\":1}}}"},
	{"{\"byUint64\":{\"18446744073709551615\":0.5}}",
	 "{\"byUint64\":{\"18446744073709551615\":0.5}}"},
	{"{\"bySint64\":{\"-9\":\"COLOR_RED\",\"0\":0}}",
	 "{\"bySint64\":{\"-9\":\"COLOR_RED\",\"0\":\"COLOR_UNSPECIFIED\"}}"},
	{"{\"byFixed32\":{\"1\":\"AA==\"}}", "{\"byFixed32\":{\"1\":\"AA==\"}}"},
	{"{\"valuesByName\":{\"n\":null,\"o\":{\"x\":[]}}}",
	 "{\"valuesByName\":{\"n\":null,\"o\":{\"x\":[]}}}"},
	/* oneofs: a default is a value */
	{"{\"choiceInt32\":0}", "{\"choiceInt32\":0}"},
	{"{\"choiceString\":\"\"}", "{\"choiceString\":\"\"}"},
	{"{\"choiceBytes\":\"\"}", "{\"choiceBytes\":\"\"}"},
	{"{\"choicePart\":{}}", "{\"choicePart\":{}}"},
	{"{\"choiceColor\":0}", "{\"choiceColor\":\"COLOR_UNSPECIFIED\"}"},
	{"{\"choiceNull\":null}", "{\"choiceNull\":null}"},
	{"{\"choiceNull\":\"NULL_VALUE\"}", "{\"choiceNull\":null}"},
	{"{\"choiceDouble\":0}", "{\"choiceDouble\":0}"},
	{"{\"choiceBool\":false}", "{\"choiceBool\":false}"},
	{"{\"choiceInt32\":1,\"choiceString\":null}", "{\"choiceInt32\":1}"},
	{"{\"choiceString\":null,\"choiceBool\":true}", "{\"choiceBool\":true}"},
	{"{\"choiceString\":null}", "{}"},
	/* optional */
	{"{\"maybeInt32\":0}", "{\"maybeInt32\":0}"},
	{"{\"maybeInt32\":null}", "{}"},
	{"{\"maybeString\":\"\"}", "{\"maybeString\":\"\"}"},
	{"{\"maybeColor\":0}", "{\"maybeColor\":\"COLOR_UNSPECIFIED\"}"},
	{"{\"maybeBytes\":\"\"}", "{\"maybeBytes\":\"\"}"},
	/* names */
	{"{\"theOtherName\":\"x\"}", "{\"theOtherName\":\"x\"}"},
	{"{\"renamed\":\"x\"}", "{\"theOtherName\":\"x\"}"},
	{"{\"field_1_2_name__x\":1}", "{\"field12NameX\":1}"},
	{"{\"field12NameX\":1}", "{\"field12NameX\":1}"},
	{"{\"\\u0061nInt32\":1}", "{\"anInt32\":1}"},
};

static void every_row_is_taken_and_comes_back(void **state)
{
	struct fast_schema *schema = world_everything();
	unsigned failed = 0;

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(rows); i++) {
		char error[FAST_JSON_ERROR_BYTES_MAX] = "";
		char *again = world_again(schema, EVERYTHING, rows[i].text, 0, error);

		if (again == NULL || strcmp(again, rows[i].again) != 0) {
			print_error("%s\n  expected %s\n  got      %s %s\n", rows[i].text,
				    rows[i].again, again == NULL ? "-" : again, error);
			failed++;
		}
		free(again);
	}
	fast_schema_free(schema);
	assert_int_equal(0, failed);
}

/* What was printed is taken again and prints the same. */
static void every_answer_is_stable(void **state)
{
	struct fast_schema *schema = world_everything();

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(rows); i++) {
		char *again = world_again(schema, EVERYTHING, rows[i].again, 0, NULL);

		assert_string_equal(rows[i].again, again);
		free(again);
	}
	fast_schema_free(schema);
}

/* Text of a flag, what it prints for a message that was read without it. */
static void assert_printed(unsigned flags, const char *text, const char *expected)
{
	struct fast_schema *schema = world_everything();
	struct fast_dynamic message = {0};
	char *printed = NULL;

	assert_ok(fast_json_parse(schema, EVERYTHING, text, strlen(text), flags, &message, NULL));
	assert_ok(fast_json_print(schema, message.message, flags, &printed, NULL));
	assert_string_equal(expected, printed);
	free(printed);
	fast_dynamic_fini(&message);
	fast_schema_free(schema);
}

static void flags_change_names_and_enums_and_layout(void **state)
{
	(void)state;
	assert_printed(FAST_JSON_PROTO_NAMES, "{\"anInt32\":1,\"theOtherName\":\"x\"}",
		       "{\"an_int32\":1,\"renamed\":\"x\"}");
	assert_printed(FAST_JSON_ENUM_NUMBERS, "{\"aColor\":\"COLOR_BLUE\"}", "{\"aColor\":-5}");
	assert_printed(FAST_JSON_INDENT, "{\"int32s\":[1,2],\"aPart\":{}}",
		       "{\n  \"aPart\": {},\n  \"int32s\": [\n    1,\n    2\n  ]\n}");
}

static void defaults_are_shown_when_asked_for(void **state)
{
	struct fast_schema *schema = world_everything();
	char *printed = world_again(schema, EVERYTHING, "{\"aPart\":{}}", FAST_JSON_DEFAULTS, NULL);

	(void)state;
	assert_non_null(strstr(printed, "\"aPart\":{\"name\":\"\",\"count\":0}"));
	assert_non_null(strstr(printed, "\"anInt64\":\"0\""));
	assert_non_null(strstr(printed, "\"int32s\":[]"));
	assert_non_null(strstr(printed, "\"byString\":{}"));
	assert_non_null(strstr(printed, "\"aColor\":\"COLOR_UNSPECIFIED\""));
	assert_null(strstr(printed, "choice"));
	assert_null(strstr(printed, "maybe"));
	assert_null(strstr(printed, "aTime"));
	free(printed);
	fast_schema_free(schema);
}

static void unknown_fields_and_values_can_be_ignored(void **state)
{
	(void)state;
	assert_printed(
		FAST_JSON_IGNORE_UNKNOWN,
		"{\"what\":{\"x\":[1]},\"aColor\":\"COLOR_PUCE\",\"anInt32\":1,"
		"\"colors\":[\"COLOR_RED\",\"COLOR_PUCE\"],"
		"\"bySint64\":{\"1\":\"COLOR_PUCE\",\"2\":1}}",
		"{\"anInt32\":1,\"colors\":[\"COLOR_RED\"],\"bySint64\":{\"2\":\"COLOR_RED\"}}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_taken_and_comes_back),
		cmocka_unit_test(every_answer_is_stable),
		cmocka_unit_test(flags_change_names_and_enums_and_layout),
		cmocka_unit_test(defaults_are_shown_when_asked_for),
		cmocka_unit_test(unknown_fields_and_values_can_be_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
