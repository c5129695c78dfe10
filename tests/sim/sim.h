/* SPDX-License-Identifier: BSD-2-Clause */
/* The borrower's core in a world made of dice: lenders, a network, a disk and
 * callers that are all fakes, a clock that jumps from event to event, and a model of
 * what a caller may be told. One seed is one life of a world, always the same. */
#ifndef FARPAGE_SIM_H
#define FARPAGE_SIM_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core.h"
#include "stats.h"

#define LENDERS_MAX 5u
#define CALLERS_MAX 12u

/* The device has this many extents, the last is short. Only a few pages of each are
 * put: those at its beginning and at its end. */
#define EXTENTS   3u
#define SHORT     64u   /* pages of the last extent */
#define HEAD      40u
#define TAIL      8u
#define SPOTS_OF  (HEAD + TAIL)
#define SPOTS     (EXTENTS * SPOTS_OF)
#define DEVICE    ((EXTENTS - 1) * EXTENT_PAGES + SHORT)

enum mode { SAFETY, LIVENESS };

struct config {
	enum mode mode;
	enum seal_kind seal;
	unsigned lenders, copies, callers, ops;
	bool spill;
	bool shared;           /* several lenders may be of one farpaged */
	bool same_lender;      /* and hold two copies of a page then */
	bool for_good;         /* who is killed does not come back */
	bool at_once;          /* the next fault comes while lenders are still suspect */
	int64_t deadline, link_timeout, still;
	uint32_t heal_pages;
	int64_t delay;         /* of a message, at most */
	int64_t think;         /* of a caller, at most */
	int64_t fault_gap;     /* between two faults, at most */
	uint64_t faults;       /* which kinds there are, a bit each */
};

extern struct config config;
extern struct core core;
extern struct map map;
extern struct buffers *buffers;
extern struct seal *seal;
extern int64_t now;
extern bool tracing;

/* world.c */
void sim_run(uint64_t seed, enum mode);
uint64_t dice(uint64_t below);
bool chance(unsigned one_in);
int64_t time_between(int64_t least, int64_t most); /* short ones as often as long ones */
void event_at(int64_t when, void (*)(unsigned), unsigned);
void now_jumps(int64_t ms);
void stalled(int64_t ms);  /* somebody waits so long who is not the core */
void obey(void);       /* what the core commands */
int64_t jumped(void);  /* so far, in all, or stalled */
void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
void trace_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
#define TRACE(...) do { if (tracing) trace_line(__VA_ARGS__); } while (0)

/* config.c */
void config_throw(enum mode);

/* pages.c: what pages hold, and where */
uint64_t spot_page(unsigned spot);
int page_spot(uint64_t page);  /* -1: it is never put */
struct answer {
	enum { IS_FILL, IS_VALUE } kind;
	uint64_t value;        /* the pattern, or what makes the page */
};
void page_make(uint8_t *data, uint64_t value);
bool page_is(const uint8_t *data, struct answer);

/* store.c: the memory of a lender, or of the disk; as many pages as are ever put */
#define STORE_SLOTS 8u
#define STORE_OF    (HEAD + 2 * TAIL)
struct store {
	struct cell {
		uint8_t *data; /* NULL: zeros */
		uint8_t *was;  /* before */
		bool dropped;  /* there was something, and the lender says so */
	} cell[STORE_SLOTS * STORE_OF];
};
void store_put(struct store *, uint64_t page, const uint8_t *data);
void store_get(const struct store *, uint64_t page, uint8_t *data);
const uint8_t *store_look(const struct store *, uint64_t page); /* NULL: zeros */
void store_flush(struct store *, uint64_t page, uint64_t n);
void store_drop(struct store *, uint64_t from);
bool store_dropped(const struct store *, uint64_t page);
void store_wipe(struct store *);
struct cell *store_any(struct store *); /* one that holds something, or NULL */

/* who.c: whose memory the borrower was told that a pool is */
void who_reset(void);
void who_forget(unsigned link_no);
void who_heard(unsigned link_no, const char *identity);
bool who_twin(unsigned link_no, const char *identity);    /* another link has that pool */
bool who_sibling(unsigned link_no, const char *identity); /* or one of that process, where it may not */
bool who_apart(void);                                /* two copies may not be in one process */

