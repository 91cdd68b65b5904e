/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PUBLIC: everything in libscstuser.
 */
#ifndef SCSTUSER_SCSTUSER_H
#define SCSTUSER_SCSTUSER_H

#include <scstuser/disk.h>
#include <scstuser/handler.h>
#include <scstuser/queue.h>
#include <scstuser/raw.h>
#include <scstuser/request.h>
#include <scstuser/sense.h>
#include <scstuser/server.h>

#endif
