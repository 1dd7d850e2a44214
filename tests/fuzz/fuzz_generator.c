/* Any bytes as a CodeGeneratorRequest, and as a FileDescriptorSet. */
#include <generate.h>
#include <strip.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	uint8_t *out = NULL;
	size_t out_bytes = 0;

	if (generate(data, bytes, &out, &out_bytes)) {
		free(out);
	}
	if (strip_services(data, bytes, &out, &out_bytes)) {
		free(out);
	}
	return 0;
}
