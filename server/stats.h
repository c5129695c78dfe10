/* SPDX-License-Identifier: BSD-2-Clause */
/* Figures on a unix socket: a client that connects gets one JSON object. On one loop. */
#ifndef FARPAGE_STATS_H
#define FARPAGE_STATS_H

#include <ev.h>

#include "limit.h"
#include "pool.h"
#include "unix_socket.h"

struct stats;

/* Listen on PATH, which belongs to OWNER if that is not NULL. NULL with errno. */
struct stats *stats_open(struct ev_loop *, const char *path, const struct unix_owner *owner,
                         struct pools *, struct limits *);
/* Hang up on clients, and remove the socket. NULL is allowed. */
void stats_close(struct stats *);
/* Write one JSON object into BUF. Returns its length, or 0 if it does not fit. Any thread. */
size_t stats_json(struct pools *, const struct limits *, uint64_t uptime_ms, char *buf, size_t n);
/* This much is always enough. */
size_t stats_room(struct pools *);

#endif
