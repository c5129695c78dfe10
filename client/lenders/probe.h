/* SPDX-License-Identifier: BSD-2-Clause */
/* A plain connection to a lender beside the link: it only asks whose memory it is, and from which
 * page on the lender wants pages back. It blocks and allocates: not for the path of a page. */
#ifndef FARPAGE_PROBE_H
#define FARPAGE_PROBE_H

#include "address.h"
#include "link.h"

/* The metadata context in which a lender says what it wants back, and its flag. */
#define PROBE_CONTEXT "x-farpage:vacate"
#define PROBE_WANTED  1u

struct probe {
	struct nbd_handle *nbd;      /* NULL: closed */
	int stop;                    /* a descriptor: when it is readable, stop waiting */
	bool answered;
	int error;
	bool wants;                  /* the lender's answer */
	char words[WORDS_MAX];       /* why it failed */
};

/* Open it to pool POOL ("" the first), within PROBE_MS for each endpoint. -1: WORDS. */
int probe_open(struct probe *, const struct address *, const char *pool,
               const struct link_proof *);
/* The identity of the pool. */
void probe_identity(struct probe *, char identity[static IDENTITY_MAX]);
/* From which page on the lender wants its pool back, in whole extents; UINT64_MAX: it
 * does not. -1: WORDS, it is closed, and PAGE is as it was. */
int probe_ask(struct probe *, uint64_t *page);
/* One that is all zeros is allowed. */
void probe_close(struct probe *);

#endif
