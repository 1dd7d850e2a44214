#include "clip.h"

#include "hash.h"

#include <assert.h>
#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/pixdesc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct clip {
	char *path;
	AVFormatContext *format;
	AVCodecContext *codec;
	AVPacket *packet;
	AVFrame *frame;
	int stream;
	size_t width;
	size_t height;
	size_t frames; /* decoded since the start */
	bool draining; /* the file has ended; the decoder may still hold frames */
	char error[CLIP_ERROR_BYTES];
};

FAST_PRINTF(3, 4)
static enum fast_status clip_fail(struct clip *clip, enum fast_status status, const char *format,
				  ...)
{
	va_list args;
	int used = snprintf(clip->error, sizeof clip->error, "%s: ", clip->path);

	if (used > 0 && (size_t)used < sizeof clip->error) {
		va_start(args, format);
		vsnprintf(clip->error + used, sizeof clip->error - (size_t)used, format, args);
		va_end(args);
	}
	return status;
}

static enum fast_status clip_fail_av(struct clip *clip, enum fast_status status, const char *what,
				     int code)
{
	char text[AV_ERROR_MAX_STRING_SIZE];

	if (code == AVERROR(ENOMEM)) {
		status = FAST_RESOURCE_EXHAUSTED;
	} else if (code == AVERROR(ENOENT)) {
		status = FAST_NOT_FOUND;
	}
	av_make_error_string(text, sizeof text, code);
	return clip_fail(clip, status, "%s: %s", what, text);
}

static void clip_stop(struct clip *clip)
{
	avcodec_free_context(&clip->codec);
	avformat_close_input(&clip->format);
}

static enum fast_status clip_open_codec(struct clip *clip, const AVCodecParameters *parameters)
{
	const AVCodec *decoder = avcodec_find_decoder(parameters->codec_id);
	int code;

	if (decoder == NULL) {
		return clip_fail(clip, FAST_INVALID_ARGUMENT, "libavcodec has no decoder for %s",
				 avcodec_get_name(parameters->codec_id));
	}
	clip->codec = avcodec_alloc_context3(decoder);
	if (clip->codec == NULL) {
		return clip_fail(clip, FAST_RESOURCE_EXHAUSTED, "no memory");
	}
	code = avcodec_parameters_to_context(clip->codec, parameters);
	if (code >= 0) {
		clip->codec->thread_count = 1; /* what is measured here is one core's work */
		code = avcodec_open2(clip->codec, decoder, NULL);
	}
	if (code < 0) {
		return clip_fail_av(clip, FAST_INVALID_ARGUMENT, "the decoder does not start",
				    code);
	}
	return FAST_OK;
}

static enum fast_status clip_start(struct clip *clip)
{
	int code = avformat_open_input(&clip->format, clip->path, NULL, NULL);

	if (code < 0) {
		return clip_fail_av(clip, FAST_INVALID_ARGUMENT, "not readable as a video", code);
	}
	code = avformat_find_stream_info(clip->format, NULL);
	if (code < 0) {
		return clip_fail_av(clip, FAST_INVALID_ARGUMENT, "not readable as a video", code);
	}
	clip->stream = av_find_best_stream(clip->format, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
	if (clip->stream < 0) {
		return clip_fail(clip, FAST_INVALID_ARGUMENT, "no video stream in it");
	}
	clip->frames = 0;
	clip->draining = false;
	return clip_open_codec(clip, clip->format->streams[clip->stream]->codecpar);
}

static bool format_is_planar_420(int format)
{
	return format == AV_PIX_FMT_YUV420P || format == AV_PIX_FMT_YUVJ420P;
}

static enum fast_status clip_check(struct clip *clip)
{
	const AVCodecParameters *parameters = clip->format->streams[clip->stream]->codecpar;
	const char *name = av_get_pix_fmt_name((enum AVPixelFormat)parameters->format);

	if (!format_is_planar_420(parameters->format)) {
		return clip_fail(clip, FAST_INVALID_ARGUMENT,
				 "pixel format %s; it must be 8-bit 4:2:0 planar (yuv420p)",
				 name == NULL ? "unknown" : name);
	}
	if (parameters->width < PICTURE_SIDE_MIN || parameters->width > PICTURE_SIDE_MAX ||
	    parameters->height < PICTURE_SIDE_MIN || parameters->height > PICTURE_SIDE_MAX) {
		return clip_fail(clip, FAST_INVALID_ARGUMENT,
				 "%d x %d pixels; each side must be from %d to %d",
				 parameters->width, parameters->height, PICTURE_SIDE_MIN,
				 PICTURE_SIDE_MAX);
	}
	clip->width = (size_t)parameters->width & ~(size_t)1;
	clip->height = (size_t)parameters->height & ~(size_t)1;
	return FAST_OK;
}

enum fast_status clip_open(const char *path, struct clip **out, char *error)
{
	struct clip *clip = calloc(1, sizeof *clip);
	enum fast_status status = FAST_RESOURCE_EXHAUSTED;

