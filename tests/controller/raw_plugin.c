#include "controller/raw_plugin.h"

#include "page/page.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define WAIT_MS 10000
#define FDS_MAX 253 /* the kernel takes no more */

int raw_connect(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	assert_int_equal(0, connect(fd, (struct sockaddr *)&address, sizeof address));
	return fd;
}

int raw_page_with(unsigned int seals, long size)
{
	const struct fast_page_head head = {FAST_PAGE_MAGIC, FAST_PAGE_VERSION, FAST_PAGE_BYTES, 0};
	int fd = memfd_create("page", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_true(fd >= 0);
	assert_int_equal(0, ftruncate(fd, size));
	assert_int_equal(sizeof head, pwrite(fd, &head, sizeof head, 0));
	assert_int_equal(0, fcntl(fd, F_ADD_SEALS, seals));
	return fd;
}

int raw_page(void)
{
	return raw_page_with(F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL, FAST_PAGE_BYTES);
}

bool raw_send_bytes(int fd, const void *bytes, size_t count, const int *fds, size_t fd_count)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
	} control = {.bytes = ""};
	struct iovec data = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = count};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};

	assert_true(fd_count <= FDS_MAX);
	if (fd_count > 0) {
		struct cmsghdr *header = &control.header;
		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
		memcpy(CMSG_DATA(header), fds, fd_count * sizeof(int));
	}
	return sendmsg(fd, &message, MSG_NOSIGNAL) == (ssize_t)count;
}

bool raw_send(int fd, const Fast__V1__SessionUp *packet, int page_fd)
{
	unsigned char bytes[65536];
	size_t count = protobuf_c_message_get_packed_size(&packet->base);

	assert_true(count <= sizeof bytes);
	(void)protobuf_c_message_pack(&packet->base, bytes);
	return raw_send_bytes(fd, bytes, count, &page_fd, page_fd >= 0 ? 1 : 0);
}

bool raw_send_attach(int fd, const char *name, const char *instance, int page_fd)
{
	Fast__V1__SessionUp packet = FAST__V1__SESSION_UP__INIT;
	Fast__V1__Attach attach = FAST__V1__ATTACH__INIT;

	attach.page_version = FAST_PAGE_VERSION;
	attach.name = (char *)(uintptr_t)name;
	attach.instance = (char *)(uintptr_t)instance;
	packet.kind_case = FAST__V1__SESSION_UP__KIND_ATTACH;
	packet.attach = &attach;
	return raw_send(fd, &packet, page_fd);
}

bool raw_send_metric(int fd, const char *name, int kind, uint32_t cell_offset)
{
	Fast__V1__SessionUp packet = FAST__V1__SESSION_UP__INIT;
	Fast__V1__DeclareMetric declare = FAST__V1__DECLARE_METRIC__INIT;
	Fast__V1__MetricSpec spec = FAST__V1__METRIC_SPEC__INIT;

	spec.name = (char *)(uintptr_t)name;
	spec.kind = (Fast__V1__MetricKind)kind;
	declare.spec = &spec;
	declare.cell_offset = cell_offset;
	packet.kind_case = FAST__V1__SESSION_UP__KIND_DECLARE_METRIC;
	packet.declare_metric = &declare;
	return raw_send(fd, &packet, -1);
}

bool raw_send_spec(int fd, const Fast__V1__ParamSpec *spec, uint32_t slot)
{
	Fast__V1__SessionUp packet = FAST__V1__SESSION_UP__INIT;
	Fast__V1__DeclareParam declare = FAST__V1__DECLARE_PARAM__INIT;

	declare.spec = (Fast__V1__ParamSpec *)(uintptr_t)spec;
	declare.slot = slot;
	packet.kind_case = FAST__V1__SESSION_UP__KIND_DECLARE_PARAM;
	packet.declare_param = &declare;
	return raw_send(fd, &packet, -1);
}

bool raw_send_param(int fd, const char *name, int64_t initial, uint32_t slot)
{
	Fast__V1__ParamSpec spec = FAST__V1__PARAM_SPEC__INIT;
	Fast__V1__ParamValue value = FAST__V1__PARAM_VALUE__INIT;
	Fast__V1__ParamRange range = FAST__V1__PARAM_RANGE__INIT;

	value.kind_case = FAST__V1__PARAM_VALUE__KIND_INT_VALUE;
	value.int_value = initial;
	range.max = 100;
	spec.name = (char *)(uintptr_t)name;
	spec.type = FAST__V1__PARAM_TYPE__PARAM_TYPE_INT;
	spec.initial = &value;
	spec.range = &range;
	return raw_send_spec(fd, &spec, slot);
}

struct raw_answer raw_receive(int fd)
{
	struct raw_answer answer = {.closed = true};
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	unsigned char bytes[4096];
	ssize_t count;
	Fast__V1__SessionDown *packet;

	assert_int_equal(1, poll(&ready, 1, WAIT_MS));
	count = recv(fd, bytes, sizeof bytes, 0);
	if (count <= 0) {
		return answer;
	}
	packet = fast__v1__session_down__unpack(NULL, (size_t)count, bytes);
	assert_non_null(packet);
	answer.closed = false;
	if (packet->kind_case == FAST__V1__SESSION_DOWN__KIND_ATTACHED) {
		answer.attached = true;
		(void)snprintf(answer.instance, sizeof answer.instance, "%s",
			       packet->attached->instance);
	} else {
		assert_int_equal(FAST__V1__SESSION_DOWN__KIND_REFUSED, packet->kind_case);
		answer.code = packet->refused->code;
		(void)snprintf(answer.name, sizeof answer.name, "%s", packet->refused->name);
		(void)snprintf(answer.message, sizeof answer.message, "%s",
			       packet->refused->message);
	}
	fast__v1__session_down__free_unpacked(packet, NULL);
	return answer;
}
