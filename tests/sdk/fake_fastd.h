/* sdk/fake_fastd.h - a fastd for one plugin at a time, on a real plugin socket: keeps what it was
 * told and answers as a test wants it. */
#ifndef SDK_FAKE_FASTD_H
#define SDK_FAKE_FASTD_H

#include "support/harness.h"

#include "page/view.h"

#include <stdbool.h>

enum fake_manner {
	FAKE_ANSWERS,         /* Attached */
	FAKE_REFUSES_PLUGIN,  /* Refused, and closes */
	FAKE_REFUSES_METRICS, /* Attached, but Refused for each metric */
	FAKE_IS_SILENT,       /* accepts and never answers */
	FAKE_SPEAKS_NONSENSE, /* bytes that are no message, then Attached */
	FAKE_DOES_NOT_READ,   /* accepts and does not even read */
	FAKE_IS_OLD,          /* Attached, of the first revision */
};

/* What it was told; guarded by the lock within. */
struct fake_told {
	int attaches;
	int metrics;
	int params;
	int detaches;
	int ends; /* connections that the plugin closed */
	uint32_t page_version;
	int64_t open_time_unix_ns;
	char name[128];
	char instance[128]; /* of the last Attach */
	char version[128];
	char last_metric[128];
	char last_param[128];
	uint32_t last_cell_offset;
	int last_choices;
	int failures;
	uint64_t last_refused_revision;
	char last_refused[128];
	char last_reason[128];
};

struct fake_fastd;

/* A fresh socket path in a folder of its own; fake_path_free() removes both. */
char *fake_path_new(void);
void fake_path_free(char *path);

/* Listens on path and serves from a thread. instance: what it calls the plugin. */
struct fake_fastd *fake_fastd_start(const char *path, enum fake_manner manner,
				    const char *instance);

/* Closes everything, as a fastd that dies. */
void fake_fastd_stop(struct fake_fastd *fake);

/* Waits, at most 10 s, until this many were told since the start; asserts that they were. field is
 * a counter of struct fake_told. */
#define fake_fastd_await(fake, field, count)                                                       \
	assert_true(fake_fastd_await_at(fake, offsetof(struct fake_told, field), count))
bool fake_fastd_await_at(struct fake_fastd *fake, size_t field, int count);

/* A copy of what it was told so far. */
struct fake_told fake_fastd_told(struct fake_fastd *fake);

/* The view of the page that it was handed; NULL before. Valid until stop. */
struct fast_page_view *fake_fastd_view(struct fake_fastd *fake);

#endif
