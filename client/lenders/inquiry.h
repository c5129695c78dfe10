/* SPDX-License-Identifier: BSD-2-Clause */
/* A plain connection to a lender beside the link: it only asks whose memory it is, and from which
 * page on the lender wants pages back. It blocks and allocates: not for the path of a page. */
#ifndef FARPAGE_INQUIRY_H
#define FARPAGE_INQUIRY_H

#include "address.h"
#include "link.h"

/* The metadata context in which a lender says what it wants back, and its flag. */
#define INQUIRY_CONTEXT "x-farpage:vacate"
#define INQUIRY_WANTED  1u

struct inquiry {
	struct nbd_handle *nbd;      /* NULL: closed */
	int stop;                    /* a descriptor: when it is readable, stop waiting */
	bool answered;
	int error;
	bool wants;                  /* the lender's answer */
	char words[WORDS_MAX];       /* why it failed */
};

/* Open it to pool POOL ("" the first), within INQUIRY_MS for each endpoint. -1: WORDS. */
int inquiry_open(struct inquiry *, const struct address *, const char *pool,
                 const struct link_proof *);
/* The identity of the pool. */
void inquiry_identity(struct inquiry *, char identity[static IDENTITY_MAX]);
/* From which page on the lender wants its pool back, in whole extents; UINT64_MAX: it
 * does not. -1: WORDS, it is closed, and PAGE is as it was. */
int inquiry_ask(struct inquiry *, uint64_t *page);
/* One that is all zeros is allowed. */
void inquiry_close(struct inquiry *);

#endif
