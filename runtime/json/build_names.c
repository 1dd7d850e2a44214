#include "json/build.h"

#include <stdlib.h>
#include <string.h>

/* protobuf's own rule: an underscore is left out, and a letter behind it is a capital. */
static char *name_camel(struct fast_build *build, const char *name)
{
	char *camel = fast_build_alloc(build, strlen(name) + 1, 1);
	size_t used = 0;
	bool upper = false;

	for (; camel != NULL && *name != '\0'; name++) {
		if (*name == '_') {
			upper = true;
			continue;
		}
		camel[used++] =
			upper && *name >= 'a' && *name <= 'z' ? (char)(*name - 'a' + 'A') : *name;
		upper = false;
	}
	return camel;
}

static int name_compare(const void *left, const void *right)
{
	const struct fast_schema_name *a = left, *b = right;
	int order = strcmp(a->name, b->name);

	return order != 0 ? order : (int)b->is_json - (int)a->is_json;
}

bool fast_build_names(struct fast_build *build, struct fast_schema_message *message,
		      const Google__Protobuf__FieldDescriptorProto *const *sources)
{
	unsigned count = message->descriptor.n_fields;
	struct fast_schema_name *names = fast_build_alloc(build, 2u * count, sizeof *names);

	if (names == NULL) {
		return false;
	}
	for (unsigned i = 0; i < count; i++) {
		const char *given = sources[i]->json_name;

		if (given == NULL || given[0] == '\0') {
			given = name_camel(build, sources[i]->name);
		}
		if (given == NULL) {
			return false;
		}
		message->fields[i].json_name = given;
		names[2 * i] = (struct fast_schema_name){given, i, true};
		names[2 * i + 1] = (struct fast_schema_name){sources[i]->name, i, false};
	}
	qsort(names, 2u * count, sizeof *names, name_compare);
	for (unsigned i = 1; i < 2 * count; i++) {
		if (names[i].is_json && names[i - 1].is_json &&
		    strcmp(names[i - 1].name, names[i].name) == 0) {
			return fast_build_refuse(build,
						 "message %.200s: two fields have the JSON name "
						 "\"%.100s\"",
						 message->descriptor.name, names[i].name);
		}
	}
	message->names = names;
	message->name_count = 2u * count;
	return true;
}
