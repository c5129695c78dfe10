/* SPDX-License-Identifier: BSD-2-Clause */
/* Which connections there is room for. A connection has a slot from accept() on. While it is in its
 * handshake it has proven nothing, and has one of a few slots that can be taken from it: see
 * hall.h. Sessions are counted in total, by network and by identity; each pool's owner also
 * has a slot beyond all counts. Any thread; never on the path of a page.
 *
 * limits.lock is the last of all locks. */
#ifndef FARPAGE_LIMIT_H
#define FARPAGE_LIMIT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "rate.h"
#include "hall.h"

#define LIMITS_NAME_MAX 127
#define LIMITS_HANDSHAKES            512 /* in total; and as many of proven identity */
#define LIMITS_HANDSHAKES_OF_NETWORK 128
/* Connections accepted from one network a second; 10000 at once. When all networks together
 * make more than LIMITS_ACCEPTS_ALL a second, for longer than 8000 connections take, each
 * connection costs its network as many times as much as brings the rate down to that. */
#define LIMITS_ACCEPTS      250
#define LIMITS_ACCEPTS_NS   UINT64_C(40000000000)
#define LIMITS_ACCEPTS_ALL  1000
#define LIMITS_ALL_NS       UINT64_C(8000000000)
#define LIMITS_PRICE_NS     UINT64_C(250000000)
#define LIMITS_PRICE_MAX    64
/* Processor time for TLS handshakes, ns a second, of one network and in total; half a second
 * of it, and a whole second, may come at once. */
#define LIMITS_TLS_NETWORK  25000000
#define LIMITS_TLS_ALL      50000000
#define LIMITS_TLS_NS       UINT64_C(20000000000)
/* How fast, ns a second, the cost of a network's unsuccessful handshakes is forgotten; when
 * several wait, the one with the least cost is first. */
#define LIMITS_TLS_FORGET   1000000
/* Sessions of clients that take no replies, not counting owners. */
#define LIMITS_STUCK        128

/* Connections that share something. */
struct share;

enum slot_state {
	SLOT_HANDSHAKE,
	SLOT_SESSION,  /* counted */
	SLOT_RESERVED, /* of its pool's owner: not counted */
	SLOT_OUT,      /* it had to go, and its socket was shut down; its loop will notice */
};

struct slot {
	struct limits *limits;
	int fd;
	_Atomic enum slot_state state;
	bool owner;         /* of its pool: no other connection can make it go */
	bool refused;       /* because there are too many */
	struct share *network, *identity;
	uint64_t tls_ns;    /* what its TLS handshake has cost */
	struct hall *hall;  /* where its place is */
	struct place place;
};

struct limits {
	unsigned most, most_of_network, most_of_identity;
	unsigned descriptors;     /* how many connections may take */
	struct rate accepts, tls; /* in total */
	pthread_mutex_t lock;     /* all below */
	unsigned slots;
	struct hall handshakes, proven, stuck;
	void *shares[2];          /* trees: networks, identities */
	TAILQ_HEAD(, share) paying;
	_Atomic unsigned sessions;            /* SLOT_SESSION; may be read at any time, as */
	_Atomic unsigned long refused, ended;
};

enum limits_by { LIMITS_NETWORK, LIMITS_IDENTITY };

/* In which role a connection joins a pool. */
enum limits_rank {
	LIMITS_PLAIN,
	LIMITS_OWNER,    /* a further connection of the owner; an eighth of all are for these */
	LIMITS_RESERVED, /* the only one of the owner */
};

/* At most these numbers, and what DESCRIPTORS allow beside RESERVED ones; these may become fewer later. */
void limits_init(struct limits *, unsigned most, unsigned of_network, unsigned of_identity);
void limits_fit(struct limits *, unsigned descriptors, unsigned reserved);
void limits_free(struct limits *);

/* A slot for FD, just accepted. NULL: connections from its network come too fast, or no memory. */
struct slot *limits_enter(struct limits *, int fd, const char *network);
/* Before the descriptor is closed. */
void limits_leave(struct slot *);
/* Its client has proven its identity. false: no memory. */
bool limits_identify(struct slot *, const char *identity);
/* Its handshake is over: is there room for a session? For NULL there always is. */
bool limits_join(struct slot *, enum limits_rank);
/* Undo that: it goes back to its handshake. */
void limits_rejoin(struct slot *);
/* Is it the only connection of its pool's owner? There are at most as many of these as pools. */
static inline bool limits_alone(const struct slot *s)
{
	return s->state == SLOT_RESERVED;
}
/* Its client does not take its replies, or takes them again. */
void limits_stick(struct slot *, bool stuck);
/* Descriptors ran out: hang up on a handshake. false: there is none. */
bool limits_thin(struct limits *);

/* How long it must wait with its TLS handshake, ns; what the last step cost; and which of those that
 * wait is first: the one whose network has cost least. */
uint64_t limits_tls_wait(const struct slot *, uint64_t now_ns);
void limits_tls_took(struct slot *, uint64_t now_ns, uint64_t cpu_ns);
uint64_t limits_tls_cost(const struct slot *, uint64_t now_ns);

#endif
