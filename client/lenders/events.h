/* SPDX-License-Identifier: BSD-2-Clause */
/* Decides what to report: compares how lenders are with how they were. Pure: a message comes
 * out, or nothing. */
#ifndef FARPAGE_EVENTS_H
#define FARPAGE_EVENTS_H

#include "engine.h"
#include "words.h"

#define EVENTS_LOST_MS   1000 /* a cut that is mended sooner is not reported */

enum events_state {
	EVENTS_NEW,  /* it was never up */
	EVENTS_UP,
	EVENTS_LOST,
	EVENTS_GONE, /* another borrower has its pool */
};

/* What was reported about one lender; zeros for a new one. */
struct events {
	enum events_state state;
	int64_t since;               /* LOST: when it went */
	char identity[IDENTITY_MAX]; /* of the memory that it had, "" unknown */
};

#define EVENTS_FEWER_MS  2000 /* copies that are made up for sooner are not reported */

/* Since when copies are missing, and why. */
struct events_loss {
	int64_t since;               /* 0: none are */
	char lender[200];            /* "": none was lost */
	int64_t fewer_since;         /* since when pages have had too few copies; 0: none has */
	bool fewer;                  /* and that was reported */
	int64_t unread_since;        /* since when pages cannot be healed; 0: all can */
	uint64_t unread;             /* how many, when that was reported */
};

/* What was reported about this host. */
struct events_host {
	bool dry, stuck;
};

/* News of lender NAME, whose link is L at NOW. False: there is none. */
bool events_of(struct events *, struct events_loss *, const char *name, const struct link_view *l,
               int64_t now, char words[static WORDS_MAX]);
/* Call it until there is nothing to report. */
bool events_of_host(struct events_host *, const struct engine_view *,
                    char words[static WORDS_MAX]);
/* Are copies missing, of the COPIES that each page should have, or all there again? */
bool events_of_copies(struct events_loss *, const struct engine_view *, unsigned copies,
                      char words[static WORDS_MAX]);
/* Which pages cannot be healed? */
bool events_of_unread(struct events_loss *, const struct engine_view *,
                      char words[static WORDS_MAX]);

#endif
