/* street - a plugin that finds what moves in a street video. See street --help. */
#include "draw.h"
#include "face.h"
#include "options.h"
#include "scene.h"
#include "watch.h"

#include <errno.h>
#include <fast/log.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum exit_code {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_CLIP = 3,
};

struct street {
	struct options options;
	struct scene scene;
	struct watch *watch;
	struct face face;
	size_t index;      /* of the next frame in the clip */
	uint64_t frames;   /* of the stream, so far */
	uint64_t searched; /* of those */
	uint64_t objects;  /* boxes in all frames searched */
	double searching_seconds;
	double seconds; /* since the first frame */
};

static atomic_bool stop; /* set by a signal, and never reset */

_Static_assert(ATOMIC_BOOL_LOCK_FREE == 2, "a signal handler stores it");

static void on_signal(int number)
{
	(void)number;
	atomic_store(&stop, true);
}

static void signals_catch(void)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static void say(const char *sentence)
{
	fprintf(stderr, "street: %s\n", sentence);
}

static void on_log(enum fast_log_level level, const char *message, void *arg)
{
	(void)arg;
	if (level <= FAST_LOG_WARNING) {
		say(message);
	}
}

/* The folder for reference boxes when none is named; NULL when the environment has no place for it.
 */
static const char *cache_default(char *path, size_t path_bytes)
{
	const char *base = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");
	int length = -1;

	if (base != NULL && base[0] == '/') {
		length = snprintf(path, path_bytes, "%s/fastd", base);
	} else if (home != NULL && home[0] == '/') {
		length = snprintf(path, path_bytes, "%s/.cache/fastd", home);
	}
	return length > 0 && (size_t)length < path_bytes ? path : NULL;
}

static enum exit_code exit_code_of(enum fast_status status)
{
	switch (status) {
	case FAST_OK:
		return EXIT_DONE;
	case FAST_NOT_FOUND:
	case FAST_INVALID_ARGUMENT:
	case FAST_DATA_LOSS:
		return EXIT_CLIP;
	default:
		return EXIT_FAILED;
	}
}

static enum exit_code street_prepare(struct street *street)
{
	char path[REFERENCE_PATH_BYTES];
	const char *cache = street->options.cache;
	struct scene_options options = {
		.clip = street->options.clip,
		.cache = cache != NULL ? cache : cache_default(path, sizeof path),
		.frames_max = (size_t)street->options.frames_max,
		.stop = &stop,
	};
	enum fast_status status = scene_init(&options, say, &street->scene);

	if (status == FAST_CANCELLED) {
		say("told to end before it was ready");
	}
	if (status == FAST_OK && street->options.prepare && !street->scene.cached) {
		return EXIT_FAILED; /* why was told */
	}
	return exit_code_of(status);
}

static enum exit_code street_attach(struct street *street)
{
	struct knobs knobs = {
		.resolution = resolution_index(street->options.res),
		.skip = (size_t)street->options.skip,
	};
	char why[256] = "";
	enum fast_status status =
		watch_new(street->scene.models, street->scene.reference, &street->watch);

	if (status != FAST_OK) {
		say("no memory for the detectors");
		return EXIT_FAILED;
	}
	status = face_open(street->options.name, knobs, &street->face);
	if (status == FAST_OK) {
		return EXIT_DONE;
	}
	if (street->face.plugin != NULL) {
		fast_plugin_error(street->face.plugin, why, sizeof why);
	}
	fprintf(stderr, "street: plugin %s can't be opened: %s\n", street->options.name,
		why[0] != '\0' ? why : fast_status_sentence(status));
	return status == FAST_INVALID_ARGUMENT ? EXIT_USAGE : EXIT_FAILED;
}

/* The next frame of the clip, which begins again after its last. */
static enum fast_status street_next(struct street *street, struct picture *picture)
{
	enum fast_status status = FAST_OUT_OF_RANGE;

	if (street->index < street->scene.models->frames) {
		status = clip_next(street->scene.clip, picture);
	}
	if (status == FAST_OUT_OF_RANGE) {
		street->index = 0;
		status = clip_rewind(street->scene.clip);
		if (status == FAST_OK) {
			status = clip_next(street->scene.clip, picture);
		}
	}
	if (status == FAST_OUT_OF_RANGE) {
		say("the clip has no frame any more");
		return FAST_DATA_LOSS;
	}
	if (status != FAST_OK) {
		say(clip_error(street->scene.clip));
	}
	return status;
}

static void street_search(struct street *street, const struct picture *picture)
{
	struct face *face = &street->face;
	struct knobs knobs = face_knobs(face);
	int64_t start_ns = fast_metric_now();

	watch_search(street->watch, picture, street->index, knobs);
	fast_metric_observe_since(face->latency, start_ns);
	street->searching_seconds += 1e-9 * (double)(fast_metric_now() - start_ns);
	street->searched++;
	street->objects += watch_boxes(street->watch)->count;
	fast_metric_set(face->objects, (double)watch_boxes(street->watch)->count);
}

