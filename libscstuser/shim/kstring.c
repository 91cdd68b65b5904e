// SPDX-License-Identifier: BSD-3-Clause
/* USER. Strings and numbers, see kstring.h. */
#include "kstring.h"
#include "minmax.h"
#include "slab.h"

int shim_strncasecmp(const char *a, const char *b, size_t n)
{
	for (; n; n--, a++, b++) {
		int diff = tolower(*a) - tolower(*b);

		if (diff || !*a)
			return diff;
	}
	return 0;
}

void *memchr_inv(const void *start, int c, size_t bytes)
{
	const u8 *p = start;

	for (; bytes; bytes--, p++)
		if (*p != (u8)c)
			return (void *)p;
	return NULL;
}

ssize_t strscpy(char *dst, const char *src, size_t size)
{
	size_t len;

	if (!size)
		return -E2BIG;
	len = strnlen(src, size);
	if (len < size) {
		memcpy(dst, src, len + 1);
		return len;
	}
	memcpy(dst, src, size - 1);
	dst[size - 1] = '\0';
	return -E2BIG;
}

char *kstrndup(const char *s, size_t max, gfp_t gfp)
{
	size_t len;
	char *copy;

	if (!s)
		return NULL;
	len = strnlen(s, max);
	copy = kmalloc(len + 1, gfp);
	if (copy) {
		memcpy(copy, s, len);
		copy[len] = '\0';
	}
	return copy;
}

void *kmemdup(const void *src, size_t len, gfp_t gfp)
{
	void *copy = kmalloc(len, gfp);

	if (copy)
		memcpy(copy, src, len);
	return copy;
}

char *kstrdup(const char *s, gfp_t gfp)
{
	return s ? kmemdup(s, strlen(s) + 1, gfp) : NULL;
}

char *kvasprintf(gfp_t gfp, const char *fmt, va_list ap)
{
	va_list again;
	char *text;
	int len;

	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (len < 0)
		return NULL;
	text = kmalloc(len + 1, gfp);
	if (text)
		vsnprintf(text, len + 1, fmt, ap);
	return text;
}

char *kasprintf(gfp_t gfp, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = kvasprintf(gfp, fmt, ap);
	va_end(ap);
	return text;
}

int vscnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
	int len = vsnprintf(buf, size, fmt, ap);

	if (len < 0 || !size)
		return 0;
	return min_t(size_t, len, size - 1);
}

int scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vscnprintf(buf, size, fmt, ap);
	va_end(ap);
	return len;
}

static const char *number_base(const char *s, unsigned int *base)
{
	bool hex = s[0] == '0' && tolower(s[1]) == 'x' && isxdigit(s[2]);

	if (*base == 0)
		*base = hex ? 16 : s[0] == '0' ? 8 : 10;
	return *base == 16 && s[0] == '0' && tolower(s[1]) == 'x' ? s + 2 : s;
}

int kstrtoull(const char *s, unsigned int base, unsigned long long *res)
{
	unsigned long long value = 0;
	bool overflow = false;
	const char *digits;
	int digit;

	if (*s == '+')
		s++;
	s = number_base(s, &base);
	for (digits = s; ; s++) {
		digit = hex_to_bin(*s);
		if (digit < 0 || digit >= base)
			break;
		overflow |= check_mul_overflow(value, base, &value);
		overflow |= check_add_overflow(value, digit, &value);
	}
	if (overflow)
		return -ERANGE;
	if (s == digits)
		return -EINVAL;
	if (*s == '\n')
		s++;
	if (*s)
		return -EINVAL;
	*res = value;
	return 0;
}

/* the narrower ones: *res is written only if the value fits */
#define KSTRTO(name, type) \
int name(const char *s, unsigned int base, type *res) \
{ \
	unsigned long long value; \
	int ret = kstrtoull(s, base, &value); \
\
	if (ret) \
		return ret; \
	if (value != (type)value) \
		return -ERANGE; \
	*res = value; \
	return 0; \
}

KSTRTO(kstrtoul, unsigned long)
KSTRTO(kstrtouint, unsigned int)
KSTRTO(kstrtou16, u16)
KSTRTO(kstrtou8, u8)

int kstrtobool(const char *s, bool *res)
{
	int word = s ? tolower(s[0]) : 0;

	/* on and off differ in their second letter */
	if (word == 'o')
		word = tolower(s[1]) == 'n' ? 'y' :
		       tolower(s[1]) == 'f' ? 'n' : 0;
	if (word == 'y' || word == 't' || word == '1')
		*res = true;
	else if (word == 'n' || word == 'f' || word == '0')
		*res = false;
	else
		return -EINVAL;
	return 0;
}

int hex_to_bin(unsigned char ch)
{
	if (ch >= '0' && ch <= '9')
		return ch - '0';
	ch |= 0x20;
	return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}

int hex2bin(u8 *dst, const char *src, size_t count)
{
	int high, low;

	for (; count; count--) {
		high = hex_to_bin(*src++);
		if (high < 0)
			return -EINVAL;
		low = hex_to_bin(*src++);
		if (low < 0)
			return -EINVAL;
		*dst++ = high << 4 | low;
	}
	return 0;
}

char *bin2hex(char *dst, const void *src, size_t count)
{
	static const char digits[] = "0123456789abcdef";
	const u8 *p = src;

	for (; count; count--, p++) {
		*dst++ = digits[*p >> 4];
		*dst++ = digits[*p & 15];
	}
	return dst;
}
