#include "services_world.h"

#include <fast/v1/reflection.fast.h>
#include <google/protobuf/descriptor.pb-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <testing/v1/second.fast.h>

#define LIST_SERVICES (&fast_v1_reflection_service.methods[0])
#define GET_SCHEMA    (&fast_v1_reflection_service.methods[1])

static struct world world;
static const struct testing_v1_second_handlers second_handlers = {.ask = NULL};

static int setup(void **state)
{
	(void)state;
	world_open(&world, NULL);
	assert_ok(fast_server_add(world.server, &testing_v1_second_service, &second_handlers, NULL,
				  0));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_close(&world);
	return 0;
}

static const Fast__V1__ListServicesResponse *list(struct answer *answer)
{
	const Fast__V1__ListServicesRequest request = FAST__V1__LIST_SERVICES_REQUEST__INIT;

	return ask_service(&world, LIST_SERVICES, &request.base, answer);
}

static const Fast__V1__GetSchemaResponse *get(const char *service, struct answer *answer)
{
	Fast__V1__GetSchemaRequest request = FAST__V1__GET_SCHEMA_REQUEST__INIT;

	request.service = (char *)(uintptr_t)service;
	return ask_service(&world, GET_SCHEMA, &request.base, answer);
}

static void services_are_listed_by_name(void **state)
{
	static const char *const names[] = {"fast.v1.Reflection", "testing.v1.Probe",
					    "testing.v1.Second"};
	const Fast__V1__ListServicesResponse *response;
	struct answer answer;
	size_t found = 0;

	(void)state;
	response = list(&answer);
	assert_ok(answer.status);
	for (size_t i = 0; i < response->n_services; i++) {
		assert_true(i == 0 || strcmp(response->services[i - 1], response->services[i]) < 0);
		for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
			found += strcmp(response->services[i], names[k]) == 0;
		}
	}
	assert_int_equal(sizeof names / sizeof names[0], found);
	answer_fini(&answer);
}

/* Unpacks a schema and checks that each file comes after what it imports. The caller frees it. */
static Google__Protobuf__FileDescriptorSet *schema_read(const ProtobufCBinaryData *packed)
{
	Google__Protobuf__FileDescriptorSet *set =
		google__protobuf__file_descriptor_set__unpack(NULL, packed->len, packed->data);

	assert_non_null(set);
	for (size_t i = 0; i < set->n_file; i++) {
		for (size_t k = 0; k < set->file[i]->n_dependency; k++) {
			size_t at = 0;
			while (at < i &&
			       strcmp(set->file[at]->name, set->file[i]->dependency[k]) != 0) {
				at++;
			}
			assert_true(at < i);
		}
	}
	return set;
}

static void a_schema_has_the_file_of_its_service_and_all_imports(void **state)
{
	Google__Protobuf__FileDescriptorSet *set;
	const Fast__V1__GetSchemaResponse *response;
	struct answer answer;

	(void)state;
	response = get("testing.v1.Second", &answer);
	assert_ok(answer.status);
	set = schema_read(&response->descriptor_set);
	assert_int_equal(2, set->n_file);
	assert_string_equal("testing/v1/probe.proto", set->file[0]->name);
	assert_string_equal("testing/v1/second.proto", set->file[1]->name);
	assert_string_equal("Second", set->file[1]->service[0]->name);
	assert_string_equal(".testing.v1.ProbeRequest",
			    set->file[1]->service[0]->method[0]->input_type);
	google__protobuf__file_descriptor_set__free_unpacked(set, NULL);
	answer_fini(&answer);
}

static void every_service_listed_has_a_schema_that_names_it(void **state)
{
	const Fast__V1__ListServicesResponse *names;
	struct answer listed;

	(void)state;
	names = list(&listed);
	for (size_t i = 0; i < names->n_services; i++) {
		struct answer answer;
		const Fast__V1__GetSchemaResponse *response = get(names->services[i], &answer);
		Google__Protobuf__FileDescriptorSet *set;
		const Google__Protobuf__FileDescriptorProto *file;

		assert_ok(answer.status);
		set = schema_read(&response->descriptor_set);
		file = set->file[set->n_file - 1];
		assert_int_equal(1, file->n_service);
		assert_string_equal(strrchr(names->services[i], '.') + 1, file->service[0]->name);
		google__protobuf__file_descriptor_set__free_unpacked(set, NULL);
		answer_fini(&answer);
	}
	answer_fini(&listed);
}

