#include "draw.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define RGB 3

struct canvas {
	uint8_t *pixels;
	size_t width;
	size_t height;
};

/* Which of red, green and blue a box sets to full; the others go dark unless another box set them.
 */
enum ink {
	INK_RED = 0,
	INK_GREEN = 1,
};

static uint8_t clamp(double value)
{
	return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value + 0.5);
}

/* ITU-R BT.601, video range. */
static void pixel_fill(uint8_t *pixel, int luma, int u, int v)
{
	double y = 1.164 * (luma - 16);

	pixel[0] = clamp(y + 1.596 * (v - 128));
	pixel[1] = clamp(y - 0.813 * (v - 128) - 0.391 * (u - 128));
	pixel[2] = clamp(y + 2.018 * (u - 128));
}

static void canvas_fill(struct canvas *canvas, const struct picture *picture)
{
	uint8_t *pixel = canvas->pixels;

	for (size_t y = 0; y < canvas->height; y++) {
		const uint8_t *luma = picture->plane[0] + y * picture->stride[0];
		const uint8_t *u = picture->plane[1] + y / 2 * picture->stride[1];
		const uint8_t *v = picture->plane[2] + y / 2 * picture->stride[2];

		for (size_t x = 0; x < canvas->width; x++) {
			pixel_fill(pixel, luma[x], u[x / 2], v[x / 2]);
			pixel += RGB;
		}
	}
}

static void canvas_dot(struct canvas *canvas, size_t x, size_t y, enum ink ink)
{
	uint8_t *pixel = canvas->pixels + (y * canvas->width + x) * RGB;
	bool other = pixel[2] == 0 && pixel[1 - ink] == 255;

	pixel[ink] = 255;
	pixel[1 - ink] = other ? 255 : 0;
	pixel[2] = 0;
}

static void canvas_box(struct canvas *canvas, const struct box *box, enum ink ink)
{
	for (size_t x = box->left; x < box->right; x++) {
		canvas_dot(canvas, x, box->top, ink);
		canvas_dot(canvas, x, box->bottom - 1u, ink);
	}
	for (size_t y = box->top + 1u; y + 1 < box->bottom; y++) {
		canvas_dot(canvas, box->left, y, ink);
		canvas_dot(canvas, box->right - 1u, y, ink);
	}
}

static void canvas_boxes(struct canvas *canvas, const struct boxes *boxes, enum ink ink)
{
	for (size_t i = 0; i < boxes->count; i++) {
		const struct box *box = &boxes->items[i];

		assert(box->right <= canvas->width && box->bottom <= canvas->height);
		assert(box->left < box->right && box->top < box->bottom);
		canvas_box(canvas, box, ink);
	}
}

static enum fast_status canvas_write(const struct canvas *canvas, const char *path)
{
	size_t bytes = canvas->width * canvas->height * RGB;
	FILE *file = fopen(path, "wb");
	bool written;

	if (file == NULL) {
		return FAST_UNAVAILABLE;
	}
	written = fprintf(file, "P6\n%zu %zu\n255\n", canvas->width, canvas->height) > 0 &&
		  fwrite(canvas->pixels, 1, bytes, file) == bytes;
	if (fclose(file) != 0 || !written) {
		return FAST_UNAVAILABLE;
	}
	return FAST_OK;
}

enum fast_status draw_frame(const char *path, const struct picture *picture,
			    const struct boxes *reference, const struct boxes *found)
{
	struct canvas canvas = {
		.pixels = calloc(picture->width * picture->height, RGB),
		.width = picture->width,
		.height = picture->height,
	};
	enum fast_status status;

	if (canvas.pixels == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	canvas_fill(&canvas, picture);
	canvas_boxes(&canvas, reference, INK_GREEN);
	canvas_boxes(&canvas, found, INK_RED);
	status = canvas_write(&canvas, path);
	free(canvas.pixels);
	return status;
}
