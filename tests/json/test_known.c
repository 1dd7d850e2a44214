/* JSON of the well-known types. */
#include "support/harness.h"

#include "json_world.h"

#include <stdlib.h>
#include <string.h>

struct row {
	const char *text;
	const char *again; /* NULL: refused */
	const char *error; /* a part of it */
};

#define SAME(text)                                                                                 \
	{                                                                                          \
		text, text, NULL                                                                   \
	}

static const struct row rows[] = {
	/* Timestamp */
	SAME("{\"aTime\":\"1970-01-01T00:00:00Z\"}"),
	SAME("{\"aTime\":\"0001-01-01T00:00:00Z\"}"),
	SAME("{\"aTime\":\"9999-12-31T23:59:59.999999999Z\"}"),
	SAME("{\"aTime\":\"2000-02-29T12:00:00.500Z\"}"),
	SAME("{\"aTime\":\"1969-12-31T23:59:59.000001Z\"}"),
	SAME("{\"times\":[\"2024-02-29T00:00:00Z\",\"1900-03-01T00:00:00Z\"]}"),
	{"{\"aTime\":\"2020-01-01T00:00:00.1Z\"}", "{\"aTime\":\"2020-01-01T00:00:00.100Z\"}",
	 NULL},
	{"{\"aTime\":\"2020-01-01T01:30:00+01:30\"}", "{\"aTime\":\"2020-01-01T00:00:00Z\"}", NULL},
	{"{\"aTime\":\"2019-12-31T16:00:00-08:00\"}", "{\"aTime\":\"2020-01-01T00:00:00Z\"}", NULL},
	{"{\"aTime\":null}", "{}", NULL},
	{"{\"aTime\":\"0000-12-31T23:59:59Z\"}", NULL,
	 "aTime: \"0000-12-31T23:59:59Z\" is not a time"},
	{"{\"aTime\":\"0001-01-01T00:00:00+00:01\"}", NULL, "is not a time"},
	{"{\"aTime\":\"9999-12-31T23:59:59-00:01\"}", NULL, "is not a time"},
	{"{\"aTime\":\"2020-01-01t00:00:00Z\"}", NULL, "is not a time"},
	{"{\"aTime\":\"2020-01-01T00:00:00z\"}", NULL, "is not a time"},
	{"{\"aTime\":\"2020-01-01T00:00:00\"}", NULL, "is not a time"},
	{"{\"aTime\":\"2020-01-01T00:00:00.Z\"}", NULL, "is not a time"},
	{"{\"aTime\":\"2020-01-01T00:00:00.1234567890Z\"}", NULL, "is not a time"},
	{"{\"aTime\":\"2020-02-30T00:00:00Z\"}", NULL, "is not a time"},
	{"{\"aTime\":\"2021-02-29T00:00:00Z\"}", NULL, "is not a time"},
	{"{\"aTime\":\"2020-01-01T24:00:00Z\"}", NULL, "is not a time"},
	{"{\"aTime\":\"2020-01-01T00:00:60Z\"}", NULL, "is not a time"},
	{"{\"aTime\":\"2020-01-01 00:00:00Z\"}", NULL, "is not a time"},
	{"{\"aTime\":\"2020-1-1T00:00:00Z\"}", NULL, "is not a time"},
	{"{\"aTime\":\"2020-01-01T00:00:00Zx\"}", NULL, "is not a time"},
	{"{\"aTime\":\"2020-01-01T00:00:00Z\\u0000\"}", NULL, "is not a time"},
	{"{\"aTime\":0}", NULL, "expected a time"},
	/* Duration */
	SAME("{\"aDuration\":\"0s\"}"),
	SAME("{\"aDuration\":\"315576000000s\"}"),
	SAME("{\"aDuration\":\"-315576000000s\"}"),
	SAME("{\"aDuration\":\"-0.500s\"}"),
	SAME("{\"aDuration\":\"1.000000001s\"}"),
	{"{\"aDuration\":\"1.5s\"}", "{\"aDuration\":\"1.500s\"}", NULL},
	{"{\"aDuration\":\"1.0s\"}", "{\"aDuration\":\"1s\"}", NULL},
	{"{\"aDuration\":\"-1.000001s\"}", "{\"aDuration\":\"-1.000001s\"}", NULL},
	{"{\"aDuration\":\"1\"}", NULL, "aDuration: \"1\" is not a duration"},
	{"{\"aDuration\":\"s\"}", NULL, "is not a duration"},
	{"{\"aDuration\":\"1m\"}", NULL, "is not a duration"},
	{"{\"aDuration\":\"1.s\"}", NULL, "is not a duration"},
	{"{\"aDuration\":\"--1s\"}", NULL, "is not a duration"},
	{"{\"aDuration\":\"1e3s\"}", NULL, "is not a duration"},
	{"{\"aDuration\":\"315576000001s\"}", NULL, "is not a duration"},
	{"{\"aDuration\":\"99999999999999999999s\"}", NULL, "is not a duration"},
	{"{\"aDuration\":1}", NULL, "expected a duration"},
	/* FieldMask */
	SAME("{\"aMask\":\"\"}"),
	SAME("{\"aMask\":\"user.displayName,photo\"}"),
	SAME("{\"aMask\":\"fooBar,f1.b2C\"}"),
	{"{\"aMask\":\"foo_bar\"}", NULL, "aMask: \"foo_bar\" is not a list of paths"},
	{"{\"aMask\":\"a,,b\"}", NULL, "is not a list of paths"},
	{"{\"aMask\":\"a,\"}", NULL, "is not a list of paths"},
	{"{\"aMask\":[\"a\"]}", NULL, "expected paths as one string"},
	/* Struct, Value, ListValue */
	SAME("{\"aStruct\":{}}"),
	SAME("{\"aStruct\":{\"a\":1.5,\"b\":null,\"c\":[true,\"x\",{}],\"d\":{\"e\":false}}}"),
	{"{\"aStruct\":[]}", NULL, "aStruct: expected an object, not a list"},
	{"{\"aStruct\":null}", "{}", NULL},
	SAME("{\"aValue\":null}"),
	SAME("{\"aValue\":0}"),
	SAME("{\"aValue\":\"\"}"),
	SAME("{\"aValue\":false}"),
	SAME("{\"aValue\":[]}"),
	SAME("{\"aValue\":{}}"),
	SAME("{\"aValue\":[[[null]]]}"),
	{"{\"aValue\":1e999}", NULL, "aValue: 1e999 is out of the range of double"},
	{"{\"aValue\":{\"a\":\"\\u0000\"}}", NULL, "zero byte"},
	SAME("{\"aList\":[1,null,\"a\"]}"),
	{"{\"aList\":{}}", NULL, "aList: expected a list, not an object"},
	SAME("{\"values\":[null,1,null]}"),
	{"{\"aNull\":null}", "{}", NULL},
	{"{\"aNull\":\"NULL_VALUE\"}", "{}", NULL},
	/* wrappers */
	SAME("{\"boolValue\":false}"),
	SAME("{\"bytesValue\":\"\"}"),
	SAME("{\"doubleValue\":0}"),
	SAME("{\"floatValue\":0.25}"),
	SAME("{\"int32Value\":0}"),
	SAME("{\"int64Value\":\"0\"}"),
	SAME("{\"stringValue\":\"\"}"),
	SAME("{\"uint32Value\":4294967295}"),
	SAME("{\"uint64Value\":\"18446744073709551615\"}"),
	SAME("{\"int32Values\":[0,1]}"),
	{"{\"int32Value\":null}", "{}", NULL},
	{"{\"int32Value\":{\"value\":1}}", NULL, "int32Value: expected a number, not an object"},
	{"{\"int32Values\":[null]}", NULL, "int32Values[0]: null cannot stand in a list"},
	/* Empty, Any */
	SAME("{\"anEmpty\":{}}"),
	{"{\"anEmpty\":{\"x\":1}}", NULL, "anEmpty.x: google.protobuf.Empty has no such field"},
	SAME("{\"anAny\":{}}"),
	SAME("{\"anAny\":{\"@type\":\"type.googleapis.com/"
	     "testing.v1.Everything.Part\",\"name\":\"a\"}}"),
	{"{\"anAny\":{\"name\":\"a\",\"@type\":\"x.example/testing.v1.Everything.Part\"}}",
	 "{\"anAny\":{\"@type\":\"x.example/testing.v1.Everything.Part\",\"name\":\"a\"}}", NULL},
	SAME("{\"anAny\":{\"@type\":\"type.googleapis.com/"
	     "google.protobuf.Duration\",\"value\":\"1.500s\"}}"),
	SAME("{\"anAny\":{\"@type\":\"type.googleapis.com/"
	     "google.protobuf.Int32Value\",\"value\":7}}"),
	SAME("{\"anAny\":{\"@type\":\"type.googleapis.com/"
	     "google.protobuf.Value\",\"value\":[null]}}"),
	SAME("{\"anAny\":{\"@type\":\"type.googleapis.com/google.protobuf.Empty\"}}"),
	SAME("{\"anAny\":{\"@type\":\"type.googleapis.com/google.protobuf.Any\",\"value\":"
	     "{\"@type\":\"type.googleapis.com/"
	     "google.protobuf.Timestamp\",\"value\":\"1970-01-01T00:00:00Z\"}}}"),
	{"{\"anAny\":{\"name\":\"a\"}}", NULL, "anAny: an Any needs \"@type\""},
	{"{\"anAny\":{\"@type\":1}}", NULL, "an Any needs \"@type\""},
	{"{\"anAny\":{\"@type\":\"x/no.Such\"}}", NULL,
	 "anAny.@type: the schema has no message \"x/no.Such\""},
	{"{\"anAny\":{\"@type\":\"testing.v1.Everything.Part\"}}", NULL,
	 "the schema has no message"},
	{"{\"anAny\":{\"@type\":\"x/testing.v1.Everything.Part\",\"nome\":1}}", NULL,
	 "anAny.nome: "},
	{"{\"anAny\":{\"@type\":\"x/google.protobuf.Duration\"}}", NULL,
	 "has \"@type\" and \"value\""},
	{"{\"anAny\":{\"@type\":\"x/google.protobuf.Duration\",\"value\":\"1\"}}", NULL,
	 "anAny.value: \"1\" is not a duration"},
	{"{\"anAny\":[]}", NULL, "anAny: expected an object with \"@type\", not a list"},
};

