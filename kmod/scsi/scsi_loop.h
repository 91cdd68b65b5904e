/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * PORTABLE: a command that is several I/Os, one after the other.
 *
 * Of the one who submitted an I/O and the one who completed it, the later
 * goes on with the loop; so a backend that completes inline makes no
 * recursion, however many I/Os there are.
 */
#ifndef SCSI_LOOP_H
#define SCSI_LOOP_H

#include "core_os.h"
#include "scst_cmd.h"

/* In the command's scratch, zero at first. */
struct scsi_loop {
	atomic_t turn;
	enum scst_sense sense;		/* of the last I/O */
};

/*
 * Call @next until it returns false, which it does once the command is in
 * other hands; true: it submitted an I/O. An error of an I/O, or an abort,
 * ends the command here, by @end.
 */
static inline void scsi_loop_run(struct scst_cmd *cmd, struct scsi_loop *loop,
				 bool (*next)(struct scst_cmd *cmd),
				 void (*end)(struct scst_cmd *cmd,
					     enum scst_sense sense))
{
	do {
		if (!loop->sense && READ_ONCE(cmd->aborted))
			loop->sense = SENSE_ABORTED;
		if (loop->sense) {
			end(cmd, loop->sense);
			return;
		}
		atomic_set(&loop->turn, 2);
		if (!next(cmd))
			return;
	} while (atomic_dec_and_test(&loop->turn));
}

/*
 * The I/O that @next submitted is done; true: it is the caller's turn to run
 * the loop. All else that the two share is ordered by @turn, too.
 */
static inline bool scsi_loop_done(struct scsi_loop *loop,
				  enum scst_sense sense)
{
	loop->sense = sense;
	return atomic_dec_and_test(&loop->turn);
}

#endif
