/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * PORTABLE. What portable code may expect of core_os.h, as cases that run in
 * a program and in a module. A case returns 0, or the line that failed. They
 * use core_os.h alone, need no second thread and provoke no warning: what
 * does is in test_shim.c.
 */
#ifndef SHIM_CASES_H
#define SHIM_CASES_H

struct shim_case {
	const char *name;
	int (*fn)(void);
};

/* each ends with a case without name */
extern const struct shim_case shim_cases[];	/* values, atomics, lists */
extern const struct shim_case shim_cases_os[];	/* locks, memory, text... */

#define CASE(name)	{ #name, case_##name }

#define CHECK(cond) \
	do { \
		if (!(cond)) \
			return __LINE__; \
	} while (0)

#endif
