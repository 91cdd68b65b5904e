// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: log lines.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "shim/core_os.h"

#define LINE_MAX_LEN 2048

static bool log_json;

static const struct {
	const char *name;
	int level;
} levels[] = {
	{ "error", LOG_ERROR },
	{ "warn", LOG_WARNING },
	{ "info", LOG_INFO },
	{ "debug", LOG_DEBUG },
};

static const char *level_name(int level)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(levels); i++)
		if (level <= levels[i].level)
			return levels[i].name;
	return "debug";
}

int log_set_level(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(levels); i++) {
		if (!strcmp(levels[i].name, name)) {
			WRITE_ONCE(core_log_level, levels[i].level);
			return 0;
		}
	}
	return -EINVAL;
}

int log_set_format(const char *name)
{
	if (strcmp(name, "text") && strcmp(name, "json"))
		return -EINVAL;
	log_json = !strcmp(name, "json");
	return 0;
}

/* A bounded line; what does not fit is cut. */
struct line {
	char text[LINE_MAX_LEN];
	size_t len;
};

static void line_add(struct line *line, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void line_add(struct line *line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line->len += vscnprintf(line->text + line->len,
				sizeof(line->text) - line->len, fmt, ap);
	va_end(ap);
}

/* What peers and files say is not to draw lines or colours of its own. */
static void line_add_escaped(struct line *line, const char *text, bool json)
{
	for (; *text && line->len + 8 < sizeof(line->text); text++) {
		unsigned char c = *text;

		if (json && (c == '"' || c == '\\'))
			line_add(line, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			line_add(line, json ? "\\u%04x" : "\\x%02x", c);
		else
			line->text[line->len++] = c;
	}
	line->text[line->len] = '\0';
}

static void line_time(struct line *line)
{
	struct timespec now;
	struct tm tm;
	char buf[32];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(buf, sizeof(buf), "%Y-%m-%dT%H:%M:%S", &tm);
	line_add(line, "%s.%03ldZ", buf, now.tv_nsec / 1000000);
}

void log_vprint(int level, const char *device, const char *fmt, va_list ap)
{
	struct line line = { .len = 0 };
	char message[1024];
	size_t len;

	if (level > READ_ONCE(core_log_level))
		return;
	vscnprintf(message, sizeof(message), fmt, ap);
	len = strlen(message);
	if (len && message[len - 1] == '\n')
		message[len - 1] = '\0';

	line_add(&line, log_json ? "{\"time\":\"" : "");
	line_time(&line);
	line_add(&line, log_json ? "\",\"level\":\"%s\"," : " %s: ",
		 level_name(level));
	if (device) {
		line_add(&line, log_json ? "\"device\":\"" : "");
		line_add_escaped(&line, device, log_json);
		line_add(&line, log_json ? "\"," : ": ");
	}
	line_add(&line, log_json ? "\"message\":\"" : "");
	line_add_escaped(&line, message, log_json);
	line_add(&line, log_json ? "\"}" : "");
	if (line.len > sizeof(line.text) - 2)
		line.len = sizeof(line.text) - 2;
	line.text[line.len++] = '\n';
	if (write(STDERR_FILENO, line.text, line.len) < 0)
		return;		/* nowhere to complain to */
}

void log_print(int level, const char *device, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_vprint(level, device, fmt, ap);
	va_end(ap);
}

static void core_hook(int level, const char *fmt, va_list ap)
{
	log_vprint(level, NULL, fmt, ap);
}

void log_init(void)
{
	core_log_hook = core_hook;
}
