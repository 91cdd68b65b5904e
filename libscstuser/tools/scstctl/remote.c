// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: scstctl: the tree of a program that has a control socket, as
 * libscstuser/engine/control.h describes it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "scstctl.h"

static FILE *in, *out;
static const char *said;

int remote_open(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(opt.socket) >= sizeof(addr.sun_path))
		return fail("%s: %s", opt.socket, strerror(ENAMETOOLONG));
	strcpy(addr.sun_path, opt.socket);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return fail("%s: %s: is it the --control of a program that runs?",
			    opt.socket, strerror(errno));
	in = fdopen(fd, "r");
	out = fdopen(dup(fd), "w");
	return in && out ? 0 : fail("%s: %s", opt.socket, strerror(errno));
}

void remote_close(void)
{
	if (in)
		fclose(in);
	if (out)
		fclose(out);
}

const char *remote_said(void)
{
	return said;
}

/* "error\tERRNO\tTEXT" */
static int remote_error(const char *line)
{
	const char *number = strchr(line, '\t');
	const char *why = number ? strchr(number + 1, '\t') : NULL;
	int err = number ? atoi(number + 1) : 0;

	said = why ? text("%s", why + 1) : NULL;
	return err > 0 ? -err : -EPROTO;
}

int remote_ask(struct list *answer, const char *verb, const char *path,
	       const char *value)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	int err = -EPIPE;

	*answer = (struct list){ };
	said = NULL;
	fprintf(out, "%s%s%s%s%s\n", verb, path ? "\t" : "", path ? path : "",
		value ? "\t" : "", value ? value : "");
	if (fflush(out))
		return -errno;
	while ((len = getline(&line, &size, in)) > 0) {
		line[len - 1] = '\0';
		if (*line == '=') {
			list_add(answer, text("%s", line + 1));
			continue;
		}
		err = strcmp(line, "ok") ? remote_error(line) : 0;
		break;
	}
	free(line);
	if (err)
		list_free(answer);
	return err;
}

int remote_do(const char *verb, const char *path, const char *value)
{
	struct list answer;
	int err = remote_ask(&answer, verb, path, value);

	list_free(&answer);
	return err;
}

char *remote_get(const char *verb, const char *path)
{
	struct list answer;
	char *line = NULL;
	int err = remote_ask(&answer, verb, path, NULL);

	if (!err && answer.nr)
		line = answer.at[0];
	else
		errno = err ? -err : EPROTO;
	list_free(&answer);
	return line;
}
