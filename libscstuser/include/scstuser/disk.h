/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PUBLIC: the disk layer.
 *
 * A disk handler moves bytes; the library is the direct access block device
 * (SBC-4) in front of it. Before it calls an operation, it has checked the
 * range, that offset and length are multiples of the logical block size, and
 * write protection; what the handler leaves out is emulated or reported as
 * unsupported, the same way in every place where an initiator can ask.
 */
#ifndef SCSTUSER_DISK_H
#define SCSTUSER_DISK_H

#include <scstuser/request.h>

#ifdef __cplusplus
extern "C" {
#endif

struct scstu_disk_ops {
	size_t size;			/* SCSTU_DISK_OPS_INIT */

	/*
	 * Fill the buffer from the disk. Mandatory.
	 * Replies: scstu_done, scstu_fail, scstu_fail_at, scstu_fail_errno.
	 */
	void (*read)(struct scstu_req *req);

	/*
	 * Write the buffer to the disk. With SCSTU_FUA, complete when the
	 * data would survive a power cut; a handler that has flush and does
	 * not declare scstu_disk.fua never sees the flag, the library flushes
	 * behind the write instead. NULL: the disk is read-only.
	 * Replies: as read.
	 */
	void (*write)(struct scstu_req *req);

	/*
	 * Complete when every write completed before would survive a power
	 * cut. Offset and length say which part the initiator means; saving
	 * more is fine. NULL: a completed write already survives one.
	 * Replies: as read.
	 */
	void (*flush)(struct scstu_req *req);

	/*
	 * The range's contents are no longer wanted. What it reads as later
	 * is up to scstu_disk.zero_after_unmap. NULL: no thin provisioning.
	 * Replies: as read.
	 */
	void (*unmap)(struct scstu_req *req);

	/*
	 * The range shall read as zeroes; SCSTU_MAY_UNMAP: deallocating it is
	 * welcome. SCSTU_FUA as for write. NULL: the library writes zeroes.
	 * Replies: as read.
	 */
	void (*write_zeroes)(struct scstu_req *req);

	/*
	 * Is the disk allocated at the offset? Answer for the extent that
	 * begins there with scstu_disk_extent(). NULL: all of it is.
	 * Replies: as read.
	 */
	void (*block_status)(struct scstu_req *req);

	/*
	 * The range may be read soon: a hint. NULL: ignored.
	 * Replies: as read.
	 */
	void (*prefetch)(struct scstu_req *req);

	/*
	 * How much storage does the disk take, and how much is there left?
	 * Answer with scstu_disk_usage(). NULL: initiators of a thin disk
	 * cannot ask.
	 * Replies: as read.
	 */
	void (*usage)(struct scstu_req *req);

	/*
	 * Of disks with scstu_disk.encrypted: make all that was ever written
	 * unreadable by replacing the key that it is encrypted with, SANITIZE
	 * with CRYPTOGRAPHIC ERASE (SBC-4 4.11). Complete when a power cut
	 * would find the new key, and no copy of the old one is left that the
	 * handler knows of; flush, if there is one, is called afterwards. What
	 * the disk reads as then does not matter, and offset and length say
	 * all of it. On failure both keys are possible, the old one also for
	 * the initiator: it hears that, and can only try again.
	 *
	 * Only where the operator allows SANITIZE. Nothing is being written
	 * while this is under way, and nothing new begins; reads from before
	 * may still be with the handler, and may return anything. A handler
	 * that dies in the midst of it, with the engine scst, gets it again in
	 * its next process. NULL: no disk of the handler's is encrypted.
	 * Replies: scstu_done, scstu_fail, scstu_fail_errno.
	 */
	void (*crypto_erase)(struct scstu_req *req);
};

#define SCSTU_DISK_OPS_INIT .size = sizeof(struct scstu_disk_ops)

/* What the handler knows of the disk; zero means what the comment says. */
struct scstu_disk {
	size_t size;			/* SCSTU_DISK_INIT */
	uint64_t bytes;			/* capacity; 0: no medium (removable) */
	/*
	 * Logical block size: 512, 1024, 2048 or 4096. 0: as the operator
	 * says with block-size=, else 512.
	 */
	uint32_t block_size;
	uint32_t physical_block_size;	/* 0: same as the logical one */
	uint32_t max_transfer;		/* bytes of one request; 0: 8 MiB */
	uint32_t optimal_transfer;	/* bytes; 0: not said */
	uint32_t unmap_granularity;	/* bytes; 0: one block */
	bool fua;			/* write understands SCSTU_FUA */
	bool write_through;		/* nothing is cached, in spite of flush */
	bool zero_after_unmap;		/* unmapped ranges read as zeroes */
	bool rotational;
	bool read_only;
	bool removable;			/* as the operator may say, too */
	/*
	 * Bytes that a single write writes all or not at all, be it that it
	 * fails or that power is lost; 0: not promised, no WRITE ATOMIC. The
	 * library keeps other requests away from such a write.
	 */
	uint32_t max_atomic;
	/*
	 * Engine scst: a request that the handler leaves unanswered when it
	 * dies fails, and is not given to the next process that serves the
	 * disk. For backends where what was begun may still happen later.
	 */
	bool no_reissue;
	bool encrypted;			/* all that is stored; needs crypto_erase */
};

#define SCSTU_DISK_INIT .size = sizeof(struct scstu_disk)

/*
 * Declare the disk; in open(). 0, or a negative errno after
 * scstu_dev_error(): pass it on.
 */
SCSTU_API int scstu_disk_configure(struct scstu_dev *dev,
				   const struct scstu_disk *disk);

/* The logical block size that was settled, in bytes. */
SCSTU_API uint32_t scstu_disk_block_size(const struct scstu_dev *dev);

/*
 * The answer of block_status: @length bytes (at least one block; more than
 * asked is fine) share the state @allocated. Before scstu_done().
 */
SCSTU_API void scstu_disk_extent(struct scstu_req *req, uint64_t length,
				 bool allocated);

/*
 * The answer of usage: bytes that the disk takes, and bytes that it, among
 * others perhaps, may still take. UINT64_MAX: unknown. Before scstu_done().
 */
SCSTU_API void scstu_disk_usage(struct scstu_req *req, uint64_t used,
				uint64_t available);

/*
 * The disk has @bytes now. Initiators hear of it by CAPACITY DATA HAS
 * CHANGED. Any thread.
 */
SCSTU_API int scstu_disk_resize(struct scstu_dev *dev, uint64_t bytes);

/*
 * A medium of @bytes was put into a removable disk; 0: it was taken out.
 * Initiators hear of it by NOT READY TO READY CHANGE. Any thread.
 */
SCSTU_API int scstu_disk_set_medium(struct scstu_dev *dev, uint64_t bytes);

#ifdef __cplusplus
}
#endif
#endif
