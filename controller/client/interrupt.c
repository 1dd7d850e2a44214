#include "client/interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t interrupt_kept; /* written by the handler alone */

static void interrupt_keep(int number)
{
	interrupt_kept = number;
}

void interrupt_catch(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction keep = {.sa_handler = interrupt_keep};
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	sigemptyset(&keep.sa_mask);
	sigemptyset(&ignore.sa_mask);
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		sigaction(numbers[i], &keep, NULL);
	}
	sigaction(SIGPIPE, &ignore, NULL);
}

bool interrupt_seen(void)
{
	return interrupt_kept != 0;
}
