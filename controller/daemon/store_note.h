/* daemon/store_note.h - what has happened, on its way to the store: runs of plugins, and events. */
#ifndef FASTD_STORE_NOTE_H
#define FASTD_STORE_NOTE_H

#include "node_past.h"

#define STORE_NOTES_MAX       4096  /* waiting; beyond, the newest are dropped and counted */
#define STORE_RUNS_MAX        10000 /* kept; the oldest go first */
#define STORE_EVENTS_MAX      10000 /* the same */
#define STORE_EVENT_BYTES_MAX 15

/* From a plugin's opening to its end. A run is known again by its instance and opening. */
struct store_run {
	char instance[NODE_INSTANCE_BYTES_MAX + 1];
	char name[FAST_PLUGIN_NAME_BYTES_MAX + 1];
	char version[FAST_PLUGIN_VERSION_BYTES_MAX + 1];
	char parent[NODE_INSTANCE_BYTES_MAX + 1];
	uint32_t pid;
	uint32_t uid;
	int64_t open_unix_ns; /* as the plugin says */
	int64_t start_unix_ns;
	int64_t end_unix_ns; /* 0: it goes on */
	char reason[NODE_REASON_BYTES_MAX + 1];
};

struct store_event {
	int64_t time_unix_ns;
	char event[STORE_EVENT_BYTES_MAX + 1];
	char instance[NODE_INSTANCE_BYTES_MAX + 1]; /* "": fastd itself */
	char text[NODE_REASON_BYTES_MAX + 1];
};

enum store_note_verb {
	STORE_NOTE_RUN,       /* begins, or is known again */
	STORE_NOTE_RUN_END,   /* instance, opening, end and reason */
	STORE_NOTE_RUNS_LOST, /* end and reason: runs that nobody has ended, before all others */
	STORE_NOTE_EVENT,
	STORE_NOTE_VERBS
};

struct store_note {
	struct store_note *next; /* store */
	enum store_note_verb verb;
	union {
		struct store_run run;
		struct store_event event;
	} u;
};

#endif
