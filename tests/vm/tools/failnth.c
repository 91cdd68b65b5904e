// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: failnth N OPERATION ARGUMENT...: one system call, of which the N-th
 * allocation fails (Documentation/fault-injection, fail-nth).
 *
 *	mkdir DIR | rmdir DIR | write FILE TEXT | insmod FILE |
 *	scsi DISK CDB [LENGTH [DATA]]	CDB in hexadecimal, DATA a file; without
 *					DATA that much is read
 *
 * Status: 0: it succeeded, and there was no N-th allocation: it prints how many
 * there were; 10: it succeeded in spite of it; 11: it failed in a way that says
 * so; 1: anything else.
 */
#include <errno.h>
#include <fcntl.h>
#include <scsi/sg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { IN_SPITE = 10, NO_MEMORY = 11, DATA_MAX = 1 << 20 };

static int fail_nth;

static void die(const char *what)
{
	fprintf(stderr, "failnth: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void set_nth(const char *nth)
{
	if (pwrite(fail_nth, nth, strlen(nth), 0) < 0)
		die("fail-nth");
}

/* How many allocations it would still take for one to fail; 0: one has */
static int get_nth(void)
{
	char text[16] = "";

	if (pread(fail_nth, text, sizeof(text) - 1, 0) < 0)
		die("fail-nth");
	return atoi(text);
}

/* ---- SCSI ------------------------------------------------------------ */

struct scsi {
	int fd;
	unsigned char cdb[32], sense[64];
	struct sg_io_hdr io;
};

static void scsi_prepare(struct scsi *s, int argc, char **argv)
{
	static unsigned char data[DATA_MAX];
	unsigned int byte;
	FILE *file;
	size_t i;

	memset(s, 0, sizeof(*s));
	s->fd = open(argv[0], O_RDWR);
	if (s->fd < 0)
		die(argv[0]);
	for (i = 0; i < strlen(argv[1]) / 2 && i < sizeof(s->cdb); i++) {
		if (sscanf(argv[1] + 2 * i, "%2x", &byte) != 1)
			die("CDB");
		s->cdb[i] = byte;
	}
	s->io.interface_id = 'S';
	s->io.cmdp = s->cdb;
	s->io.cmd_len = i;
	s->io.sbp = s->sense;
	s->io.mx_sb_len = sizeof(s->sense);
	s->io.timeout = 60000;
	s->io.dxfer_direction = SG_DXFER_NONE;
	if (argc < 3)
		return;
	s->io.dxfer_direction = SG_DXFER_FROM_DEV;
	s->io.dxfer_len = atoi(argv[2]);
	s->io.dxferp = data;
	if (s->io.dxfer_len > DATA_MAX)
		die("LENGTH");
	if (argc < 4)
		return;
	s->io.dxfer_direction = SG_DXFER_TO_DEV;
	file = fopen(argv[3], "r");
	if (!file || fread(data, 1, s->io.dxfer_len, file) != s->io.dxfer_len)
		die(argv[3]);
	fclose(file);
}

/* BUSY, TASK SET FULL, or sense that says of what there is not enough */
static int scsi_verdict(const struct scsi *s, int ret)
{
	const unsigned char *sense = s->sense;
	int asc = sense[0] & 2 ? sense[2] : sense[12];

	if (ret)
		return ret;
	if (!s->io.status && !s->io.host_status)
		return 0;
	errno = ENOMEM;
	if (s->io.status == 0x08 || s->io.status == 0x28)
		return -1;
	if (s->io.status == 0x02 && asc == 0x55)
		return -1;
	fprintf(stderr, "failnth: status %02x, host %02x, sense %02x .. %02x\n",
		s->io.status, s->io.host_status, sense[0], asc);
	errno = EPROTO;
	return -1;
}

/* ---- Operations ------------------------------------------------------ */

static int run(const char *nth, int argc, char **argv)
{
	const char *what = argv[0];
	struct scsi scsi;
	int ret, fd = -1;

	if (!strcmp(what, "write"))
		fd = open(argv[1], O_WRONLY);
	else if (!strcmp(what, "insmod"))
		fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	else if (!strcmp(what, "scsi"))
		scsi_prepare(&scsi, argc - 1, argv + 1);
	if (fd < 0 && strstr("write insmod", what))
		die(argv[1]);

	set_nth(nth);
	if (!strcmp(what, "mkdir"))
		ret = mkdir(argv[1], 0755);
	else if (!strcmp(what, "rmdir"))
		ret = rmdir(argv[1]);
	else if (!strcmp(what, "write"))
		ret = write(fd, argv[2], strlen(argv[2])) < 0 ? -1 : 0;
	else if (!strcmp(what, "insmod"))
		ret = syscall(SYS_finit_module, fd, "", 0);
	else
		ret = ioctl(scsi.fd, SG_IO, &scsi.io);
	if (!strcmp(what, "scsi"))
		ret = scsi_verdict(&scsi, ret);
	return ret;
}

int main(int argc, char **argv)
{
	int ret, left;

	if (argc < 4)
		return 2;
	fail_nth = open("/proc/self/fail-nth", O_RDWR);
	if (fail_nth < 0)
		die("fail-nth");
	ret = run(argv[1], argc - 2, argv + 2);
	if (ret)
		ret = errno;
	left = get_nth();
	set_nth("0");
	if (!ret && left)
		printf("%d\n", atoi(argv[1]) - left);
	if (!ret)
		return left ? 0 : IN_SPITE;
	if (!left && (ret == ENOMEM || ret == EAGAIN || ret == EBUSY))
		return NO_MEMORY;
	fprintf(stderr, "failnth: %s: %s%s\n", argv[2], strerror(ret),
		left ? ", and no allocation failed" : "");
	return 1;
}
