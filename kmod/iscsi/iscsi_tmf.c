// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: task management requests (RFC 7143 11.5, 11.6).
 */
#include "iscsi_int.h"

/* A request on its way through the core. */
struct iscsi_tmf {
	struct scst_tmf tmf;
	struct iscsi_session *sess;
	struct iscsi_conn *conn;	/* NULL: gone */
	struct list_head link;		/* sess->tmfs */
	struct core_work work;
	__be32 itt;
	u8 fn;
};

static void tmf_respond(struct iscsi_conn *conn, u8 fn, __be32 itt, u8 response)
{
	struct iscsi_ctrl *ctrl = iscsi_ctrl_alloc(conn, ISCSI_TMF_RSP, 0);

	if (!ctrl)
		return;
	ctrl->bhs.byte2 = response;
	ctrl->bhs.itt = itt;
	ctrl->cold_reset = fn == ISCSI_TMF_TARGET_COLD_RESET &&
			   response == ISCSI_TMF_DONE;
	iscsi_ctrl_queue(conn, ctrl);
}

static u8 tmf_response(const struct scst_tmf *tmf)
{
	switch (tmf->response) {
	case SCST_TMF_COMPLETE:
		return ISCSI_TMF_DONE;
	case SCST_TMF_NO_TASK:
		return ISCSI_TMF_NO_TASK;
	case SCST_TMF_NO_LUN:
		return ISCSI_TMF_NO_LUN;
	default:
		return ISCSI_TMF_REJECTED;
	}
}

static void tmf_done_here(struct iscsi_tmf *req)
{
	struct iscsi_session *sess = req->sess;

	if (req->conn)
		tmf_respond(req->conn, req->fn, req->itt,
			    tmf_response(&req->tmf));
	list_del(&req->link);
	sess->nr_tmfs--;
	kfree(req);
	iscsi_session_put(sess);
}

static void tmf_done_work(struct core_work *work)
{
	tmf_done_here(container_of(work, struct iscsi_tmf, work));
}

/* ops->tmf_done(): any context */
void iscsi_tmf_done(struct scst_tmf *tmf)
{
	struct iscsi_tmf *req = container_of(tmf, struct iscsi_tmf, tmf);
	struct iscsi_session *sess = req->sess;

	if (sess->env->is_here(sess)) {
		tmf_done_here(req);
		return;
	}
	req->work.fn = tmf_done_work;
	sess->env->post(sess, &req->work);
}

/* The connection is gone; nobody is there to be told. */
void iscsi_tmf_forget(struct iscsi_conn *conn)
{
	struct iscsi_tmf *req;

	list_for_each_entry(req, &conn->sess->tmfs, link)
		if (req->conn == conn)
			req->conn = NULL;
}

/*
 * 11.5.1, 11.6.1: a task that is not there was either answered, or, with a
 * RefCmdSN that we have not received, is still on its way; ignoring it would
 * need it to come first, so "does not exist" is the truth in both cases.
 */
static bool tmf_translate(const struct iscsi_bhs *bhs, struct scst_tmf *tmf)
{
	tmf->lun = scst_lun_decode(bhs->lun);
	switch (bhs->flags & 0x7f) {
	case ISCSI_TMF_ABORT_TASK:
		tmf->fn = SCST_ABORT_TASK;
		tmf->tag = be32_to_cpu(bhs->tmf.ref_tag);
		return true;
	case ISCSI_TMF_ABORT_TASK_SET:
		tmf->fn = SCST_ABORT_TASK_SET;
		return true;
	case ISCSI_TMF_CLEAR_TASK_SET:
		tmf->fn = SCST_CLEAR_TASK_SET;
		return true;
	case ISCSI_TMF_LUN_RESET:
		tmf->fn = SCST_LUN_RESET;
		return true;
	case ISCSI_TMF_TARGET_WARM_RESET:
	case ISCSI_TMF_TARGET_COLD_RESET:
		tmf->fn = SCST_TARGET_RESET;
		return true;
	default:
		return false;
	}
}

static struct iscsi_tmf *tmf_alloc(struct iscsi_session *sess)
{
	struct iscsi_tmf *req = kzalloc(sizeof(*req), GFP_ATOMIC);

	if (!req)
		return NULL;
	req->sess = sess;
	req->tmf.nexus = &sess->nexus;
	return req;
}

static void tmf_submit(struct iscsi_tmf *req)
{
	struct iscsi_session *sess = req->sess;

	list_add_tail(&req->link, &sess->tmfs);
	sess->nr_tmfs++;
	iscsi_session_get(sess);
	scst_tmf_submit(&req->tmf);
}

/*
 * The list of tasks changes while functions run, so all are made first. A task
 * for which there is no memory runs to its end.
 */
void iscsi_conn_abort_tasks(struct iscsi_conn *conn)
{
	struct iscsi_session *sess = conn->sess;
	struct iscsi_tmf *req, *next;
	struct iscsi_task *task;
	LIST_HEAD(reqs);

	if (!sess->has_nexus)
		return;
	list_for_each_entry(task, &sess->tasks, link) {
		if (task->conn != conn)
			continue;
		req = tmf_alloc(sess);
		if (!req)
			break;
		req->tmf.fn = SCST_ABORT_TASK;
		req->tmf.lun = task->task.lun;
		req->tmf.tag = task->itt;
		list_add_tail(&req->link, &reqs);
	}
	list_for_each_entry_safe(req, next, &reqs, link) {
		list_del(&req->link);
		tmf_submit(req);
	}
}

void iscsi_tmf_request(struct iscsi_conn *conn)
{
	const struct iscsi_bhs *bhs = &conn->rx.bhs;
	struct iscsi_session *sess = conn->sess;
	struct iscsi_tmf *req;

	if (sess->nr_tmfs >= ISCSI_TMF_MAX) {
		tmf_respond(conn, bhs->flags & 0x7f, bhs->itt,
			    ISCSI_TMF_REJECTED);
		return;
	}
	req = tmf_alloc(sess);
	if (!req) {
		iscsi_drop(conn, "out of memory");
		return;
	}
	req->fn = bhs->flags & 0x7f;
	if (!tmf_translate(bhs, &req->tmf)) {
		tmf_respond(conn, req->fn, bhs->itt,
			    req->fn == ISCSI_TMF_TASK_REASSIGN ?
			    ISCSI_TMF_NO_REASSIGN : ISCSI_TMF_NOT_SUPPORTED);
		kfree(req);
		return;
	}
	req->conn = conn;
	req->itt = bhs->itt;
	tmf_submit(req);
}
