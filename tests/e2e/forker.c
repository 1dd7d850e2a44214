/* A plugin with children of every kind.
 *
 *     forker fork   counts 1000; three forked children count 100 each, a child of one of them 7, a
 * bare clone 50, and another child executes "sleep"; all live until they are killed forker exec
 * counts 1000, and executes "sleep" itself
 *
 * Prints the pid of each child. */
#include <fast/plugin.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CHILDREN  3
#define ATTACH_MS 20000

static struct fast_plugin *plugin;
static struct fast_metric *frames;

static void count(int times)
{
	for (int i = 0; i < times; i++) {
		fast_metric_inc(frames);
	}
}

static void sleep_execute(void)
{
	execlp("sleep", "sleep", "120", (char *)NULL);
	_exit(1);
}

static void grandchild_run(void)
{
	count(7);
}

/* The first of them has a child, too. */
static void child_run(int number)
{
	count(50);
	if (number == 0 && fork() == 0) {
		grandchild_run();
		return;
	}
	count(50);
}

static void children_make(void)
{
	for (int i = 0; i < CHILDREN; i++) {
		if (fork() == 0) {
			child_run(i);
			return;
		}
	}
	if (syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) == 0) {
		count(50);
		return;
	}
	if (fork() == 0) {
		sleep_execute();
	}
	count(500);
}

int main(int argc, char **argv)
{
	const struct fast_metric_spec spec = {
		.size = sizeof spec, .name = "frames", .kind = FAST_METRIC_COUNTER};
	const bool is_exec = argc == 2 && strcmp(argv[1], "exec") == 0;

	if (fast_plugin_open("forker", NULL, &plugin) != FAST_OK ||
	    fast_plugin_metric(plugin, &spec, &frames) != FAST_OK ||
	    fast_plugin_wait_attached(plugin, ATTACH_MS) != FAST_OK) {
		return 1;
	}
	count(500);
	if (is_exec) {
		count(500);
		sleep_execute();
	}
	children_make();
	printf("%d\n", (int)getpid());
	(void)fflush(stdout);
	for (;;) {
		(void)pause();
	}
}
