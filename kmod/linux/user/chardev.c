// SPDX-License-Identifier: GPL-2.0-only
/*
 * KERNEL: the file /dev/scst_user, and how it is taken away.
 *
 * The module goes although handlers have the file open: one that is stopped
 * would keep it for ever otherwise. So an open file does not hold the module
 * (user_fops has no owner). At exit all of them get the core's methods of a
 * dead file, none of which is missing where we have one. Those who looked up
 * one of ours before are in its read section of calls when
 * synchronize_rcu_tasks() returns, since nothing sleeps on the way there; when
 * synchronize_srcu() does, nobody uses a struct user_file any more; and after
 * another synchronize_rcu_tasks() nobody is on the way out. Mappings refer to
 * the arena's tmpfs and know nothing of us.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/srcu.h>

#include "compat.h"
#include "user.h"

static const struct file_operations user_fops;
static LIST_HEAD(files);		/* files_mutex */
static DEFINE_MUTEX(files_mutex);
DEFINE_STATIC_SRCU(calls);		/* every call of user_fops */
static bool revoked;

/* In a section of @calls. False: the module is about to go. */
static bool calls_welcome(void)
{
	return likely(!READ_ONCE(revoked));
}

bool user_file_is_ours(const struct file *file)
{
	return file->f_op == &user_fops;
}

/* ---- Open and close ------------------------------------------------------------ */

/* Under the lock of the misc devices, so not while the module goes. */
static int user_chr_open(struct inode *inode, struct file *file)
{
	struct user_file *uf = kzalloc(sizeof(*uf), GFP_KERNEL_ACCOUNT);

	if (!uf)
		return -ENOMEM;
	mutex_init(&uf->lock);
	uf->queue = USER_ALL_QUEUES;
	uf->file = file;
	file->private_data = uf;
	mutex_lock(&files_mutex);
	list_add(&uf->link, &files);
	mutex_unlock(&files_mutex);
	return nonseekable_open(inode, file);
}

static void file_end(struct user_file *uf)
{
	struct user_att *att = uf->att;

	if (att && uf->attached)
		user_dev_detach(att->dev, att, SCST_USER_DETACHED);
}

static void file_free(struct user_file *uf)
{
	if (uf->att)
		user_att_put(uf->att);
	kfree(uf);
}

static int user_chr_release(struct inode *inode, struct file *file)
{
	struct user_file *uf = file->private_data;
	int idx = srcu_read_lock(&calls);
	bool ours;

	mutex_lock(&files_mutex);
	ours = !list_empty(&uf->link);
	list_del_init(&uf->link);
	mutex_unlock(&files_mutex);
	/* else it is revoke()'s */
	if (ours) {
		file_end(uf);
		file_free(uf);
	}
	srcu_read_unlock(&calls, idx);
	return 0;
}

/*
 * An exiting process may leave the descriptor to I/O of its own that takes
 * long to end; its handler is gone now.
 */
static int user_chr_flush(struct file *file, fl_owner_t id)
{
	const struct user_file *uf = file->private_data;
	struct user_att *att;
	int idx;

	if (!(current->flags & PF_EXITING))
		return 0;
	idx = srcu_read_lock(&calls);
	/* set behind all that the attachment is */
	att = smp_load_acquire(&uf->att);
	if (calls_welcome() && att && uf->attached && id == att->owner)
		user_dev_detach(att->dev, att, SCST_USER_DETACHED);
	srcu_read_unlock(&calls, idx);
	return 0;
}

/* ---- Calls ------------------------------------------------------------------------ */

static long user_chr_ioctl(struct file *file, unsigned int cmd,
			   unsigned long arg)
{
	long ret = -ESHUTDOWN;
	int idx;

	idx = srcu_read_lock(&calls);
	if (calls_welcome())
		ret = user_call(file->private_data, cmd, arg);
	srcu_read_unlock(&calls, idx);
	return ret;
}

static int user_chr_uring_cmd(struct io_uring_cmd *cmd, unsigned int flags)
{
	int ret = -ESHUTDOWN, idx;

	idx = srcu_read_lock(&calls);
	if (calls_welcome())
		ret = user_call_uring(cmd->file->private_data, cmd);
	srcu_read_unlock(&calls, idx);
	return ret;
}

