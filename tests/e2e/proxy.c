/* Stands between a controller and fastd, and harms the link as it is told.
 *
 *     proxy ENDPOINT TARGET
 *
 * Prints its endpoint; then obeys each line of its input and answers "done": "stop" forwards
 * nothing and closes nothing, "go" forwards, "cut" closes what is connected, "count" says how many
 * connections it has had. Ends with its input. */
#include "support/fault_proxy.h"

#include <stdio.h>
#include <string.h>

static void obey(struct fault_proxy *proxy, const char *order)
{
	const struct fault_plan stopped = {.is_half_open = true};
	const struct fault_plan going = {0};

	if (strcmp(order, "stop") == 0) {
		fault_proxy_set(proxy, &stopped);
	} else if (strcmp(order, "go") == 0) {
		fault_proxy_set(proxy, &going);
	} else if (strcmp(order, "cut") == 0) {
		fault_proxy_cut(proxy);
	} else if (strcmp(order, "count") == 0) {
		printf("%u\n", fault_proxy_accepted(proxy));
		return;
	}
	printf("done\n");
}

int main(int argc, char **argv)
{
	struct fault_proxy *proxy = argc == 3 ? fault_proxy_open(argv[1], argv[2]) : NULL;
	char order[16];

	if (proxy == NULL) {
		fprintf(stderr, "usage: proxy ENDPOINT TARGET\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("%s\n", fault_proxy_endpoint(proxy));
	while (scanf("%15s", order) == 1) {
		obey(proxy, order);
	}
	fault_proxy_close(proxy);
	return 0;
}
