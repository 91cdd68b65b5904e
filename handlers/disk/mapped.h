/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: scst-disk: files in memory (tmpfs), mapped: what is there is read and
 * written by a copy, without a system call.
 */
#ifndef HANDLER_DISK_MAPPED_H
#define HANDLER_DISK_MAPPED_H

#include <stdbool.h>
#include <stdint.h>
#include <scstuser/scstuser.h>

struct mapped;

/*
 * @fd, open for both, of @bytes. NULL: not in memory, or cannot be mapped;
 * nothing is wrong then.
 */
struct mapped *mapped_open(int fd, uint64_t bytes);
void mapped_close(struct mapped *m);

/* Any thread. False: it is for a system call to do, or to say what is wrong. */
bool mapped_read(struct mapped *m, struct scstu_req *req);
bool mapped_write(struct mapped *m, struct scstu_req *req);

/* Pages of [@offset, @offset + @length) may have been given back. */
void mapped_forget(struct mapped *m, uint64_t offset, uint64_t length);

#endif