/* net.c: connections */
struct conn;
struct message;
enum message_kind { HELLO, CLAIM, ASK, MET, UP, REFUSED, REPLY };
struct message {
	TAILQ_ENTRY(message) link;
	enum message_kind kind;
	enum ask_kind what;
	struct ask *ask;       /* while the borrower has the connection */
	uint64_t page, pages;
	uint8_t *data;         /* NULL: still in the borrower's buffer */
	bool begun;            /* some of it came */
	int error;
	char identity[IDENTITY_MAX];
};
struct conn {
	unsigned link_no;      /* whose link it is */
	unsigned at;           /* the lender that it leads to */
	bool ours;             /* the borrower has it */
	bool theirs;           /* the lender has it */
	bool deaf;             /* the lender forgot it and says nothing */
	bool cut;              /* we shall hear of its end */
	uint64_t epoch;        /* 0: not claimed */
	uint64_t told;         /* pages of the pool, as we heard */
	int64_t held_until;
	int cut_after;         /* messages, -1 not at all */
	unsigned events;
	TAILQ_HEAD(message_list, message) to, from;
};
void net_reset(void);
void net_connect(unsigned link_no);
void net_close(unsigned link_no);
void net_send(struct ask *);
void net_answer(struct conn *, const struct message *, enum message_kind, int error,
                uint8_t *data, const char *identity);
void net_end(struct conn *);         /* the lender's end; we hear of it */
void net_end_all(unsigned link_no, bool silently);
void net_fence(unsigned link_no);    /* a claim ends who claimed before */
struct conn *net_conn(unsigned link_no); /* ours, NULL none */
void net_break(struct conn *);       /* our end; the lender does not hear of it */
void net_remember(unsigned link_no); /* what is deaf says that it knows of no connection */
bool net_up(unsigned link_no);        /* and the lender sees it so, too */

/* lender.c */
struct lender {
	enum { RUNS, DEAD, VANISHED } state;
	struct store store;
	uint64_t incarnation, since, epoch;
	uint64_t process;             /* that lends it; 0: it does not say */
	unsigned leads_to;            /* whom its address leads to: itself, unless it moved */
	bool others;                  /* another borrower has it */
	bool ours;                    /* the owner is us */
	bool resized;          /* it had, or told, another size before */
	bool liar;                    /* it altered pages, once */
	bool usurped;                 /* it was another's */
	bool gone;                    /* and we heard so: never again */
	bool leaving, left;           /* it is drained; it is no lender of ours */
	uint64_t pages, told;         /* what it has, and what it says */
	int64_t frozen_until, to_until, from_until, slow_until, late_until;
	int64_t slow;
	/* Hellos pass, and what else: no puts, no large ones, no gets, or all almost too late. */
	enum { NO_HOLE, HOLE_PUTS, HOLE_LARGE, HOLE_GETS, HOLE_LATE, HOLES } hole;
	int64_t hole_since;
	bool full, errors, mute, flips_in, flips_out, forgets;
	uint64_t wants;               /* pages from there on, UINT64_MAX none */
};
extern struct lender lender[LENDERS_MAX];
void lenders_reset(void);
bool lenders_have_room(void);
void lender_resize(unsigned link_no);
void lender_renew(unsigned link_no);  /* another host's, or its memory is lost */
void lender_starts(unsigned link_no);     /* it is another process' */
void lender_takes(struct conn *, struct message *);
void lender_drops(unsigned link_no);  /* what it wanted back, and still wants */
int64_t lender_delay(unsigned link_no, enum message_kind);

/* disk.c: the spill */
struct disk {
	struct store store;
	bool up, full, errors, stuck;
	int64_t slow;
};
extern struct disk disk;
void disk_reset(void);
void disk_connect(void);
void disk_close(void);
void disk_send(struct ask *);

/* fault.c */
void faults_begin(void);
void faults_end(void);         /* all that is broken is mended */
bool faults_healed(void);      /* all links are up, and no copy is missing */
bool faults_seen(void);        /* any, so far */
bool faults_no_chunks(void);

/* caller.c */
void callers_reset(void);
void callers_begin(void);
void callers_were_late(int64_t ms); /* whose requests had begun before */
bool callers_busy(void);
bool callers_since_before(int64_t when); /* does one wait since then? */
bool callers_over(void);
void caller_get(unsigned i, uint64_t page, uint32_t pages);
void caller_check(struct op *);
void caller_ends(const struct op *); /* it is decided, and not yet told */
void caller_done(struct op *);

/* model.c */
struct caller;
void model_reset(void);
/* KNOWN: there were records of the pages when it ended. */
void model_changed(const struct op *, const struct answer *, int error, bool known);
struct seen {                  /* what a get may answer besides */
	struct answer answer[8];
	unsigned n;
};
bool model_allows(unsigned spot, const uint8_t *data, const struct seen *);
bool model_lost(unsigned spot);
const char *model_words(unsigned spot);
/* For each get under way that has SPOT. */
struct seen *caller_seen(unsigned i, unsigned spot);

/* audit.c */
void audit(void);
void audit_places(void);
void audit_rest(void);  /* when not all could be healed */
void audit_held(void);  /* nobody holds what nobody uses */
bool audit_lacks(uint32_t link_mask); /* has a page some copies there, and fewer than it should? */

#endif
