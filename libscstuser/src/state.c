// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: what devices must remember when the power goes; see state.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "loop.h"
#include "scst_device.h"
#include "shim/core_os.h"
#include "state.h"

/* ---- Files --------------------------------------------------------------- */

/* A device's name of 63 bytes, and what follows. */
#define FILE_NAME_MAX 80

static void slot_name(char *buf, const char *name, unsigned int nr)
{
	snprintf(buf, FILE_NAME_MAX, "%s.pr.%u", name, nr);
}

static int read_all(int fd, char *buf, size_t len)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = read(fd, buf + done, len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		done += n;
	}
	return 0;
}

static int write_all(int fd, const char *buf, size_t len)
{
	ssize_t n;

	while (len) {
		n = write(fd, buf, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		buf += n;
		len -= n;
	}
	return 0;
}

/* A file that cannot be an image is damaged; one that cannot be read, worse. */
static int slot_read_fd(int fd, struct scst_pr_slot *slot)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	slot->there = true;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (!st.st_size || st.st_size > SCST_PR_IMAGE_MAX)
		return 0;
	slot->len = st.st_size;
	slot->image = malloc(slot->len);
	if (!slot->image)
		return -ENOMEM;
	return read_all(fd, slot->image, slot->len);
}

static int slot_read(int dir, const char *name, unsigned int nr,
		     struct scst_pr_slot *slot)
{
	char file[FILE_NAME_MAX];
	int fd, err;

	slot_name(file, name, nr);
	fd = openat(dir, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	err = slot_read_fd(fd, slot);
	close(fd);
	return err;
}

int state_load(int dir, const char *name, void **image, unsigned int *next)
{
	struct scst_pr_slot slots[2] = { { .there = false } };
	int nr, err;

	*image = NULL;
	*next = 0;
	err = slot_read(dir, name, 0, &slots[0]);
	if (!err)
		err = slot_read(dir, name, 1, &slots[1]);
	nr = err ? err : scst_pr_newest(slots);
	err = nr == -ENOENT ? 0 : min(nr, 0);
	if (nr >= 0) {
		*image = slots[nr].image;
		*next = !nr;
		err = slots[nr].len;
		slots[nr].image = NULL;
	}
	free(slots[0].image);
	free(slots[1].image);
	return err;
}

int state_save(int dir, const char *name, const void *image, size_t len,
	       unsigned int *next)
{
	char file[FILE_NAME_MAX];
	int fd, err;

	slot_name(file, name, *next);
	fd = openat(dir, file, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW |
		    O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	err = write_all(fd, image, len);
	if (!err && fsync(fd))
		err = -errno;
	if (close(fd) && !err)
		err = -errno;
	/* The file may be new. */
	if (!err && fsync(dir))
		err = -errno;
	if (!err)
		*next = !*next;
	return err;
}

/* ---- Devices ------------------------------------------------------------- */

struct state_dir {
	int fd;
	char *path;
	struct loop *loop;		/* NULL: not started */
	pthread_t thread;
	void *image;			/* the thread's */
	pthread_mutex_t lock;
	pthread_cond_t cond;
	struct list_head todo;		/* state_dev.link */
	bool stop;
};

struct state_dev {
	struct state_dir *dir;
	struct scst_device *core;
	struct list_head link;
	struct core_work answer;
	int err;
	int lock;			/* a file that is locked */
	unsigned int next;
	char name[];
};

static void state_answer(struct core_work *work)
{
	struct state_dev *dev = container_of(work, struct state_dev, answer);

	scst_pr_persisted(dev->core, dev->err);
}

static void state_write(struct state_dev *dev)
{
	struct state_dir *dir = dev->dir;
	int len = scst_pr_image(dev->core, dir->image, SCST_PR_IMAGE_MAX);

	dev->err = len;
	if (len > 0)
		dev->err = state_save(dir->fd, dev->name, dir->image, len,
				      &dev->next);
	if (dev->err)
		log_print(LOG_ERROR, dev->name,
			  "cannot store reservations in %s: %s", dir->path,
			  strerror(-dev->err));
	loop_post(dir->loop, &dev->answer);
}

/* Wait for a device that has something to store; NULL: the end. */
static struct state_dev *state_take(struct state_dir *dir)
{
	struct state_dev *dev = NULL;

	pthread_mutex_lock(&dir->lock);
	while (list_empty(&dir->todo) && !dir->stop)
		pthread_cond_wait(&dir->cond, &dir->lock);
	if (!list_empty(&dir->todo)) {
		dev = list_first_entry(&dir->todo, struct state_dev, link);
		list_del(&dev->link);
	}
	pthread_mutex_unlock(&dir->lock);
	return dev;
}

static void *state_thread(void *arg)
{
	struct state_dir *dir = arg;
	struct state_dev *dev;

	while ((dev = state_take(dir)))
		state_write(dev);
	return NULL;
}

void state_dev_persist(struct state_dev *dev)
{
	struct state_dir *dir = dev->dir;

	pthread_mutex_lock(&dir->lock);
	list_add_tail(&dev->link, &dir->todo);
	pthread_cond_signal(&dir->cond);
	pthread_mutex_unlock(&dir->lock);
}

struct state_dir *state_dir_open(const char *path, char *why, size_t size)
{
	struct state_dir *dir = calloc(1, sizeof(*dir));

	if (!dir)
		goto out_nomem;
	dir->path = strdup(path);
	dir->image = malloc(SCST_PR_IMAGE_MAX);
	if (!dir->path || !dir->image)
		goto out_free;
	dir->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir->fd < 0) {
		snprintf(why, size, "%s: %s", path, strerror(errno));
		free(dir->path);
		free(dir->image);
		free(dir);
		return NULL;
	}
	pthread_mutex_init(&dir->lock, NULL);
	pthread_cond_init(&dir->cond, NULL);
	INIT_LIST_HEAD(&dir->todo);
	return dir;

out_free:
	free(dir->path);
	free(dir->image);
	free(dir);
out_nomem:
	snprintf(why, size, "%s", strerror(ENOMEM));
	return NULL;
}

int state_dir_start(struct state_dir *dir, struct loop *loop)
{
	int err = pthread_create(&dir->thread, NULL, state_thread, dir);

	if (err)
		return -err;
	pthread_setname_np(dir->thread, "state");
	dir->loop = loop;
	return 0;
}

void state_dir_stop(struct state_dir *dir)
{
	if (!dir || !dir->loop)
		return;
	pthread_mutex_lock(&dir->lock);
	dir->stop = true;
	pthread_cond_signal(&dir->cond);
	pthread_mutex_unlock(&dir->lock);
	pthread_join(dir->thread, NULL);
	dir->loop = NULL;
}

void state_dir_close(struct state_dir *dir)
{
	if (!dir)
		return;
	close(dir->fd);
	pthread_cond_destroy(&dir->cond);
	pthread_mutex_destroy(&dir->lock);
	free(dir->path);
	free(dir->image);
	free(dir);
}

/* -1: failed, errno set */
static int lock_file(int dir, const char *name)
{
	char file[FILE_NAME_MAX];
	int fd;

	snprintf(file, sizeof(file), "%s.lock", name);
	fd = openat(dir, file, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB)) {
		close(fd);
		return -1;
	}
	return fd;
}

