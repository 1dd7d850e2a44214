/* clip.h - a video file, decoded in process, frame by frame, as often as one likes. */
#ifndef STREET_CLIP_H
#define STREET_CLIP_H

#include "picture.h"

#include <fast/status.h>

#define CLIP_FRAMES_MAX  100000
#define CLIP_ERROR_BYTES 256

/* An open clip. One thread at a time; each thread may open the same file for itself. */
struct clip;

/* Opens the file's first video stream. Gives *out, which the caller closes. NOT_FOUND: no such
 * file. INVALID_ARGUMENT: not a video, or one that is not 8-bit 4:2:0 planar of a fair size. On
 * failure error (CLIP_ERROR_BYTES) holds a sentence that names the file. */
FAST_MUST_CHECK enum fast_status clip_open(const char *path, struct clip **out, char *error);

/* NULL is allowed. */
void clip_close(struct clip *clip);

/* Size of every frame: the file's, less an odd last column or row. */
size_t clip_width(const struct clip *clip);
size_t clip_height(const struct clip *clip);

/* Decodes the next frame into *out, whose planes stay valid until the next call. OUT_OF_RANGE: the
 * clip has ended. DATA_LOSS: it can't be decoded further; see clip_error(). */
FAST_MUST_CHECK enum fast_status clip_next(struct clip *clip, struct picture *out);

/* Back before the first frame. Fails as clip_open() does. */
FAST_MUST_CHECK enum fast_status clip_rewind(struct clip *clip);

/* What went wrong last, as a sentence. */
const char *clip_error(const struct clip *clip);

/* Counts the packets of the video stream without decoding them, at most limit, then rewinds: how
 * many frames to expect. */
FAST_MUST_CHECK enum fast_status clip_count(struct clip *clip, size_t limit, size_t *out);

/* A hash of the file's bytes. NOT_FOUND, or UNAVAILABLE when it can't be read. */
FAST_MUST_CHECK enum fast_status clip_hash(const char *path, uint64_t *out);

#endif
