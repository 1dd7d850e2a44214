/* reference.h - the boxes that full resolution finds in every frame of a clip, kept in a file.
 *
 * It is what acc compares with: the detector's own best, not the truth about the street. */
#ifndef STREET_REFERENCE_H
#define STREET_REFERENCE_H

#include "boxes.h"

#include <fast/status.h>

#define REFERENCE_VERSION    1
#define REFERENCE_PATH_BYTES 4096

/* What the boxes depend on: another key, another file. */
struct reference_key {
	uint64_t clip;     /* clip_hash() */
	uint64_t detector; /* a hash of detector_text() */
	uint32_t width;    /* the clip's; boxes lie within */
	uint32_t height;
	uint32_t announced; /* frames of the clip by its packets, which space the samples */
	uint32_t frames;    /* and by decoding */
};

/* Boxes frame by frame. */
struct reference {
	size_t count;
	struct boxes frames[];
};

/* An empty table of this many frames. Gives *out, which the caller frees with free(). */
FAST_MUST_CHECK enum fast_status reference_new(size_t frames, struct reference **out);

/* The file for this key in folder directory. OUT_OF_RANGE: longer than REFERENCE_PATH_BYTES. */
FAST_MUST_CHECK enum fast_status reference_path(const char *directory,
						const struct reference_key *key, char *out);

/* Reads the file at path. Gives *out, which the caller frees with free(). NOT_FOUND: no such file.
 * UNAVAILABLE: it can't be read. DATA_LOSS: cut off, damaged, or of another key. */
FAST_MUST_CHECK enum fast_status reference_load(const char *path, const struct reference_key *key,
						struct reference **out);

/* Writes the file at path; whoever reads it at any time finds the old one or the new one, whole.
 * UNAVAILABLE: it can't be written, errno says why. */
FAST_MUST_CHECK enum fast_status reference_save(const char *path, const struct reference_key *key,
						const struct reference *reference);

#endif
