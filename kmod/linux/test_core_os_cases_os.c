// SPDX-License-Identifier: GPL-2.0-only
/* KERNEL. The shared cases, compiled here: they live outside of this tree. */
#include "shim_cases_os.c"
