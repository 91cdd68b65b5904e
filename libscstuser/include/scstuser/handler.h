/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PUBLIC: what a handler is.
 *
 * A handler is a program that serves devices of one kind. It fills a struct
 * scstu_handler with its name, its parameters and its functions, and calls
 * scstu_main(); see examples/ramdisk.c for a whole one. Names begin with
 * scstu_; the library does the SCSI.
 *
 * Every structure that a program fills begins with its size, set by an INIT
 * macro, and grows only at the end. A program built against an older library
 * keeps working; one that uses a function that the installed library does not
 * know is refused at start.
 */
#ifndef SCSTUSER_HANDLER_H
#define SCSTUSER_HANDLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SCSTU_API __attribute__((visibility("default")))

struct scstu_dev;
struct scstu_queue;
struct scstu_req;
struct scstu_disk_ops;
struct scstu_raw_ops;

/* Who calls a device's functions, and how many at a time. */
enum scstu_threads {
	/*
	 * One thread of the library's, one request at a time: write plain
	 * blocking code. The default.
	 */
	SCSTU_SERIAL = 0,
	/*
	 * The event loops themselves, each for the requests of its own
	 * connections: functions must return at once and complete later, or
	 * be quick. With per-loop state (queue_open) and the loop's own
	 * asynchronous file I/O (queue.h). For speed.
	 */
	SCSTU_QUEUE,
	/*
	 * Several threads of the library's at the same time: blocking code
	 * that locks what it shares. How many: the device option threads=.
	 */
	SCSTU_PARALLEL,
};

/* Kinds of parameter values; the library parses and checks them. */
enum scstu_param_type {
	SCSTU_STRING,
	SCSTU_SIZE,	/* bytes; suffixes k M G T P, powers of 1024 */
	SCSTU_NUMBER,
	SCSTU_FLAG,	/* name alone, or name=on|off */
};

/* A parameter of a device, for the option --device and for --help. */
struct scstu_param {
	const char *name;
	enum scstu_param_type type;
	const char *help;	/* one line, begins in lower case */
	const char *preset;	/* value when not given; NULL: none */
};

struct scstu_handler {
	size_t size;			/* SCSTU_HANDLER_INIT */
	const char *name;		/* of the program, as in "scst-disk" */
	const char *version;		/* NULL: the library's */
	const char *summary;		/* one line, for --help */
	enum scstu_threads threads;
	unsigned int req_private;	/* bytes of scratch in each request */
	/* Ended by an element without a name; NULL: none. */
	const struct scstu_param *params;

	/*
	 * Bring a device up: read parameters, open what is behind it, call
	 * scstu_disk_configure() or scstu_raw_configure(). Called once per
	 * device before any request, on the thread that adds the device.
	 * Returns 0 or a negative errno after scstu_dev_error().
	 */
	int (*open)(struct scstu_dev *dev);
	/*
	 * Take it down: no request is in flight and none will come. Data that
	 * flush() would have saved must be saved here too.
	 */
	void (*close)(struct scstu_dev *dev);

	/* SCSTU_QUEUE: per-loop state; on that loop's thread. Optional. */
	int (*queue_open)(struct scstu_dev *dev, struct scstu_queue *q);
	void (*queue_close)(struct scstu_dev *dev, struct scstu_queue *q);

	/* The layer: exactly one of these. */
	const struct scstu_disk_ops *disk;	/* disk.h */
	const struct scstu_raw_ops *raw;	/* raw.h */
};

#define SCSTU_HANDLER_INIT .size = sizeof(struct scstu_handler)

/*
 * The whole command line of a handler: parses options, serves until SIGTERM
 * or SIGINT, returns the exit status (0; 1 after a failure at run time; 2 for
 * a wrong option or a device that cannot be opened). See scstu_main(3).
 */
SCSTU_API int scstu_main(int argc, char **argv,
			 const struct scstu_handler *handler);

/* ---- Devices ---------------------------------------------------------- */

/* The handler's own pointer. */
SCSTU_API void scstu_dev_set_private(struct scstu_dev *dev, void *private_);
SCSTU_API void *scstu_dev_private(const struct scstu_dev *dev);

/* The device's name, as the operator gave it. Lives as long as the device. */
SCSTU_API const char *scstu_dev_name(const struct scstu_dev *dev);

/*
 * Parameters, by the names in scstu_handler.params. A string is NULL when
 * neither given nor preset, a number 0, a flag false.
 */
SCSTU_API const char *scstu_dev_string(const struct scstu_dev *dev,
				       const char *param);
SCSTU_API uint64_t scstu_dev_number(const struct scstu_dev *dev,
				    const char *param);
SCSTU_API bool scstu_dev_flag(const struct scstu_dev *dev, const char *param);

/* Did the operator ask for a device that cannot be written? */
SCSTU_API bool scstu_dev_read_only(const struct scstu_dev *dev);

/*
 * Refuse writes from now on, or take them again. Any thread; commands that
 * are under way are not affected.
 */
SCSTU_API void scstu_dev_set_read_only(struct scstu_dev *dev, bool read_only);

/*
 * Say in one line why open() fails; printed with the device's name before it.
 * Returns -@err, so that open() can end with it.
 */
SCSTU_API int scstu_dev_error(struct scstu_dev *dev, int err,
			      const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Log lines with the device's name: 3 error, 4 warning, 6 info, 7 debug. */
SCSTU_API void scstu_dev_log(struct scstu_dev *dev, int level,
			     const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#ifdef __cplusplus
}
#endif
#endif
