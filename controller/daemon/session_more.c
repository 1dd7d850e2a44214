/* What a plugin says beside declarations. */
#include "session.h"

#include "apply.h"

#include "page/names.h"

#include <fast/param_change.h>

#include <stdio.h>

void session_note_stray(const struct session *session, const char *why)
{
	struct node *node = session->node;
	int64_t now_ns = node_now_ns();
	char others[64] = "";

	if (node->stray_told_ns != 0 &&
	    now_ns - node->stray_told_ns < SESSION_STRAY_MS * INT64_C(1000000)) {
		node->stray_count++;
		return;
	}
	if (node->stray_count > 0) {
		(void)snprintf(others, sizeof others, " (and %llu others before)",
			       (unsigned long long)node->stray_count);
	}
	node_note(node, FAST_LOG_WARNING, "no plugin: pid %u uid %u: %s%s", session->pid,
		  session->uid, why, others);
	node->stray_told_ns = now_ns;
	node->stray_count = 0;
}

/* A failure of a value that has been replaced meanwhile says nothing any more. */
void session_param_failed(struct session *session, const Fast__V1__ParamFailed *failed)
{
	struct node *node = session->node;
	char reason[NODE_TEXT_BYTES_MAX] = "";
	struct param *param;
	enum fast_status status = FAST_NOT_FOUND;

	(void)snprintf(reason, sizeof reason, "a failure of a param that was not declared");
	node_lock(node);
	param = plugin_param(session->plugin, failed->name);
	if (param != NULL) {
		status = fast_text_check("param", param->name, "reason", failed->reason,
					 FAST_PARAM_REASON_BYTES_MAX, reason, sizeof reason);
	}
	if (status == FAST_OK && failed->revision > 0 && failed->revision == param->page_revision) {
		param_fail(node, session->plugin, param, failed->reason);
	}
	node_unlock(node);
	if (status != FAST_OK) {
		session_refuse(session, status, failed->name, "%s", reason);
	}
}

void session_segment(struct session *session, const Fast__V1__Segment *segment, int segment_fd)
{
	struct node *node = session->node;
	struct fast_page_view *view = session->plugin->view;
	const char *reason = "";
	enum fast_status status;

	if (segment_fd < 0) {
		session_refuse(session, FAST_INVALID_ARGUMENT, "",
			       "Segment must carry one descriptor, the segment's");
		return;
	}
	if (segment->index != fast_page_view_segments(view)) {
		session_refuse(session, FAST_INVALID_ARGUMENT, "",
			       "segment %u is not the next one, which is %zu", segment->index,
			       fast_page_view_segments(view));
		return;
	}
	node_lock(node);
	status = fast_page_view_add(view, segment_fd, &reason);
	node_unlock(node);
	if (status != FAST_OK) {
		session_refuse(session, status, "", "%s", reason);
	}
}
