/* What JSON is refused, and what is said about it. */
#include "support/harness.h"

#include "json_world.h"

#include <stdlib.h>
#include <string.h>

struct row {
	const char *text;
	const char *error; /* a part of it */
};

static const struct row rows[] = {
	/* what is no JSON */
	{"", "line 1, column 1: "},
	{"  ", "the text ends"},
	{"{", "line 1, column 2: a name in quotes is missing"},
	{"}", "this is no JSON value"},
	{"{]", "a name in quotes is missing"},
	{"{\"anInt32\":1", "a ',' or '}' is missing"},
	{"{\"anInt32\":1,}", "a name in quotes is missing"},
	{"{\"anInt32\" 1}", "the ':' behind a name is missing"},
	{"{anInt32:1}", "a name in quotes is missing"},
	{"{'anInt32':1}", "a name in quotes is missing"},
	{"{\"anInt32\":1}x", "something stands behind the value"},
	{"{\"anInt32\":1}{}", "something stands behind the value"},
	{"{\n\"anInt32\":\n x}", "line 3, column 2: this is no JSON value"},
	{"{\"anInt32\":01}", "this is no JSON value"},
	{"{\"anInt32\":+1}", "this is no JSON value"},
	{"{\"anInt32\":.5}", "this is no JSON value"},
	{"{\"anInt32\":1.}", "a number has no digit behind its point"},
	{"{\"anInt32\":1e}", "a number has no digit in its exponent"},
	{"{\"anInt32\":0x10}", "a ',' or '}' is missing"},
	{"{\"anInt32\":- 1}", "this is no JSON value"},
	{"{\"aDouble\":NaN}", "this is no JSON value"},
	{"{\"aDouble\":Infinity}", "this is no JSON value"},
	{"{\"aBool\":True}", "this is no JSON value"},
	{"{\"aBool\":tru}", "this is no JSON value"},
	{"{\"int32s\":[1,2}", "a ',' or ']' is missing"},
	{"{\"int32s\":[1,,2]}", "this is no JSON value"},
	{"{\"int32s\":[1 2]}", "a ',' or ']' is missing"},
	{"{\"int32s\":[1,]}", "this is no JSON value"},
	{"{\"aString\":\"a}", "a string does not end"},
	{"{\"aString\":\"\\x41\"}", "no such escape"},
	{"{\"aString\":\"\\u12g4\"}", "\\u needs four hexadecimal digits"},
	{"{\"aString\":\"\\ud800\"}", "\\ud800 is half of a character"},
	{"{\"aString\":\"\\udc00\\ud800\"}", "\\udc00 is half of a character"},
	{"{\"aString\":\"\\ud800\\u0041\"}", "\\ud800 is half of a character"},
	{"{\"aString\":\"\x01\"}", "a string has a control character"},
	{"{\"aString\":\"a\nb\"}", "a string has a control character"},
	{"{\"aString\":\"\xff\"}", "the text is not UTF-8"},
	{"{\"aString\":\"\xc0\x80\"}", "the text is not UTF-8"},
	{"{\"aString\":\"\xed\xa0\x80\"}", "the text is not UTF-8"},
	{"{\"anInt32\":1,\"anInt32\":1}", "the object has \"anInt32\" twice"},
	{"// no\n{}", "this is no JSON value"},
	/* what is not the message */
	{"null", "expected an object, not null"},
	{"[]", "expected an object, not a list"},
	{"1", "expected an object, not a number"},
	{"\"x\"", "expected an object, not a string"},
	{"{\"anInt\":1}",
	 "anInt: testing.v1.Everything has no such field; did you mean \"anInt32\"?"},
	{"{\"AN_INT32\":1}",
	 "AN_INT32: testing.v1.Everything has no such field; did you mean \"anInt32\"?"},
	{"{\"zzzzzzzz\":1}", "zzzzzzzz: testing.v1.Everything has no such field"},
	{"{\"[testing.v1.added]\":1}", "extensions are not supported"},
	{"{\"aPart\":{\"nane\":1}}",
	 "aPart.nane: testing.v1.Everything.Part has no such field; did you mean \"name\"?"},
	{"{\"an_int32\":1,\"anInt32\":1}", "anInt32: the field comes twice, as \"an_int32\" too"},
	{"{\"anInt32\":1,\"an_int32\":null}",
	 "an_int32: the field comes twice, as \"anInt32\" too"},
	/* whole numbers */
	{"{\"anInt32\":2147483648}", "anInt32: 2147483648 is out of the range of int32"},
	{"{\"anInt32\":-2147483649}", "out of the range of int32"},
	{"{\"anInt32\":\"2147483648\"}", "out of the range of int32"},
	{"{\"anInt32\":1e10}", "out of the range of int32"},
	{"{\"anInt32\":1e999999999999999999}", "out of the range of int32"},
	{"{\"anInt32\":0.5}", "anInt32: 0.5 is not a whole number"},
	{"{\"anInt32\":15e-1}", "15e-1 is not a whole number"},
	{"{\"anInt32\":1e-999999999999999999}", "is not a whole number"},
	{"{\"anInt32\":\"\"}", "anInt32: \"\" is not a number"},
	{"{\"anInt32\":\" 1\"}", "\" 1\" is not a number"},
	{"{\"anInt32\":\"1 \"}", "\"1 \" is not a number"},
	{"{\"anInt32\":\"0x1\"}", "\"0x1\" is not a number"},
	{"{\"anInt32\":\"+1\"}", "\"+1\" is not a number"},
	{"{\"anInt32\":\"1\\u0000\"}", "expected a number, not a string"},
	{"{\"anInt32\":true}", "anInt32: expected a number, not true"},
	{"{\"anInt32\":[1]}", "anInt32: expected a number, not a list"},
	{"{\"anInt32\":{}}", "anInt32: expected a number, not an object"},
	{"{\"anInt64\":9223372036854775808}", "out of the range of int64"},
	{"{\"anInt64\":\"-9223372036854775809\"}", "out of the range of int64"},
	{"{\"anInt64\":1.5}", "1.5 is not a whole number"},
	{"{\"aUint32\":4294967296}", "out of the range of uint32"},
	{"{\"aUint32\":-1}", "out of the range of uint32"},
	{"{\"aUint64\":18446744073709551616}", "out of the range of uint64"},
	{"{\"aUint64\":\"-1\"}", "out of the range of uint64"},
	{"{\"aUint64\":1e20}", "out of the range of uint64"},
	{"{\"aSint32\":2147483648}", "out of the range of int32"},
	{"{\"aFixed32\":-1}", "out of the range of uint32"},
	{"{\"aSfixed64\":9223372036854775808}", "out of the range of int64"},
	/* float and double */
	{"{\"aFloat\":3.502823e38}", "aFloat: 3.502823e38 is out of the range of float"},
	{"{\"aFloat\":-3.502823e38}", "out of the range of float"},
	{"{\"aFloat\":\"nan\"}", "\"nan\" is not a number"},
	{"{\"aFloat\":\"inf\"}", "\"inf\" is not a number"},
	{"{\"aDouble\":1.89769e308}", "out of the range of double"},
	{"{\"aDouble\":-1.89769e308}", "out of the range of double"},
	{"{\"aDouble\":\"\"}", "\"\" is not a number"},
	{"{\"aDouble\":\"+Infinity\"}", "is not a number"},
	{"{\"aDouble\":\"infinity\"}", "is not a number"},
	{"{\"aDouble\":\"0x1p3\"}", "is not a number"},
	{"{\"aDouble\":\"1,5\"}", "is not a number"},
	{"{\"aDouble\":false}", "expected a number, not false"},
	/* bool, string, bytes, enum */
	{"{\"aBool\":\"true\"}", "aBool: expected true or false, not a string"},
	{"{\"aBool\":1}", "expected true or false, not a number"},
	{"{\"aString\":1}", "aString: expected a string, not a number"},
	{"{\"aString\":[]}", "expected a string, not a list"},
	{"{\"aString\":true}", "expected a string, not true"},
	{"{\"aString\":\"a\\u0000b\"}", "a text cannot hold a zero byte"},
	{"{\"someBytes\":1}", "someBytes: expected a string of base 64, not a number"},
	{"{\"someBytes\":\"A\"}", "\"A\" is not base 64"},
	{"{\"someBytes\":\"AQI==\"}", "is not base 64"},
	{"{\"someBytes\":\"A===\"}", "is not base 64"},
	{"{\"someBytes\":\"AQ=I\"}", "is not base 64"},
	{"{\"someBytes\":\"AQI!\"}", "is not base 64"},
	{"{\"someBytes\":\"AQ I=\"}", "is not base 64"},
	{"{\"aColor\":\"COLOR_RAD\"}",
	 "aColor: testing.v1.Color has no value \"COLOR_RAD\"; did you mean \"COLOR_RED\"?"},
	{"{\"aColor\":\"1\"}", "has no value \"1\""},
	{"{\"aColor\":1.5}", "is not a whole number"},
	{"{\"aColor\":2147483648}", "out of the range of int32"},
	{"{\"aColor\":true}", "expected the name of an enum value, not true"},
	/* messages, lists, maps */
	{"{\"aPart\":1}", "aPart: expected an object, not a number"},
	{"{\"aPart\":[]}", "aPart: expected an object, not a list"},
	{"{\"int32s\":1}", "int32s: expected a list, not a number"},
	{"{\"int32s\":{}}", "int32s: expected a list, not an object"},
	{"{\"int32s\":[1,null]}", "int32s[1]: null cannot stand in a list"},
	{"{\"int32s\":[1,[2]]}", "int32s[1]: expected a number, not a list"},
	{"{\"parts\":[{},{\"count\":\"x\"}]}", "parts[1].count: \"x\" is not a number"},
	{"{\"parts\":[null]}", "parts[0]: null cannot stand in a list"},
	{"{\"byString\":[]}", "byString: expected an object, not a list"},
	{"{\"byString\":{\"a\":null}}", "byString[\"a\"]: null cannot stand in a map"},
	{"{\"byString\":{\"a\":\"x\"}}", "byString[\"a\"]: \"x\" is not a number"},
	{"{\"byString\":{\"a\":1,\"a\":2}}", "the object has \"a\" twice"},
	{"{\"byBool\":{\"True\":\"x\"}}", "byBool[\"True\"]: expected true or false"},
	{"{\"byBool\":{\"1\":\"x\"}}", "byBool[\"1\"]: expected true or false"},
	{"{\"byInt32\":{\"a\":{}}}", "byInt32[\"a\"]: \"a\" is not a number"},
	{"{\"byInt32\":{\"2147483648\":{}}}", "out of the range of int32"},
	{"{\"byInt32\":{\"1\":{\"count\":[]}}}",
	 "byInt32[\"1\"].count: expected a number, not a list"},
	{"{\"byUint64\":{\"-1\":0}}", "out of the range of uint64"},
	{"{\"byFixed32\":{\"1\":\"?\"}}", "byFixed32[\"1\"]: \"?\" is not base 64"},
	/* oneofs */
	{"{\"choiceInt32\":0,\"choiceString\":\"\"}",
	 "choiceString: \"choiceInt32\" is set already, and of choice one may be"},
	{"{\"choiceNull\":null,\"choiceBool\":true}", "choiceBool: \"choiceNull\" is set already"},
	{"{\"choicePart\":{},\"choicePart\":{}}", "twice"},
};

