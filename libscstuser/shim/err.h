/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER. Error numbers, and error numbers carried by pointers: the last page
 * of the address space is never an object.
 */
#ifndef SHIM_ERR_H
#define SHIM_ERR_H

#include <errno.h>
#include "compiler.h"

/* the kernel's own, never shown to a program */
#define ERESTARTSYS	512
#define ENOTSUPP	524

#define MAX_ERRNO	4095

static inline void *ERR_PTR(long error)
{
	return (void *)error;
}

static inline long PTR_ERR(const void *ptr)
{
	return (long)ptr;
}

static inline bool IS_ERR(const void *ptr)
{
	return unlikely((unsigned long)ptr >= (unsigned long)-MAX_ERRNO);
}

static inline bool IS_ERR_OR_NULL(const void *ptr)
{
	return !ptr || IS_ERR(ptr);
}

static inline int PTR_ERR_OR_ZERO(const void *ptr)
{
	return IS_ERR(ptr) ? PTR_ERR(ptr) : 0;
}

static inline void *ERR_CAST(const void *ptr)
{
	return (void *)ptr;
}

#endif