static void every_row_comes_back_or_is_refused(void **state)
{
	struct fast_schema *schema = world_everything();
	unsigned failed = 0;

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(rows); i++) {
		char error[FAST_JSON_ERROR_BYTES_MAX] = "";
		char *again = world_again(schema, EVERYTHING, rows[i].text, 0, error);
		bool right = rows[i].again == NULL
				     ? again == NULL && strstr(error, rows[i].error) != NULL
				     : again != NULL && strcmp(again, rows[i].again) == 0;

		if (!right) {
			print_error("%s\n  expected %s\n  got      %s %s\n", rows[i].text,
				    rows[i].again == NULL ? rows[i].error : rows[i].again,
				    again == NULL ? "-" : again, error);
			failed++;
		}
		free(again);
	}
	fast_schema_free(schema);
	assert_int_equal(0, failed);
}

/* Packed bytes that no JSON leads to, and what printing them says. */
static void assert_printed(const char *name, const void *data, size_t bytes, const char *expected)
{
	struct fast_schema *schema = world_everything();
	char error[FAST_JSON_ERROR_BYTES_MAX] = "";
	struct fast_dynamic message = {0};
	char *text = NULL;

	assert_ok(fast_dynamic_unpack(schema, name, data, bytes, &message, error));
	if (fast_json_print(schema, message.message, 0, &text, error) == FAST_OK) {
		assert_string_equal(expected, text);
	} else {
		assert_null(text);
		assert_string_equal(expected, error);
	}
	free(text);
	fast_dynamic_fini(&message);
	fast_schema_free(schema);
}

