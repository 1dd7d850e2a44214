/* Runs and events: kept in order, bounded, and written when the disk lets us. */
#include "controller/store_world.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

static void run_note(struct fixture *fixture, enum store_note_verb verb, const char *instance,
		     int64_t opened, int64_t time)
{
	struct store_note note = {.verb = verb};

	(void)snprintf(note.u.run.instance, sizeof note.u.run.instance, "%s", instance);
	(void)snprintf(note.u.run.reason, sizeof note.u.run.reason, "because");
	note.u.run.open_unix_ns = opened;
	note.u.run.start_unix_ns = time;
	note.u.run.end_unix_ns = time;
	store_note(fixture->store, &note);
}

static void event_note(struct fixture *fixture, const char *instance, int64_t time)
{
	struct store_note note = {.verb = STORE_NOTE_EVENT};

	(void)snprintf(note.u.event.instance, sizeof note.u.event.instance, "%s", instance);
	(void)snprintf(note.u.event.event, sizeof note.u.event.event, "end");
	note.u.event.time_unix_ns = time;
	store_note(fixture->store, &note);
}

struct seen {
	size_t count;
	struct node_run runs[8];
	struct node_event first;
	struct node_event last;
};

static void run_see(const struct node_run *run, void *arg)
{
	struct seen *seen = arg;

	assert_true(seen->count < FAST_TEST_COUNT(seen->runs));
	seen->runs[seen->count++] = *run;
}

static void event_see(const struct node_event *event, void *arg)
{
	struct seen *seen = arg;

	if (seen->count++ == 0) {
		seen->first = *event;
	} else {
		assert_true(event->sequence > seen->last.sequence);
	}
	seen->last = *event;
}

static void a_run_is_one_row_however_often_it_attaches(void **state)
{
	struct fixture fixture;
	struct seen seen = {0};

	(void)state;
	fixture_init(&fixture);
	assert_ok(store_start(fixture.store));
	run_note(&fixture, STORE_NOTE_RUN, "cam", 1, 10);
	run_note(&fixture, STORE_NOTE_RUN_END, "cam", 1, 20);
	run_note(&fixture, STORE_NOTE_RUN, "cam", 2, 30);
	run_note(&fixture, STORE_NOTE_RUN, "mic", 2, 30);
	fixture_reopen(&fixture); /* fastd has been killed, and starts */
	assert_ok(store_start(fixture.store));
	run_note(&fixture, STORE_NOTE_RUNS_LOST, "", 0, 50);
	run_note(&fixture, STORE_NOTE_RUN, "cam", 2, 30);
	fixture_reopen(&fixture);
	assert_ok(store_each_run(fixture.store, "", 8, run_see, &seen));
	assert_int_equal(3, seen.count);
	assert_string_equal("cam", seen.runs[0].instance);
	assert_int_equal(10, seen.runs[0].start_unix_ns);
	assert_int_equal(20, seen.runs[0].end_unix_ns);
	assert_string_equal("because", seen.runs[0].reason);
	assert_int_equal(30, seen.runs[1].start_unix_ns);
	assert_int_equal(0, seen.runs[1].end_unix_ns); /* it came back */
	assert_string_equal("", seen.runs[1].reason);
	assert_string_equal("mic", seen.runs[2].instance);
	assert_int_equal(50, seen.runs[2].end_unix_ns);
	seen = (struct seen){0};
	assert_ok(store_each_run(fixture.store, "c*", 1, run_see, &seen));
	assert_int_equal(1, seen.count); /* the newest */
	assert_int_equal(30, seen.runs[0].start_unix_ns);
	fixture_fini(&fixture);
}

static void events_are_bounded_and_found_by_sequence(void **state)
{
	struct fixture fixture;
	struct seen seen = {0};

	(void)state;
	fixture_init(&fixture);
	for (int round = 0; round < 4; round++) {
		assert_ok(store_start(fixture.store));
		for (int64_t i = 0; i < 3000; i++) {
			event_note(&fixture, i % 2 == 0 ? "cam" : "", round * 3000 + i);
		}
		fixture_reopen(&fixture);
	}
	assert_ok(store_each_event(fixture.store, "", 0, 20000, event_see, &seen));
	assert_int_equal(STORE_EVENTS_MAX, seen.count);
	assert_int_equal(12000 - STORE_EVENTS_MAX, seen.first.time_unix_ns);
	assert_int_equal(11999, seen.last.time_unix_ns);
	uint64_t after = seen.last.sequence - 10;
	seen = (struct seen){0};
	assert_ok(store_each_event(fixture.store, "c*", after, 100, event_see, &seen));
	assert_int_equal(5, seen.count);
	assert_string_equal("cam", seen.last.plugin);
	fixture_fini(&fixture);
}

static bool has_failed(void *arg)
{
	char error[NODE_TEXT_BYTES_MAX];

	store_error(arg, error);
	return error[0] != '\0';
}

static bool has_mended(void *arg)
{
	return !has_failed(arg);
}

static void what_could_not_be_written_waits_and_the_trouble_is_an_event(void **state)
{
	struct fixture fixture;
	struct seen seen = {0};
	char path[96];
	sqlite3 *db;

	(void)state;
	fixture_init(&fixture);
	(void)snprintf(path, sizeof path, "%s/fastd.db", fixture.dir);
	assert_int_equal(SQLITE_OK, sqlite3_open(path, &db));
	assert_int_equal(SQLITE_OK, sqlite3_exec(db,
						 "CREATE TRIGGER no BEFORE INSERT ON events BEGIN"
						 " SELECT RAISE(ABORT, 'not now'); END",
						 NULL, NULL, NULL));
	assert_ok(store_start(fixture.store));
	event_note(&fixture, "cam", 1);
	event_note(&fixture, "cam", 2);
	wait_until(has_failed, fixture.store);
	assert_int_equal(SQLITE_OK, sqlite3_exec(db, "DROP TRIGGER no", NULL, NULL, NULL));
	assert_int_equal(SQLITE_OK, sqlite3_close(db));
	wait_until(has_mended, fixture.store);
	fixture_reopen(&fixture);
	assert_ok(store_each_event(fixture.store, "", 0, 100, event_see, &seen));
	assert_true(seen.count >= 4); /* whoever probes in between may fail once more */
	assert_int_equal(1, seen.first.time_unix_ns);
	assert_string_equal("store_mended", seen.last.event);
	fixture_fini(&fixture);
}

static void notes_beyond_the_queue_are_dropped(void **state)
{
	struct fixture fixture;
	struct seen seen = {0};

	(void)state;
	fixture_init(&fixture); /* and not started */
	for (int64_t i = 0; i < STORE_NOTES_MAX + 10; i++) {
		event_note(&fixture, "cam", i);
	}
	assert_ok(store_start(fixture.store));
	fixture_reopen(&fixture);
	assert_ok(store_each_event(fixture.store, "", 0, 10000, event_see, &seen));
	assert_int_equal(STORE_NOTES_MAX, seen.count);
	fixture_fini(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_is_one_row_however_often_it_attaches),
		cmocka_unit_test(events_are_bounded_and_found_by_sequence),
		cmocka_unit_test(what_could_not_be_written_waits_and_the_trouble_is_an_event),
		cmocka_unit_test(notes_beyond_the_queue_are_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
