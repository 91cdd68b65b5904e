// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: user_hoard NAME BYTES: attaches to devices/user/NAME with an arena of
 * BYTES, maps it, detaches, keeps both the descriptor and the mapping, and
 * begins again, until it is refused. Stays until it is killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../../kmod/uapi/scst_user.h"

static int hoard(const char *name, uint64_t arena)
{
	struct scst_user_attach at = {
		.size = sizeof(at),
		.abi = SCST_USER_ABI,
		.kind = SCST_USER_DISK,
		.queues = 1,
		.depth = 64,
		.arena_size = arena,
		.bytes = 64 << 20,
		.block_size = 512,
		.ops = SCST_USER_OP_BIT(SCST_USER_OP_READ),
	};
	int fd = open(SCST_USER_PATH, O_RDWR | O_CLOEXEC);

	strncpy(at.name, name, sizeof(at.name) - 1);
	if (fd < 0 || ioctl(fd, SCST_USER_IOC_ATTACH, &at))
		return -1;
	if (mmap(NULL, at.map_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		 0) == MAP_FAILED)
		return -1;
	return ioctl(fd, SCST_USER_IOC_DETACH);
}

int main(int argc, char **argv)
{
	unsigned int nr = 0;

	if (argc != 3)
		return 2;
	while (!hoard(argv[1], strtoull(argv[2], NULL, 0)))
		nr++;
	printf("%u attachments, refused: %s\n", nr, strerror(errno));
	fflush(stdout);
	for (;;)
		pause();
}
