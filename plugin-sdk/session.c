#include "session.h"

#include "page/atomic.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static size_t pack(const Fast__V1__SessionUp *up, uint8_t *packet)
{
	size_t bytes = fast__v1__session_up__get_packed_size(up);

	assert(bytes <= FAST_SESSION_PACKET_BYTES_MAX); /* all texts have limits */
	return fast__v1__session_up__pack(up, packet);
}

size_t fast_session_pack_attach(const struct fast_plugin *plugin, const char *instance,
				uint8_t *packet)
{
	Fast__V1__SessionUp up = FAST__V1__SESSION_UP__INIT;
	Fast__V1__Attach attach = FAST__V1__ATTACH__INIT;

	attach.page_version = FAST_PAGE_VERSION;
	attach.name = (char *)plugin->name;
	attach.instance = (char *)instance;
	attach.version = (char *)plugin->version;
	attach.parent = (char *)plugin->parent;
	attach.open_time_unix_ns = plugin->open_time_unix_ns;
	up.kind_case = FAST__V1__SESSION_UP__KIND_ATTACH;
	up.attach = &attach;
	return pack(&up, packet);
}

static size_t metric_pack(const struct metric_info *metric, bool exemplars, uint8_t *packet)
{
	Fast__V1__SessionUp up = FAST__V1__SESSION_UP__INIT;
	Fast__V1__DeclareMetric declare = FAST__V1__DECLARE_METRIC__INIT;
	Fast__V1__MetricSpec spec = FAST__V1__METRIC_SPEC__INIT;

	spec.name = (char *)metric->name;
	spec.kind = (Fast__V1__MetricKind)metric->kind; /* the numbers are the same */
	spec.unit = (char *)metric->unit;
	spec.help = (char *)metric->help;
	spec.labels = (char *)metric->labels;
	spec.states = (char *)metric->states;
	declare.spec = &spec;
	declare.cell_offset = metric->cell_offset;
	declare.exemplars_offset = exemplars ? metric->exemplars_offset : 0;
	up.kind_case = FAST__V1__SESSION_UP__KIND_DECLARE_METRIC;
	up.declare_metric = &declare;
	return pack(&up, packet);
}

/* text holds FAST_PAGE_STRING_BYTES + 1 bytes and lives as long as the message. */
static void value_convert(enum fast_param_type type, const struct param_value *value,
			  Fast__V1__ParamValue *message, char *text)
{
	fast__v1__param_value__init(message);
	switch (type) {
	case FAST_PARAM_BOOL:
		message->kind_case = FAST__V1__PARAM_VALUE__KIND_BOOL_VALUE;
		message->bool_value = value->word != 0;
		break;
	case FAST_PARAM_INT:
		message->kind_case = FAST__V1__PARAM_VALUE__KIND_INT_VALUE;
		message->int_value = (int64_t)value->word;
		break;
	case FAST_PARAM_DOUBLE:
		message->kind_case = FAST__V1__PARAM_VALUE__KIND_DOUBLE_VALUE;
		message->double_value = page_double_from_bits(value->word);
		break;
	case FAST_PARAM_STRING:
	case FAST_PARAM_ENUM:
		memcpy(text, value->string, FAST_PAGE_STRING_BYTES);
		text[value->word] = '\0';
		message->kind_case = FAST__V1__PARAM_VALUE__KIND_STRING_VALUE;
		message->string_value = text;
		break;
	}
}

