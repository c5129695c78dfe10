/* SPDX-License-Identifier: BSD-2-Clause */
/* What a block device holds: a filesystem, a partition table, swap, part of a RAID... */
#ifndef FARPAGE_SIGNATURE_H
#define FARPAGE_SIGNATURE_H

#define SIGNATURE_MAX 64

/* 1: WHAT is its name; 0: nothing known; -1: WHAT is why that cannot be determined. */
int signature_find(int fd, char what[static SIGNATURE_MAX]);

#endif