struct state_dev *state_dev_open(struct state_dir *dir, const char *name,
				 char *why, size_t size)
{
	struct state_dev *dev = calloc(1, sizeof(*dev) + strlen(name) + 1);

	if (!dev) {
		snprintf(why, size, "%s", strerror(ENOMEM));
		return NULL;
	}
	strcpy(dev->name, name);
	dev->dir = dir;
	dev->answer.fn = state_answer;
	dev->lock = lock_file(dir->fd, name);
	if (dev->lock >= 0)
		return dev;
	if (errno == EWOULDBLOCK)
		snprintf(why, size, "%s/%s.lock: another server uses it",
			 dir->path, name);
	else
		snprintf(why, size, "%s/%s.lock: %s", dir->path, name,
			 strerror(errno));
	free(dev);
	return NULL;
}

void state_dev_close(struct state_dev *dev)
{
	if (!dev)
		return;
	close(dev->lock);
	free(dev);
}

int state_dev_restore(struct state_dev *dev, struct scst_device *core,
		      char *why, size_t size)
{
	void *image;
	int err;

	dev->core = core;
	err = state_load(dev->dir->fd, dev->name, &image, &dev->next);
	if (err > 0)
		err = scst_pr_restore(core, image, err);
	free(image);
	if (err)
		snprintf(why, size,
			 "reservations in %s/%s.pr.*: %s; remove these files to begin without any",
			 dev->dir->path, dev->name,
			 err == -EILSEQ ? "damaged" : strerror(-err));
	return err;
}
