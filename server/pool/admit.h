/* SPDX-License-Identifier: BSD-2-Clause */
/* Which client is let into which pool, and in which role. Called under pools.lock. Errors are those of an
 * option, NBD_REP_ERR_*, with words for the client. */
#ifndef FARPAGE_ADMIT_H
#define FARPAGE_ADMIT_H

#include "export.h"
#include "member.h"

/* The pool that E names. 0, or an error. */
uint32_t admit_named(struct pools *, const struct member *, const struct export *e, struct pool **pool,
                     char words[static WORDS_MAX]);
/* The pool that E's ticket opens, for any client that has it. NULL: none. */
struct pool *admit_by_ticket(struct pools *, const struct member *, const struct export *e);
/* The pool to open, by E's ticket or its name. 0, or an error. */
uint32_t admit_to(struct pools *, const struct member *, const struct export *e, struct pool **pool,
                  char words[static WORDS_MAX]);
/* Become a member of POOL as E says. 0, or an error. */
uint32_t admit_join(struct member *, const struct export *e, struct pool *pool,
                    char words[static WORDS_MAX]);
/* What admit_join() would say, without joining. */
uint32_t admit_would_join(const struct export *e, struct pool *pool,
                          char words[static WORDS_MAX]);

#endif
