/* Any packet from whoever holds the plugin socket: received, unpacked and freed, or passed over. */
#include "session.h"

#include <assert.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static int ends[2] = {-1, -1};
	Fast__V1__SessionDown *down = NULL;

	if (ends[0] < 0) {
		int error = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends);

		assert(error == 0);
	}
	/* An empty packet looks like the end. */
	if (bytes == 0 || send(ends[0], data, bytes, MSG_DONTWAIT) < 0) {
		return 0;
	}
	enum fast_status status = fast_session_receive(ends[1], &down);
	assert(status == FAST_OK);
	if (down != NULL) {
		assert(bytes <= FAST_SESSION_PACKET_BYTES_MAX);
		fast__v1__session_down__free_unpacked(down, NULL);
	}
	return 0;
}
