// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: scst-disk: encryption of what is stored, with the key of a file.
 *
 * AES-256-XTS (IEEE 1619) over sectors of 512 bytes, each with its number,
 * little endian, as the tweak: what dm-crypt calls aes-xts-plain64. Nothing
 * says that a sector is what was written: who can write to the storage can
 * garble the disk, but not read it.
 *
 * The key file has one user, by flock(): another's cryptographic erase would
 * take the key away. It is replaced by renaming a new one over it, so that a
 * crash finds the old or the new one; a crash in between may leave a
 * "FILE.XXXXXX" behind, whose key encrypts nothing.
 *
 * The lock is held shared while a request is encrypted or decrypted. So when
 * an erase is done nobody uses the old key, and a read that was under way
 * meanwhile either had its data or gets noise.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypt.h"

#define SECTOR	512u
#define KEY_LEN 64

/* In pages of its own that are neither dumped nor, if possible, swapped. */
struct crypt {
	unsigned char key[KEY_LEN];	/* under @lock */
	unsigned char next[KEY_LEN];
	pthread_rwlock_t lock;
	EVP_CIPHER *cipher;
	struct scstu_dev *dev;
	char *path;			/* without symbolic links */
	int fd;				/* locked */
	int old;			/* under @lock; see crypt_erase() */
};

/* ---- The cipher --------------------------------------------------------------- */

/* Until the end() nobody changes the key. NULL: no memory, no end(). */
static EVP_CIPHER_CTX *begin(struct crypt *c, bool encrypt)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

	pthread_rwlock_rdlock(&c->lock);
	if (ctx && EVP_CipherInit_ex2(ctx, c->cipher, c->key, NULL, encrypt,
				      NULL))
		return ctx;
	pthread_rwlock_unlock(&c->lock);
	EVP_CIPHER_CTX_free(ctx);
	return NULL;
}

static void end(struct crypt *c, EVP_CIPHER_CTX *ctx)
{
	pthread_rwlock_unlock(&c->lock);
	EVP_CIPHER_CTX_free(ctx);
}

/* In place. 0 or a positive errno. */
static int crypt_sectors(EVP_CIPHER_CTX *ctx, uint64_t offset, void *buf,
			 size_t len)
{
	unsigned char *p = buf, tweak[16] = { 0 };
	uint64_t number = offset / SECTOR;
	unsigned int i;
	int done;

	for (; len; len -= SECTOR, p += SECTOR, number++) {
		for (i = 0; i < 8; i++)
			tweak[i] = number >> 8 * i;
		if (!EVP_CipherInit_ex2(ctx, NULL, NULL, tweak, -1, NULL) ||
		    !EVP_CipherUpdate(ctx, p, &done, p, SECTOR))
			return ENOMEM;
	}
	return 0;
}

/* A sector in more than one element. */
static int decrypt_split(EVP_CIPHER_CTX *ctx, struct scstu_req *req, size_t pos)
{
	unsigned char sector[SECTOR];
	int err;

	scstu_req_get(req, pos, sector, SECTOR);
	err = crypt_sectors(ctx, scstu_req_offset(req) + pos, sector, SECTOR);
	scstu_req_put(req, pos, sector, SECTOR);
	return err;
}

int crypt_decrypt(struct crypt *c, struct scstu_req *req)
{
	size_t len = scstu_req_length(req), pos = 0, begins = 0, n;
	EVP_CIPHER_CTX *ctx = begin(c, false);
	const struct iovec *iov;
	int count, err = 0;

	if (!ctx)
		return ENOMEM;
	iov = scstu_req_iov(req, &count);
	while (!err && pos < len) {
		/* The element that @pos is in begins at @begins. */
		while (pos - begins >= iov->iov_len)
			begins += iov++->iov_len;
		n = iov->iov_len - (pos - begins);
		n = (n < len - pos ? n : len - pos) & ~(SECTOR - 1ul);
		if (n)
			err = crypt_sectors(ctx, scstu_req_offset(req) + pos,
					    (char *)iov->iov_base + pos - begins,
					    n);
		else
			err = decrypt_split(ctx, req, pos);
		pos += n ? n : SECTOR;
	}
	end(c, ctx);
	return err;
}

