// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: debug lines about commands and task management.
 */
#include <stdio.h>

#include "trace.h"

void trace_print_task(const char *what, const struct scst_task *task)
{
	char cdb[16 * 3 + 1];
	size_t i, len = 0;

	for (i = 0; i < sizeof(task->cdb); i++)
		len += snprintf(cdb + len, sizeof(cdb) - len, " %02x",
				task->cdb[i]);
	pr_debug("%s nexus=%llu lun=%u tag=%#llx attr=%u expected=%u cdb=%s\n",
		 what, (unsigned long long)task->nexus->id, task->lun,
		 (unsigned long long)task->tag, task->attr, task->expected,
		 cdb + 1);
}

void trace_print_respond(const struct scst_task *task)
{
	const struct scst_cmd *cmd = &task->cmd;
	bool sense = cmd->status == SCSI_CHECK_CONDITION;

	pr_debug("respond nexus=%llu lun=%u tag=%#llx op=%#x status=%#x data_in=%u%s%s%s\n",
		 (unsigned long long)task->nexus->id, task->lun,
		 (unsigned long long)task->tag, task->cdb[0], cmd->status,
		 cmd->data_in, sense ? " sense=" : "",
		 sense ? scst_sense_name(cmd->sense.sense) : "",
		 scst_task_aborted(task) ? " aborted" : "");
}

void trace_print_tmf(const char *what, const struct scst_tmf *tmf)
{
	pr_debug("%s tmf nexus=%llu lun=%u fn=%u tag=%#llx response=%u\n",
		 what, (unsigned long long)tmf->nexus->id, tmf->lun, tmf->fn,
		 (unsigned long long)tmf->tag, tmf->response);
}

void trace_print_ua(const struct scst_itl *itl, enum scst_sense ua)
{
	pr_debug("unit attention nexus=%llu lun=%u: %s\n",
		 (unsigned long long)itl->nexus->id, itl->lun,
		 scst_sense_name(ua));
}
