/* Gets beside a fastd that is setting. */
#include "sdk/world.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define READERS 3
#define COMMITS 20000

static const union fast_param_value modes[] = {
	{.string = "slow"},
	{.string = "medium"},
	{.string = "fast"},
};

/* Slot 31 lies across two memory pages: a get of it can be stopped half-way by a fault. */
#define SPLIT_SLOT   31
#define SPLIT_OFFSET 8192

static struct {
	struct world *world;
	struct fast_page_value value;
	int faults;
} split;

/* In the middle of a get, fastd sets the param twice: the bank being read is filled anew. */
static void split_fault(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	(void)context;
	split.faults++;
	(void)mprotect(split.world->plugin->map.base + SPLIT_OFFSET, 4096, PROT_READ);
	for (uint64_t revision = 3; revision <= 4; revision++) {
		fast_page_view_set(split.world->view, SPLIT_SLOT, revision, &split.value);
		fast_page_view_commit(split.world->view);
	}
}

static void a_get_that_was_overtaken_twice_reads_again(void **state)
{
	struct world *world = *state;
	struct sigaction action = {.sa_sigaction = split_fault, .sa_flags = SA_SIGINFO};
	struct sigaction old;
	struct fast_param *param = NULL;
	char name[16];
	char text[FAST_PARAM_STRING_BYTES_MAX + 1];
	char expected[FAST_PARAM_STRING_BYTES_MAX + 1] = "";
	struct fast_param_spec spec = {
		.size = sizeof spec,
		.name = name,
		.type = FAST_PARAM_STRING,
		.initial.string = "",
	};

	for (int i = 0; i <= SPLIT_SLOT; i++) {
		(void)snprintf(name, sizeof name, "p%d", i);
		param = world_param(world, &spec);
	}
	split.world = world;
	split.faults = 0;
	split.value.type = FAST_PARAM_STRING;
	memset(split.value.string, 'a', FAST_PARAM_STRING_BYTES_MAX);
	fast_page_view_commit(world->view);
	fast_page_view_set(world->view, SPLIT_SLOT, 2, &split.value);
	fast_page_view_commit(world->view); /* generation 2: bank 0 is in force */
	memset(split.value.string, 'b', FAST_PARAM_STRING_BYTES_MAX);
	memset(expected, 'b', FAST_PARAM_STRING_BYTES_MAX);

	assert_int_equal(0, sigaction(SIGSEGV, &action, &old));
	assert_int_equal(0, mprotect(world->plugin->map.base + SPLIT_OFFSET, 4096, PROT_NONE));
	fast_param_get_string(param, text);
	assert_int_equal(0, sigaction(SIGSEGV, &old, NULL));
	assert_int_equal(1, split.faults);
	assert_string_equal(expected, text);
	assert_int_equal(4, fast_param_revision(param));
}

struct hammer {
	struct world *world;
	struct fast_param *integer;
	struct fast_param *string;
	struct fast_param *mode;
	atomic_bool done;
	atomic_int wrong;
};

/* In slots 0, 1 and 2. */
static void hammer_declare(struct hammer *hammer)
{
	const struct fast_param_spec integer = {
		.size = sizeof integer, .name = "i", .type = FAST_PARAM_INT, .initial.integer = 8};
	const struct fast_param_spec string = {.size = sizeof string,
					       .name = "s",
					       .type = FAST_PARAM_STRING,
					       .initial.string = "yolo"};
	const struct fast_param_spec mode = {
		.size = sizeof mode,
		.name = "mode",
		.type = FAST_PARAM_ENUM,
		.initial.string = "medium",
		.choices = modes,
		.choice_count = FAST_TEST_COUNT(modes),
	};

	hammer->integer = world_param(hammer->world, &integer);
	hammer->string = world_param(hammer->world, &string);
	hammer->mode = world_param(hammer->world, &mode);
}

/* Reads for as long as there are commits; every value must be one that was set, whole. */
static void *hammer_read(void *arg)
{
	struct hammer *hammer = arg;
	char text[FAST_PARAM_STRING_BYTES_MAX + 1];
	int64_t newest = 8;

	while (!atomic_load(&hammer->done)) {
		int64_t integer = fast_param_get_int(hammer->integer);

		fast_param_get_string(hammer->string, text);
		bool whole = strcmp(text, "yolo") == 0 ||
			     (strspn(text, (char[]){text[0], '\0'}) == strlen(text) &&
			      strlen(text) == (size_t)(text[0] - 'a' + 39));
		if (integer < newest || !whole ||
		    fast_param_get_choice(hammer->mode) >= FAST_TEST_COUNT(modes)) {
			atomic_fetch_add(&hammer->wrong, 1);
		}
		newest = integer;
	}
	return NULL;
}

static void readers_beside_a_writer_see_whole_values_only(void **state)
{
	struct hammer hammer = {.world = *state};
	struct fast_page_value value = {.type = FAST_PARAM_INT};
	struct fast_page_value text = {.type = FAST_PARAM_STRING};
	struct fast_page_value mode = {.type = FAST_PARAM_ENUM};
	pthread_t readers[READERS];

	hammer_declare(&hammer);
	for (int i = 0; i < READERS; i++) {
		assert_int_equal(0, pthread_create(&readers[i], NULL, hammer_read, &hammer));
	}
	for (int i = 1; i <= COMMITS; i++) {
		char letter = (char)('a' + i % 26);

		value.u.integer = 8 + i;
		memset(text.string, 0, sizeof text.string);
		memset(text.string, letter, (size_t)(letter - 'a' + 39));
		strcpy(mode.string, modes[i % 3].string);
		fast_page_view_set(hammer.world->view, 0, (uint64_t)i, &value);
		fast_page_view_set(hammer.world->view, 1, (uint64_t)i, &text);
		fast_page_view_set(hammer.world->view, 2, (uint64_t)i, &mode);
		fast_page_view_commit(hammer.world->view);
	}
	atomic_store(&hammer.done, true);
	for (int i = 0; i < READERS; i++) {
		pthread_join(readers[i], NULL);
	}
	assert_int_equal(0, atomic_load(&hammer.wrong));
	assert_int_equal(8 + COMMITS, fast_param_get_int(hammer.integer));
	assert_int_equal(COMMITS % 3, fast_param_get_choice(hammer.mode));
	assert_int_equal(COMMITS, fast_page_view_ack(hammer.world->view, 0));
	assert_int_equal(COMMITS, fast_page_view_ack(hammer.world->view, 2));
	assert_int_equal(0, log_count());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_get_that_was_overtaken_twice_reads_again),
		TEST(readers_beside_a_writer_see_whole_values_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
