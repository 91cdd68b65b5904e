// SPDX-License-Identifier: GPL-2.0-only
/* KERNEL: makes the tracepoints. */
#define CREATE_TRACE_POINTS
#include "scst_trace.h"
