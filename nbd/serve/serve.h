/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections on a loop, from their greeting to their end: each is heard, answered, and paced. */
#ifndef FARPAGE_SERVE_H
#define FARPAGE_SERVE_H

#include "loop.h"

/* A loop that serves whom it adopts. NULL with errno. */
struct loop *serve_new(struct ev_loop *, const struct shared *);

#endif
