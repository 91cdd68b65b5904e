// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of the files that hold what must survive a loss of power: at
 * whatever byte the writing ends, the old state or the new one is there.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core_pr.h"
#include "loop.h"
#include "state.h"

static char path[64];
static int dir;
static unsigned int next;

/* Images of one device after each of its changes, of different lengths. */
#define IMAGES 4

static struct {
	u8 data[512];
	int len;
} images[IMAGES];

static u32 nr_images;

static void take_image(struct scst_device *dev)
{
	ck_assert_uint_lt(nr_images, IMAGES);
	images[nr_images].len = scst_pr_image(dev, images[nr_images].data,
					      sizeof(images[0].data));
	ck_assert_int_gt(images[nr_images].len, 0);
	nr_images++;
	scst_pr_persisted(dev, 0);
}

static void make_images(void)
{
	nr_images = 0;
	pr_up();
	w.dev->ops.persist = take_image;
	ck_good(pr_out_bits(w.a, REGISTER, 0, 0, 1, 1));
	ck_good(pr_out_bits(w.b, REGISTER, 0, 0, 2, 1));
	ck_good(pr_out_bits(w.c, REGISTER, 0, 0, 3, 1));
	ck_good(pr_out(w.a, CLEAR, 0, 1, 0));
	world_down();
	ck_assert_uint_eq(nr_images, IMAGES);
}

static void setup(void)
{
	make_images();
	strcpy(path, "/tmp/scst-state-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(path));
	dir = open(path, O_RDONLY | O_DIRECTORY);
	ck_assert_int_ge(dir, 0);
	next = 0;
}

static void teardown(void)
{
	static const char *const names[] = {
		"d.pr.0", "d.pr.1", "d.lock", "e.lock", "e.pr.0",
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		unlinkat(dir, names[i], 0);
	close(dir);
	ck_assert_int_eq(rmdir(path), 0);
}

static int save(u32 nr)
{
	return state_save(dir, "d", images[nr].data, images[nr].len, &next);
}

/* The number of the image that is there; -1: none; or an error. */
static int load(void)
{
	void *image;
	int len, nr = -1;
	u32 i;

	len = state_load(dir, "d", &image, &next);
	if (len < 0) {
		ck_assert_ptr_null(image);
		return len;
	}
	ck_assert_int_eq(len != 0, image != NULL);
	for (i = 0; len && i < IMAGES; i++)
		if (images[i].len == len && !memcmp(images[i].data, image, len))
			nr = i;
	ck_assert_int_eq(nr >= 0, len != 0);
	free(image);
	return nr;
}

/* The file @nr holds the first @len bytes of @data, and nothing else. */
static void put(u32 nr, const u8 *data, int len)
{
	char name[] = "d.pr.X";
	int fd;

	name[5] = '0' + nr;
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, data, len), len);
	close(fd);
}

/* ---- Files --------------------------------------------------------------- */

START_TEST(nothing_is_there_at_first)
{
	ck_assert_int_eq(load(), -1);
}
END_TEST

START_TEST(last_one_is_found)
{
	int i;

	for (i = 0; i < IMAGES; i++) {
		ck_assert_int_eq(save(i), 0);
		ck_assert_int_eq(load(), i);
	}
}
END_TEST

