// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: a drive under threads, for the thread sanitizer as much as for the
 * assertions.
 *
 * Some initiators poll, read and verify while the medium comes and goes.
 * None may see the medium come or go without an event that says so, and no
 * command may be forgotten or answered twice.
 */
#include <check.h>
#include <pthread.h>
#include <stdlib.h>

#include "core_os.h"
#include "mmc.h"

#define THREADS 3u
#define ROUNDS	3000u
#define CHANGES 1500u
#define BLOCKS	100u		/* of the shorter medium */

static struct mmc_lu *lu;
static struct scst_device_info info;

/* ---- The backend: another thread completes ------------------------------ */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static struct mmc_io *queue[THREADS];
static u32 nr_queue;
static bool stopping;

static void be_read(struct mmc_io *io)
{
	if (io->lba & 1) {
		mmc_io_done(io, SENSE_NONE);
		return;
	}
	pthread_mutex_lock(&lock);
	ck_assert_uint_lt(nr_queue, THREADS);
	queue[nr_queue++] = io;
	pthread_cond_broadcast(&cond);
	pthread_mutex_unlock(&lock);
}

static void *complete(void *arg)
{
	struct mmc_io *io;

	pthread_mutex_lock(&lock);
	while (!stopping) {
		if (!nr_queue) {
			pthread_cond_wait(&cond, &lock);
			continue;
		}
		io = queue[--nr_queue];
		pthread_mutex_unlock(&lock);
		mmc_io_done(io, SENSE_NONE);
		pthread_mutex_lock(&lock);
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}

static void env_ua(struct mmc_lu *of, enum scst_sense ua, u64 except)
{
	ck_assert_ptr_eq(of, lu);
}

/* ---- Initiators -------------------------------------------------------- */

struct player {
	pthread_t thread;
	u64 nexus_id;
	bool present;		/* at the last poll */
	bool ended;
	struct scst_cmd cmd;
	u8 cdb[16];
	u8 data[SCST_DATA_ALIGN];
};

static void player_done(struct scst_cmd *cmd)
{
	struct player *p = container_of(cmd, struct player, cmd);

	pthread_mutex_lock(&lock);
	ck_assert(!p->ended);
	p->ended = true;
	pthread_cond_broadcast(&cond);
	pthread_mutex_unlock(&lock);
}

static void execute(struct scst_cmd *cmd)
{
	u32 i;

	for (i = 0; i < info.nr_opcodes; i++) {
		if (info.opcodes[i].op == cmd->cdb[0]) {
			info.opcodes[i].execute(cmd);
			return;
		}
	}
	ck_abort_msg("no such command");
}

/* Run the command in p->cdb; its status. */
static u8 run(struct player *p)
{
	struct scst_cmd *cmd = &p->cmd;

	memset(cmd, 0, sizeof(*cmd));
	cmd->cdb = p->cdb;
	cmd->cdb_len = 16;
	cmd->dir = SCST_DATA_IN;
	cmd->data_len = sizeof(p->data);
	cmd->seg = (struct core_seg){ p->data, sizeof(p->data) };
	cmd->segs = &cmd->seg;
	cmd->nr_segs = 1;
	cmd->lu = lu;
	cmd->nexus_id = p->nexus_id;
	cmd->done = player_done;
	p->ended = false;

	execute(cmd);
	pthread_mutex_lock(&lock);
	while (!p->ended)
		pthread_cond_wait(&cond, &lock);
	pthread_mutex_unlock(&lock);
	return cmd->status;
}

static void run_cdb(struct player *p, u8 op, u8 byte1, u8 byte4, u8 byte8)
{
	memset(p->cdb, 0, sizeof(p->cdb));
	p->cdb[0] = op;
	p->cdb[1] = byte1;
	p->cdb[4] = byte4;
	p->cdb[8] = byte8;
	if (run(p) == SCSI_GOOD)
		return;
	ck_assert_uint_eq(p->cmd.status, SCSI_CHECK_CONDITION);
	switch (p->cmd.sense.sense) {
	case SENSE_NO_MEDIUM_TRAY_OPEN:
	case SENSE_NO_MEDIUM_TRAY_CLOSED:
	case SENSE_LBA_OUT_OF_RANGE:
	case SENSE_REMOVAL_PREVENTED:
		break;
	default:
		ck_abort_msg("%s", scst_sense_name(p->cmd.sense.sense));
	}
}

static void poll(struct player *p)
{
	bool present;

	run_cdb(p, SCSI_GET_EVENT_STATUS, 1, 0x10, 8);
	ck_assert_uint_eq(p->cmd.data_in, 8);
	present = p->data[5] & 2;
	if (present != p->present)
		ck_assert_uint_eq(p->data[4], present ? 2 : 3);
	p->present = present;
}

static void *play(void *arg)
{
	struct player *p = arg;
	u32 i;

	for (i = 0; i < ROUNDS; i++) {
		poll(p);
		run_cdb(p, SCSI_PREVENT_ALLOW, 0, i >> 3 & 1, 0);
		run_cdb(p, SCSI_READ_10, 0, 0, i & 1);
		run_cdb(p, SCSI_VERIFY_10, 0, 0, 2 * BLOCKS);
		run_cdb(p, SCSI_READ_TOC, 0, 0, 20);
		run_cdb(p, SCSI_START_STOP_UNIT, 0, 2 + (i & 1), 0);
	}
	return NULL;
}

static void change_media(void)
{
	u32 i;

	for (i = 0; i < CHANGES; i++) {
		mmc_lu_set_medium(lu, i % 3 * BLOCKS);
		mmc_lu_request_eject(lu);
		mmc_lu_event(lu, SCST_EV_NEXUS_LOSS, THREADS + 1);
	}
}

START_TEST(nothing_is_missed)
{
	static const struct mmc_env_ops env = { .ua = env_ua };
	static const struct mmc_backend_ops be = { .read = be_read };
	static struct player players[THREADS];
	struct mmc_config cfg = { .blocks = 0 };
	pthread_t completer;
	u32 i;

	lu = mmc_lu_alloc(&cfg, &be, &env, NULL);
	ck_assert(!IS_ERR(lu));
	mmc_lu_describe(lu, &info);
	pthread_create(&completer, NULL, complete, NULL);
	for (i = 0; i < THREADS; i++) {
		players[i].nexus_id = i + 1;
		pthread_create(&players[i].thread, NULL, play, &players[i]);
	}
	change_media();
	for (i = 0; i < THREADS; i++)
		pthread_join(players[i].thread, NULL);
	pthread_mutex_lock(&lock);
	stopping = true;
	pthread_cond_broadcast(&cond);
	pthread_mutex_unlock(&lock);
	pthread_join(completer, NULL);
	mmc_lu_free(lu);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("mmc_threads");
	TCase *tc = tcase_create("threads");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, nothing_is_missed);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
