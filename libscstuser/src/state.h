/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: what devices must remember when the power goes: their persistent
 * reservations, in a directory of the operator's.
 *
 * A device has two files there, NAME.pr.0 and NAME.pr.1, written in turn: each
 * holds a whole image with a checksum and a generation, and while one is
 * written the other is good. A thread of its own does the writing, so that no
 * loop waits for a disk.
 */
#ifndef LIB_STATE_H
#define LIB_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;
struct scst_device;
struct state_dev;
struct state_dir;

/* ---- Files --------------------------------------------------------------- */

/*
 * The newest image of device @name in the directory @dir: *@image, to be
 * freed, and its length; 0 and NULL: there is none. *@next is the file that
 * state_save() shall write. -EILSEQ: both are damaged; -errno.
 */
int state_load(int dir, const char *name, void **image, unsigned int *next);

/* Write the file *@next and make it durable; then it is the other's turn. */
int state_save(int dir, const char *name, const void *image, size_t len,
	       unsigned int *next);

/* ---- Devices ------------------------------------------------------------- */

/* NULL, with the reason in @why. */
struct state_dir *state_dir_open(const char *path, char *why, size_t size);
/* Begin to write; what was written is told on @loop. 0 or -errno. */
int state_dir_start(struct state_dir *dir, struct loop *loop);
/* All devices are gone. */
void state_dir_stop(struct state_dir *dir);
void state_dir_close(struct state_dir *dir);

/* A device's place in @dir, which no other server may use meanwhile. */
struct state_dev *state_dev_open(struct state_dir *dir, const char *name,
				 char *why, size_t size);
void state_dev_close(struct state_dev *dev);

/* Give @core what was stored. Before the first map. */
int state_dev_restore(struct state_dev *dev, struct scst_device *core,
		      char *why, size_t size);

/* scst_device_ops.persist() */
void state_dev_persist(struct state_dev *dev);

#endif
