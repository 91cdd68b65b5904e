/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PUBLIC: serving devices from a program with its own main().
 *
 * scstu_main() is this interface behind a command line. Calls for one server
 * are for one thread, except scstu_server_stop().
 */
#ifndef SCSTUSER_SERVER_H
#define SCSTUSER_SERVER_H

#include <scstuser/handler.h>

#ifdef __cplusplus
extern "C" {
#endif

struct scstu_server;

/*
 * A server without devices. NULL with errno set: ENOMEM; EINVAL: @handler is
 * not usable, the log says why.
 */
SCSTU_API struct scstu_server *
scstu_server_create(const struct scstu_handler *handler);

/*
 * Set an option by the name that the command line has for it, without the
 * dashes ("listen", "target", "access", ...; scstu_main(3) lists them). Before
 * scstu_server_start(); afterwards "port-group" changes the state of a group.
 * 0, or -EINVAL with the reason in scstu_server_error().
 */
SCSTU_API int scstu_server_set(struct scstu_server *srv, const char *option,
			       const char *value);

/*
 * Add a device from the words of --device: "name=d0,size=1G,...". Its open()
 * is called. 0 or a negative errno, the reason in scstu_server_error().
 */
SCSTU_API int scstu_server_add_device(struct scstu_server *srv,
				      const char *words);

/* Listen and serve. 0 or a negative errno, the reason as above. */
SCSTU_API int scstu_server_start(struct scstu_server *srv);

/*
 * The address that initiators use for LUN @index of the started server, as
 * "iscsi://ADDRESS:PORT/TARGET/LUN"; NULL past the last, and with the engine
 * scst, where the kernel's targets have addresses.
 */
SCSTU_API const char *scstu_server_url(struct scstu_server *srv,
				       unsigned int index);

/*
 * Wait until scstu_server_stop() was called, then shut down: finish what runs, flush,
 * close the devices. 0, or a negative errno when something was lost.
 */
SCSTU_API int scstu_server_run(struct scstu_server *srv);

/*
 * For a program with its own loop, instead of scstu_server_run() and with the
 * option loops=0: a descriptor that is readable when scstu_server_dispatch()
 * has work. dispatch returns 1 while it serves, 0 once it has shut down, or a
 * negative errno.
 */
SCSTU_API int scstu_server_fd(struct scstu_server *srv);
SCSTU_API int scstu_server_dispatch(struct scstu_server *srv);

/* Ask for shutdown. Any thread, also a signal handler. */
SCSTU_API void scstu_server_stop(struct scstu_server *srv);

/*
 * Read the file of the option auth-file again, for logins from now on; one
 * with mistakes changes nothing, the log says what is wrong. Any thread, also
 * a signal handler.
 */
SCSTU_API void scstu_server_reload(struct scstu_server *srv);

/* Free it; shuts down first when it still serves. */
SCSTU_API void scstu_server_destroy(struct scstu_server *srv);

/* One line on the last failure; valid until the next call. */
SCSTU_API const char *scstu_server_error(const struct scstu_server *srv);

/* The library's version, "0.1.0". */
SCSTU_API const char *scstu_version(void);

#ifdef __cplusplus
}
#endif
#endif