START_TEST(files_are_the_owners_alone)
{
	struct stat st;

	ck_assert_int_eq(save(0), 0);
	ck_assert_int_eq(fstatat(dir, "d.pr.0", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
}
END_TEST

START_TEST(both_files_are_used_in_turn)
{
	ck_assert_int_eq(save(0), 0);
	ck_assert_int_eq(faccessat(dir, "d.pr.1", F_OK, 0), -1);
	ck_assert_int_eq(save(1), 0);
	ck_assert_int_eq(faccessat(dir, "d.pr.1", F_OK, 0), 0);
	ck_assert_uint_eq(next, 0);
}
END_TEST

/*
 * Power goes while image @_i is written over the one before the last: at each
 * byte of it, and with what the file held before still behind that.
 */
START_TEST(torn_write_leaves_the_old_or_the_new)
{
	u8 mixed[sizeof(images[0].data)];
	int i, len, got;
	u32 file;

	for (i = 0; i < _i; i++)
		ck_assert_int_eq(save(i), 0);
	file = next;
	for (len = 0; len <= images[_i].len; len++) {
		put(file, images[_i].data, len);
		got = load();
		ck_assert_int_eq(got, len < images[_i].len ? _i - 1 : _i);
		if (got < _i)
			ck_assert_uint_eq(next, file);
		if (_i < 2)
			continue;
		memcpy(mixed, images[_i - 2].data, images[_i - 2].len);
		memcpy(mixed, images[_i].data, len);
		put(file, mixed, max(len, images[_i - 2].len));
		got = load();
		ck_assert(got == _i - 1 || got == _i);
	}
}
END_TEST

START_TEST(file_that_is_not_there_yet_leaves_the_old)
{
	ck_assert_int_eq(save(0), 0);
	ck_assert_int_eq(save(1), 0);
	unlinkat(dir, "d.pr.1", 0);
	ck_assert_int_eq(load(), 0);
	ck_assert_uint_eq(next, 1);
}
END_TEST

START_TEST(two_damaged_files_are_an_error)
{
	ck_assert_int_eq(save(0), 0);
	ck_assert_int_eq(save(1), 0);
	put(0, images[0].data, _i ? images[0].len - 1 : 0);
	put(1, images[1].data, _i ? images[1].len - 1 : 0);
	ck_assert_int_eq(load(), -EILSEQ);
}
END_TEST

START_TEST(file_may_be_far_too_long)
{
	int fd;

	ck_assert_int_eq(save(0), 0);
	ck_assert_int_eq(save(1), 0);
	fd = openat(dir, "d.pr.1", O_WRONLY);
	ck_assert_int_eq(ftruncate(fd, 1ll << 40), 0);
	close(fd);
	ck_assert_int_eq(load(), 0);
}
END_TEST

START_TEST(failed_write_leaves_the_old)
{
	struct rlimit limit, old;

	ck_assert_int_eq(save(0), 0);
	ck_assert_int_eq(save(1), 0);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	limit = old;
	limit.rlim_cur = 20;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(save(2), -EFBIG);
	ck_assert_int_eq(save(2), -EFBIG);
	setrlimit(RLIMIT_FSIZE, &old);
	ck_assert_int_eq(load(), 1);
	ck_assert_int_eq(save(2), 0);
	ck_assert_int_eq(load(), 2);
}
END_TEST

START_TEST(links_are_not_followed)
{
	ck_assert_int_eq(symlinkat("/dev/null", dir, "d.pr.0"), 0);
	ck_assert_int_eq(save(0), -ELOOP);
	ck_assert_int_eq(load(), -ELOOP);
}
END_TEST

START_TEST(directory_is_no_image)
{
	ck_assert_int_eq(mkdirat(dir, "d.pr.0", 0700), 0);
	ck_assert_int_eq(load(), -EINVAL);
	ck_assert_int_eq(save(0), -EISDIR);
	unlinkat(dir, "d.pr.0", AT_REMOVEDIR);
}
END_TEST

/* ---- Devices ------------------------------------------------------------- */

START_TEST(directory_must_be_there)
{
	char why[256] = "";

	ck_assert_ptr_null(state_dir_open("/nowhere/at/all", why,
					  sizeof(why)));
	ck_assert_ptr_nonnull(strstr(why, "/nowhere/at/all"));
	ck_assert_ptr_null(state_dir_open("/dev/null", why, sizeof(why)));
}
END_TEST

START_TEST(device_is_for_one_server)
{
	char why[256] = "";
	struct state_dir *first = state_dir_open(path, why, sizeof(why));
	struct state_dir *second = state_dir_open(path, why, sizeof(why));
	struct state_dev *d = state_dev_open(first, "d", why, sizeof(why));
	struct state_dev *e;

	ck_assert_ptr_nonnull(d);
	ck_assert_ptr_null(state_dev_open(second, "d", why, sizeof(why)));
	ck_assert_ptr_nonnull(strstr(why, "another server"));
	e = state_dev_open(second, "e", why, sizeof(why));
	ck_assert_ptr_nonnull(e);
	state_dev_close(d);
	d = state_dev_open(second, "d", why, sizeof(why));
	ck_assert_ptr_nonnull(d);
	state_dev_close(d);
	state_dev_close(e);
	state_dir_close(first);
	state_dir_close(second);
}
END_TEST

static struct state_dev *keeper;
static struct loop *loop;

static void keep(struct scst_device *dev)
{
	state_dev_persist(keeper);
}

/* Turn the loop until @c is answered. */
static struct fcmd *await(struct fcmd *c)
{
	while (!c->answered)
		loop_turn(loop, 1000);
	return c;
}

/* From a command to the disk, and from there to the next device. */
START_TEST(reservations_survive)
{
	char why[256] = "";
	struct state_dir *sd;
	struct fdev *d;

	pr_up();
	w.dev->ops.persist = keep;
	loop = loop_alloc(0);
	ck_assert_ptr_nonnull(loop);
	loop_adopt(loop);
	sd = state_dir_open(path, why, sizeof(why));
	ck_assert_ptr_nonnull(sd);
	ck_assert_int_eq(state_dir_start(sd, loop), 0);
	keeper = state_dev_open(sd, "d", why, sizeof(why));
	ck_assert_int_eq(state_dev_restore(keeper, w.dev->core, why,
					   sizeof(why)), 0);
	ck_good(await(pr_out_bits(w.a, REGISTER, 0, 0, 1, 1)));
	ck_good(await(pr_out_bits(w.b, REGISTER, 0, 0, 2, 1)));
	ck_good(await(pr_out(w.b, RESERVE, 3, 2, 0)));

	d = fdev_add("again");
	ck_assert_int_eq(state_dev_restore(keeper, d->core, why, sizeof(why)),
			 0);
	scst_group_unmap(w.grp, 0);
	ck_assert_int_eq(scst_group_map(w.grp, 0, d->core, false), 0);
	ck_pr("a=1 b=2*, 3");

	state_dir_stop(sd);
	state_dev_close(keeper);
	state_dir_close(sd);
	loop_abandon(loop);
	loop_free(loop);
	world_down();
}
END_TEST

START_TEST(failure_to_store_is_told)
{
	char why[256] = "";
	struct state_dir *sd;
	struct fcmd *c;

	pr_up();
	w.dev->ops.persist = keep;
	loop = loop_alloc(0);
	loop_adopt(loop);
	sd = state_dir_open(path, why, sizeof(why));
	ck_assert_int_eq(state_dir_start(sd, loop), 0);
	keeper = state_dev_open(sd, "d", why, sizeof(why));
	ck_assert_int_eq(state_dev_restore(keeper, w.dev->core, why,
					   sizeof(why)), 0);
	ck_assert_int_eq(symlinkat("/dev/null", dir, "d.pr.0"), 0);
	c = await(pr_out_bits(w.a, REGISTER, 0, 0, 1, 1));
	ck_sense(c, SENSE_INTERNAL_FAILURE);
	unlinkat(dir, "d.pr.0", 0);
	ck_good(await(pr_out_bits(w.a, REGISTER, 0, 1, 2, 1)));

	state_dir_stop(sd);
	state_dev_close(keeper);
	state_dir_close(sd);
	loop_abandon(loop);
	loop_free(loop);
	world_down();
}
END_TEST

/* -------------------------------------------------------------------------- */

static TCase *file_tcase(void)
{
	TCase *tc = tcase_create("files");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, nothing_is_there_at_first);
	tcase_add_test(tc, last_one_is_found);
	tcase_add_test(tc, files_are_the_owners_alone);
	tcase_add_test(tc, both_files_are_used_in_turn);
	tcase_add_loop_test(tc, torn_write_leaves_the_old_or_the_new, 0,
			    IMAGES);
	tcase_add_test(tc, file_that_is_not_there_yet_leaves_the_old);
	tcase_add_loop_test(tc, two_damaged_files_are_an_error, 0, 2);
	tcase_add_test(tc, file_may_be_far_too_long);
	tcase_add_test(tc, failed_write_leaves_the_old);
	tcase_add_test(tc, links_are_not_followed);
	tcase_add_test(tc, directory_is_no_image);
	return tc;
}

static TCase *device_tcase(void)
{
	TCase *tc = tcase_create("devices");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, directory_must_be_there);
	tcase_add_test(tc, device_is_for_one_server);
	tcase_add_test(tc, reservations_survive);
	tcase_add_test(tc, failure_to_store_is_told);
	return tc;
}

int main(void)
{
	static TCase *(*const tcases[])(void) = { file_tcase, device_tcase };

	return core_main("state", tcases, ARRAY_SIZE(tcases));
}
