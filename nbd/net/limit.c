/* SPDX-License-Identifier: BSD-2-Clause */
#include "limit.h"

#include <limits.h>
#include <search.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "clock.h"

#define OWNERS_PART 8 /* of all sessions, one in so many is for owners only */

struct share {
	enum limits_by by;
	unsigned slots, sessions;
	struct crowd waiting, stuck; /* in the halls */
	struct rate accepts, tls;    /* of a network */
	struct rate tls_cost;
	TAILQ_ENTRY(share) link;     /* if it has no slots: of those that owe */
	char name[];
};

void limits_init(struct limits *l, unsigned most, unsigned of_network, unsigned of_identity)
{
	unsigned proven = of_identity < HALL_CROWD_MAX ? of_identity : HALL_CROWD_MAX;

	*l = (struct limits){ .most = most, .most_of_network = of_network,
	                      .most_of_identity = of_identity, .descriptors = UINT_MAX };
	pthread_mutex_init(&l->lock, NULL);
	hall_init(&l->handshakes, LIMITS_HANDSHAKES, LIMITS_HANDSHAKES_OF_NETWORK);
	hall_init(&l->proven, LIMITS_HANDSHAKES, proven);
	hall_init(&l->stuck, LIMITS_STUCK, HALL_CROWD_MAX);
	rate_set(&l->accepts, LIMITS_ACCEPTS_ALL);
	rate_set(&l->tls, LIMITS_TLS_ALL);
	TAILQ_INIT(&l->paying);
}

void limits_fit(struct limits *l, unsigned descriptors, unsigned reserved)
{
	unsigned left = descriptors > reserved ? descriptors - reserved : 0;

	pthread_mutex_lock(&l->lock);
	l->descriptors = descriptors;
	if (l->handshakes.most > left / 8)
		l->handshakes.most = l->proven.most = left / 8 ? left / 8 : 1;
	left = left > 2 * l->handshakes.most ? left - 2 * l->handshakes.most : 1;
	if (l->most > left)
		l->most = left;
	pthread_mutex_unlock(&l->lock);
}

void limits_free(struct limits *l)
{
	tdestroy(l->shares[LIMITS_NETWORK], free);
	tdestroy(l->shares[LIMITS_IDENTITY], free);
	pthread_mutex_destroy(&l->lock);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct share *)a)->name, ((const struct share *)b)->name);
}

/* One slot more of it. */
static struct share *use_share(struct limits *l, enum limits_by by, const char *name)
{
	size_t n = strnlen(name, LIMITS_NAME_MAX);
	struct share *new = calloc(1, sizeof *new + n + 1), *share, **found;

	if (!new)
		return NULL;
	memcpy(new->name, name, n);
	found = tsearch(new, &l->shares[by], by_name);
	share = found ? *found : NULL;
	if (share != new) {
		free(new);
		if (share && !share->slots)
			TAILQ_REMOVE(&l->paying, share, link);
	} else {
		new->by = by;
		crowd_init(&new->waiting);
		crowd_init(&new->stuck);
		rate_set(&new->accepts, LIMITS_ACCEPTS);
		rate_set(&new->tls, LIMITS_TLS_NETWORK);
		rate_set(&new->tls_cost, LIMITS_TLS_FORGET);
	}
	if (share)
		share->slots++;
	return share;
}

/* A network that owes something is remembered until that is paid. */
static void disuse_share(struct limits *l, struct share *share)
{
	if (share && --share->slots == 0)
		TAILQ_INSERT_TAIL(&l->paying, share, link);
}

static void forget_paid(struct limits *l, uint64_t now)
{
	/* Two for each that may be added. */
	for (int i = 0; i < 4 && !TAILQ_EMPTY(&l->paying); i++) {
		struct share *share = TAILQ_FIRST(&l->paying);

		TAILQ_REMOVE(&l->paying, share, link);
		if (rate_owed(&share->accepts, now) || rate_owed(&share->tls_cost, now)) {
			TAILQ_INSERT_TAIL(&l->paying, share, link);
		} else {
			tdelete(share, &l->shares[share->by], by_name);
			free(share);
		}
	}
}

/* The one way from state to state. */
static void set_state(struct slot *s, enum slot_state state)
{
	struct limits *l = s->limits;
	int more = (state == SLOT_SESSION) - (s->state == SLOT_SESSION);

	l->sessions += (unsigned)more;
	s->network->sessions += (unsigned)more;
	if (s->identity)
		s->identity->sessions += (unsigned)more;
	s->state = state;
}

static void leave_hall(struct slot *s)
{
	if (s->hall)
		hall_leave(s->hall, &s->place);
	s->hall = NULL;
}

static void put_out(struct place *place)
{
	struct slot *s = (struct slot *)((char *)place - offsetof(struct slot, place));

	s->hall = NULL;
	set_state(s, SLOT_OUT);
	s->limits->ended++;
	shutdown(s->fd, SHUT_RDWR);
}

static void enter_hall(struct slot *s, struct hall *hall, struct crowd *crowd)
{
	struct place *gone;

	leave_hall(s);
	s->hall = hall;
	gone = hall_enter(hall, crowd, &s->place);
	if (gone)
		put_out(gone);
}