	assert(path != NULL && out != NULL && error != NULL);
	snprintf(error, CLIP_ERROR_BYTES, "%s: no memory", path);
	if (clip == NULL) {
		return status;
	}
	clip->path = strdup(path);
	clip->packet = av_packet_alloc();
	clip->frame = av_frame_alloc();
	if (clip->path == NULL || clip->packet == NULL || clip->frame == NULL) {
		goto fail;
	}
	av_log_set_level(AV_LOG_FATAL); /* what matters comes back as an error, and is told once */
	status = clip_start(clip);
	if (status == FAST_OK) {
		status = clip_check(clip);
	}
	if (status != FAST_OK) {
		memcpy(error, clip->error, CLIP_ERROR_BYTES);
		goto fail;
	}
	error[0] = '\0';
	*out = clip;
	return FAST_OK;

fail:
	clip_close(clip);
	return status;
}

void clip_close(struct clip *clip)
{
	if (clip == NULL) {
		return;
	}
	clip_stop(clip);
	av_frame_free(&clip->frame);
	av_packet_free(&clip->packet);
	free(clip->path);
	free(clip);
}

size_t clip_width(const struct clip *clip)
{
	return clip->width;
}

size_t clip_height(const struct clip *clip)
{
	return clip->height;
}

const char *clip_error(const struct clip *clip)
{
	return clip->error;
}

/* Gives the decoder the stream's next packet, or the news that there is none. */
static enum fast_status clip_feed(struct clip *clip)
{
	int code;

	for (;;) {
		code = av_read_frame(clip->format, clip->packet);
		if (code < 0) {
			clip->draining = true;
			code = avcodec_send_packet(clip->codec, NULL);
			break;
		}
		if (clip->packet->stream_index != clip->stream) {
			av_packet_unref(clip->packet);
			continue;
		}
		code = avcodec_send_packet(clip->codec, clip->packet);
		av_packet_unref(clip->packet);
		if (code != AVERROR_INVALIDDATA) { /* a damaged packet costs its own frame only */
			break;
		}
	}
	if (code < 0 && code != AVERROR_EOF) {
		return clip_fail_av(clip, FAST_DATA_LOSS, "can't be decoded", code);
	}
	return FAST_OK;
}

static enum fast_status clip_show(struct clip *clip, struct picture *out)
{
	const AVFrame *frame = clip->frame;

	if (!format_is_planar_420(frame->format) ||
	    ((size_t)frame->width & ~(size_t)1) != clip->width ||
	    ((size_t)frame->height & ~(size_t)1) != clip->height) {
		return clip_fail(clip, FAST_DATA_LOSS, "size or pixel format changes at frame %zu",
				 clip->frames);
	}
	for (size_t i = 0; i < PICTURE_PLANES; i++) {
		if (frame->data[i] == NULL || frame->linesize[i] <= 0) {
			return clip_fail(clip, FAST_DATA_LOSS, "frame %zu is upside down",
					 clip->frames);
		}
		out->plane[i] = frame->data[i];
		out->stride[i] = (size_t)frame->linesize[i];
	}
	out->width = clip->width;
	out->height = clip->height;
	clip->frames++;
	return FAST_OK;
}

enum fast_status clip_next(struct clip *clip, struct picture *out)
{
	if (clip->codec == NULL) {
		return FAST_DATA_LOSS; /* a rewind failed, and said why */
	}
	for (;;) {
		int code = avcodec_receive_frame(clip->codec, clip->frame);
		if (code >= 0) {
			return clip_show(clip, out);
		}
		if (code == AVERROR_EOF) {
			return FAST_OUT_OF_RANGE;
		}
		if (code != AVERROR(EAGAIN)) {
			return clip_fail_av(clip, FAST_DATA_LOSS, "can't be decoded", code);
		}
		if (clip->draining) {
			return FAST_OUT_OF_RANGE;
		}
		enum fast_status status = clip_feed(clip);
		if (status != FAST_OK) {
			return status;
		}
	}
}

/* Opens the file again rather than seek: that works for every container, and gives the very frames
 * of the first time. */
enum fast_status clip_rewind(struct clip *clip)
{
	enum fast_status status;
	size_t width = clip->width;
	size_t height = clip->height;

	clip_stop(clip);
	status = clip_start(clip);
	if (status == FAST_OK) {
		status = clip_check(clip);
	}
	if (status == FAST_OK && (clip->width != width || clip->height != height)) {
		status = clip_fail(clip, FAST_DATA_LOSS, "the file has changed");
	}
	if (status != FAST_OK) {
		clip_stop(clip);
	}
	return status;
}

enum fast_status clip_count(struct clip *clip, size_t limit, size_t *out)
{
	enum fast_status status;
	size_t count = 0;

	while (count < limit && av_read_frame(clip->format, clip->packet) >= 0) {
		count += clip->packet->stream_index == clip->stream;
		av_packet_unref(clip->packet);
	}
	status = clip_rewind(clip);
	if (status == FAST_OK) {
		*out = count;
	}
	return status;
}

enum fast_status clip_hash(const char *path, uint64_t *out)
{
	uint8_t block[16384];
	uint64_t hash = HASH_START;
	enum fast_status status = FAST_OK;
	FILE *file = fopen(path, "rb");
	size_t got;

	if (file == NULL) {
		return errno == ENOENT ? FAST_NOT_FOUND : FAST_UNAVAILABLE;
	}
	while ((got = fread(block, 1, sizeof block, file)) > 0) {
		hash = hash_more(hash, block, got);
	}
	if (ferror(file)) {
		status = FAST_UNAVAILABLE;
	}
	fclose(file);
	if (status == FAST_OK) {
		*out = hash;
	}
	return status;
}
