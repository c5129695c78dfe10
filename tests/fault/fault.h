/* SPDX-License-Identifier: BSD-2-Clause */
/* nbdfault: between a borrower and a lender, and does to what they say all that networks and
 * lenders may do. What its parts know of each other. One thread; times are milliseconds of
 * the monotonic clock. */
#ifndef FARPAGE_FAULT_H
#define FARPAGE_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "page.h"

#define NEVER      INT64_MAX

enum side { TO_LENDER, TO_BORROWER };

enum kind { KIND_OPTION, KIND_READ, KIND_WRITE, KIND_TRIM, KIND_OTHER };
#define BIT(n)   (1u << (n))
#define KIND_ANY (BIT(KIND_READ) | BIT(KIND_WRITE) | BIT(KIND_TRIM) | BIT(KIND_OTHER))

/* A request or a reply as a whole, or what is said in the handshake; and what is to become
 * of it. */
struct message {
	enum side side;
	enum kind kind;
	uint8_t *data;     /* may be changed */
	size_t len, head;  /* all of it; before its payload */
	uint64_t offset;   /* in the pool, also for a reply */

	unsigned times;    /* it is passed on: 0 swallowed, 2 said twice */
	size_t cut;        /* the connection ends before this byte; SIZE_MAX: it does not */
	bool stuck;        /* it and what follows stay here until released */
	bool stray;        /* an error that nobody asked for comes before it */
	int64_t late_ms;
	uint32_t error;    /* instead of being passed on, a request is answered with it */
};

/* rule.c: faults of messages, which wait for theirs. */
struct rule {
	const struct action *action;
	enum side side;
	unsigned kinds;
	uint64_t argument;
	unsigned long nth;  /* the next but so many */
	unsigned long left; /* to how many it is done */
	size_t at;          /* byte; SIZE_MAX: any */
};

struct action {
	const char *name;
	int side;              /* of either: -1 */
	enum side usual;
	unsigned kinds;        /* that it may be done to; if none is named */
	const char *argument;  /* it needs, or NULL */
	/* False: it cannot be done to this message. */
	bool (*apply)(const struct rule *, struct message *);
	const char *help;
};

extern const struct action actions[];
const struct action *action_find(const char *name);
/* 0, or -1: there are too many. */
int rule_add(const struct rule *);
void rules_forget(void);
unsigned rules_left(void);
unsigned long faults_done(void);
/* Do it to this message, if it is one for it. */
bool rule_try(const struct rule *, struct message *);
/* What rules and dice say of a message. */
void rules_apply(struct message *);

/* dice.c: faults by chance. */
uint64_t dice(uint64_t n);
/* "SEED RATE MS FAULT..."; NULL, or what is wrong with it. */
const char *dice_cast(char *words);
void dice_rest(void);
void dice_roll(struct message *);
/* What was thrown and is now due; until when nothing is. */
int64_t dice_wake(void);

/* weather.c: faults of all that passes. */
struct weather {
	int64_t frozen_until[2], refused_until, vanished_until;
	uint64_t slow[2];       /* bytes a second, 0 as fast as can be */
	int64_t slow_until, next_slice[2];
	/* What is announced instead of the truth. */
	bool lie_size, lie_flags, silent;
	uint64_t size;
	uint16_t flags;
	char words[256];        /* "KEY=VALUE", of the description */
};
extern struct weather weather;
void weather_clear(void);
/* A line of it: 0; 1 no such word; -1 it is wrong. */
int weather_do(const char *word, char *rest);
/* Until when nothing goes to SIDE: the past if it may now. */
int64_t weather_holds(enum side);
/* How many bytes may go to SIDE now, and that N have. */
size_t weather_allows(enum side, size_t n);
void weather_sent(enum side, size_t n);
/* What an option's reply says of the pool. *DATA may be another then (malloc). */
void weather_announce(uint8_t **data, size_t *len);

/* memory.c: what was written. */
void memory_size(uint64_t bytes);
void memory_put(uint64_t offset, const uint8_t *data, size_t len);
/* Put into DATA what was there before the last write; false: nothing known is older. */
bool memory_older(uint64_t offset, uint8_t *data, size_t len);
/* Put into DATA what is in other pages; false: there are none. */
bool memory_other(uint64_t offset, uint8_t *data, size_t len);

/* wire.c: what messages there are in what PAIR's SIDE has received. -1: it ends. */
struct pair;
int wire_take(struct pair *, enum side);

/* pair.c: a borrower's connection, and the one made for it to the lender. */
struct chunk {
	struct chunk *next;
	int64_t due;
	size_t len, sent;
	bool held, cut;
	uint8_t data[];
};

struct way {
	uint8_t *in;
	size_t in_len, in_room;
	struct chunk *first, **last;
	size_t queued;
	int64_t last_due;
	bool ended;    /* nothing more comes in */
	bool told;     /* that to the other */
};

struct asked {
	struct asked *next;
	uint64_t cookie, offset;
	uint32_t length;
	uint16_t type;
	bool stuck, late; /* behind what is stuck; released since */
};

enum phase { PHASE_GREETING, PHASE_FLAGS, PHASE_OPTIONS, PHASE_EXPORT_NAME, PHASE_REQUESTS,
	     PHASE_OPAQUE };

struct pair {
	struct pair *next;
	int fd[2];          /* of the lender, of the borrower: by where it goes to; -1 closed */
	enum phase phase;
	bool no_zeroes, mute, broken;
	uint32_t option;    /* the last that the borrower said */
	struct way way[2];  /* by where it goes to */
	struct asked *asked;
};

extern struct pair *pairs;
int64_t now_ms(void);
struct pair *pair_open(int borrower, int lender);
/* Queue BYTES to go to SIDE. */
void pair_say(struct pair *, enum side, const void *data, size_t len, const struct message *);
void pair_free(struct pair **);
/* What to poll for, and until when; then what came. */
short pair_wants(struct pair *, enum side of, int64_t *wake);
void pair_turn(struct pair *, short revents[2]);
void pairs_drop(void);
/* Nothing comes of them any more, nor do they end. */
void pairs_mute(void);
/* What is stuck goes on. Then how many writes and trims that were stuck have no answer yet. */
void pairs_release(void);
unsigned pairs_late(void);

/* Of what was released: carried out, refused, on a connection that is no more. */
extern unsigned long landed, refused, hung_up;

/* command.c: a line that says what to do; the answer is written to OUT. 1: it comes later. */
int command(char *line, char *out, size_t room);
/* True: what is waited for has come, and OUT says so. */
bool command_waits(char *out, size_t room);
void command_help(void);

__attribute__((format(printf, 1, 2))) void say(const char *format, ...);

#endif
