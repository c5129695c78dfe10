/* SPDX-License-Identifier: BSD-2-Clause */
/* Links that come up, and those that come and go for good. */
#ifndef FARPAGE_MEET_H
#define FARPAGE_MEET_H

#include "state.h"

/* See core_link_meets() and so on. */
bool peer_meets(struct core *, unsigned link_no, const char *identity);
void peer_came(struct core *, unsigned link_no, const char *identity, uint64_t pages, int64_t now);
int peer_add(struct core *, int64_t now);
bool peer_retire(struct core *, unsigned link_no, int64_t now);

#endif
