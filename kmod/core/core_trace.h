/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * PORTABLE: where the core tells what it does: tracepoints in the kernel,
 * lines of the log at its level debug in user space. core_os.h names the
 * header that has them.
 *
 *	trace_scst_submit(task)		came in
 *	trace_scst_execute(task)	goes to its device server
 *	trace_scst_respond(task)	has its outcome
 *	trace_scst_tmf_submit(tmf)	task management function came in
 *	trace_scst_tmf_done(tmf)	... has its response
 *	trace_scst_ua(itl, ua)		unit attention established
 */
#ifndef CORE_TRACE_H
#define CORE_TRACE_H

#include "scst_core.h"

#include CORE_TRACE_HEADER

#endif
