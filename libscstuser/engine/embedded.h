/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: the embedded engine as a server has it: its options, and what they
 * become when it starts.
 */
#ifndef ENGINE_EMBEDDED_H
#define ENGINE_EMBEDDED_H

#include "engine.h"
#include "src/server.h"

struct embedded {
	struct engine_config cfg;	/* the engine's, once it runs */
	struct auth *auth;
	char *auth_file;
	struct state_dir *state_dir;	/* NULL: none */
	struct strings listen, access, port_groups;
	uint64_t port_id;		/* relative target port identifier */
	bool states_settable;		/* by initiators */
	char *redirect;
	char *control_path;		/* NULL: none */
	struct control *control;
	struct engine *engine;
	char url[512];
};

extern const struct engine_ops embedded_ops;

struct embedded *embedded_alloc(void);
void embedded_free(struct embedded *embedded);

#endif
