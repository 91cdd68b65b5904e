/* SPDX-License-Identifier: BSD-3-Clause */
/* KERNEL */
#include <linux/stdarg.h>
