/* SPDX-License-Identifier: BSD-2-Clause */
/* Serves connections on a loop, from greeting to end: reads, answers, and paces each. */
#ifndef FARPAGE_SERVE_H
#define FARPAGE_SERVE_H

#include "loop.h"

/* A loop that serves the connections it adopts. NULL with errno. */
struct loop *serve_new(struct ev_loop *, const struct shared *);

#endif
