/* SPDX-License-Identifier: BSD-2-Clause */
/* The thread that looks after the lenders: it asks each what it wants back, reads the file of
 * lenders, adds and drains them, and reports what happens to them. It may allocate and wait,
 * but never while it holds the engine's lock. */
#ifndef FARPAGE_WATCH_H
#define FARPAGE_WATCH_H

#include <pthread.h>
#include <sys/stat.h>

#include "probe.h"
#include "lenders.h"
#include "lookup.h"
#include "events.h"
#include "tell.h"

struct watch_options {
	struct link_proof proof;   /* these strings, too, are copied */
	const char *pool;          /* on each lender, or NULL */
	const char *file;          /* of lenders, or NULL */
	int64_t link_timeout_ms;
	unsigned copies;
	bool apart;                /* no two of them may be in one farpaged */
	void (*warn)(void *user, const char *words); /* or NULL */
	void *user;
};

struct watched {
	char text[LENDER_TEXT_MAX]; /* "": unused */
	struct address address;
	bool given;                 /* as a parameter, not in the file */
	bool wanted;                /* or it is drained */
	int link_no;                /* the number of its link, -1: it has none */
	uint64_t asks_back;         /* from this page on, the lender says */
	uint64_t told;              /* what the core was told of that */
	struct lookup *lookup;      /* of its name, or NULL */
	int64_t look_up_at;
	struct probe probe;
	int64_t ask_at;
	bool refused;               /* that it cannot be added was reported */
	bool left_out;              /* that it is left out was reported */
	int twin;                   /* it was reported to have the pool of this link; -1: nothing was */
	int sibling;                /* the same, to be in the farpaged of this link */
	struct events events;
};

struct watch_stamp {            /* of the file; zeros: it cannot be read */
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec changed;
};

/* Everything but thread and stop belongs to the thread once it runs. */
struct watch {
	struct watch_options o;
	char *text[5];              /* copies of strings in O */
	struct engine *engine;
	struct watched lender[LENDERS_MAX];
	struct watch_stamp seen, read; /* at the last look; when it was read */
	int64_t read_again_at;      /* after it was refused */
	char refusal[WORDS_MAX];
	struct events_loss loss;
	struct events_host host;
	struct engine_view view;
	struct tell *tell;          /* while it runs, if messages are wanted */
	pthread_t thread;
	bool running;
	int stop;                   /* eventfd */
};

/* GIVEN: N lenders, followed by those of the file. -1: WORDS. */
int watch_open(struct watch *, const struct watch_options *, const char *const *given, unsigned n,
               char words[static WORDS_MAX]);
/* The name of the lender that will be the engine's number LINK_NO at the opening; NULL: there are no
 * more. W owns it. */
const char *watch_name(const struct watch *, unsigned link_no);
/* Look up all names at once, at most until END; after that, a name is looked up again and again
 * while its lender is away. */
void watch_look_up(struct watch *, int64_t end);
/* Its link. NULL with errno. */
struct link *watch_link(const struct watch *, unsigned link_no);
/* Start the thread, once E has begun; 0 or an errno. Does not wait for E's lock. */
int watch_start(struct watch *, struct engine *e);
void watch_stop(struct watch *);
/* Works even if its opening failed. */
void watch_close(struct watch *);

/* For watch*.c. */
void watch_say(struct watch *, const char *words);
/* If the file has changed, add and drain lenders accordingly. */
void watch_read(struct watch *);
/* Is its name being looked up, not for long yet, and still unknown? */
bool watch_name_is_to_come(const struct watched *);
/* Does L, which is away, have another address by now? */
void watch_name_again(struct watch *, struct watched *);
struct link *watch_make_link(const struct watch *, const struct watched *);

#endif