static int file_mmap(const struct user_file *uf, struct vm_area_struct *vma)
{
	struct user_att *att = user_file_att(uf);

	return IS_ERR(att) ? PTR_ERR(att) : user_arena_mmap(att->arena, vma);
}

static int user_chr_mmap(struct file *file, struct vm_area_struct *vma)
{
	int ret = -ESHUTDOWN, idx;

	idx = srcu_read_lock(&calls);
	if (calls_welcome())
		ret = file_mmap(file->private_data, vma);
	srcu_read_unlock(&calls, idx);
	return ret;
}

static __poll_t file_poll(const struct user_file *uf, struct poll_table_struct *wait)
{
	struct user_att *att;
	__poll_t mask = 0;
	u32 i;

	/* set behind all that the attachment is */
	att = smp_load_acquire(&uf->att);
	if (!att)
		return EPOLLERR;
	poll_wait(uf->file, uf->queue == USER_ALL_QUEUES ? &att->poll :
		  &att->queues[uf->queue].poll, wait);
	/* Pairs with the barrier in ring_publish(). */
	smp_mb();
	if (READ_ONCE(att->dead))
		return EPOLLHUP;
	for (i = 0; i < att->nr_queues; i++)
		if ((uf->queue == USER_ALL_QUEUES || uf->queue == i) &&
		    user_queue_ready(&att->queues[i]))
			mask = EPOLLIN | EPOLLRDNORM;
	return mask;
}

static __poll_t user_chr_poll(struct file *file, struct poll_table_struct *wait)
{
	__poll_t mask = EPOLLHUP;
	int idx;

	idx = srcu_read_lock(&calls);
	if (calls_welcome())
		mask = file_poll(file->private_data, wait);
	srcu_read_unlock(&calls, idx);
	return mask;
}

static const struct file_operations user_fops = {
	.open = user_chr_open,
	.release = user_chr_release,
	.flush = user_chr_flush,
	.unlocked_ioctl = user_chr_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = user_chr_mmap,
	.poll = user_chr_poll,
	.uring_cmd = user_chr_uring_cmd,
};

/* ---- Revocation -------------------------------------------------------------------- */

/* Whoever polls leaves: at once, or when it has run. */
static void poll_end(struct wait_queue_head *wq)
{
	wake_up_poll(wq, EPOLLHUP | POLLFREE);
	/* Nobody comes any more; it can only become empty. */
	while (waitqueue_active(wq))
		schedule_timeout_uninterruptible(1);
}

static void att_poll_end(struct user_att *att)
{
	u32 i;

	poll_end(&att->poll);
	for (i = 0; i < att->nr_queues; i++)
		poll_end(&att->queues[i].poll);
	/* epoll and io_uring look at a queue that is freed for so long */
	synchronize_rcu();
}

static void files_revoke(struct list_head *list)
{
	struct user_file *uf;

	mutex_lock(&files_mutex);
	while ((uf = list_first_entry_or_null(&files, struct user_file,
					      link))) {
		scst_file_dead(uf->file);
		list_del_init(&uf->link);
		list_add_tail(&uf->dead_link, list);
	}
	mutex_unlock(&files_mutex);
}

static void revoke(void)
{
	struct user_file *uf, *next;
	LIST_HEAD(list);

	WRITE_ONCE(revoked, true);
	files_revoke(&list);
	list_for_each_entry(uf, &list, dead_link)
		file_end(uf);
	synchronize_rcu_tasks();
	synchronize_srcu(&calls);
	list_for_each_entry_safe(uf, next, &list, dead_link) {
		if (uf->att)
			att_poll_end(uf->att);
		file_free(uf);
	}
	synchronize_rcu_tasks();
}

/* ---- The device -------------------------------------------------------------------- */

static struct miscdevice user_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "scst_user",
	.fops = &user_fops,
	.mode = 0660,
};

int user_chardev_init(void)
{
	return misc_register(&user_misc);
}

void user_chardev_exit(void)
{
	misc_deregister(&user_misc);
	revoke();
}
