/* SPDX-License-Identifier: BSD-2-Clause */
/* Whom there is room for. A connection has a slot from accept() on. As long as it is in its
 * handshake it has proven nothing, and its slot is one of a few that nobody keeps: see
 * hall.h. Sessions are counted in all, by network and by identity; and each pool's owner
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
#define LIMITS_HANDSHAKES            512 /* in all; and as many of proven identity */
#define LIMITS_HANDSHAKES_OF_NETWORK 128
/* Connections accepted of one network a second, and 10000 at once. Where there are more than
 * so many in all, for longer than 8000 of them take, each costs its network as many times as
 * much as brings them down to that. */
#define LIMITS_ACCEPTS      250
#define LIMITS_ACCEPTS_NS   UINT64_C(40000000000)
#define LIMITS_ACCEPTS_ALL  1000
#define LIMITS_ALL_NS       UINT64_C(8000000000)
#define LIMITS_PRICE_NS     UINT64_C(250000000)
#define LIMITS_PRICE_MAX    64
/* Processor time for TLS handshakes, ns a second of one network and in all; half a
 * second of it, and a whole one, may come at once. */
#define LIMITS_TLS_NETWORK  25000000
#define LIMITS_TLS_ALL      50000000
#define LIMITS_TLS_NS       UINT64_C(20000000000)
/* So slowly is forgotten, ns a second, what a network's handshakes have cost that came to
 * nothing yet; when several wait, that counts. */
#define LIMITS_TLS_FORGET   1000000
/* Sessions of clients that take no replies, but for owners' */
#define LIMITS_STUCK        128

/* Connections that share something. */
struct share;

enum slot_state {
	SLOT_HANDSHAKE,
	SLOT_SESSION,  /* counted */
	SLOT_RESERVED, /* its pool's owner's: not counted */
	SLOT_OUT,      /* it had to go and was hung up on; its loop will notice */
};

struct slot {
	struct limits *limits;
	int fd;
	_Atomic enum slot_state state;
	bool owner;         /* of its pool: nobody else can make it go */
	bool refused;       /* it was told that there are too many */
	struct share *network, *identity;
	uint64_t tls_ns;    /* what its TLS handshake has cost */
	struct hall *hall;  /* where its place is */
	struct place place;
};

struct limits {
	unsigned most, most_of_network, most_of_identity;
	unsigned descriptors;     /* that connections may take */
	struct rate accepts, tls; /* in all */
	pthread_mutex_t lock;     /* all below */
	unsigned slots;
	struct hall handshakes, proven, stuck;
	void *shares[2];          /* trees: networks, identities */
	TAILQ_HEAD(, share) paying;
	_Atomic unsigned sessions;            /* SLOT_SESSION; may be read at any time, as */
	_Atomic unsigned long refused, ended;
};

enum limits_by { LIMITS_NETWORK, LIMITS_IDENTITY };

/* As whom a connection joins a pool. */
enum limits_rank {
	LIMITS_PLAIN,
	LIMITS_OWNER,    /* further connections of it; an eighth of all are for these */
	LIMITS_RESERVED, /* the only one of it */
};

/* As many as these, or as DESCRIPTORS allow beside RESERVED ones; these may become fewer later. */
void limits_init(struct limits *, unsigned most, unsigned of_network, unsigned of_identity);
void limits_fit(struct limits *, unsigned descriptors, unsigned reserved);
void limits_free(struct limits *);

/* For FD, just accepted. NULL: its network's come too fast, or no memory. */
struct slot *limits_enter(struct limits *, int fd, const char *network);
/* Before the descriptor is closed. */
void limits_leave(struct slot *);
/* Its client has proven who it is. false: no memory. */
bool limits_identify(struct slot *, const char *identity);
/* Its handshake is over, if there is room. NULL always has some. */
bool limits_join(struct slot *, enum limits_rank);
/* After all it is not. */
void limits_rejoin(struct slot *);
/* Is it the only one of its pool's owner? There are no more such than pools. */
static inline bool limits_alone(const struct slot *s)
{
	return s->state == SLOT_RESERVED;
}
/* Its client does not take its replies, or does again. */
void limits_stick(struct slot *, bool stuck);
/* Out of descriptors: hang up on a handshake. false: there is none. */
bool limits_thin(struct limits *);

/* How long has it to wait with its TLS handshake, ns; what did the last step cost; and who of
 * those that wait is first: whose network has cost least. */
uint64_t limits_tls_wait(const struct slot *, uint64_t now_ns);
void limits_tls_took(struct slot *, uint64_t now_ns, uint64_t cpu_ns);
uint64_t limits_tls_cost(const struct slot *, uint64_t now_ns);

#endif
