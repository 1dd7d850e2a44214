#include "controller/raw_world.h"

#include <string.h>
#include <unistd.h>

void raw_world_init(struct raw_world *raw)
{
	world_init(&raw->world);
	raw->fd = raw_connect(raw->world.socket);
}

/* Ends it, after seeing that an honest plugin is still served. */
void raw_world_fini(struct raw_world *raw)
{
	struct fast_plugin *plugin = world_plugin(&raw->world, "honest");

	(void)close(raw->fd);
	fast_plugin_close(plugin);
	world_fini(&raw->world);
}

/* Attaches well. */
void raw_world_attach(struct raw_world *raw, const char *name)
{
	int page = raw_page();
	struct raw_answer answer;

	assert_true(raw_send_attach(raw->fd, name, "", page));
	answer = raw_receive(raw->fd);
	assert_true(answer.attached);
	(void)close(page);
}

/* The next answer refuses with these words in its sentence. */
void raw_world_refused(struct raw_world *raw, enum fast_status status, const char *words)
{
	struct raw_answer answer = raw_receive(raw->fd);

	assert_false(answer.closed);
	assert_false(answer.attached);
	assert_status(status, answer.code);
	if (strstr(answer.message, words) == NULL) {
		fail_msg("\"%s\" is not in \"%s\"", words, answer.message);
	}
}

void raw_world_closed(struct raw_world *raw)
{
	assert_true(raw_receive(raw->fd).closed);
}
