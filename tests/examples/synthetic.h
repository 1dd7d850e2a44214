/* examples/synthetic.h - small clips made for a test, in a folder of its own. */
#ifndef STREET_TEST_SYNTHETIC_H
#define STREET_TEST_SYNTHETIC_H

#include <stddef.h>

#define SYNTHETIC_PATH_BYTES 256

/* A grey street with one dark walker, who moves SYNTHETIC_STEP pixels a frame. */
#define SYNTHETIC_WIDTH         288
#define SYNTHETIC_HEIGHT        64
#define SYNTHETIC_FRAMES        24
#define SYNTHETIC_STEP          10
#define SYNTHETIC_WALKER_LEFT   20 /* in the first frame */
#define SYNTHETIC_WALKER_TOP    16
#define SYNTHETIC_WALKER_WIDTH  20
#define SYNTHETIC_WALKER_HEIGHT 32

/* Makes an empty folder and writes its path to folder (SYNTHETIC_PATH_BYTES). */
void synthetic_folder(char *folder);

/* Removes the folder and the files in it. */
void synthetic_remove(const char *folder);

/* Number of files in the folder whose name ends so. */
size_t synthetic_files(const char *folder, const char *suffix);

/* Writes path = folder/name (SYNTHETIC_PATH_BYTES). */
void synthetic_path(const char *folder, const char *name, char *path);

/* Writes the walker's clip to path, this many frames of it, in YUV4MPEG of the named colour space:
 * "420" is what street takes. */
void synthetic_clip(const char *path, size_t frames, const char *colour_space);

/* Writes text to path. */
void synthetic_text(const char *path, const char *text);

#endif
