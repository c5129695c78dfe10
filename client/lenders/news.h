/* SPDX-License-Identifier: BSD-2-Clause */
/* What there is to be told: how lenders are, compared with how they were. Pure: words
 * come out, or nothing. */
#ifndef FARPAGE_NEWS_H
#define FARPAGE_NEWS_H

#include "drive.h"
#include "words.h"

#define NEWS_LOST_MS   1000 /* a cut that is mended sooner is no news */

enum news_state {
	NEWS_NEW,  /* it was never up */
	NEWS_UP,
	NEWS_LOST,
	NEWS_GONE, /* its pool is another's */
};

/* What was told of one lender; zeros of a new one. */
struct news {
	enum news_state state;
	int64_t since;               /* LOST: when it went */
	char identity[IDENTITY_MAX]; /* of the memory that it had, "" unknown */
};

#define NEWS_FEWER_MS  2000 /* what is made up for sooner is no news */

/* Since when copies are missing, and why. */
struct news_loss {
	int64_t since;               /* 0: none are */
	char lender[200];            /* "": none was lost */
	int64_t fewer_since;         /* pages have fewer copies than they should; 0: none has */
	bool fewer;                  /* and that was told */
	int64_t unread_since;        /* pages cannot be healed; 0: all can */
	uint64_t unread;             /* how many was told */
};

/* What was told of this host. */
struct news_host {
	bool dry, stuck;
};

/* Lender NAME, whose link is L at NOW. False: nothing is to be told. */
bool news_of(struct news *, struct news_loss *, const char *name, const struct link_view *l,
             int64_t now, char words[static WORDS_MAX]);
/* To be called until there is nothing to be told. */
bool news_of_host(struct news_host *, const struct drive_view *,
                  char words[static WORDS_MAX]);
/* Are copies missing, of the COPIES that each page should have, or all there again? */
bool news_of_copies(struct news_loss *, const struct drive_view *, unsigned copies,
                    char words[static WORDS_MAX]);
/* Which pages cannot be healed? */
bool news_of_unread(struct news_loss *, const struct drive_view *,
                    char words[static WORDS_MAX]);

#endif
