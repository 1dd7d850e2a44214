/* The gets: what a plugin's inner loop calls. Memory only; docs/page.md says why this is enough. */
#include <fast/param.h>

#include "page/atomic.h"
#include "param_rules.h"
#include "plugin_impl.h"

#include <fast/log.h>

#include <assert.h>
#include <inttypes.h>
#include <string.h>

/* Each try but the first means that fastd has turned a knob meanwhile. */
#define READ_TRIES_MAX 64

#define likely(condition) __builtin_expect(condition, 1)

/* What a get has found. */
struct reading {
	uint64_t revision;
	struct param_value value; /* string: only of a text */
	size_t choice;
};

/* Reads from the bank of that generation; words: how much of the string. */
static inline void bank_read(const struct fast_param *param, const struct fast_page_params *region,
			     uint64_t generation, size_t words, struct reading *out)
{
	const struct fast_page_slot *slot =
		&region->bank[generation & 1][param->slot % FAST_PAGE_PARAMS_MAX];

	out->revision = page_load(&slot->revision);
	out->value.word = page_load(&slot->value);
	for (size_t i = 0; i < words; i++) {
		out->value.string[i] = page_load(&slot->string[i]);
	}
}

/* Reads the slot of the bank in force. False: the bank changed, or there is no page here. */
static inline bool slot_read(const struct fast_param *param, size_t words, struct reading *out)
{
	const struct fast_page_params *first = region_load(param->first);
	const struct fast_page_params *region = region_load(param->region);

	if (__builtin_expect(first == NULL || region == NULL, 0)) {
		return false;
	}
	uint64_t generation = __atomic_load_n(&first->generation, __ATOMIC_ACQUIRE);
	bank_read(param, region, generation, words, out);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return page_load(&first->generation) == generation;
}

/* Whether this is the value that was good before. */
static inline bool is_known(const struct fast_param *param, size_t words,
			    const struct reading *reading)
{
	uint64_t different;

	if (reading->revision != atomic_load_explicit(&param->revision, memory_order_acquire)) {
		return false;
	}
	if (reading->revision == 0) {
		return true;
	}
	/* A new fastd may use a revision again. */
	different = reading->value.word ^ page_load(&param->good.word);
	for (size_t i = 0; i < words; i++) {
		different |= reading->value.string[i] ^ page_load(&param->good.string[i]);
	}
	return different == 0;
}

static void value_store(struct param_value *to, const struct param_value *value)
{
	page_store(&to->word, value->word);
	for (size_t i = 0; i < FAST_PAGE_STRING_BYTES / 8; i++) {
		page_store(&to->string[i], value->string[i]);
	}
}

/* Keeps the value for the next get, and tells fastd that it has been read. */
static void reading_keep(struct fast_param *param, const struct reading *reading)
{
	if (atomic_flag_test_and_set_explicit(&param->updating, memory_order_acquire)) {
		return; /* another thread is keeping one */
	}
	atomic_store_explicit(&param->settled, FAST_PARAM_UNSETTLED, memory_order_relaxed);
	value_store(&param->good, &reading->value);
	atomic_store_explicit(&param->choice, reading->choice, memory_order_relaxed);
	atomic_store_explicit(&param->revision, reading->revision, memory_order_release);
	if (!atomic_load_explicit(&param->explicit_ack, memory_order_relaxed)) {
		page_store(&param->ack->revision, reading->revision);
	}
	atomic_flag_clear_explicit(&param->updating, memory_order_release);
}

/* Takes the last good value, or the initial one if another thread is just replacing that. */
static void reading_fall_back(struct fast_param *param, struct reading *out)
{
	out->value = param->rules.initial;
	if (atomic_flag_test_and_set_explicit(&param->updating, memory_order_acquire)) {
		(void)fast_param_rules_allow(&param->rules, &out->value, &out->choice);
		return;
	}
	out->value = param->good;
	out->choice = atomic_load_explicit(&param->choice, memory_order_relaxed);
	atomic_flag_clear_explicit(&param->updating, memory_order_release);
}

/* The revision is not the one known. */
__attribute__((cold, noinline)) static void reading_settle(struct fast_param *param,
							   struct reading *reading)
{
	uint64_t revision = reading->revision;

