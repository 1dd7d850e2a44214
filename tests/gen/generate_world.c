#include "generate_world.h"

#include <generate.h>
#include <stdio.h>
#include <stdlib.h>

int fixture_set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);
	FILE *file = fopen(BARE_SET, "rb");

	assert_non_null(fixture);
	assert_non_null(file);
	fixture->set_size = fread(fixture->set_bytes, 1, SET_BYTES_MAX, file);
	fclose(file);
	assert_in_range(fixture->set_size, 1, SET_BYTES_MAX - 1);
	fixture->set = google__protobuf__file_descriptor_set__unpack(NULL, fixture->set_size,
								     fixture->set_bytes);
	assert_non_null(fixture->set);

	google__protobuf__compiler__code_generator_request__init(&fixture->request);
	fixture->to_generate[0] = fixture->set->file[fixture->set->n_file - 1]->name;
	fixture->request.n_file_to_generate = 1;
	fixture->request.file_to_generate = fixture->to_generate;
	fixture->request.n_proto_file = fixture->set->n_file;
	fixture->request.proto_file = fixture->set->file;
	*state = fixture;
	return 0;
}

int fixture_tear_down(void **state)
{
	struct fixture *fixture = *state;

	google__protobuf__file_descriptor_set__free_unpacked(fixture->set, NULL);
	free(fixture);
	return 0;
}

response_message *ask(const request_message *request)
{
	size_t size = google__protobuf__compiler__code_generator_request__get_packed_size(request);
	uint8_t *in = malloc(size + 1);
	uint8_t *out = NULL;
	size_t out_bytes = 0;
	response_message *response;

	assert_non_null(in);
	google__protobuf__compiler__code_generator_request__pack(request, in);
	assert_true(generate(in, size, &out, &out_bytes));
	response =
		google__protobuf__compiler__code_generator_response__unpack(NULL, out_bytes, out);
	assert_non_null(response);
	free(in);
	free(out);
	return response;
}
