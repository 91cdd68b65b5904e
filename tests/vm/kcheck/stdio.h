/* SPDX-License-Identifier: BSD-3-Clause */
/* KERNEL: snprintf and its like. */
#include <linux/kernel.h>