int crypt_encrypt(struct crypt *c, uint64_t offset, void *buf, size_t len)
{
	EVP_CIPHER_CTX *ctx = begin(c, true);
	int err;

	if (!ctx)
		return ENOMEM;
	err = c->old >= 0 ? EIO : crypt_sectors(ctx, offset, buf, len);
	end(c, ctx);
	return err;
}

/* ---- The key file ----------------------------------------------------------------- */

static int dir_sync(const char *path)
{
	char *copy = strdup(path);
	int fd, err = 0;

	if (!copy)
		return -ENOMEM;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd))
		err = -errno;
	if (fd >= 0)
		close(fd);
	free(copy);
	return err;
}

/* False: somebody else has it. There are file systems without locks. */
static bool key_lock(int fd, int how)
{
	return !flock(fd, how | LOCK_NB) || errno != EWOULDBLOCK;
}

static int key_get(int fd, unsigned char *key)
{
	ssize_t pos = 0, n;

	while (pos < KEY_LEN) {
		n = pread(fd, key + pos, KEY_LEN - pos, pos);
		if (!n || (n < 0 && errno != EINTR))
			return n ? -errno : -EIO;
		pos += n < 0 ? 0 : n;
	}
	return 0;
}

/* Durably. */
static int key_put(int fd, const unsigned char *key)
{
	ssize_t pos = 0, n;

	while (pos < KEY_LEN) {
		n = pwrite(fd, key + pos, KEY_LEN - pos, pos);
		if (!n || (n < 0 && errno != EINTR))
			return n ? -errno : -ENOSPC;
		pos += n < 0 ? 0 : n;
	}
	return fsync(fd) ? -errno : 0;
}

/*
 * c->next, in a new file that takes its @place, which is by link() if it must
 * not be another's, or rename(). Its descriptor, locked, or a negative errno.
 */
static int key_file(struct crypt *c, const char *path,
		    int (*place)(const char *from, const char *to))
{
	char *temp;
	int fd, err;

	if (asprintf(&temp, "%s.XXXXXX", path) < 0)
		return -ENOMEM;
	fd = mkostemp(temp, O_CLOEXEC);
	err = fd < 0 ? -errno : key_put(fd, c->next);
	if (!err && (!key_lock(fd, LOCK_EX) || place(temp, path)))
		err = -errno;
	if (fd >= 0)
		unlink(temp);		/* unless it was renamed */
	if (fd >= 0 && err)
		close(fd);
	free(temp);
	return err ? err : fd;
}

static int key_make(struct crypt *c, const char *path,
		    int (*place)(const char *from, const char *to))
{
	if (getrandom(c->next, KEY_LEN, 0) != KEY_LEN)
		return -EIO;
	return key_file(c, path, place);
}

/* ---- Erasing ------------------------------------------------------------------------ */

static bool same_file(int a, int b)
{
	struct stat sa, sb;

	return !fstat(a, &sa) && !fstat(b, &sb) && sa.st_dev == sb.st_dev &&
	       sa.st_ino == sb.st_ino;
}

/* The new key is in the file: use it. */
static void key_swap(struct crypt *c, int fd, int old)
{
	pthread_rwlock_wrlock(&c->lock);
	memcpy(c->key, c->next, KEY_LEN);
	c->old = old;
	pthread_rwlock_unlock(&c->lock);
	OPENSSL_cleanse(c->next, KEY_LEN);
	close(c->fd);
	c->fd = fd;
}

static int key_replace(struct crypt *c)
{
	int old = open(c->path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW), fd;

	if (old < 0)
		return -errno;
	/* Somebody moved another one there? */
	fd = same_file(old, c->fd) ? key_make(c, c->path, rename) : -ESTALE;
	if (fd < 0)
		close(old);
	else
		key_swap(c, fd, old);
	return fd < 0 ? fd : 0;
}