static void what_has_no_json_is_refused_when_printed(void **state)
{
	(void)state;
	assert_printed(
		"google.protobuf.Timestamp", "\x08\xff\xff\xff\xff\xff\xff\xff\x7f", 9,
		"72057594037927935 seconds and 0 nanoseconds are no time between the years 1 "
		"and 9999");
	assert_printed("google.protobuf.Timestamp", "\x10\x80\x94\xeb\xdc\x03", 6,
		       "0 seconds and 1000000000 nanoseconds are no time between the years 1 and "
		       "9999");
	assert_printed("google.protobuf.Duration",
		       "\x08\x01\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 13,
		       "1 seconds and -1 nanoseconds are no duration of at most 10000 years");
	assert_printed("google.protobuf.FieldMask",
		       "\x0a\x03"
		       "aBc",
		       5, "the path \"aBc\" has no JSON");
	assert_printed("google.protobuf.Value", "\x11\x00\x00\x00\x00\x00\x00\xf8\x7f", 9,
		       "a value must be a finite number");
	assert_printed("google.protobuf.Any", "\x12\x01x", 3, "an Any does not say its type");
	assert_printed("google.protobuf.Any", "\x0a\x03x/y", 5,
		       "y: the schema has no such message");
	assert_printed("google.protobuf.Value", "", 0, "null");
	assert_printed("google.protobuf.Struct", "\x0a\x03\x0a\x01k", 5, "{\"k\":null}");
}

static void of_equal_keys_of_a_map_the_last_counts(void **state)
{
	(void)state;
	/* by_string: a = 1, b = 2, a = 3 */
	assert_printed(EVERYTHING,
		       "\xfa\x01\x05\x0a\x01"
		       "a\x10\x01\xfa\x01\x05\x0a\x01"
		       "b\x10\x02\xfa\x01\x05\x0a\x01"
		       "a\x10\x03",
		       24, "{\"byString\":{\"b\":2,\"a\":3}}");
}

static void an_any_within_too_many_is_refused(void **state)
{
	static const char url[] = "x/google.protobuf.Any";
	uint8_t data[2048];
	size_t bytes = 0;

	(void)state;
	for (int i = 0; i < 12; i++) { /* each around the one before */
		uint8_t inner[2048];
		size_t at = 0;

		memcpy(inner, data, bytes);
		data[at++] = 0x0a;
		data[at++] = sizeof url - 1;
		memcpy(data + at, url, sizeof url - 1);
		at += sizeof url - 1;
		data[at++] = 0x12;
		data[at++] = (uint8_t)(0x80 | (bytes & 0x7f));
		data[at++] = (uint8_t)(bytes >> 7);
		memcpy(data + at, inner, bytes);
		bytes += at;
	}
	assert_printed("google.protobuf.Any", data, bytes,
		       "value.value.value.value.value.value.value.value.value.value: more than 10 "
		       "Any within each other");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_comes_back_or_is_refused),
		cmocka_unit_test(what_has_no_json_is_refused_when_printed),
		cmocka_unit_test(of_equal_keys_of_a_map_the_last_counts),
		cmocka_unit_test(an_any_within_too_many_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
