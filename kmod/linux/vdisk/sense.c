// SPDX-License-Identifier: GPL-2.0-only
/* KERNEL: from errno to sense, once for all backends. */
#include "vdisk.h"

enum scst_sense vdisk_sense(const struct vdisk *vd, int err, bool writes)
{
	switch (-err) {
	case EAGAIN:
	case EBUSY:
	case ENOMEM:
	case ENOBUFS:
		return SENSE_BUSY;
	case EIO:
	case EILSEQ:
	case ENODATA:
	case EUCLEAN:			/* the file system is damaged */
		return writes ? SENSE_WRITE_ERROR : SENSE_READ_ERROR;
	case ENOSPC:
	case EDQUOT:
		return SENSE_SPACE_EXHAUSTED;
	case EROFS:
	case EPERM:
	case EACCES:
	case EBADF:
	case ETXTBSY:
		return SENSE_WRITE_PROTECTED;
	case ENOMEDIUM:
		return vd->removable ? SENSE_NO_MEDIUM : SENSE_NOT_READY;
	case ENODEV:
	case ENXIO:
	case ESHUTDOWN:
	case ETIMEDOUT:
	case ENOLINK:
	case ESTALE:
		return SENSE_NOT_READY;
	case EOPNOTSUPP:
		return SENSE_INVALID_OPCODE;
	default:
		return SENSE_INTERNAL_FAILURE;
	}
}

void vdisk_bad_lba(struct sbc_io *io, u64 moved)
{
	io->has_bad_lba = true;
	io->bad_lba = io->lba + (moved >> io_vdisk(io)->shift);
}
