/* The reader takes what jansson takes, and refuses what it refuses. */
#include "support/harness.h"

#include "json/reader.h"

#include <jansson.h>
#include <string.h>

static bool reader_takes(const char *text, size_t bytes)
{
	char error[FAST_JSON_ERROR_BYTES_MAX];
	struct fast_json_node *node = NULL;
	struct fast_arena arena;
	enum fast_status status;

	fast_arena_init(&arena, FAST_JSON_MEMORY_BYTES_MAX);
	status = fast_json_read(text, bytes, &arena, &node, error);
	fast_arena_fini(&arena);
	return status == FAST_OK;
}

static bool jansson_takes(const char *text, size_t bytes)
{
	json_t *value = json_loadb(text, bytes,
				   JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL |
					   JSON_DECODE_INT_AS_REAL,
				   NULL);

	json_decref(value);
	return value != NULL;
}

static void mutations_are_judged_as_jansson_judges_them(void **state)
{
	static const char *const seeds[] = {
		"{\"a\":[1,-2.5e+3,true,false,null],\"b\":{\"c\":\"d\"}}",
		"[\"\\u00e4\\ud83d\\ude00\\n\",0,0.1,1e5,\"\xc3\xa4\"]",
		"  [ { } , [ ] , \"\" ]  ",
		"{\"k\":\"v\",\"l\":\"\\\\\\\"\"}",
	};
	static const char alphabet[] = "{}[]\",:\\ue0123456789.-+Etrufalsn \n\t\x01\x80\xc3\xa4";
	uint64_t seed = 88172645463325252u;
	unsigned taken = 0;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		char text[128];
		const char *origin = seeds[(unsigned)i % FAST_TEST_COUNT(seeds)];
		size_t bytes = strlen(origin);
		bool takes;

		memcpy(text, origin, bytes);
		for (unsigned changes = 1 + (unsigned)i % 3; changes > 0; changes--) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			text[seed % bytes] = alphabet[(seed >> 20) % (sizeof alphabet - 1)];
		}
		bytes -= (seed >> 40) % 16 == 0; /* and sometimes one less */
		takes = reader_takes(text, bytes);
		if (takes != jansson_takes(text, bytes)) {
			print_error("%.*s\n", (int)bytes, text);
			fail();
		}
		taken += takes;
	}
	assert_true(taken > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mutations_are_judged_as_jansson_judges_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