static void every_row_is_refused_with_its_sentence(void **state)
{
	struct fast_schema *schema = world_everything();
	unsigned failed = 0;

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(rows); i++) {
		char error[FAST_JSON_ERROR_BYTES_MAX] = "";
		char *again = world_again(schema, EVERYTHING, rows[i].text, 0, error);

		if (again != NULL || strstr(error, rows[i].error) == NULL) {
			print_error("%s\n  expected %s\n  got      %s %s\n", rows[i].text,
				    rows[i].error, again == NULL ? "-" : again, error);
			failed++;
		}
		free(again);
	}
	fast_schema_free(schema);
	assert_int_equal(0, failed);
}

static char *nested(unsigned depth)
{
	char *text = calloc(1, 20 * (size_t)depth + 64), *at = text;

	assert_non_null(text);
	at = stpcpy(at, "{\"aPart\":{");
	for (unsigned i = 2; i < depth; i++) {
		at = stpcpy(at, "\"inner\":{");
	}
	for (unsigned i = 0; i < depth; i++) {
		at = stpcpy(at, "}");
	}
	return text;
}

static void nesting_has_a_limit(void **state)
{
	struct fast_schema *schema = world_everything();
	char error[FAST_JSON_ERROR_BYTES_MAX] = "";
	char *deep = nested(FAST_JSON_DEPTH_MAX), *deeper = nested(FAST_JSON_DEPTH_MAX + 1);
	char *again = world_again(schema, EVERYTHING, deep, 0, error);

	(void)state;
	assert_non_null(again);
	free(again);
	assert_null(world_again(schema, EVERYTHING, deeper, 0, error));
	assert_non_null(strstr(error, "the text nests deeper than 100"));
	free(deep);
	free(deeper);
	fast_schema_free(schema);
}

