#include "strip.h"

#include "input.h"
#include "names.h"
#include "rules.h"

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

/* Where the import now stands, or INDEX_GONE. */
#define INDEX_GONE (-1)

static size_t indices_renumber(int32_t *indices, size_t count, const int32_t *moved,
			       size_t moved_count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		size_t index = (size_t)indices[i];

		if (index < moved_count && moved[index] != INDEX_GONE) {
			indices[kept++] = moved[index];
		}
	}
	return kept;
}

/* protoc-c would include the C messages of every import, used or not, and nobody has those of the
 * rules and of descriptor.proto behind them. file is read no more after this. */
static bool file_forget_rules(struct pool *pool, Google__Protobuf__FileDescriptorProto *file)
{
	int32_t *moved = pool_alloc(pool, file->n_dependency + 1, sizeof *moved);
	size_t kept = 0;

	if (moved == NULL) {
		return false;
	}
	for (size_t i = 0; i < file->n_dependency; i++) {
		bool is_kept = strcmp(file->dependency[i], RULES_PROTO) != 0;

		moved[i] = is_kept ? (int32_t)kept : INDEX_GONE;
		if (is_kept) {
			char *dependency = file->dependency[i];

			file->dependency[i] = file->dependency[kept];
			file->dependency[kept++] = dependency;
		}
	}
	file->n_public_dependency = indices_renumber(
		file->public_dependency, file->n_public_dependency, moved, file->n_dependency);
	file->n_weak_dependency = indices_renumber(file->weak_dependency, file->n_weak_dependency,
						   moved, file->n_dependency);
	file->n_dependency = kept;
	return true;
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
		if (!file_forget_rules(pool, &copies[i])) {
			return false;
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
