/* SPDX-License-Identifier: BSD-2-Clause */
/* The thread that looks after the lenders: it asks each what it wants back, reads the
 * file of lenders, adds and drains them, and tells what became of them. It may allocate and
 * wait, but never while it has the drive's lock. */
#ifndef FARPAGE_WATCH_H
#define FARPAGE_WATCH_H

#include <pthread.h>
#include <sys/stat.h>

#include "inquiry.h"
#include "lenders.h"
#include "lookup.h"
#include "news.h"
#include "tell.h"

struct watch_options {
	struct link_proof proof;   /* these strings, too, are copied */
	const char *pool;          /* on each lender, or NULL */
	const char *file;          /* of lenders, or NULL */
	int64_t link_timeout_ms;
	unsigned copies;
	bool apart;                /* no two of them may be one farpaged's */
	void (*warn)(void *user, const char *words); /* or NULL */
	void *user;
};

struct watched {
	char text[LENDER_TEXT_MAX]; /* "": nobody */
	struct address address;
	bool given;                 /* whatever the file says of others */
	bool wanted;                /* or it is drained */
	int on;                     /* the number of its link, -1: it has none */
	uint64_t asks_back;         /* from this page on, the lender says */
	uint64_t told;              /* the core was told */
	struct lookup *lookup;      /* of its name, or NULL */
	int64_t look_up_at;
	struct inquiry inquiry;
	int64_t ask_at;
	bool refused;               /* that it cannot be added was told */
	bool left_out;              /* that it is was told */
	int twin;                   /* that its pool is this link's was told, -1 nothing was */
	int sibling;                /* that it is of this link's lender */
	struct news news;
};

struct watch_stamp {            /* of the file; zeros: it cannot be had */
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec changed;
};

/* All but the thread and the stop are the thread's once it runs. */
struct watch {
	struct watch_options o;
	char *text[5];              /* copies of strings in O */
	struct drive *drive;
	struct watched lender[LENDERS_MAX];
	struct watch_stamp seen, read; /* at the last look; when it was read */
	int64_t read_again_at;      /* it was refused */
	char refusal[WORDS_MAX];
	struct news_loss loss;
	struct news_host host;
	struct drive_view view;
	struct tell *tell;          /* while it runs, if there is anybody to tell */
	pthread_t thread;
	bool running;
	int stop;                   /* eventfd */
};

/* GIVEN: N lenders, behind which come those that the file names. -1: WORDS. */
int watch_open(struct watch *, const struct watch_options *, const char *const *given, unsigned n,
               char words[static WORDS_MAX]);
/* The lender that is to be the drive's number ON at the opening; NULL: there are no more. W
 * owns its name. */
const char *watch_name(const struct watch *, unsigned on);
/* Look up all names at once, until END at most; after that, and while a lender is away, its
 * name is looked up again and again. */
void watch_look_up(struct watch *, int64_t end);
/* Its link. NULL with errno. */
struct link *watch_link(const struct watch *, unsigned on);
/* 0 or an errno; once D has begun. Does not wait for D's lock. */
int watch_start(struct watch *, struct drive *d);
void watch_stop(struct watch *);
/* Also of one whose opening failed. */
void watch_close(struct watch *);

/* For watch*.c. */
void watch_say(struct watch *, const char *words);
/* Look whether the file changed, and make the lenders what it says. */
void watch_read(struct watch *);
/* Is its name being looked up, not for long yet, and not known so far? */
bool watch_name_is_to_come(const struct watched *);
/* Has L, which is away, another address by now? */
void watch_name_again(struct watch *, struct watched *);
struct link *watch_make_link(const struct watch *, const struct watched *);

#endif
