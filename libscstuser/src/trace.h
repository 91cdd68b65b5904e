/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: what the core does, as lines of the log at its level debug (see
 * core_trace.h). At any other level each of these is one comparison.
 */
#ifndef SCSTU_TRACE_H
#define SCSTU_TRACE_H

#include "scst_core.h"

void trace_print_task(const char *what, const struct scst_task *task);
void trace_print_respond(const struct scst_task *task);
void trace_print_tmf(const char *what, const struct scst_tmf *tmf);
void trace_print_ua(const struct scst_itl *itl, enum scst_sense ua);

static inline bool trace_on(void)
{
	return unlikely(READ_ONCE(core_log_level) >= CORE_LOG_DEBUG);
}

static inline void trace_scst_submit(const struct scst_task *task)
{
	if (trace_on())
		trace_print_task("submit", task);
}

static inline void trace_scst_execute(const struct scst_task *task)
{
	if (trace_on())
		trace_print_task("execute", task);
}

static inline void trace_scst_respond(const struct scst_task *task)
{
	if (trace_on())
		trace_print_respond(task);
}

static inline void trace_scst_tmf_submit(const struct scst_tmf *tmf)
{
	if (trace_on())
		trace_print_tmf("submit", tmf);
}

static inline void trace_scst_tmf_done(const struct scst_tmf *tmf)
{
	if (trace_on())
		trace_print_tmf("done", tmf);
}

static inline void trace_scst_ua(const struct scst_itl *itl, enum scst_sense ua)
{
	if (trace_on())
		trace_print_ua(itl, ua);
}

#endif
