#include "daemon/remote_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define UP_BYTES_MAX 65536

bool remote_up_send(const struct remote *remote, const Fast__V1__SessionUp *up, int fd)
{
	size_t bytes = fast__v1__session_up__get_packed_size(up);
	uint8_t *packet = bytes <= UP_BYTES_MAX ? malloc(bytes + 1) : NULL;
	struct iovec part = {.iov_base = packet, .iov_len = bytes};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	bool sent;

	if (packet == NULL) {
		return false;
	}
	(void)fast__v1__session_up__pack(up, packet);
	if (fd >= 0) {
		struct cmsghdr *header = &control.align;

		message.msg_control = control.bytes;
		message.msg_controllen = sizeof control.bytes;
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(header), &fd, sizeof fd);
	}
	sent = sendmsg(remote->fd, &message, MSG_NOSIGNAL) == (ssize_t)bytes;
	free(packet);
	return sent;
}

int remote_node_connect(const struct sockaddr_un *address)
{
	const struct timeval limit = {.tv_sec = REMOTE_SEND_MS / 1000};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd >= 0 && (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0 ||
			connect(fd, (const struct sockaddr *)address, sizeof *address) != 0)) {
		(void)close(fd);
		fd = -1;
	}
	return fd;
}

void remote_host_name(struct fast_call *call, char *out, size_t out_bytes)
{
	const struct fast_peer *peer = fast_call_peer(call);
	const char *name = peer->endpoint;

	if (peer->has_certificate) {
		name = peer->name_count > 0 ? peer->names[0] : peer->common_name;
	}
	(void)snprintf(out, out_bytes, "%s", name == NULL ? peer->endpoint : name);
}
