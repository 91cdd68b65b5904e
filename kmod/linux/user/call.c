// SPDX-License-Identifier: GPL-2.0-only
/*
 * KERNEL: the calls of handlers: ioctl and io_uring.
 *
 * A descriptor attaches, or joins the attachment of another, once; uf->att is
 * set then and stays until the descriptor is released. What is wrong with an
 * attachment that has ended, every call finds out under the queue's lock.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "user.h"

/* The attachment, while it has not ended. */
struct user_att *user_file_att(const struct user_file *uf)
{
	struct user_att *att;

	/* with all that was set up before it was stored */
	att = smp_load_acquire(&uf->att);
	if (!att)
		return ERR_PTR(-ENOTCONN);
	return READ_ONCE(att->dead) ? ERR_PTR(-ESHUTDOWN) : att;
}

/* ---- ATTACH ----------------------------------------------------------------------- */

static long ioc_info(struct scst_user_info __user *arg)
{
	struct scst_user_info info = {
		.size = sizeof(info),
		.abi = SCST_USER_ABI,
		.features = user_features(),
		.ops = user_ops(),
		.max_queues = USER_MAX_QUEUES,
		.max_depth = USER_MAX_DEPTH,
		.max_arena = USER_MAX_ARENA,
	};
	u32 size;

	if (get_user(size, &arg->size))
		return -EFAULT;
	if (size < sizeof(info))
		return -EINVAL;
	return copy_to_user(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

/* The device is ours or stays as it was. hdev->lock. */
static int attach_locked(struct user_dev *dev, struct user_att *att,
			 struct user_about **desc)
{
	int err;

	err = user_dev_describe(dev, *desc);
	if (err)
		return err;
	*desc = NULL;
	user_dev_attach(dev, att);
	err = scst_hdev_ready(&dev->hdev);
	if (err)
		user_dev_detach(dev, att, SCST_USER_DETACHED);
	return err;
}

static int attach_to(struct user_dev *dev, struct user_att *att,
		     struct user_about **desc)
{
	int err;

	if (!scst_hdev_get_live(&dev->hdev))
		return -ENOENT;
	mutex_lock(&dev->hdev.lock);
	err = attach_locked(dev, att, desc);
	mutex_unlock(&dev->hdev.lock);
	scst_hdev_put(&dev->hdev);
	return err;
}

/* Within wait_ms, when there is a predecessor. */
static int claim_wait(struct user_dev *dev, const struct scst_user_attach *at)
{
	unsigned long end = jiffies +
			    msecs_to_jiffies(min(at->wait_ms, 3600000u));
	u32 pages = at->map_size >> PAGE_SHIFT;
	long left;
	int err;

	for (;;) {
		err = user_dev_claim(dev, pages);
		left = end - jiffies;
		if (err != -EBUSY || left <= 0)
			return err;
		left = wait_event_interruptible_timeout(dev->gone,
				user_dev_may_claim(dev, pages) != -EBUSY, left);
		if (left < 0)
			return left;
	}
}

/* The device is claimed: only now memory is allocated. */
static struct user_att *attach_claimed(struct user_dev *dev,
				       struct user_about **desc,
				       const struct scst_user_attach *at)
{
	struct user_att *att = user_att_create(dev, at);
	int err;

	if (IS_ERR(att))
		return att;
	err = attach_to(dev, att, desc);
	if (!err)
		return att;
	user_att_put(att);
	return ERR_PTR(err);
}

static struct user_dev *dev_find(const char *name)
{
	struct user_dev *dev;

	mutex_lock(&user_mutex);
	dev = user_dev_find(name);
	mutex_unlock(&user_mutex);
	if (!dev)
		pr_err("attach: there is no devices/user/%s\n", name);
	return dev;
}

static struct user_att *attach(struct user_about **desc,
			       const struct scst_user_attach *at)
{
	struct user_dev *dev = dev_find(at->name);
	struct user_att *att;
	int err;

	if (!dev)
		return ERR_PTR(-ENOENT);
	err = claim_wait(dev, at);
	if (err) {
		user_dev_put(dev);
		return ERR_PTR(err);
	}
	att = attach_claimed(dev, desc, at);
	user_dev_unclaim(dev);
	user_dev_put(dev);
	return att;
}

static int file_attach(struct user_file *uf, struct user_about **desc,
		       struct scst_user_attach *at)
{
	struct user_att *att;

	user_att_layout(at);
	att = attach(desc, at);
	if (IS_ERR(att))
		return PTR_ERR(att);
	at->generation = att->generation;
	uf->attached = true;
	/* pairs with user_file_att() */
	smp_store_release(&uf->att, att);
	return 0;
}

static long ioc_attach(struct user_file *uf,
		       struct scst_user_attach __user *arg)
{
	struct scst_user_attach at;
	struct user_about *desc;
	int err;

	desc = user_about_get(arg);
	if (IS_ERR(desc))
		return PTR_ERR(desc);
	at = desc->attach;
	mutex_lock(&uf->lock);
	err = uf->att ? -EALREADY : file_attach(uf, &desc, &at);
	mutex_unlock(&uf->lock);
	if (desc)
		user_about_free(desc);
	if (!err && copy_to_user(arg, &at, sizeof(at)))
		err = -EFAULT;
	return err;
}

/* ---- JOIN ---------------------------------------------------------------------------- */

static int file_join(struct user_file *uf, struct file *other, u32 queue)
{
	struct user_att *att;

	if (!user_file_is_ours(other))
		return -EINVAL;
	att = user_file_att(other->private_data);
	if (IS_ERR(att))
		return PTR_ERR(att);
	if (queue >= att->nr_queues)
		return -EINVAL;
	if (uf->att)
		return -EALREADY;
	kref_get(&att->ref);
	uf->queue = queue;
	/* pairs with user_file_att() */
	smp_store_release(&uf->att, att);
	return 0;
}

static long ioc_join(struct user_file *uf,
		     const struct scst_user_join __user *arg)
{
	struct scst_user_join join;
	struct file *other;
	int err;

	if (copy_from_user(&join, arg, sizeof(join)))
		return -EFAULT;
	other = fget(join.fd);
	if (!other)
		return -EBADF;
	mutex_lock(&uf->lock);
	err = file_join(uf, other, join.queue);
	mutex_unlock(&uf->lock);
	fput(other);
	return err;
}

/* ---- ENTER ---------------------------------------------------------------------------- */

static struct user_queue *att_queue(struct user_att *att, u32 queue)
{
	if (queue >= att->nr_queues)
		return NULL;
	return &att->queues[array_index_nospec(queue, att->nr_queues)];
}

static bool enter_over(const struct user_queue *q, u32 min)
{
	return READ_ONCE(q->att->dead) || user_queue_ready(q) >= min;
}

static long enter_wait(struct user_queue *q, u32 min, u32 timeout_ms)
{
	long timeout = timeout_ms == SCST_USER_NO_TIMEOUT ?
		       MAX_SCHEDULE_TIMEOUT : msecs_to_jiffies(timeout_ms);
	long ret;

	min = min_t(u32, min, q->att->depth);
	ret = wait_event_interruptible_timeout(q->enter, enter_over(q, min),
					       timeout);
	return ret < 0 ? -EINTR : 0;
}

static long enter(struct user_att *att, struct scst_user_enter *e)
{
	struct user_queue *q = att_queue(att, e->queue);
	long err = 0;
	int taken;

	if (!q || e->flags)
		return -EINVAL;
	taken = user_queue_replies(q, e->replies);
	if (taken < 0)
		return taken;
	user_queue_fetch(q);
	if (e->min)
		err = enter_wait(q, e->min, e->timeout_ms);
	if (READ_ONCE(att->dead))
		return -ESHUTDOWN;
	e->replies = taken;
	e->min = user_queue_ready(q);
	return taken ? 0 : err;
}

static long ioc_enter(const struct user_file *uf, struct scst_user_enter __user *arg)
{
	struct user_att *att = user_file_att(uf);
	struct scst_user_enter e;
	long err;

	if (IS_ERR(att))
		return PTR_ERR(att);
	if (copy_from_user(&e, arg, sizeof(e)))
		return -EFAULT;
	err = enter(att, &e);
	if (!err && copy_to_user(arg, &e, sizeof(e)))
		err = -EFAULT;
	return err;
}

/* Never -EAGAIN, never a positive number: see sdk-docs/scst_user.md. */
int user_call_uring(const struct user_file *uf, struct io_uring_cmd *cmd)
{
	const struct scst_user_enter_cmd *sqe = compat_uring_payload(cmd);
	struct user_att *att = user_file_att(uf);
	struct scst_user_enter e = {
		.queue = READ_ONCE(sqe->queue),
		.flags = READ_ONCE(sqe->flags),
		.replies = READ_ONCE(sqe->replies),
	};

	if (cmd->cmd_op != SCST_USER_IOC_ENTER)
		return -ENOTTY;
	return IS_ERR(att) ? PTR_ERR(att) : enter(att, &e);
}

/* ---- SET, AFFINITY ---------------------------------------------------------------------- */

static long set_refuse(const struct user_dev *dev, const char *why)
{
	pr_warn_ratelimited("device %s: set: %s\n", dev->hdev.name, why);
	return -EINVAL;
}

/* @bytes: 0: it goes */
static long set_medium(struct user_dev *dev, u64 bytes)
{
	const struct scst_user_attach *at = &dev->desc->attach;

	if (!(at->flags & SCST_USER_AT_REMOVABLE))
		return set_refuse(dev, "a medium, of a disk that is not removable");
	if (bytes > S64_MAX || (bytes && bytes < at->block_size))
		return set_refuse(dev, "size of the medium");
	user_dev_set_medium(dev, bytes);
	return 0;
}

static long set_bytes(struct user_dev *dev, u64 bytes)
{
	const struct scst_user_attach *at = &dev->desc->attach;

	if (bytes > S64_MAX || bytes < at->block_size)
		return set_refuse(dev, "size");
	if (at->bytes < at->block_size)
		return set_refuse(dev, "size, without a medium");
	user_dev_resize(dev, bytes);
	return 0;
}

static long set_ua(struct user_dev *dev, u64 sense, u64 except)
{
	if (sense >> 20 || SENSE_KEY(sense) != KEY_UNIT_ATTENTION)
		return -EINVAL;
	if (scst_hdev_enabled(&dev->hdev))
		scst_device_ua(dev->hdev.dev, sense, except);
	return 0;
}

static long set_read_only(struct user_dev *dev, bool read_only)
{
	dev->read_only = read_only;
	if (scst_hdev_enabled(&dev->hdev))
		scst_device_set_read_only(dev->hdev.dev, read_only ||
					  dev->hdev.read_only);
	return 0;
}

/* hdev->lock: there is a description, since somebody is attached. */
static long set_locked(struct user_dev *dev, const struct scst_user_set *set)
{
	bool disk = dev->desc->attach.kind == SCST_USER_DISK;

	switch (set->what) {
	case SCST_USER_SET_BYTES:
		return disk ? set_bytes(dev, set->value) : -EINVAL;
	case SCST_USER_SET_MEDIUM:
		return disk ? set_medium(dev, set->value) : -EINVAL;
	case SCST_USER_SET_READ_ONLY:
		return set->value > 1 ? -EINVAL :
					set_read_only(dev, set->value);
	case SCST_USER_SET_UNIT_ATTENTION:
		return set_ua(dev, set->value, set->except);
	default:
		return -EINVAL;
	}
}

static long ioc_set(const struct user_file *uf, const struct scst_user_set __user *arg)
{
	struct user_att *att = user_file_att(uf);
	struct scst_user_set set;
	struct scst_hdev *hdev;
	long err;

	if (IS_ERR(att))
		return PTR_ERR(att);
	if (copy_from_user(&set, arg, sizeof(set)))
		return -EFAULT;
	hdev = &att->dev->hdev;
	if (!scst_hdev_get_live(hdev))
		return -ESHUTDOWN;
	mutex_lock(&hdev->lock);
	err = READ_ONCE(att->dead) ? -ESHUTDOWN : set_locked(att->dev, &set);
	mutex_unlock(&hdev->lock);
	scst_hdev_put(hdev);
	return err;
}

static long ioc_affinity(const struct user_file *uf,
			 struct scst_user_affinity __user *arg)
{
	struct user_att *att = user_file_att(uf);
	struct scst_user_affinity a;
	cpumask_var_t mask;
	unsigned int cpu;
	long err = 0;

	if (IS_ERR(att))
		return PTR_ERR(att);
	if (copy_from_user(&a, arg, sizeof(a)))
		return -EFAULT;
	if (a.queue >= att->nr_queues)
		return -EINVAL;
	if (!zalloc_cpumask_var(&mask, GFP_KERNEL))
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		if (user_cpu_queue(att->nr_queues, cpu) == a.queue)
			cpumask_set_cpu(cpu, mask);
	a.len = min_t(u32, a.len, cpumask_size());
	if (copy_to_user(u64_to_user_ptr(a.mask), cpumask_bits(mask), a.len) ||
	    copy_to_user(arg, &a, sizeof(a)))
		err = -EFAULT;
	free_cpumask_var(mask);
	return err;
}

static long ioc_detach(const struct user_file *uf)
{
	struct user_att *att = user_file_att(uf);

	if (IS_ERR(att))
		return PTR_ERR(att);
	if (!uf->attached)
		return -EINVAL;
	user_dev_detach(att->dev, att, SCST_USER_DETACHED);
	return 0;
}

long user_call(struct user_file *uf, unsigned int cmd, unsigned long arg)
{
	void __user *to = (void __user *)arg;

	switch (cmd) {
	case SCST_USER_IOC_ENTER:
		return ioc_enter(uf, to);
	case SCST_USER_IOC_INFO:
		return ioc_info(to);
	case SCST_USER_IOC_ATTACH:
		return ioc_attach(uf, to);
	case SCST_USER_IOC_JOIN:
		return ioc_join(uf, to);
	case SCST_USER_IOC_SET:
		return ioc_set(uf, to);
	case SCST_USER_IOC_AFFINITY:
		return ioc_affinity(uf, to);
	case SCST_USER_IOC_DETACH:
		return ioc_detach(uf);
	default:
		return -ENOTTY;
	}
}