static size_t param_pack(const struct fast_param *param, uint8_t *packet)
{
	const struct param_rules *rules = &param->rules;
	Fast__V1__SessionUp up = FAST__V1__SESSION_UP__INIT;
	Fast__V1__DeclareParam declare = FAST__V1__DECLARE_PARAM__INIT;
	Fast__V1__ParamSpec spec = FAST__V1__PARAM_SPEC__INIT;
	Fast__V1__ParamRange range = FAST__V1__PARAM_RANGE__INIT;
	Fast__V1__ParamValue values[FAST_PARAM_CHOICES_MAX + 1];
	Fast__V1__ParamValue *choices[FAST_PARAM_CHOICES_MAX];
	char texts[FAST_PARAM_CHOICES_MAX + 1][FAST_PAGE_STRING_BYTES + 1];

	for (size_t i = 0; i < rules->choice_count; i++) {
		value_convert(rules->type, &rules->choices[i], &values[i], texts[i]);
		choices[i] = &values[i];
	}
	spec.initial = &values[FAST_PARAM_CHOICES_MAX];
	value_convert(rules->type, &rules->initial, spec.initial, texts[FAST_PARAM_CHOICES_MAX]);
	spec.name = (char *)rules->name;
	spec.type = (Fast__V1__ParamType)rules->type; /* the numbers are the same */
	spec.unit = (char *)rules->unit;
	spec.help = (char *)rules->help;
	spec.choices = choices;
	spec.n_choices = rules->choice_count;
	spec.read_only = rules->read_only;
	spec.restart_required = rules->restart_required;
	spec.ack_timeout_ms = rules->ack_timeout_ms;
	if (rules->max > rules->min) {
		range.min = rules->min;
		range.max = rules->max;
		range.step = rules->step;
		spec.range = &range;
	}
	declare.spec = &spec;
	declare.slot = param->slot;
	up.kind_case = FAST__V1__SESSION_UP__KIND_DECLARE_PARAM;
	up.declare_param = &declare;
	return pack(&up, packet);
}

static size_t segment_pack(uint32_t index, uint8_t *packet)
{
	Fast__V1__SessionUp up = FAST__V1__SESSION_UP__INIT;
	Fast__V1__Segment segment = FAST__V1__SEGMENT__INIT;

	segment.index = index;
	up.kind_case = FAST__V1__SESSION_UP__KIND_SEGMENT;
	up.segment = &segment;
	return pack(&up, packet);
}

size_t fast_session_pack_announcement(const struct announcement *announcement, uint8_t *packet)
{
	if (announcement->metric != NULL) {
		return metric_pack(announcement->metric, announcement->exemplars, packet);
	}
	return announcement->param != NULL ? param_pack(announcement->param, packet)
					   : segment_pack(announcement->segment, packet);
}

size_t fast_session_pack_failure(const struct fast_param *param, uint8_t *packet)
{
	Fast__V1__SessionUp up = FAST__V1__SESSION_UP__INIT;
	Fast__V1__ParamFailed failed = FAST__V1__PARAM_FAILED__INIT;

	failed.name = (char *)param->rules.name;
	failed.revision = param->failed_revision;
	failed.reason = (char *)param->failed_reason;
	up.kind_case = FAST__V1__SESSION_UP__KIND_PARAM_FAILED;
	up.param_failed = &failed;
	return pack(&up, packet);
}

Fast__V1__SessionUp *fast_session_unpack(const uint8_t *packet, size_t bytes)
{
	return fast__v1__session_up__unpack(NULL, bytes, packet);
}

size_t fast_session_pack_detach(uint8_t *packet)
{
	Fast__V1__SessionUp up = FAST__V1__SESSION_UP__INIT;
	Fast__V1__Detach detach = FAST__V1__DETACH__INIT;

	up.kind_case = FAST__V1__SESSION_UP__KIND_DETACH;
	up.detach = &detach;
	return pack(&up, packet);
}

enum fast_status fast_session_send(int socket, const uint8_t *packet, size_t bytes, int fd)
{
	struct iovec part = {.iov_base = (void *)packet, .iov_len = bytes};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	ssize_t sent;

	if (fd >= 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof control.bytes;
		struct cmsghdr *header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(header), &fd, sizeof fd);
	}
	do {
		sent = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (sent < 0 && errno == EINTR);
	if (sent >= 0) {
		return FAST_OK;
	}
	return errno == EAGAIN ? FAST_RESOURCE_EXHAUSTED : FAST_UNAVAILABLE;
}

enum fast_status fast_session_receive(int socket, Fast__V1__SessionDown **out)
{
	uint8_t packet[FAST_SESSION_PACKET_BYTES_MAX];
	ssize_t bytes;

	*out = NULL;
	/* A peer that ends with packets of ours unread resets the connection, and that is told once
	 * before what it had sent. */
	do {
		bytes = recv(socket, packet, sizeof packet, MSG_DONTWAIT | MSG_TRUNC);
	} while (bytes < 0 && (errno == EINTR || errno == ECONNRESET));
	if (bytes < 0 && errno == EAGAIN) {
		return FAST_NOT_FOUND;
	}
	if (bytes <= 0) {
		return FAST_UNAVAILABLE;
	}
	if ((size_t)bytes <= sizeof packet) { /* else cut off */
		*out = fast__v1__session_down__unpack(NULL, (size_t)bytes, packet);
	}
	return FAST_OK;
}
