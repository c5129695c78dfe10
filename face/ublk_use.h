/* SPDX-License-Identifier: BSD-2-Clause */
/* Who uses a block device. Without opening it: that may wait for what the caller has to answer. */
#ifndef FARPAGE_UBLK_USE_H
#define FARPAGE_UBLK_USE_H

#include <stdbool.h>

#include "words.h"

/* DEVICE is a path, "/dev/NAME". With words if somebody does: the kernel swaps there, it is mounted, another
 * device lies on it, or a process has it open. A loop device on it is not seen. */
bool ublk_use(const char *device, char words[static WORDS_MAX]);

#endif