/* The new key is there to stay, and of the old one there is nothing left. */
static int key_settle(struct crypt *c)
{
	static const unsigned char zeroes[KEY_LEN];
	int err = dir_sync(c->path);

	if (!err)
		err = key_put(c->old, zeroes);
	if (err)
		return err;
	close(c->old);
	pthread_rwlock_wrlock(&c->lock);
	c->old = -1;
	pthread_rwlock_unlock(&c->lock);
	return 0;
}

/*
 * While c->old is open a crash may bring back the old key, so nothing is
 * written, and another attempt goes on there.
 */
int crypt_erase(struct crypt *c)
{
	int err = c->old < 0 ? key_replace(c) : 0;

	if (!err)
		err = key_settle(c);
	if (err)
		scstu_dev_log(c->dev, 3, "replacing the key %s: %s", c->path,
			      strerror(-err));
	else
		scstu_dev_log(c->dev, 5, "the key %s was replaced", c->path);
	return -err;
}

/* ---- Opening ------------------------------------------------------------------------ */

/* What is wrong with it, or NULL. */
static const char *key_wrong(struct crypt *c)
{
	EVP_CIPHER_CTX *ctx;
	struct stat st;

	if (fstat(c->fd, &st))
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "not a regular file";
	if (st.st_mode & 077)
		return "it is a secret: chmod 600";
	if (st.st_size != KEY_LEN)
		return "a key has 64 bytes";
	if (!key_lock(c->fd, scstu_dev_read_only(c->dev) ? LOCK_SH : LOCK_EX) ||
	    fstat(c->fd, &st) || !st.st_nlink)
		return "the key of another disk that is in use";
	if (key_get(c->fd, c->key))
		return "cannot be read";
	if (!memcmp(c->key, c->key + KEY_LEN / 2, KEY_LEN / 2))
		return "no key: its halves are the same";
	ctx = begin(c, true);
	if (!ctx)
		return "no memory, or no AES-256-XTS";
	end(c, ctx);
	return NULL;
}

static int key_first(struct crypt *c, const char *path)
{
	int fd = key_make(c, path, link);

	if (fd < 0)
		return fd;
	close(fd);
	return dir_sync(path);
}

static int key_load(struct crypt *c, const char *path, bool may_make)
{
	const char *wrong;
	int err = 0;

	if (may_make && access(path, F_OK) && errno == ENOENT)
		err = key_first(c, path);
	if (err)
		return scstu_dev_error(c->dev, -err, "key=%s: making it: %s",
				       path, strerror(-err));
	c->path = realpath(path, NULL);
	if (c->path)
		c->fd = open(c->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (c->fd < 0 && errno == ENOENT)
		return scstu_dev_error(c->dev, ENOENT,
				       "key=%s: no such file; one is made for a disk without data only",
				       path);
	wrong = c->fd < 0 ? strerror(errno) : key_wrong(c);
	return wrong ? scstu_dev_error(c->dev, EINVAL, "key=%s: %s", path,
				       wrong) : 0;
}

int crypt_open(struct scstu_dev *dev, const char *path, bool may_make,
	       struct crypt **crypt)
{
	struct crypt *c = mmap(NULL, sizeof(*c), PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int err;

	if (c == MAP_FAILED)
		return -ENOMEM;
	madvise(c, sizeof(*c), MADV_DONTDUMP);
	mlock(c, sizeof(*c));		/* the limit may be small */
	pthread_rwlock_init(&c->lock, NULL);
	c->dev = dev;
	c->fd = -1;
	c->old = -1;
	c->cipher = EVP_CIPHER_fetch(NULL, "AES-256-XTS", NULL);
	err = key_load(c, path, may_make);
	if (err)
		crypt_close(c);
	else
		*crypt = c;
	return err;
}

void crypt_close(struct crypt *c)
{
	EVP_CIPHER_free(c->cipher);
	if (c->fd >= 0)
		close(c->fd);
	if (c->old >= 0)
		close(c->old);
	free(c->path);
	pthread_rwlock_destroy(&c->lock);
	OPENSSL_cleanse(c, sizeof(*c));
	munmap(c, sizeof(*c));
}
