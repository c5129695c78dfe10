/* SPDX-License-Identifier: BSD-2-Clause */
/* Lenders are judged by what they do. */
#ifndef FARPAGE_SUSPECT_H
#define FARPAGE_SUSPECT_H

#include "state.h"

/* Of a lender that has strikes: see below. */
bool struck_out(const struct core *, unsigned link_no, int64_t now);
bool struck_suspect(const struct core *, unsigned link_no, int64_t now);
bool struck_left_out(const struct core *, unsigned link_no, int64_t now);

/* It failed: nothing is asked of it that another can do. */
static inline bool peer_out(const struct core *c, unsigned link_no, int64_t at)
{
	return c->peer[link_no].strikes && struck_out(c, link_no, at);
}

/* The same, or only healing tries it. */
static inline bool peer_suspect(const struct core *c, unsigned link_no, int64_t at)
{
	return c->peer[link_no].strikes && struck_suspect(c, link_no, at);
}

/* It failed so often that copies on it do not count. */
static inline bool peer_left_out(const struct core *c, unsigned link_no, int64_t at)
{
	return c->peer[link_no].strikes && struck_left_out(c, link_no, at);
}

/* ASK was answered: in time? */
void peer_judge_reply(struct core *, const struct ask *, int error, int64_t now);
/* Its connection ended: did it owe an answer? */
void peer_judge_end(struct core *, unsigned link_no, int64_t now);

#endif
