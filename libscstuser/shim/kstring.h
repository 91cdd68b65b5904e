/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER. Strings: the libc's where it means the same, the kernel's additions,
 * and numbers from text. Character classes are the kernel's (Latin-1), not
 * those of the program's locale.
 */
#ifndef SHIM_KSTRING_H
#define SHIM_KSTRING_H

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "compiler.h"
#include "err.h"

#undef isdigit
#undef isxdigit
#undef isspace
#undef isprint
#undef isupper
#undef tolower
#define isdigit(c)	shim_isdigit((unsigned char)(c))
#define isxdigit(c)	(hex_to_bin(c) >= 0)
#define isspace(c)	shim_isspace((unsigned char)(c))
#define isprint(c)	shim_isprint((unsigned char)(c))
#define isupper(c)	shim_isupper((unsigned char)(c))
#define tolower(c)	shim_tolower((unsigned char)(c))

static inline bool shim_isdigit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

static inline bool shim_isspace(unsigned char c)
{
	return (c >= '\t' && c <= '\r') || c == ' ' || c == 0xa0;
}

static inline bool shim_isprint(unsigned char c)
{
	return (c >= 0x20 && c < 0x7f) || c >= 0xa0;
}

static inline bool shim_isupper(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7);
}

static inline unsigned char shim_tolower(unsigned char c)
{
	return shim_isupper(c) ? c + 0x20 : c;
}

#undef strcasecmp
#undef strncasecmp
#define strcasecmp(a, b)	shim_strncasecmp(a, b, SIZE_MAX)
#define strncasecmp(a, b, n)	shim_strncasecmp(a, b, n)
int shim_strncasecmp(const char *a, const char *b, size_t n);

/* the first byte that is not @c, or NULL */
void *memchr_inv(const void *start, int c, size_t bytes);
/* always terminated; the length, or -E2BIG if it was cut */
ssize_t strscpy(char *dst, const char *src, size_t size);

char *kstrdup(const char *s, gfp_t gfp);
char *kstrndup(const char *s, size_t max, gfp_t gfp);
void *kmemdup(const void *src, size_t len, gfp_t gfp);
char *kvasprintf(gfp_t gfp, const char *fmt, va_list ap);
char *kasprintf(gfp_t gfp, const char *fmt, ...) __printf(2, 3);

/* what was written, not what would have been */
int vscnprintf(char *buf, size_t size, const char *fmt, va_list ap);
int scnprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);

/*
 * The whole string is the number, but for one newline at its end; base 0
 * knows 0x and 0. 0, -EINVAL or -ERANGE.
 */
int __must_check kstrtoull(const char *s, unsigned int base,
			   unsigned long long *res);
int __must_check kstrtoul(const char *s, unsigned int base,
			  unsigned long *res);
int __must_check kstrtouint(const char *s, unsigned int base,
			    unsigned int *res);
int __must_check kstrtou16(const char *s, unsigned int base, u16 *res);
int __must_check kstrtou8(const char *s, unsigned int base, u8 *res);
#define kstrtou64(s, base, res)	kstrtoull(s, base, res)
#define kstrtou32(s, base, res)	kstrtouint(s, base, res)
int __must_check kstrtobool(const char *s, bool *res);

/* -1 for no hexadecimal digit */
int hex_to_bin(unsigned char ch);
int __must_check hex2bin(u8 *dst, const char *src, size_t count);
/* returns the end, where no 0 is written */
char *bin2hex(char *dst, const void *src, size_t count);

#endif