	if (revision == 0) {
		reading->value = param->rules.initial;
	} else if (param->rules.type != FAST_PARAM_STRING && param->rules.type != FAST_PARAM_ENUM) {
		memset(reading->value.string, 0, sizeof reading->value.string); /* not read */
	}
	if (fast_param_rules_allow(&param->rules, &reading->value, &reading->choice)) {
		reading_keep(param, reading);
		return;
	}
	reading_fall_back(param, reading);
	reading->revision = fast_param_revision(param);
	if (atomic_exchange(&param->reported, revision) != revision) {
		fast_log(FAST_LOG_ERROR,
			 "param \"%s\": revision %" PRIu64
			 " is not an allowed value; the last good "
			 "one is kept",
			 param->rules.name, revision);
	}
}

/* Makes of what was read what the plugin is given. */
static inline void reading_finish(struct fast_param *param, size_t words, struct reading *reading)
{
	if (!likely(is_known(param, words, reading))) {
		reading_settle(param, reading);
		return;
	}
	if (reading->revision == 0) {
		reading->value.word = param->rules.initial.word;
		memcpy(reading->value.string, param->rules.initial.string, 8 * words);
	}
	reading->choice = atomic_load_explicit(&param->choice, memory_order_relaxed);
}

/* The first try failed. False: so do all. */
__attribute__((cold, noinline)) static bool slot_reread(struct fast_param *param, size_t words,
							struct reading *reading)
{
	bool read = false;

	if (!fast_plugin_is_here(param->plugin)) {
		return false;
	}
	for (int i = 1; i < READ_TRIES_MAX && !read; i++) {
		read = slot_read(param, words, reading);
	}
	return read;
}

/* Reads the param as it is now. words is constant where this is inlined. */
static inline void param_read(struct fast_param *param, size_t words, struct reading *reading)
{
	if (likely(slot_read(param, words, reading)) || slot_reread(param, words, reading)) {
		reading_finish(param, words, reading);
	} else {
		reading_fall_back(param, reading);
	}
}

static inline uint64_t scalar_read(struct fast_param *param)
{
	struct reading reading;

	param_read(param, 0, &reading);
	return reading.value.word;
}

bool fast_param_get_bool(struct fast_param *param)
{
	assert(param->rules.type == FAST_PARAM_BOOL);
	return scalar_read(param) != 0;
}

int64_t fast_param_get_int(struct fast_param *param)
{
	assert(param->rules.type == FAST_PARAM_INT);
	return (int64_t)scalar_read(param);
}

double fast_param_get_double(struct fast_param *param)
{
	assert(param->rules.type == FAST_PARAM_DOUBLE);
	return page_double_from_bits(scalar_read(param));
}

static inline void text_read(struct fast_param *param, struct reading *reading)
{
	assert(param->rules.type == FAST_PARAM_STRING || param->rules.type == FAST_PARAM_ENUM);
	param_read(param, FAST_PAGE_STRING_BYTES / 8, reading);
}

void fast_param_get_string(struct fast_param *param, char *out)
{
	struct reading reading;

	text_read(param, &reading);
	memcpy(out, reading.value.string, FAST_PAGE_STRING_BYTES);
	out[reading.value.word] = '\0';
}

/* The page's generation; 0: there is no page here, or nobody has set anything. */
static inline uint64_t generation_load(const struct fast_param *param)
{
	const struct fast_page_params *first = region_load(param->first);

	return likely(first != NULL) ? __atomic_load_n(&first->generation, __ATOMIC_ACQUIRE) : 0;
}

/* Remembers the choice for as long as the bank is in force, if the bank holds what was kept. */
__attribute__((noinline)) static void choice_settle(struct fast_param *param)
{
	uint64_t generation = generation_load(param);
	struct reading reading;

	if (atomic_flag_test_and_set_explicit(&param->updating, memory_order_acquire)) {
		return;
	}
	if (slot_read(param, FAST_PAGE_STRING_BYTES / 8, &reading) &&
	    is_known(param, FAST_PAGE_STRING_BYTES / 8, &reading) &&
	    generation_load(param) == generation) {
		atomic_store_explicit(
			&param->settled,
			generation * FAST_PARAM_SETTLED_STEP +
				atomic_load_explicit(&param->choice, memory_order_relaxed),
			memory_order_relaxed);
	}
	atomic_flag_clear_explicit(&param->updating, memory_order_release);
}

