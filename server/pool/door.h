/* SPDX-License-Identifier: BSD-2-Clause */
/* Pools as the NBD server serves them: its clients are members here. */
#ifndef FARPAGE_DOOR_H
#define FARPAGE_DOOR_H

#include "backend.h"
#include "pool.h"

struct backend door_to(struct pools *);

#endif
