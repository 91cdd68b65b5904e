// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: fuzzes the SBC device server with CDBs, Data-Out and what happens to
 * a disk, on a small disk in memory.
 *
 * The input is a disk's configuration and then steps, read by a cursor that
 * yields zeroes behind the end. Whatever it says: each command ends exactly
 * once, the backend is asked for nothing off the disk (sbc_fake.c), Data-Out
 * is not written to, and no more Data-In is announced than there is room for.
 */
#include "fuzz.h"
/* The whole of it: fuzzers are not linked with the unit tests' files. */
#include "../unit/sbc_fake.c"

#define DISK_BLOCKS 40u
#define STEPS_MAX 64u
#define OUTSTANDING 24u
#define DATA_MAX 40000u

/* A command, its CDB in memory as long as the CDB, and what it must keep. */
struct fuzz_cmd {
	struct fake_cmd *c;
	u8 *cdb;
	u8 *copy;
};

static struct fake *disk;
static struct fuzz_cmd cmds[OUTSTANDING];
static u32 nr_cmds;

/* ---- Commands ---------------------------------------------------------- */

/* Fields in reach of the disk, or sixteen bytes as they come. */
static const struct scst_opcode *get_cdb(u8 *cdb)
{
	const struct scst_opcode *row;
	u8 shape = get8();

	row = &disk->info.opcodes[get8() % disk->info.nr_opcodes];
	memset(cdb, 0, 16);
	if (shape & 1) {
		get_bytes(cdb, 16);
	} else {
		u8 opts = get8();
		u64 lba = get8() % (DISK_BLOCKS + 2);

		fake_cdb(cdb, row->op, opts, lba, get8());
	}
	if (shape & 2)
		cdb[14] = cdb[6] = 0;
	if (row->op == SCSI_SANITIZE && !(shape & 4))
		memset(cdb + 2, 0, 5);
	cdb[0] = row->op;
	if (row->sa != SCST_NO_SA)
		cdb[1] = (cdb[1] & 0xe0) | row->sa;
	return row;
}

/* Data-Out from the input; often what is on the disk, to compare equal. */
static void get_data(struct fake_cmd *c)
{
	u8 kind = get8();
	u64 disk_len = DISK_BLOCKS * disk->cfg.block_size, at;

	if (kind & 1) {
		at = (kind >> 1) * disk->cfg.block_size % disk_len;
		memcpy(c->data, disk->cached + at,
		       min_t(u64, c->len, disk_len - at));
	} else {
		get_bytes(c->data, min_t(size_t, c->len, get8()));
	}
}

static void start_command(void)
{
	struct fuzz_cmd *fc = &cmds[nr_cmds];
	const struct scst_opcode *row;
	enum scst_data_dir dir;
	u8 cdb[16];
	u32 len;

	row = get_cdb(cdb);
	dir = get8() % 3;
	len = get16() % DATA_MAX;
	fc->c = fake_cmd_new(disk, cdb, dir, len);
	fc->cdb = malloc(row->cdb_len);
	memcpy(fc->cdb, cdb, row->cdb_len);
	fc->c->cmd.cdb = fc->cdb;
	fc->c->cmd.cdb_len = row->cdb_len;
	fc->c->cmd.nexus_id = 1 + len % 3;
	fc->copy = NULL;
	if (dir == SCST_DATA_OUT && fc->c->len) {
		get_data(fc->c);
		fc->copy = malloc(fc->c->len);
		memcpy(fc->copy, fc->c->data, fc->c->len);
	}
	nr_cmds++;
	MUST(fake_execute(fc->c));
}

