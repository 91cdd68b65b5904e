// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: fuzzes the MMC device server with CDBs and with what happens to a
 * drive.
 *
 * The input is a drive's configuration and then steps, read by a cursor that
 * yields zeroes behind the end. Whatever it says: each command ends exactly
 * once, the backend is asked for nothing off the medium (mmc_fake.c), no more
 * Data-In is announced than there is room for, and none is written beyond.
 */
#include "fuzz.h"
/* The whole of it: fuzzers are not linked with the unit tests' files. */
#include "../unit/mmc_fake.c"

#define CD_BLOCKS   40u
#define DVD_BLOCKS  400000u
#define STEPS_MAX   64u
#define OUTSTANDING 16u
#define DATA_MAX    100000u

/* A command, with its CDB in memory that is as long as the CDB. */
struct fuzz_cmd {
	struct drive_cmd *c;
	u8 *cdb;
};

static struct drive *drive;
static struct fuzz_cmd cmds[OUTSTANDING];
static u32 nr_cmds;

/* ---- Commands ---------------------------------------------------------- */

/* Bytes as they come; of an address the low one alone, if told so. */
static const struct scst_opcode *get_cdb(u8 *cdb)
{
	const struct scst_opcode *row;
	u8 shape = get8();
	u32 i;

	row = &drive->info.opcodes[get8() % drive->info.nr_opcodes];
	memset(cdb, 0, 16);
	cdb[0] = row->op;
	for (i = 1; i < row->cdb_len; i++)
		if (!(shape & 1) || i < 2 || i > 4)
			cdb[i] = get8();
	if (shape & 2)
		cdb[6] = cdb[7] = 0;
	return row;
}

static void start_command(void)
{
	struct fuzz_cmd *fc = &cmds[nr_cmds];
	const struct scst_opcode *row;
	enum scst_data_dir dir;
	u8 cdb[16], options;
	u32 len;

	row = get_cdb(cdb);
	options = get8();
	len = get16() * (options & 0x10 ? 16 : 1) % DATA_MAX;
	dir = options & 0x20 ? SCST_DATA_NONE :
	      options & 0x40 ? SCST_DATA_OUT : SCST_DATA_IN;
	fc->c = drive_cmd_new(drive, cdb, dir, len);
	fc->cdb = malloc(row->cdb_len);
	memcpy(fc->cdb, cdb, row->cdb_len);
	fc->c->cmd.cdb = fc->cdb;
	fc->c->cmd.cdb_len = row->cdb_len;
	fc->c->cmd.nexus_id = 1 + options % 3;
	nr_cmds++;
	MUST(drive_execute(fc->c));
}

static void check_outcome(const struct drive_cmd *c)
{
	const struct scst_cmd *cmd = &c->cmd;
	u32 size = round_up(cmd->data_len, SCST_DATA_ALIGN), from = 0;

	MUST(cmd->status == SCSI_GOOD || cmd->status == SCSI_BUSY ||
	     cmd->status == SCSI_CHECK_CONDITION);
	MUST((cmd->status == SCSI_CHECK_CONDITION) == !!cmd->sense.sense);
	if (cmd->dir == SCST_DATA_IN) {
		MUST(cmd->data_in <= cmd->data_len);
		MUST(cmd->data_in <= cmd->wanted);
		/* User data is read in whole blocks, of which that is one. */
		from = round_up(cmd->data_len, MMC_BLOCK);
	} else {
		MUST(!cmd->data_in);
	}
	if (size)
		MUST(!memchr_inv(c->data + from, 0xee, size - from));
}

static void reap(void)
{
	u32 i = 0;

	while (i < nr_cmds) {
		struct fuzz_cmd *fc = &cmds[i];

		if (!fc->c->ended) {
			i++;
			continue;
		}
		check_outcome(fc->c);
		free(fc->cdb);
		drive_cmd_free(fc->c);
		*fc = cmds[--nr_cmds];
	}
}

/* ---- Steps ------------------------------------------------------------- */

static u64 get_blocks(void)
{
	u8 what = get8();

	if (what & 0x80)
		return what & 0x40 ? 1ULL << (what & 0x3f) : DVD_BLOCKS;
	return what % (CD_BLOCKS + 1);
}

static void set_failure(void)
{
	static const enum scst_sense senses[] = {
		SENSE_NONE, SENSE_READ_ERROR, SENSE_BUSY,
		SENSE_NO_MEDIUM_TRAY_OPEN,
	};

	drive->fail = senses[get8() % ARRAY_SIZE(senses)];
	drive->fail_lba = get8() % CD_BLOCKS;
}

static void step(void)
{
	switch (get8() % 16) {
	case 0:
		drive->deferred = !drive->deferred;
		break;
	case 1:
		set_failure();
		break;
	case 2:
		drive_set_medium(drive, get_blocks());
		break;
	case 3:
		mmc_lu_request_eject(drive->lu);
		break;
	case 4:
		mmc_lu_event(drive->lu, get8() % 2, 1 + get8() % 3);
		break;
	case 5:
		if (nr_cmds)
			cmds[get8() % nr_cmds].c->cmd.aborted = true;
		break;
	case 6:
		core_fail_alloc(1 + get8() % 3);
		start_command();
		break;
	case 7:
		drive->load_brings = get_blocks();
		break;
	case 8:
	case 9:
		if (drive->nr_queued)
			drive_step(drive, get8() % drive->nr_queued);
		break;
	default:
		start_command();
	}
	core_fail_alloc(0);
	if (nr_cmds == OUTSTANDING)
		drive_drain(drive);
	reap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mmc_config cfg = { 0 };
	u32 i;

	core_log_hook = fuzz_quiet;
	input_set(data, size);
	cfg.max_transfer = get8();
	cfg.blocks = get_blocks();
	drive = drive_new(&cfg);
	if (!drive)
		return 0;
	for (i = 0; i < STEPS_MAX && in.len; i++)
		step();
	drive_drain(drive);
	reap();
	MUST(!nr_cmds);
	drive_free(drive);
	return 0;
}
