/* protoc-gen-fast - a plugin of protoc that generates typed stubs for services.
 *
 * Without arguments it is the plugin: protoc runs it for --fast_out. With --strip it readies a
 * FileDescriptorSet for protoc-c, see strip.h. */
#include "generate.h"
#include "input.h"
#include "strip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READ_BYTES_MIN ((size_t)64 << 10)

typedef bool convert_fn(const uint8_t *in, size_t in_bytes, uint8_t **out, size_t *out_bytes);

/* All of the stream, up to some more than is taken. Gives *out. */
static bool stream_read(FILE *stream, uint8_t **out, size_t *out_bytes)
{
	uint8_t *bytes = NULL;
	size_t capacity = 0;
	size_t size = 0;

	while (!feof(stream) && size <= INPUT_BYTES_MAX) {
		if (size == capacity) {
			size_t more = capacity == 0 ? READ_BYTES_MIN : capacity * 2;
			uint8_t *larger = realloc(bytes, more);

			if (larger == NULL) {
				free(bytes);
				return false;
			}
			bytes = larger;
			capacity = more;
		}
		size += fread(bytes + size, 1, capacity - size, stream);
		if (ferror(stream)) {
			free(bytes);
			return false;
		}
	}
	*out = bytes;
	*out_bytes = size;
	return true;
}

static int stream_convert(FILE *input, FILE *output, convert_fn *convert)
{
	uint8_t *in = NULL;
	uint8_t *out = NULL;
	size_t in_bytes = 0;
	size_t out_bytes = 0;
	int code = EXIT_FAILURE;

	if (!stream_read(input, &in, &in_bytes)) {
		fprintf(stderr, "protoc-gen-fast: the input cannot be read\n");
	} else if (!convert(in, in_bytes, &out, &out_bytes)) {
		fprintf(stderr, "protoc-gen-fast: the input is not what protoc writes, is too "
				"large, or there is no memory\n");
	} else if (fwrite(out, 1, out_bytes, output) != out_bytes || fflush(output) != 0) {
		fprintf(stderr, "protoc-gen-fast: the output cannot be written\n");
	} else {
		code = EXIT_SUCCESS;
	}
	free(out);
	free(in);
	return code;
}

static int file_strip(const char *in_path, const char *out_path)
{
	FILE *input = fopen(in_path, "rb");
	FILE *output = input == NULL ? NULL : fopen(out_path, "wb");
	int code = EXIT_FAILURE;

	if (output == NULL) {
		perror(input == NULL ? in_path : out_path);
	} else {
		code = stream_convert(input, output, strip_services);
		if (fclose(output) != 0) {
			perror(out_path);
			code = EXIT_FAILURE;
		}
	}
	if (input != NULL) {
		fclose(input);
	}
	return code;
}

int main(int argc, char **argv)
{
	if (argc == 1) {
		return stream_convert(stdin, stdout, generate);
	}
	if (argc == 4 && strcmp(argv[1], "--strip") == 0) {
		return file_strip(argv[2], argv[3]);
	}
	fprintf(stderr, "usage: protoc --plugin=protoc-gen-fast --fast_out=DIR FILE.proto\n"
			"       protoc-gen-fast --strip IN.set OUT.set\n");
	return EXIT_FAILURE;
}
