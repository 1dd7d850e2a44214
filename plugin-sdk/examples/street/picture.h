/* picture.h - one 8-bit 4:2:0 picture, as the decoder or the scaler left it. */
#ifndef STREET_PICTURE_H
#define STREET_PICTURE_H

#include <stddef.h>
#include <stdint.h>

#define PICTURE_PLANES   3 /* Y, U, V */
#define PICTURE_SIDE_MIN 16
#define PICTURE_SIDE_MAX 4096

/* Borrows its planes. width and height are even and count luma pixels; a chroma plane has half of
 * each. */
struct picture {
	const uint8_t *plane[PICTURE_PLANES];
	size_t stride[PICTURE_PLANES];
	size_t width;
	size_t height;
};

static inline size_t picture_plane_width(size_t width, size_t plane)
{
	return plane == 0 ? width : width / 2;
}

static inline size_t picture_plane_height(size_t height, size_t plane)
{
	return plane == 0 ? height : height / 2;
}

#endif
