/* What a client refuses to send beside a request. */
#include "rpc_world.h"

#include <fast/metadata.h>
#include <string.h>

static struct world world;

static int setup(void **state)
{
	(void)state;
	world_open(&world, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_close(&world);
	return 0;
}

static void refused(const struct fast_metadata *metadata, const char *words)
{
	const struct fast_call_options options = {.size = sizeof options, .metadata = metadata};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct fast_stream *stream = NULL;
	struct fast_reply reply;

	assert_status(FAST_INVALID_ARGUMENT,
		      testing_v1_probe_echo(world.client, &options, &request, &reply));
	assert_int_equal(FAST_EXECUTED_NO, reply.executed);
	if (strstr(reply.text, words) == NULL) {
		fail_msg("'%s' is not in '%s'", words, reply.text);
	}
	fast_reply_fini(&reply);
	assert_status(FAST_INVALID_ARGUMENT,
		      testing_v1_probe_watch(world.client, &options, &request, &stream));
}

static void what_breaks_a_rule_is_refused_with_a_sentence(void **state)
{
	static char long_key[FAST_METADATA_KEY_BYTES_MAX + 2];
	static char long_value[FAST_METADATA_VALUE_BYTES_MAX + 1];
	static struct fast_metadata_entry many[FAST_METADATA_MAX + 1];
	const struct {
		struct fast_metadata_entry entry;
		const char *words;
	} cases[] = {
		{{"Tenant", "x", 1}, "'Tenant': a key is 1 to 64 characters of a-z"},
		{{"", "x", 1}, "a key is 1 to 64"},
		{{NULL, "x", 1}, "a key is 1 to 64"},
		{{"a b", "x", 1}, "a key is 1 to 64"},
		{{long_key, "x", 1}, "a key is 1 to 64"},
		{{"tenant", "a\nb", 3}, "'tenant': a value is printable ASCII"},
		{{"tenant", "\xc3\xa4", 2}, "a key that ends with -bin takes any bytes"},
		{{"tenant", "x\0", 2}, "printable"},
		{{"-bin", "\0", 1}, "printable"},
		{{"blob-bin", long_value, sizeof long_value}, "at most 4096 bytes"},
	};
	const struct fast_metadata too_many = {many, FAST_METADATA_MAX + 1};
	const struct fast_metadata too_long = {many, 3};

	(void)state;
	memset(long_key, 'k', sizeof long_key - 1);
	for (size_t i = 0; i < FAST_TEST_COUNT(cases); i++) {
		const struct fast_metadata metadata = {&cases[i].entry, 1};
		refused(&metadata, cases[i].words);
	}
	for (size_t i = 0; i < FAST_TEST_COUNT(many); i++) {
		many[i] = (struct fast_metadata_entry){"k-bin", long_value, 4000};
	}
	refused(&too_many, "at most 64 entries");
	refused(&too_long, "at most 8192 bytes together");
	assert_int_equal(0, world.dials); /* nothing was sent */
}

static void a_trace_that_is_none_is_refused(void **state)
{
	const struct fast_trace nothing = {.flags = 0};
	const struct fast_call_options options = {.size = sizeof options, .trace = &nothing};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct fast_reply reply;

	(void)state;
	assert_status(FAST_INVALID_ARGUMENT,
		      testing_v1_probe_echo(world.client, &options, &request, &reply));
	assert_non_null(strstr(reply.text, "two ids that are not zero"));
	fast_reply_fini(&reply);
}

#define rules_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		rules_test(what_breaks_a_rule_is_refused_with_a_sentence),
		rules_test(a_trace_that_is_none_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