/* Among those that have proven as much as it has. */
static void begin_handshake(struct slot *s)
{
	if (s->identity)
		enter_hall(s, &s->limits->proven, &s->identity->waiting);
	else
		enter_hall(s, &s->limits->handshakes, &s->network->waiting);
}

static bool too_fast(struct limits *l, struct share *network, uint64_t now)
{
	uint64_t price = 1 + rate_wait_beyond(&l->accepts, now, LIMITS_ALL_NS) / LIMITS_PRICE_NS;

	if (l->slots >= l->descriptors ||
	    rate_wait_beyond(&network->accepts, now, LIMITS_ACCEPTS_NS))
		return true;
	rate_take(&l->accepts, now, 1);
	rate_take(&network->accepts, now, price < LIMITS_PRICE_MAX ? price : LIMITS_PRICE_MAX);
	return false;
}

struct slot *limits_enter(struct limits *l, int fd, const char *network)
{
	struct slot *s = calloc(1, sizeof *s);
	uint64_t now = clock_ns();

	pthread_mutex_lock(&l->lock);
	forget_paid(l, now);
	struct share *share = s ? use_share(l, LIMITS_NETWORK, network) : NULL;
	if (!share || too_fast(l, share, now)) {
		l->refused++;
		disuse_share(l, share);
		free(s);
		s = NULL;
	} else {
		*s = (struct slot){ .limits = l, .fd = fd, .network = share };
		l->slots++;
		begin_handshake(s);
	}
	pthread_mutex_unlock(&l->lock);
	return s;
}

void limits_leave(struct slot *s)
{
	struct limits *l = s->limits;

	pthread_mutex_lock(&l->lock);
	leave_hall(s);
	set_state(s, SLOT_OUT);
	disuse_share(l, s->network);
	disuse_share(l, s->identity);
	l->slots--;
	pthread_mutex_unlock(&l->lock);
	free(s);
}

bool limits_identify(struct slot *s, const char *identity)
{
	struct limits *l = s->limits;

	pthread_mutex_lock(&l->lock);
	s->identity = use_share(l, LIMITS_IDENTITY, identity);
	rate_give(&s->network->tls_cost, s->tls_ns);
	if (s->identity && s->state == SLOT_HANDSHAKE)
		begin_handshake(s);
	pthread_mutex_unlock(&l->lock);
	return s->identity != NULL;
}

static bool has_room(const struct slot *s, enum limits_rank rank)
{
	const struct limits *l = s->limits;
	unsigned most = rank == LIMITS_PLAIN ? l->most - l->most / OWNERS_PART : l->most;

	return rank == LIMITS_RESERVED ||
	       (l->sessions < most && s->network->sessions < l->most_of_network &&
	        (!s->identity || s->identity->sessions < l->most_of_identity));
}

bool limits_join(struct slot *s, enum limits_rank rank)
{
	if (!s)
		return true;
	struct limits *l = s->limits;
	pthread_mutex_lock(&l->lock);
	bool ok = s->state == SLOT_HANDSHAKE && has_room(s, rank);
	if (ok) {
		leave_hall(s);
		s->owner = rank != LIMITS_PLAIN;
		set_state(s, rank == LIMITS_RESERVED ? SLOT_RESERVED : SLOT_SESSION);
	} else {
		l->refused++;
		s->refused = true;
	}
	pthread_mutex_unlock(&l->lock);
	return ok;
}

void limits_rejoin(struct slot *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->limits->lock);
	if (s->state != SLOT_OUT) {
		s->owner = false;
		set_state(s, SLOT_HANDSHAKE);
		begin_handshake(s);
	}
	pthread_mutex_unlock(&s->limits->lock);
}

void limits_stick(struct slot *s, bool stuck)
{
	struct limits *l = s->limits;

	if (s->owner)
		return;
	pthread_mutex_lock(&l->lock);
	if (!stuck)
		leave_hall(s);
	else if (s->state == SLOT_SESSION && !s->hall)
		enter_hall(s, &l->stuck, &s->network->stuck);
	pthread_mutex_unlock(&l->lock);
}

bool limits_thin(struct limits *l)
{
	pthread_mutex_lock(&l->lock);
	struct place *gone = hall_thin(&l->handshakes);
	if (gone)
		put_out(gone);
	pthread_mutex_unlock(&l->lock);
	return gone;
}

uint64_t limits_tls_wait(const struct slot *s, uint64_t now)
{
	uint64_t a = rate_wait_beyond(&s->limits->tls, now, LIMITS_TLS_NS);
	uint64_t b = rate_wait_beyond(&s->network->tls, now, LIMITS_TLS_NS);

	return a > b ? a : b;
}

void limits_tls_took(struct slot *s, uint64_t now, uint64_t cpu_ns)
{
	rate_take(&s->limits->tls, now, cpu_ns);
	rate_take(&s->network->tls, now, cpu_ns);
	rate_take(&s->network->tls_cost, now, cpu_ns);
	s->tls_ns += cpu_ns;
}

uint64_t limits_tls_cost(const struct slot *s, uint64_t now)
{
	return rate_owed(&s->network->tls_cost, now);
}