size_t fast_param_get_choice(struct fast_param *param)
{
	assert(param->rules.type == FAST_PARAM_ENUM);

	uint64_t since = generation_load(param) * FAST_PARAM_SETTLED_STEP;
	uint64_t settled = atomic_load_explicit(&param->settled, memory_order_relaxed);
	struct reading reading;

	/* A bank in force is never written. UNSETTLED is near no multiple of the step. */
	if (likely(settled - since < FAST_PARAM_CHOICES_MAX)) {
		return settled - since;
	}
	text_read(param, &reading);
	choice_settle(param);
	return reading.choice;
}

uint64_t fast_param_revision(const struct fast_param *param)
{
	return atomic_load_explicit(&param->revision, memory_order_relaxed);
}

uint64_t fast_param_page_revision(const struct fast_param *param)
{
	struct reading reading = {0};

	for (int i = 0; i < READ_TRIES_MAX && !slot_read(param, 0, &reading); i++) {
	}
	return reading.revision;
}

static bool is_text(const struct fast_param *param)
{
	return param->rules.type == FAST_PARAM_STRING || param->rules.type == FAST_PARAM_ENUM;
}

/* A param's words as they are kept in out until all have been read. */
static void raw_keep(const struct reading *reading, struct fast_param_reading *out)
{
	out->revision = reading->revision;
	out->value.integer = (int64_t)reading->value.word;
	memcpy(out->string, reading->value.string, FAST_PAGE_STRING_BYTES);
}

/* Gives the reading to the plugin. */
static void reading_give(const struct fast_param *param, const struct reading *reading,
			 struct fast_param_reading *out)
{
	uint64_t word = reading->value.word;

	*out = (struct fast_param_reading){.revision = reading->revision,
					   .choice = reading->choice};
	switch (param->rules.type) {
	case FAST_PARAM_BOOL:
		out->value.boolean = word != 0;
		break;
	case FAST_PARAM_INT:
		out->value.integer = (int64_t)word;
		break;
	case FAST_PARAM_DOUBLE:
		out->value.number = page_double_from_bits(word);
		break;
	case FAST_PARAM_STRING:
	case FAST_PARAM_ENUM:
		memcpy(out->string, reading->value.string, word);
		break;
	}
}

/* Reads all from one bank. False: the bank changed. */
static bool raw_read(struct fast_param *const *params, size_t count, struct fast_param_reading *out)
{
	const struct fast_page_params *first = region_load(params[0]->first);
	uint64_t generation = __atomic_load_n(&first->generation, __ATOMIC_ACQUIRE);

	for (size_t i = 0; i < count; i++) {
		struct reading reading = {0};

		bank_read(params[i], region_load(params[i]->region), generation,
			  is_text(params[i]) ? FAST_PAGE_STRING_BYTES / 8 : 0, &reading);
		raw_keep(&reading, &out[i]);
	}
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return page_load(&first->generation) == generation;
}

/* Takes the words as they were read, or else the last good value. */
static void raw_finish(struct fast_param *param, bool whole, struct fast_param_reading *out)
{
	size_t words = is_text(param) ? FAST_PAGE_STRING_BYTES / 8 : 0;
	struct reading reading = {.revision = out->revision,
				  .value.word = (uint64_t)out->value.integer};

	memcpy(reading.value.string, out->string, FAST_PAGE_STRING_BYTES);
	if (whole) {
		reading_finish(param, words, &reading);
	} else {
		reading_fall_back(param, &reading);
		reading.revision = fast_param_revision(param);
	}
	reading_give(param, &reading, out);
}

void fast_param_last(struct fast_param *param, struct fast_param_reading *out)
{
	struct reading reading = {.revision = fast_param_revision(param)};

	reading_fall_back(param, &reading);
	reading_give(param, &reading, out);
}

enum fast_status fast_param_snapshot(struct fast_param *const *params, size_t count,
				     struct fast_param_reading *out)
{
	bool whole = count == 0;
	bool here = whole || fast_plugin_is_here(params[0]->plugin);

	for (int i = 0; i < READ_TRIES_MAX && here && !whole; i++) {
		whole = raw_read(params, count, out);
	}
	for (size_t i = 0; i < count; i++) {
		raw_finish(params[i], whole, &out[i]);
	}
	return whole ? FAST_OK : FAST_ABORTED;
}