static enum fast_status street_draw(const struct street *street, const struct picture *picture)
{
	char path[REFERENCE_PATH_BYTES];
	enum fast_status status;
	int length = snprintf(path, sizeof path, "%s/frame-%08llu.ppm", street->options.draw,
			      (unsigned long long)street->frames);

	if (length < 0 || (size_t)length >= sizeof path) {
		say("the name of the folder for pictures is too long");
		return FAST_OUT_OF_RANGE;
	}
	if (mkdir(street->options.draw, 0755) != 0 && errno != EEXIST) {
		fprintf(stderr, "street: --draw %s: the folder cannot be made: %s\n",
			street->options.draw, strerror(errno));
		return FAST_UNAVAILABLE;
	}
	status = draw_frame(path, picture, &street->scene.reference->frames[street->index],
			    watch_boxes(street->watch));
	if (status != FAST_OK) {
		fprintf(stderr, "street: %s cannot be written: %s\n", path, strerror(errno));
	}
	return status;
}

static enum fast_status street_frame(struct street *street)
{
	struct picture picture;
	enum fast_status status = street_next(street, &picture);

	if (status != FAST_OK) {
		return status;
	}
	if (watch_is_due(street->watch)) {
		street_search(street, &picture);
	} else {
		watch_pass(street->watch, street->index);
	}
	fast_metric_set(street->face.acc, watch_acc(street->watch));
	fast_metric_inc(street->face.fps);
	if (street->options.draw != NULL &&
	    street->frames % (uint64_t)street->options.draw_every == 0) {
		status = street_draw(street, &picture);
	}
	street->index++;
	street->frames++;
	return status;
}

static enum exit_code street_run(struct street *street)
{
	const struct options *options = &street->options;
	int64_t start_ns = fast_metric_now();
	enum fast_status status = FAST_OK;

	while (status == FAST_OK && !atomic_load(&stop) &&
	       (options->frames == 0 || (double)street->frames < options->frames) &&
	       (options->seconds == 0 || street->seconds < options->seconds)) {
		status = street_frame(street);
		street->seconds = 1e-9 * (double)(fast_metric_now() - start_ns);
	}
	return exit_code_of(status);
}

static double ratio(double a, double b)
{
	return b > 0 ? a / b : 0;
}

/* The knobs are those at the end. */
static void street_summarise(struct street *street)
{
	double searched = (double)street->searched;
	struct knobs knobs = face_knobs(&street->face);

	printf("{\"name\":\"%s\",\"frames\":%llu,\"searched\":%llu,\"seconds\":%.3f,"
	       "\"fps\":%.2f,\"latency_ms\":%.3f,\"objects\":%.3f,\"acc\":%.4f,"
	       "\"res\":%g,\"skip\":%zu}\n",
	       street->options.name, (unsigned long long)street->frames,
	       (unsigned long long)street->searched, street->seconds,
	       ratio((double)street->frames, street->seconds),
	       1e3 * ratio(street->searching_seconds, searched),
	       ratio((double)street->objects, searched), watch_acc_overall(street->watch),
	       resolutions[knobs.resolution], knobs.skip);
}

/* fast_plugin_open() would refuse the name as well, but after minutes of preparation. */
static bool name_is_good(const char *name)
{
	size_t length = strlen(name);

	return length > 0 && length <= FAST_PLUGIN_NAME_BYTES_MAX &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-.") == length;
}

static enum exit_code street_main(struct street *street)
{
	enum exit_code code;

	if (!name_is_good(street->options.name)) {
		say("--name: it must be of a-z, 0-9, _, - and dots, at most 64 bytes");
		return EXIT_USAGE;
	}
	code = street_prepare(street);
	if (code != EXIT_DONE || street->options.prepare) {
		return code;
	}
	code = street_attach(street);
	if (code != EXIT_DONE) {
		return code;
	}
	code = street_run(street);
	if (street->options.json) {
		street_summarise(street);
	}
	return code;
}

int main(int argc, char **argv)
{
	struct street street = {0};
	char error[OPTIONS_ERROR_BYTES];
	enum exit_code code;

	if (options_parse(argc, argv, &street.options, error) != FAST_OK) {
		fprintf(stderr, "street: %s; see street --help\n", error);
		return EXIT_USAGE;
	}
	if (street.options.help) {
		options_help(stdout);
		return EXIT_DONE;
	}
	signals_catch();
	fast_log_set_handler(on_log, NULL);
	code = street_main(&street);
	face_close(&street.face);
	watch_free(street.watch);
	scene_fini(&street.scene);
	return (int)code;
}
