#include "generate.h"

#include "emit.h"
#include "input.h"
#include "model.h"

#include <google/protobuf/compiler/plugin.pb-c.h>
#include <stdlib.h>

#define FILES_PER_FILE 2

/* The generated files of one run. Zeroed memory is a valid empty one. */
struct output {
	struct writer *writers;
	Google__Protobuf__Compiler__CodeGeneratorResponse__File *files;
	Google__Protobuf__Compiler__CodeGeneratorResponse__File **file_pointers;
	size_t count;
};

static void output_fini(struct output *output)
{
	for (size_t i = 0; i < output->count; i++) {
		writer_fini(&output->writers[i]);
	}
	free(output->writers);
	free(output->files);
	free(output->file_pointers);
	*output = (struct output){0};
}

static bool output_init(struct output *output, size_t capacity)
{
	output->writers = calloc(capacity, sizeof *output->writers);
	output->files = calloc(capacity, sizeof *output->files);
	output->file_pointers = calloc(capacity, sizeof(void *));
	return output->writers != NULL && output->files != NULL && output->file_pointers != NULL;
}

static bool output_add(struct output *output, const struct model_file *file, const char *suffix,
		       void (*emit)(struct writer *writer, const struct model_file *file))
{
	struct writer *writer = &output->writers[output->count];
	Google__Protobuf__Compiler__CodeGeneratorResponse__File *entry =
		&output->files[output->count];

	google__protobuf__compiler__code_generator_response__file__init(entry);
	output->file_pointers[output->count] = entry;
	output->count++;

	entry->name = pool_printf(&writer->pool, "%s%s", file->stem, suffix);
	emit(writer, file);
	writer_settle(writer);
	entry->content = writer->text;
	return entry->name != NULL && !writer->failed;
}

static bool response_pack(const Google__Protobuf__Compiler__CodeGeneratorResponse *response,
			  uint8_t **out, size_t *out_bytes)
{
	size_t size =
		google__protobuf__compiler__code_generator_response__get_packed_size(response);
	uint8_t *bytes = malloc(size);

	if (bytes == NULL) {
		return false;
	}
	google__protobuf__compiler__code_generator_response__pack(response, bytes);
	*out = bytes;
	*out_bytes = size;
	return true;
}

static bool answer(const Google__Protobuf__Compiler__CodeGeneratorRequest *request, uint8_t **out,
		   size_t *out_bytes)
{
	Google__Protobuf__Compiler__CodeGeneratorResponse response =
		GOOGLE__PROTOBUF__COMPILER__CODE_GENERATOR_RESPONSE__INIT;
	struct output output = {0};
	struct model model = {0};
	bool done = false;

	/* So that protoc leaves the refusal of proto3 optional, with a remedy, to us. */
	response.has_supported_features = true;
	response.supported_features =
		GOOGLE__PROTOBUF__COMPILER__CODE_GENERATOR_RESPONSE__FEATURE__FEATURE_PROTO3_OPTIONAL;

	if (!model_read(&model, request)) {
		response.error = model.refusal;
		done = response_pack(&response, out, out_bytes);
		goto out;
	}
	if (!output_init(&output, model.file_count * FILES_PER_FILE + 1)) {
		goto out;
	}
	for (size_t i = 0; i < model.file_count; i++) {
		if (!output_add(&output, &model.files[i], ".fast.h", emit_header) ||
		    !output_add(&output, &model.files[i], ".fast.c", emit_source)) {
			goto out;
		}
	}
	response.n_file = output.count;
	response.file = output.file_pointers;
	done = response_pack(&response, out, out_bytes);

out:
	output_fini(&output);
	model_fini(&model);
	return done;
}

bool generate(const uint8_t *in, size_t in_bytes, uint8_t **out, size_t *out_bytes)
{
	const ProtobufCMessageDescriptor *descriptor =
		&google__protobuf__compiler__code_generator_request__descriptor;
	Google__Protobuf__Compiler__CodeGeneratorRequest *request = NULL;
	bool done;

	if (!input_is_bounded(descriptor, in, in_bytes)) {
		return false;
	}
	request = google__protobuf__compiler__code_generator_request__unpack(NULL, in_bytes, in);
	if (request == NULL) {
		return false;
	}
	done = answer(request, out, out_bytes);
	google__protobuf__compiler__code_generator_request__free_unpacked(request, NULL);
	return done;
}
