/* SPDX-License-Identifier: GPL-2.0-only */
/* KERNEL: the core's tracepoints; core_trace.h says when they fire. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM scst

#if !defined(SCST_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define SCST_TRACE_H

#include <linux/tracepoint.h>

#include "scst_core.h"

DECLARE_EVENT_CLASS(scst_task,
	TP_PROTO(const struct scst_task *task),
	TP_ARGS(task),
	TP_STRUCT__entry(
		__field(u64, nexus)
		__field(u64, tag)
		__field(u32, expected)
		__field(u16, lun)
		__field(u8, attr)
		__array(u8, cdb, 16)
	),
	TP_fast_assign(
		__entry->nexus = task->nexus->id;
		__entry->tag = task->tag;
		__entry->expected = task->expected;
		__entry->lun = task->lun;
		__entry->attr = task->attr;
		memcpy(__entry->cdb, task->cdb, sizeof(__entry->cdb));
	),
	TP_printk("nexus=%llu lun=%u tag=%#llx attr=%u expected=%u cdb=%s",
		  __entry->nexus, __entry->lun, __entry->tag, __entry->attr,
		  __entry->expected, __print_hex(__entry->cdb, 16))
);

DEFINE_EVENT(scst_task, scst_submit,
	TP_PROTO(const struct scst_task *task), TP_ARGS(task));
DEFINE_EVENT(scst_task, scst_execute,
	TP_PROTO(const struct scst_task *task), TP_ARGS(task));

TRACE_EVENT(scst_respond,
	TP_PROTO(const struct scst_task *task),
	TP_ARGS(task),
	TP_STRUCT__entry(
		__field(u64, nexus)
		__field(u64, tag)
		__field(u32, data_in)
		__field(u32, sense)
		__field(u16, lun)
		__field(u8, op)
		__field(u8, status)
		__field(bool, aborted)
	),
	TP_fast_assign(
		__entry->nexus = task->nexus->id;
		__entry->tag = task->tag;
		__entry->data_in = task->cmd.data_in;
		__entry->sense = task->cmd.sense.sense;
		__entry->lun = task->lun;
		__entry->op = task->cdb[0];
		__entry->status = task->cmd.status;
		__entry->aborted = scst_task_aborted(task);
	),
	TP_printk("nexus=%llu lun=%u tag=%#llx op=%#x status=%#x sense=%06x data_in=%u%s",
		  __entry->nexus, __entry->lun, __entry->tag, __entry->op,
		  __entry->status, __entry->sense, __entry->data_in,
		  __entry->aborted ? " aborted" : "")
);

DECLARE_EVENT_CLASS(scst_tmf,
	TP_PROTO(const struct scst_tmf *tmf),
	TP_ARGS(tmf),
	TP_STRUCT__entry(
		__field(u64, nexus)
		__field(u64, tag)
		__field(u16, lun)
		__field(u8, fn)
		__field(u8, response)
	),
	TP_fast_assign(
		__entry->nexus = tmf->nexus->id;
		__entry->tag = tmf->tag;
		__entry->lun = tmf->lun;
		__entry->fn = tmf->fn;
		__entry->response = tmf->response;
	),
	TP_printk("nexus=%llu lun=%u fn=%u tag=%#llx response=%u",
		  __entry->nexus, __entry->lun, __entry->fn, __entry->tag,
		  __entry->response)
);

DEFINE_EVENT(scst_tmf, scst_tmf_submit,
	TP_PROTO(const struct scst_tmf *tmf), TP_ARGS(tmf));
DEFINE_EVENT(scst_tmf, scst_tmf_done,
	TP_PROTO(const struct scst_tmf *tmf), TP_ARGS(tmf));

TRACE_EVENT(scst_ua,
	TP_PROTO(const struct scst_itl *itl, enum scst_sense ua),
	TP_ARGS(itl, ua),
	TP_STRUCT__entry(
		__field(u64, nexus)
		__field(u16, lun)
		__field(u8, asc)
		__field(u8, ascq)
	),
	TP_fast_assign(
		__entry->nexus = itl->nexus->id;
		__entry->lun = itl->lun;
		__entry->asc = SENSE_ASC(ua);
		__entry->ascq = SENSE_ASCQ(ua);
	),
	TP_printk("nexus=%llu lun=%u asc=%02x ascq=%02x", __entry->nexus,
		  __entry->lun, __entry->asc, __entry->ascq)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE scst_trace
#include <trace/define_trace.h>
