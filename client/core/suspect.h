/* SPDX-License-Identifier: BSD-2-Clause */
/* Lenders are judged by what they do. */
#ifndef FARPAGE_SUSPECT_H
#define FARPAGE_SUSPECT_H

#include "state.h"

/* It failed: nothing is asked of it that another can do. */
bool peer_out(const struct core *, unsigned link_no, int64_t now);
/* The same, or only healing tries it. */
bool peer_suspect(const struct core *, unsigned link_no, int64_t now);
/* It failed so often that copies on it do not count. */
bool peer_left_out(const struct core *, unsigned link_no, int64_t now);
/* ASK was answered: in time? */
void peer_judge_reply(struct core *, const struct ask *, int error, int64_t now);
/* Its connection ended: did it owe an answer? */
void peer_judge_end(struct core *, unsigned link_no, int64_t now);

#endif
