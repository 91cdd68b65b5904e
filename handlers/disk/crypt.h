/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: scst-disk: encryption of what is stored, see crypt.c.
 */
#ifndef HANDLER_DISK_CRYPT_H
#define HANDLER_DISK_CRYPT_H

#include <scstuser/scstuser.h>

struct crypt;

/*
 * The key of file @path, which is made if there is none and @may_make.
 * 0 or a negative errno after scstu_dev_error().
 */
int crypt_open(struct scstu_dev *dev, const char *path, bool may_make,
	       struct crypt **crypt);
void crypt_close(struct crypt *c);

/*
 * 0 or a positive errno. Any thread. Decrypt the request's buffer, which holds
 * what was read; encrypt @len bytes that are for @offset of the disk, both
 * multiples of 512.
 */
int crypt_decrypt(struct crypt *c, struct scstu_req *req);
int crypt_encrypt(struct crypt *c, uint64_t offset, void *buf, size_t len);

/* Another key, durably, and none of the old one; the same. It waits for I/O. */
int crypt_erase(struct crypt *c);

#endif