static void check_outcome(const struct fuzz_cmd *fc)
{
	const struct scst_cmd *cmd = &fc->c->cmd;

	MUST(cmd->status == SCSI_GOOD || cmd->status == SCSI_BUSY ||
	     cmd->status == SCSI_CHECK_CONDITION);
	MUST((cmd->status == SCSI_CHECK_CONDITION) == !!cmd->sense.sense);
	if (cmd->dir == SCST_DATA_IN)
		MUST(cmd->data_in <= cmd->data_len);
	else
		MUST(!cmd->data_in);
	if (fc->copy)
		MUST(!memcmp(fc->copy, fc->c->data, fc->c->len));
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
		check_outcome(fc);
		free(fc->cdb);
		free(fc->copy);
		fake_cmd_free(fc->c);
		*fc = cmds[--nr_cmds];
	}
}

/* ---- Steps ------------------------------------------------------------- */

static void selected(struct scst_cmd *cmd, enum scst_sense sense)
{
	if (sense)
		scst_cmd_fail(cmd, sense);
	else
		scst_cmd_good(cmd);
}

static void select_wce(void)
{
	u8 wanted[20] = { 0x08, 0x12, get8() }, cdb[16] = { 0 };
	struct fuzz_cmd *fc = &cmds[nr_cmds++];

	memset(fc, 0, sizeof(*fc));
	fc->c = fake_cmd_new(disk, cdb, SCST_DATA_NONE, 0);
	sbc_lu_mode_select(disk->lu, &fc->c->cmd, &disk->info.mode_pages[1],
			   wanted, selected);
}

static void set_failure(void)
{
	static const enum scst_sense senses[] = {
		SENSE_NONE, SENSE_WRITE_ERROR, SENSE_READ_ERROR, SENSE_BUSY,
		SENSE_INVALID_OPCODE,
	};

	disk->fail = senses[get8() % ARRAY_SIZE(senses)];
	disk->fail_ops = get8();
	disk->fail_lba = get8() % DISK_BLOCKS;
}

static void step(void)
{
	switch (get8() % 16) {
	case 0:
		disk->deferred = !disk->deferred;
		break;
	case 1:
		set_failure();
		break;
	case 2:
		sbc_lu_resize(disk->lu, get8() % (DISK_BLOCKS + 1));
		break;
	case 3:
		sbc_lu_set_medium(disk->lu, get8() % (DISK_BLOCKS + 1));
		break;
	case 4:
		sbc_lu_event(disk->lu, get8() % 2, 1 + get8() % 3);
		break;
	case 5:
		select_wce();
		break;
	case 6:
		if (nr_cmds)
			cmds[get8() % nr_cmds].c->cmd.aborted = true;
		break;
	case 7:
		core_fail_alloc(1 + get8() % 4);
		break;
	case 8:
	case 9:
		if (disk->resume)
			fake_resume(disk);
		else if (disk->nr_queued)
			fake_step(disk, get8() % disk->nr_queued);
		break;
	default:
		start_command();
	}
	core_fail_alloc(0);
	if (nr_cmds == OUTSTANDING)
		fake_drain(disk);
	reap();
}

static struct fake *make_disk(void)
{
	u8 flags = get8(), lacks = get8();
	/* A disk does not lack its read: that bit is free. */
	bool more = (lacks & 0x01) && !(lacks & LACKS_WRITE);
	struct sbc_config cfg = {
		.blocks = DISK_BLOCKS,
		.block_size = flags & 0x01 ? 4096 : 512,
		.removable = flags & 0x02,
		.medium = true,
		.thin = flags & 0x04,
		.zero_after_unmap = flags & 0x08,
		.write_cache = flags & 0x10,
		.native_fua = flags & 0x20,
		.max_transfer = flags & 0x40 ? 8 : 0,
		.unmap_granularity = flags & 0x80 ? 4 : 0,
		.max_atomic = more ? 8 : 0,
		.sanitize = more,
	};

	return fake_new(&cfg, lacks & ~(1u << FAKE_READ));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u32 i;

	core_log_hook = fuzz_quiet;
	input_set(data, size);
	disk = make_disk();
	if (!disk)
		return 0;
	for (i = 0; i < STEPS_MAX && in.len; i++)
		step();
	fake_drain(disk);
	reap();
	MUST(!nr_cmds);
	fake_free(disk);
	return 0;
}
