// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: fuzzes the files that hold what devices must remember: a directory
 * with two files of any content, or things that are no files at all.
 *
 * What is loaded is one of the files, whole and the newer one that is good;
 * what is restored from it makes the same image again, which can be saved and
 * found in its turn; and what is refused leaves nothing behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "scst.h"
#include "scst_core.h"
#include "state.h"

#define NAME "d"

/* ---- The directory ------------------------------------------------------- */

static char path[] = "/dev/shm/scst-fuzz-XXXXXX";
static int dir = -1;

static const char *const files[2] = { NAME ".pr.0", NAME ".pr.1" };

static void dir_empty(void)
{
	int i;

	for (i = 0; i < 2; i++)
		if (unlinkat(dir, files[i], 0) && errno == EISDIR)
			MUST(!unlinkat(dir, files[i], AT_REMOVEDIR));
}

static void dir_close(void)
{
	dir_empty();
	close(dir);
	rmdir(path);
}

static void dir_open(void)
{
	if (dir >= 0)
		return;
	MUST(mkdtemp(path));
	dir = open(path, O_RDONLY | O_DIRECTORY);
	MUST(dir >= 0);
	atexit(dir_close);
}

/* ---- The files ----------------------------------------------------------- */

enum file_kind { NONE, FILE_PLAIN, FILE_SEALED, FIFO, DIRECTORY, LINK };

static struct {
	enum file_kind kind;
	u8 data[SCST_PR_IMAGE_MAX + 16];
	u32 len;
} slots[2];

/* Undamaged as far as an image can tell. */
static void seal(u8 *buf, u32 len)
{
	if (len < 36)
		return;
	memcpy(buf, "SCSTPR01", 8);
	put_unaligned_be32(len, buf + 16);
	put_unaligned_be32(~crc32c(~0u, buf, len - 4), buf + len - 4);
}

static void write_file(const char *name, const u8 *data, u32 len)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL, 0600);

	MUST(fd >= 0);
	MUST(write(fd, data, len) == len);
	close(fd);
}

static void make_slot(int nr, enum file_kind kind, u32 len)
{
	slots[nr].kind = kind;
	slots[nr].len = min_t(u32, len, sizeof(slots[nr].data));
	switch (kind) {
	case FILE_SEALED:
	case FILE_PLAIN:
		slots[nr].len = get_bytes(slots[nr].data, slots[nr].len);
		if (kind == FILE_SEALED)
			seal(slots[nr].data, slots[nr].len);
		write_file(files[nr], slots[nr].data, slots[nr].len);
		break;
	case FIFO:
		MUST(!mkfifoat(dir, files[nr], 0600));
		break;
	case DIRECTORY:
		MUST(!mkdirat(dir, files[nr], 0700));
		break;
	case LINK:
		MUST(!symlinkat("/dev/zero", dir, files[nr]));
		break;
	case NONE:
		break;
	}
}

static bool is_plain(int nr)
{
	return slots[nr].kind == FILE_PLAIN || slots[nr].kind == FILE_SEALED;
}

/* 0: it is no image. */
static u64 generation(int nr)
{
	if (!is_plain(nr) || slots[nr].len > SCST_PR_IMAGE_MAX)
		return 0;
	return scst_pr_image_generation(slots[nr].data, slots[nr].len);
}

/* ---- What is made of them ------------------------------------------------ */

static const struct scst_device_ops dev_ops = { .persist = NULL };

static void save_and_load(const void *image, u32 len, unsigned int next)
{
	void *again;

	MUST(!state_save(dir, NAME, image, len, &next));
	MUST(state_load(dir, NAME, &again, &next) == (int)len);
	MUST(!memcmp(image, again, len));
	free(again);
}

static void check_restore(const void *image, u32 len, unsigned int next)
{
	static u8 made[SCST_PR_IMAGE_MAX];
	const struct scst_device_info info = { .name = NAME };
	struct scst_ctx *ctx = scst_ctx_alloc();
	struct scst_device *dev = scst_device_register(ctx, &info, &dev_ops,
						       NULL);
	int err;

	MUST(!IS_ERR(dev));
	err = scst_pr_restore(dev, image, len);
	MUST(!err || err == -EINVAL);
	if (err) {
		MUST(!dev->pr.nr_regs && !dev->pr.type && !dev->pr.holder);
	} else {
		MUST(scst_pr_image(dev, made, sizeof(made)) == (int)len);
		MUST(!memcmp(made, image, len));
		save_and_load(made, len, next);
	}
	scst_device_unregister(dev);
	scst_ctx_free(ctx);
}

static void check_load(void)
{
	unsigned int next = 7;
	void *image = &next;
	int len = state_load(dir, NAME, &image, &next), nr;

	MUST(next <= 1);
	nr = !next;
	if (len > 0) {
		MUST(is_plain(nr) && len == (int)slots[nr].len);
		MUST(!memcmp(image, slots[nr].data, len));
		MUST(generation(nr) && generation(nr) >= generation(!nr));
		check_restore(image, len, next);
		free(image);
		return;
	}
	MUST(!image);
	/* Nothing is good; or one is no file, and somebody has to look. */
	MUST(!generation(0) || !is_plain(1) || slots[1].kind == NONE);
	MUST(!generation(1) || !is_plain(0) || slots[0].kind == NONE);
	if (!len)
		MUST(slots[0].kind == NONE || slots[1].kind == NONE);
	if (len == -EILSEQ)
		MUST(is_plain(0) && is_plain(1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 kinds;
	u32 len;

	core_log_hook = fuzz_quiet;
	dir_open();
	input_set(data, size);
	kinds = get8();
	len = get16();
	make_slot(0, kinds % (LINK + 1), len);
	make_slot(1, kinds / 16 % (LINK + 1), in.len);
	check_load();
	dir_empty();
	MUST(!core_slab_live());
	return 0;
}
