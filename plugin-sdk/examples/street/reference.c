#include "reference.h"

#include "hash.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The file: this head; per frame a uint32_t count and as many boxes; a hash of all that. In native
 * byte order: it is a cache of this machine's. */
struct head {
	char magic[8];
	uint32_t version;
	uint32_t box_bytes;
	struct reference_key key;
};

_Static_assert(sizeof(struct head) == 48, "no padding, whose bytes would be anything");
_Static_assert(sizeof(struct box) == 8, "no padding");

/* A file under way, and the hash of what has gone through it. */
struct pipe {
	FILE *file;
	uint64_t hash;
};

enum fast_status reference_new(size_t frames, struct reference **out)
{
	struct reference *reference =
		calloc(1, sizeof *reference + frames * sizeof reference->frames[0]);

	if (reference == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	reference->count = frames;
	*out = reference;
	return FAST_OK;
}

enum fast_status reference_path(const char *directory, const struct reference_key *key, char *out)
{
	int length = snprintf(out, REFERENCE_PATH_BYTES,
			      "%s/street-%016" PRIx64 "-%016" PRIx64 "-%" PRIu32 "-v%d.boxes",
			      directory, key->clip, key->detector, key->frames, REFERENCE_VERSION);

	return length > 0 && length < REFERENCE_PATH_BYTES ? FAST_OK : FAST_OUT_OF_RANGE;
}

static struct head head_of(const struct reference_key *key)
{
	return (struct head){
		.magic = {'S', 'T', 'R', 'B', 'O', 'X', 'E', 'S'},
		.version = REFERENCE_VERSION,
		.box_bytes = sizeof(struct box),
		.key = *key,
	};
}

static bool pipe_read(struct pipe *pipe, void *data, size_t bytes)
{
	if (fread(data, 1, bytes, pipe->file) != bytes) {
		return false;
	}
	pipe->hash = hash_more(pipe->hash, data, bytes);
	return true;
}

static bool pipe_write(struct pipe *pipe, const void *data, size_t bytes)
{
	pipe->hash = hash_more(pipe->hash, data, bytes);
	return fwrite(data, 1, bytes, pipe->file) == bytes;
}

static bool boxes_are_within(const struct boxes *boxes, uint32_t width, uint32_t height)
{
	for (size_t i = 0; i < boxes->count; i++) {
		const struct box *box = &boxes->items[i];

		if (box->left >= box->right || box->right > width || box->top >= box->bottom ||
		    box->bottom > height) {
			return false;
		}
	}
	return true;
}

static bool frame_read(struct pipe *pipe, const struct reference_key *key, struct boxes *boxes)
{
	uint32_t count;

	if (!pipe_read(pipe, &count, sizeof count) || count > BOXES_MAX) {
		return false;
	}
	boxes->count = count;
	return pipe_read(pipe, boxes->items, count * sizeof boxes->items[0]) &&
	       boxes_are_within(boxes, key->width, key->height);
}

static bool frames_read(struct pipe *pipe, const struct reference_key *key,
			struct reference *reference)
{
	struct head expected = head_of(key);
	struct head head;
	uint64_t hash;
	uint64_t found;

	if (!pipe_read(pipe, &head, sizeof head) || memcmp(&head, &expected, sizeof head) != 0) {
		return false;
	}
	for (size_t i = 0; i < reference->count; i++) {
		if (!frame_read(pipe, key, &reference->frames[i])) {
			return false;
		}
	}
	hash = pipe->hash;
	return pipe_read(pipe, &found, sizeof found) && found == hash && getc(pipe->file) == EOF;
}

enum fast_status reference_load(const char *path, const struct reference_key *key,
				struct reference **out)
{
	struct pipe pipe = {.hash = HASH_START};
	struct reference *reference = NULL;
	enum fast_status status;

	pipe.file = fopen(path, "rb");
	if (pipe.file == NULL) {
		return errno == ENOENT ? FAST_NOT_FOUND : FAST_UNAVAILABLE;
	}
	status = reference_new(key->frames, &reference);
	if (status == FAST_OK && !frames_read(&pipe, key, reference)) {
		status = ferror(pipe.file) ? FAST_UNAVAILABLE : FAST_DATA_LOSS;
	}
	if (status == FAST_OK) {
		*out = reference;
		reference = NULL; /* the caller has it */
	}
	free(reference);
	fclose(pipe.file);
	return status;
}

static bool frames_write(struct pipe *pipe, const struct reference_key *key,
			 const struct reference *reference)
{
	struct head head = head_of(key);
	bool written = pipe_write(pipe, &head, sizeof head);
	uint64_t hash;

	for (size_t i = 0; i < reference->count && written; i++) {
		const struct boxes *boxes = &reference->frames[i];
		uint32_t count = (uint32_t)boxes->count;

		written = pipe_write(pipe, &count, sizeof count) &&
			  pipe_write(pipe, boxes->items, count * sizeof boxes->items[0]);
	}
	hash = pipe->hash;
	return written && pipe_write(pipe, &hash, sizeof hash);
}

enum fast_status reference_save(const char *path, const struct reference_key *key,
				const struct reference *reference)
{
	char draft[REFERENCE_PATH_BYTES + 32];
	struct pipe pipe = {.hash = HASH_START};
	bool written;
	int fd;

	assert(reference->count == key->frames);

	snprintf(draft, sizeof draft, "%s.XXXXXX", path);
	fd = mkstemp(draft);
	if (fd < 0) {
		return FAST_UNAVAILABLE;
	}
	pipe.file = fdopen(fd, "wb");
	if (pipe.file == NULL) {
		close(fd);
		unlink(draft);
		return FAST_RESOURCE_EXHAUSTED;
	}
	written = frames_write(&pipe, key, reference) && fflush(pipe.file) == 0 && fsync(fd) == 0;
	written = fclose(pipe.file) == 0 && written;
	if (!written || rename(draft, path) != 0) {
		int why = errno;
		unlink(draft);
		errno = why;
		return FAST_UNAVAILABLE;
	}
	return FAST_OK;
}
