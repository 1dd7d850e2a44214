#include "strip.h"

#include "input.h"
#include "names.h"

#include <google/protobuf/descriptor.pb-c.h>
#include <stdlib.h>
#include <string.h>

/* The first member of protoc-c's service structs. */
#define SERVICE_BASE "base"

static bool file_is_unspellable(struct pool *pool,
				const Google__Protobuf__FileDescriptorProto *file)
{
	for (size_t i = 0; i < file->n_service; i++) {
		const Google__Protobuf__ServiceDescriptorProto *service = file->service[i];

		for (size_t k = 0; k < service->n_method; k++) {
			const char *name = service->method[k]->name;
			const char *snake = name == NULL ? NULL : names_snake(pool, name);

			if (snake == NULL || names_is_reserved(snake) ||
			    strcmp(snake, SERVICE_BASE) == 0) {
				return true;
			}
		}
	}
	return false;
}

static bool set_pack(struct pool *pool, const Google__Protobuf__FileDescriptorSet *set,
		     uint8_t **out, size_t *out_bytes)
{
	Google__Protobuf__FileDescriptorSet stripped = *set;
	Google__Protobuf__FileDescriptorProto *copies =
		pool_alloc(pool, set->n_file + 1, sizeof *copies);

	stripped.file = pool_alloc(pool, set->n_file + 1, sizeof(void *));
	if (copies == NULL || stripped.file == NULL) {
		return false;
	}
	for (size_t i = 0; i < set->n_file; i++) {
		copies[i] = *set->file[i];
		if (file_is_unspellable(pool, set->file[i])) {
			copies[i].n_service = 0;
		}
		stripped.file[i] = &copies[i];
	}

	*out_bytes = google__protobuf__file_descriptor_set__get_packed_size(&stripped);
	*out = malloc(*out_bytes + 1);
	if (*out == NULL) {
		return false;
	}
	google__protobuf__file_descriptor_set__pack(&stripped, *out);
	return true;
}

bool strip_services(const uint8_t *in, size_t in_bytes, uint8_t **out, size_t *out_bytes)
{
	struct pool pool = {0};
	Google__Protobuf__FileDescriptorSet *set = NULL;
	bool done;

	if (!input_is_bounded(&google__protobuf__file_descriptor_set__descriptor, in, in_bytes)) {
		return false;
	}
	set = google__protobuf__file_descriptor_set__unpack(NULL, in_bytes, in);
	if (set == NULL) {
		return false;
	}
	done = set_pack(&pool, set, out, out_bytes);
	google__protobuf__file_descriptor_set__free_unpacked(set, NULL);
	pool_fini(&pool);
	return done;
}
