// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: an initiator for tests, on libiscsi: one session, commands from
 * standard input, one line of answer each, so that a script can drive several
 * sessions step by step.
 *
 *	initiator [--name IQN] [--header-digest] [--no-immediate]
 *		  [--initial-r2t] [--isid N] URL
 *
 *	cdb HEX			no data
 *	in HEX LENGTH		Data-In, printed in hexadecimal
 *	out HEX DATA		Data-Out, DATA in hexadecimal
 *	luns			REPORT LUNS: numbers
 *	write LBA N BYTE [fua]	N blocks filled with BYTE (WRITE 16)
 *	verify LBA N BYTE	READ 16 and compare
 *	sync			SYNCHRONIZE CACHE (10)
 *	reset lun|warm|cold	task management
 *	quit			log out
 *
 * Answers: "good", "good DATA", "check KEY/ASC/ASCQ", "conflict", "busy",
 * "full", "different at BYTE", "error TEXT".
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <iscsi/iscsi.h>
#include <iscsi/scsi-lowlevel.h>

static struct iscsi_context *iscsi;
static int lun;
static uint32_t block_size;
static bool lost;		/* the session: libiscsi may crash over it */

static void answer_status(const struct scsi_task *task)
{
	lost |= !task;
	if (!task) {
		printf("error %s\n", iscsi_get_error(iscsi));
		return;
	}
	switch (task->status) {
	case SCSI_STATUS_GOOD:
	case SCSI_STATUS_CONDITION_MET:
		printf("good\n");
		return;
	case SCSI_STATUS_CHECK_CONDITION:
		printf("check %x/%02x/%02x\n", task->sense.key,
		       task->sense.ascq >> 8, task->sense.ascq & 0xff);
		return;
	case SCSI_STATUS_RESERVATION_CONFLICT:
		printf("conflict\n");
		return;
	case SCSI_STATUS_BUSY:
		printf("busy\n");
		return;
	case SCSI_STATUS_TASK_SET_FULL:
		printf("full\n");
		return;
	default:
		printf("error status %#x\n", task->status);
	}
}

static size_t from_hex(const char *text, unsigned char *buf, size_t size)
{
	size_t n = 0;
	unsigned int byte;

	while (n < size && sscanf(text + 2 * n, "%2x", &byte) == 1)
		buf[n++] = byte;
	return n;
}

static struct scsi_task *run(unsigned char *cdb, size_t cdb_len, int dir,
			     int len, unsigned char *data)
{
	struct iscsi_data out = { .size = len, .data = data };
	struct scsi_task *task = scsi_create_task(cdb_len, cdb, dir, len);

	return iscsi_scsi_command_sync(iscsi, lun, task,
				       dir == SCSI_XFER_WRITE ? &out : NULL);
}

static void do_cdb(const char *hex)
{
	unsigned char cdb[16];
	struct scsi_task *task;

	task = run(cdb, from_hex(hex, cdb, sizeof(cdb)), SCSI_XFER_NONE, 0,
		   NULL);
	answer_status(task);
	scsi_free_scsi_task(task);
}

static void do_in(const char *hex, int len)
{
	unsigned char cdb[16];
	struct scsi_task *task;
	int i;

	task = run(cdb, from_hex(hex, cdb, sizeof(cdb)), SCSI_XFER_READ, len,
		   NULL);
	if (task && task->status == SCSI_STATUS_GOOD) {
		printf("good ");
		for (i = 0; i < task->datain.size; i++)
			printf("%02x", task->datain.data[i]);
		printf("\n");
	} else {
		answer_status(task);
	}
	scsi_free_scsi_task(task);
}

static void do_out(const char *hex, const char *data_hex)
{
	unsigned char cdb[16], *data = malloc(strlen(data_hex) / 2 + 1);
	size_t len = from_hex(data_hex, data, strlen(data_hex) / 2);
	struct scsi_task *task;

	task = run(cdb, from_hex(hex, cdb, sizeof(cdb)), SCSI_XFER_WRITE, len,
		   data);
	answer_status(task);
	scsi_free_scsi_task(task);
	free(data);
}

static void do_luns(void)
{
	struct scsi_task *task = iscsi_reportluns_sync(iscsi, 0, 65536);
	struct scsi_reportluns_list *list;
	uint32_t i;

	if (!task || task->status != SCSI_STATUS_GOOD) {
		answer_status(task);
		return;
	}
	list = scsi_datain_unmarshall(task);
	printf("good");
	for (i = 0; list && i < list->num; i++)
		printf(" %u", list->luns[i]);
	printf("\n");
	scsi_free_scsi_task(task);
}

static void do_write(uint64_t lba, uint32_t blocks, int byte, bool fua)
{
	size_t len = (size_t)blocks * block_size;
	unsigned char *data = malloc(len);
	struct scsi_task *task;

	memset(data, byte, len);
	task = iscsi_write16_sync(iscsi, lun, lba, data, len, block_size, 0, 0,
				  fua, 0, 0);
	answer_status(task);
	scsi_free_scsi_task(task);
	free(data);
}