static void size_has_a_limit(void **state)
{
	struct fast_schema *schema = world_everything();
	struct fast_dynamic message = {0};
	size_t bytes = FAST_JSON_BYTES_MAX + 1;
	char *text = malloc(bytes);

	(void)state;
	assert_non_null(text);
	memset(text, ' ', bytes);
	assert_status(FAST_RESOURCE_EXHAUSTED,
		      fast_json_parse(schema, EVERYTHING, text, bytes, 0, &message, NULL));

	/* Short as a text, large as a message. */
	memcpy(text, "{\"parts\":[", 10);
	for (size_t i = 10; i + 3 < bytes; i += 3) {
		memcpy(text + i, "{},", 3);
	}
	assert_status(FAST_RESOURCE_EXHAUSTED,
		      fast_json_parse(schema, EVERYTHING, text, bytes - 1, 0, &message, NULL));
	assert_null(message.arena);
	free(text);
	fast_schema_free(schema);
}

static void a_message_that_is_not_there_is_not_found(void **state)
{
	struct fast_schema *schema = world_everything();
	char error[FAST_JSON_ERROR_BYTES_MAX];
	struct fast_dynamic message = {0};

	(void)state;
	assert_status(FAST_NOT_FOUND,
		      fast_json_parse(schema, "testing.v1.Nothing", "{}", 2, 0, &message, error));
	assert_string_equal("the schema has no message testing.v1.Nothing", error);
	fast_schema_free(schema);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_refused_with_its_sentence),
		cmocka_unit_test(nesting_has_a_limit),
		cmocka_unit_test(size_has_a_limit),
		cmocka_unit_test(a_message_that_is_not_there_is_not_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
