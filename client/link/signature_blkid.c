/* SPDX-License-Identifier: BSD-2-Clause */
#include "signature.h"

#include <blkid.h>
#include <stdio.h>

int signature_find(int fd, char what[static SIGNATURE_MAX])
{
	blkid_probe probe = blkid_new_probe();
	const char *name = "several things";
	int found = -1;

	if (probe && blkid_probe_set_device(probe, fd, 0, 0) == 0 &&
	    blkid_probe_enable_superblocks(probe, 1) == 0 &&
	    blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE) == 0 &&
	    blkid_probe_enable_partitions(probe, 1) == 0)
		found = blkid_do_safeprobe(probe);
	if (found == 0 && blkid_probe_lookup_value(probe, "TYPE", &name, NULL) < 0 &&
	    blkid_probe_lookup_value(probe, "PTTYPE", &name, NULL) < 0)
		name = "something";
	if (found == 0 || found == -2)
		snprintf(what, SIGNATURE_MAX, "%s", name);
	else if (found < 0)
		snprintf(what, SIGNATURE_MAX, "libblkid cannot read it");
	if (probe)
		blkid_free_probe(probe);
	return found == 1 ? 0 : found == 0 || found == -2 ? 1 : -1;
}
