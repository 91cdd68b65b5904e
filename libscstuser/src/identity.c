// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: stable identities made from names.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "identity.h"

/* FNV-1a, 64 bits, with the text's end counted. */
uint64_t identity_mix(uint64_t hash, const char *text)
{
	do {
		hash ^= (unsigned char)*text;
		hash *= 0x100000001b3ULL;
	} while (*text++);
	return hash;
}

uint64_t identity_machine(void)
{
	char id[256] = "";
	FILE *file = fopen("/etc/machine-id", "re");

	if (file) {
		if (!fgets(id, sizeof(id), file))
			id[0] = '\0';
		fclose(file);
	}
	if (!id[0])
		gethostname(id, sizeof(id) - 1);
	id[strcspn(id, "\n")] = '\0';
	return identity_mix(0xcbf29ce484222325ULL, id);
}
