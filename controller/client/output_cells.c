#include "client/output.h"
#include "client/quantity.h"
#include "client/value.h"

#include <inttypes.h>

void output_sentence(const void *member, struct text *text)
{
	text_add_clean(text, member);
}

void output_string(const void *member, struct text *text)
{
	const char *chars = *(char *const *)member;

	if (chars == NULL || chars[0] == '\0') {
		text_add(text, "-");
	} else {
		text_add_clean(text, chars);
	}
}

void output_u32(const void *member, struct text *text)
{
	text_add(text, "%" PRIu32, *(const uint32_t *)member);
}

void output_u64(const void *member, struct text *text)
{
	text_add(text, "%" PRIu64, *(const uint64_t *)member);
}

void output_hex64(const void *member, struct text *text)
{
	text_add(text, "%016" PRIx64, *(const uint64_t *)member);
}

void output_count(const void *member, struct text *text)
{
	if (*(const uint64_t *)member == 0) {
		text_add(text, "-");
	} else {
		output_u64(member, text);
	}
}

void output_time(const void *member, struct text *text)
{
	if (*(const int64_t *)member == 0) {
		text_add(text, "-");
	} else {
		quantity_time(text, *(const int64_t *)member);
	}
}

void output_clock(const void *member, struct text *text)
{
	quantity_clock(text, *(const int64_t *)member);
}

void output_since(const void *member, struct text *text)
{
	if (*(const int64_t *)member == 0) {
		text_add(text, "-");
	} else {
		quantity_span(text, quantity_unix_now() - *(const int64_t *)member);
	}
}

void output_bytes(const void *member, struct text *text)
{
	quantity_bytes(text, (double)*(const uint64_t *)member);
}

void output_param_value(const void *member, struct text *text)
{
	value_add(text, *(Fast__V1__ParamValue *const *)member);
}