static void an_unknown_service_is_answered_with_those_that_are_here(void **state)
{
	struct answer answer;

	(void)state;
	get("testing.v1.Third", &answer);
	assert_status(FAST_NOT_FOUND, answer.status);
	assert_non_null(strstr(answer.text, "\"testing.v1.Third\""));
	assert_non_null(strstr(answer.text, "testing.v1.Probe, testing.v1.Second"));
	get("", &answer);
	assert_status(FAST_NOT_FOUND, answer.status);
}

static void a_name_of_any_length_is_refused_in_a_sentence_that_can_be_read(void **state)
{
	struct answer answer;
	char *name = malloc(100001);

	(void)state;
	assert_non_null(name);
	for (size_t i = 0; i < 100000; i += 2) {
		memcpy(name + i, "\xc3\xa9", 2); /* a cut could fall within a character */
	}
	name[100000] = 0;
	get(name, &answer);
	assert_status(FAST_NOT_FOUND, answer.status);
	assert_non_null(strstr(answer.text, "testing.v1.Probe"));
	free(name);
}

static void a_bare_peer_may_ask(void **state)
{
	Fast__V1__ListServicesRequest request = FAST__V1__LIST_SERVICES_REQUEST__INIT;
	Fast__V1__ListServicesResponse *response;
	Fast__V1__Packet *packet;
	struct peer peer;

	(void)state;
	bare_open(&world, &peer);
	packet = bare_ask(&peer, "fast.v1.Reflection/ListServices", &request.base);
	assert_null(packet->status);
	response = fast__v1__list_services_response__unpack(NULL, packet->payload.len,
							    packet->payload.data);
	assert_non_null(response);
	assert_true(response->n_services >= 3);
	fast__v1__list_services_response__free_unpacked(response, NULL);
	fast__v1__packet__free_unpacked(packet, NULL);
	peer_close(&peer);
}

static void an_option_switches_it_off(void **state)
{
	const struct fast_server_options options = {.size = sizeof options, .no_reflection = true};
	struct world closed;
	struct answer answer;
	Fast__V1__ListServicesRequest request = FAST__V1__LIST_SERVICES_REQUEST__INIT;

	(void)state;
	world_open(&closed, &options);
	ask_service(&closed, LIST_SERVICES, &request.base, &answer);
	assert_status(FAST_UNIMPLEMENTED, answer.status);
	world_close(&closed);
}

static void options_of_an_older_header_leave_it_on(void **state)
{
	const struct fast_server_options options = {
		.size = offsetof(struct fast_server_options, no_reflection), .no_reflection = true};
	struct world old;
	struct answer answer;
	Fast__V1__ListServicesRequest request = FAST__V1__LIST_SERVICES_REQUEST__INIT;

	(void)state;
	world_open(&old, &options);
	ask_service(&old, LIST_SERVICES, &request.base, &answer);
	assert_ok(answer.status);
	answer_fini(&answer);
	world_close(&old);
}

static void a_server_still_takes_as_many_services_of_its_own_as_promised(void **state)
{
	static char names[FAST_SERVER_SERVICES_MAX + 1][24];
	static struct fast_service services[FAST_SERVER_SERVICES_MAX + 1];
	struct fast_server *server = NULL;

	(void)state;
	assert_ok(fast_server_open(NULL, &server));
	for (size_t i = 0; i <= FAST_SERVER_SERVICES_MAX; i++) {
		snprintf(names[i], sizeof names[i], "testing.v1.N%zu", i);
		services[i] = (struct fast_service){.name = names[i]};
		assert_status(i < FAST_SERVER_SERVICES_MAX ? FAST_OK : FAST_RESOURCE_EXHAUSTED,
			      fast_server_add(server, &services[i], NULL, NULL, 0));
	}
	assert_status(FAST_ALREADY_EXISTS,
		      fast_server_add(server, &fast_v1_reflection_service, NULL, NULL, 0));
	fast_server_close(server);
}

#define reflection_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		reflection_test(services_are_listed_by_name),
		reflection_test(a_schema_has_the_file_of_its_service_and_all_imports),
		reflection_test(every_service_listed_has_a_schema_that_names_it),
		reflection_test(an_unknown_service_is_answered_with_those_that_are_here),
		reflection_test(a_name_of_any_length_is_refused_in_a_sentence_that_can_be_read),
		reflection_test(a_bare_peer_may_ask),
		cmocka_unit_test(an_option_switches_it_off),
		cmocka_unit_test(options_of_an_older_header_leave_it_on),
		cmocka_unit_test(a_server_still_takes_as_many_services_of_its_own_as_promised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
