/* Metadata as it is on the wire: at a server of whose client the test writes every byte. */
#include "server_fixture.h"

#include <fast/metadata.h>
#include <string.h>

static unsigned seen_count;
static bool saw_trace;
static bool connection_is_bare;

static void echo(struct fast_call *call, const Testing__V1__ProbeRequest *request, void *arg)
{
	const struct fast_metadata_entry entry = FAST_METADATA_TEXT("served-by", "unit");
	const struct fast_metadata headers = {&entry, 1};
	Testing__V1__ProbeResponse response = TESTING__V1__PROBE_RESPONSE__INIT;

	(void)arg;
	seen_count = (unsigned)fast_call_metadata(call)->count;
	saw_trace = fast_call_trace(call) != NULL;
	assert_ok(fast_call_send_headers(call, &headers));
	assert_status(connection_is_bare ? FAST_OK : FAST_FAILED_PRECONDITION,
		      fast_call_send_headers(call, &headers));
	assert_ok(fast_call_add_trailer(call, "cost", "12", 2));
	response.number = request->number;
	testing_v1_probe_echo_reply(call, &response);
}

/* A request with one entry, and a trace. */
static void ask_with(const char *key, const char *value, size_t value_bytes,
		     Fast__V1__TraceContext *trace)
{
	Fast__V1__Packet packet = FAST__V1__PACKET__INIT;
	Fast__V1__MetadataEntry entry = FAST__V1__METADATA_ENTRY__INIT;
	Fast__V1__MetadataEntry *entries[] = {&entry};
	char method[] = "testing.v1.Probe/Echo";

	entry.key = (char *)(uintptr_t)key;
	entry.value.data = (uint8_t *)(uintptr_t)value;
	entry.value.len = value_bytes;
	packet.kind = FAST__V1__PACKET_KIND__PACKET_KIND_REQUEST;
	packet.method = method;
	packet.n_metadata = 1;
	packet.metadata = entries;
	packet.trace = trace;
	assert_true(peer_send_packet(&peer, ID, &packet));
}

static void expect_trailers(void)
{
	Fast__V1__Packet *packet = expect(ID, FAST__V1__PACKET_KIND__PACKET_KIND_RESPONSE);

	assert_int_equal(1, packet->n_metadata);
	assert_string_equal("cost", packet->metadata[0]->key);
	assert_int_equal(2, packet->metadata[0]->value.len);
	assert_memory_equal("12", packet->metadata[0]->value.data, 2);
	fast__v1__packet__free_unpacked(packet, NULL);
}

static void an_own_peer_gets_headers_in_accepted_and_trailers_in_the_response(void **state)
{
	Fast__V1__Packet *packet;

	(void)state;
	world.handlers.echo = echo;
	connection_is_bare = false;
	say_hello(1);
	fast__v1__packet__free_unpacked(
		expect(FAST_SP_CONNECTION_ID, FAST__V1__PACKET_KIND__PACKET_KIND_HELLO), NULL);
	ask_with("tenant", "t", 1, NULL);
	packet = expect(ID, FAST__V1__PACKET_KIND__PACKET_KIND_ACCEPTED);
	assert_int_equal(1, packet->n_metadata);
	assert_string_equal("served-by", packet->metadata[0]->key);
	fast__v1__packet__free_unpacked(packet, NULL);
	expect_trailers();
	expect_silence();
	assert_int_equal(1, seen_count);
}

static void a_bare_peer_gets_its_one_packet_with_trailers(void **state)
{
	(void)state;
	world.handlers.echo = echo;
	connection_is_bare = true;
	ask_with("tenant", "t", 1, NULL);
	expect_trailers();
	expect_silence();
}

static void metadata_that_breaks_a_rule_is_refused_before_the_handler(void **state)
{
	(void)state;
	ask_with("Tenant", "t", 1, NULL);
	expect_failure(ID, FAST_INVALID_ARGUMENT, "a key is 1 to 64");
	ask_with("", "t", 1, NULL);
	expect_failure(ID, FAST_INVALID_ARGUMENT, "a key is 1 to 64");
	ask_with("tenant", "\x80", 1, NULL);
	expect_failure(ID, FAST_INVALID_ARGUMENT, "printable ASCII");
	assert_int_equal(0, world.requests);
	assert_int_equal(3, (int)stats().calls_refused);
	ask_with("tenant-bin", "\x80", 1, NULL);
	expect_answer(ID, 0);
}

static void a_trace_that_is_none_is_ignored(void **state)
{
	Fast__V1__TraceContext trace = FAST__V1__TRACE_CONTEXT__INIT;
	uint8_t id[16] = {1};
	uint8_t span[8] = {0};

	(void)state;
	world.handlers.echo = echo;
	connection_is_bare = true;
	trace.trace_id = (ProtobufCBinaryData){sizeof id, id};
	trace.parent_id = (ProtobufCBinaryData){sizeof span, span};
	ask_with("tenant", "t", 1, &trace);
	expect_trailers();
	assert_false(saw_trace);
	span[7] = 1;
	ask_with("tenant", "t", 1, &trace);
	expect_trailers();
	assert_true(saw_trace);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		server_test(an_own_peer_gets_headers_in_accepted_and_trailers_in_the_response),
		server_test(a_bare_peer_gets_its_one_packet_with_trailers),
		server_test(metadata_that_breaks_a_rule_is_refused_before_the_handler),
		server_test(a_trace_that_is_none_is_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