static void do_verify(uint64_t lba, uint32_t blocks, int byte)
{
	size_t len = (size_t)blocks * block_size, i;
	struct scsi_task *task;

	task = iscsi_read16_sync(iscsi, lun, lba, len, block_size, 0, 0, 0, 0,
				 0);
	if (!task || task->status != SCSI_STATUS_GOOD) {
		answer_status(task);
	} else {
		for (i = 0; i < len && task->datain.data[i] == byte; i++)
			;
		if (i < len)
			printf("different at %zu\n", i);
		else
			printf("good\n");
	}
	scsi_free_scsi_task(task);
}

static void do_reset(const char *what)
{
	int ret;

	if (lost) {
		printf("error the session is lost\n");
		return;
	}
	if (!strcmp(what, "lun"))
		ret = iscsi_task_mgmt_lun_reset_sync(iscsi, lun);
	else if (!strcmp(what, "warm"))
		ret = iscsi_task_mgmt_target_warm_reset_sync(iscsi);
	else
		ret = iscsi_task_mgmt_target_cold_reset_sync(iscsi);
	if (ret)
		printf("error %s\n", iscsi_get_error(iscsi));
	else
		printf("good\n");
}

/* False: no more. */
static bool take(char *line)
{
	char a[8192] = "", b[8192] = "", c[16] = "", fua[8] = "";
	char word[16] = "";

	if (sscanf(line, "%15s %8191s %8191s %15s %7s", word, a, b, c, fua) < 1)
		return true;
	if (!strcmp(word, "quit"))
		return false;
	if (!strcmp(word, "cdb"))
		do_cdb(a);
	else if (!strcmp(word, "in"))
		do_in(a, atoi(b));
	else if (!strcmp(word, "out"))
		do_out(a, b);
	else if (!strcmp(word, "luns"))
		do_luns();
	else if (!strcmp(word, "write"))
		do_write(strtoull(a, NULL, 0), atoi(b), strtol(c, NULL, 0),
			 !strcmp(fua, "fua"));
	else if (!strcmp(word, "verify"))
		do_verify(strtoull(a, NULL, 0), atoi(b), strtol(c, NULL, 0));
	else if (!strcmp(word, "sync"))
		do_cdb("35000000000000000000");
	else if (!strcmp(word, "reset"))
		do_reset(a);
	else
		printf("error unknown command\n");
	return true;
}

/* Unit attentions of the beginning are nobody's news. */
static void learn_block_size(void)
{
	struct scsi_task *task = iscsi_readcapacity16_sync(iscsi, lun);
	struct scsi_readcapacity16 *rc;

	block_size = 512;
	if (task && task->status == SCSI_STATUS_GOOD) {
		rc = scsi_datain_unmarshall(task);
		if (rc)
			block_size = rc->block_length;
	}
	scsi_free_scsi_task(task);
}

static int connect_to(const char *text, bool immediate, bool initial_r2t)
{
	struct iscsi_url *url = iscsi_parse_full_url(iscsi, text);

	if (!url) {
		printf("error %s\n", iscsi_get_error(iscsi));
		return 1;
	}
	iscsi_set_targetname(iscsi, url->target);
	iscsi_set_session_type(iscsi, ISCSI_SESSION_NORMAL);
	iscsi_set_noautoreconnect(iscsi, 1);
	iscsi_set_immediate_data(iscsi, immediate ? ISCSI_IMMEDIATE_DATA_YES :
						    ISCSI_IMMEDIATE_DATA_NO);
	iscsi_set_initial_r2t(iscsi, initial_r2t ? ISCSI_INITIAL_R2T_YES :
						   ISCSI_INITIAL_R2T_NO);
	lun = url->lun;
	/* Connect without a LUN: its TEST UNIT READY may well fail. */
	if (iscsi_connect_sync(iscsi, url->portal) ||
	    iscsi_login_sync(iscsi)) {
		printf("error %s\n", iscsi_get_error(iscsi));
		iscsi_destroy_url(url);
		return 1;
	}
	iscsi_destroy_url(url);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "name", required_argument, NULL, 'n' },
		{ "header-digest", no_argument, NULL, 'h' },
		{ "no-immediate", no_argument, NULL, 'i' },
		{ "initial-r2t", no_argument, NULL, 'r' },
		{ "isid", required_argument, NULL, 's' },
		{ 0 }
	};
	const char *name = "iqn.2026-11.org.example:initiator";
	bool immediate = true, initial_r2t = false, header = false;
	char line[16400];
	int c, isid = -1;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'n':
			name = optarg;
			break;
		case 'h':
			header = true;
			break;
		case 'i':
			immediate = false;
			break;
		case 'r':
			initial_r2t = true;
			break;
		case 's':
			isid = atoi(optarg);
			break;
		default:
			return 2;
		}
	}
	if (optind + 1 != argc)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	iscsi = iscsi_create_context(name);
	/* Otherwise a random one. */
	if (isid >= 0)
		iscsi_set_isid_oui(iscsi, 0, isid);
	iscsi_set_header_digest(iscsi, header ? ISCSI_HEADER_DIGEST_CRC32C :
						ISCSI_HEADER_DIGEST_NONE);
	if (connect_to(argv[optind], immediate, initial_r2t))
		return 1;
	learn_block_size();
	printf("ready\n");
	while (fgets(line, sizeof(line), stdin) && take(line))
		;
	if (lost)
		return 1;
	iscsi_logout_sync(iscsi);
	iscsi_destroy_context(iscsi);
	return 0;
}
