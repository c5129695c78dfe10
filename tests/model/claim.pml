/* SPDX-License-Identifier: BSD-2-Clause */
/* One page, its copies on two lenders, and a network that may keep any message for as long
 * as it likes, also beyond the life of its connection. The borrower carries out puts,
 * a flush, gets and healing in any order, gives up waiting whenever it likes, and claims anew.
 * In no run does a get return anything but the last acknowledged put.
 *
 * Pages are not sealed here: what seals would find must not happen in the first place.
 * Not in here: a lender that loses its memory, or lies.
 *
 * A macro plants a mistake, which the search must find:
 *   NO_EPOCH_CHECK  the lender carries out requests of any epoch
 *   NO_CLAIM        a link that timed out is opened again in its old epoch
 *   FIRST_COPY      a put is done after the first copy, while the record says both
 *   FLUSH_FORGETS   a flush makes a link good again on which a put is stuck
 *   KEEP_OLD        a put that failed leaves the older page in the record */

#define LENDERS    2
#define PUTS       3
#define FLUSHES    1
#define RECONNECTS 2

#define OPENINGS   (1 + RECONNECTS)
#define WAY(l, c)  ((l) * OPENINGS + (c))
#define NOW(l)     WAY(l, opening[l])
#define BIT(n)     (1 << (n))

/* Messages, a bit each: a put is its version, from 1 on. */
#define TRIM  0
#define GET   (PUTS + 1)
#define CLAIM (PUTS + 2)

/* Of every connection: what is on its way to the lender, in no order; and the epoch of the
 * pool that it joined. Of each link's newest: what came back, and what it says of the page. */
byte request[LENDERS * OPENINGS], joined[LENDERS * OPENINGS];
byte reply[LENDERS], got[LENDERS];

/* A lender. Page 0 is zeros. */
byte epoch[LENDERS], page[LENDERS];

/* The borrower: its links and its record of the page. */
byte opening[LENDERS], openings = 0;
byte up = BIT(0) | BIT(1);            /* links, a bit each */
mtype = { absent, present, lost };
mtype state = absent;
byte version = 0, copies = 0;
byte puts = 0, flushes = 0;
byte waiting = 0, done = 0;           /* links that were asked; that answered */

/* What whoever swaps counts on: the last put or flush that was acknowledged. */
byte last = 0;

#ifdef NO_EPOCH_CHECK
#define MAY_ENTER(l, way) true
#else
#define MAY_ENTER(l, way) (joined[way] == epoch[l])
#endif

#define ON_ITS_WAY(l, c, m) \
	request[WAY(l, c)] & BIT(m) -> lender = l; way = WAY(l, c); message = m

#define CONNECTION(l, c) \
	:: ON_ITS_WAY(l, c, TRIM) \
	:: ON_ITS_WAY(l, c, 1) \
	:: ON_ITS_WAY(l, c, 2) \
	:: ON_ITS_WAY(l, c, 3) \
	:: ON_ITS_WAY(l, c, GET) \
	:: ON_ITS_WAY(l, c, CLAIM)

/* The network hands over any message, and the lender acts. To a fenced one it does not
 * answer; and of answers only those count for which somebody waits. */
active proctype network()
{
	byte lender, way, message;

end:	do
	:: atomic {
		if
		CONNECTION(0, 0) CONNECTION(0, 1) CONNECTION(0, 2)
		CONNECTION(1, 0) CONNECTION(1, 1) CONNECTION(1, 2)
		fi;
		request[way] = request[way] & ~BIT(message);
		if
		:: message == CLAIM -> epoch[lender]++; joined[way] = epoch[lender]
		:: message != CLAIM && !MAY_ENTER(lender, way) -> goto fenced
		:: message != CLAIM && message != GET && MAY_ENTER(lender, way) -> page[lender] = message
		:: else
		fi;
		if
		:: waiting & BIT(lender) && way == NOW(lender) ->
			reply[lender] = reply[lender] | BIT(message);
			if :: message == GET -> got[lender] = page[lender] :: else fi
		:: else
		fi;
fenced:		lender = 0; way = 0; message = 0
	   }
	od
}

#define SEND(l, what) \
	if :: waiting & BIT(l) -> request[NOW(l)] = request[NOW(l)] | BIT(what) :: else fi

#define ANSWERED(l, what) \
	atomic { waiting & BIT(l) && reply[l] & BIT(what) -> \
		reply[l] = reply[l] & ~BIT(what); \
		waiting = waiting & ~BIT(l); done = done | BIT(l) }

#define GIVEN_UP(l) \
	atomic { waiting & BIT(l) -> waiting = waiting & ~BIT(l); up = up & ~BIT(l); \
		reply[l] = 0; got[l] = 0 }

/* Ask the links TO, and wait until each has answered or was given up and closed. DONE
 * are those that answered. */
inline ask(to, what, enough)
{
	d_step { waiting = to; done = 0; SEND(0, what); SEND(1, what) }
	do
	:: ANSWERED(0, what)
	:: ANSWERED(1, what)
	:: GIVEN_UP(0)
	:: GIVEN_UP(1)
	:: atomic { enough -> break }
	od
}

inline forget() { atomic { waiting = 0; done = 0 } }

inline put()
{
	puts++;
#ifdef KEEP_OLD
	kept = copies;
#endif
#ifdef FIRST_COPY
	ask(up, puts, !waiting || done);
	copies = (done -> done | waiting : 0);
#else
	ask(up, puts, !waiting);
	copies = done;
#endif
	atomic {
		if
		:: copies -> state = present; version = puts; last = puts
#ifdef KEEP_OLD
		:: else -> copies = kept
#else
		:: else -> state = lost; version = 0
#endif
		fi
	}
	forget()
}

inline flush()
{
	flushes++;
	ask(up, TRIM, !waiting);
	atomic {
		state = absent; copies = 0; version = 0; last = 0;
#ifdef FLUSH_FORGETS
		up = BIT(0) | BIT(1)
#endif
	}
	forget()
}

/* From one copy; when it is given up, another get may ask the other. */
inline get(l)
{
	ask(BIT(l), GET, !waiting);
	atomic {
		if
		:: done -> assert(got[l] == last); got[l] = 0
		:: else
		fi
	}
	forget()
}

inline heal(l)
{
	ask(BIT(l), version, !waiting);
	copies = copies | done;
	forget()
}

inline reconnect(l)
{
	atomic {
		openings++;
#ifdef NO_CLAIM
		joined[WAY(l, openings)] = joined[NOW(l)]; up = up | BIT(l);
#endif
		opening[l] = openings
	}
#ifndef NO_CLAIM
	ask(BIT(l), CLAIM, !waiting);
	up = up | done;
	forget()
#endif
}

#define HAS(set, l) (set & BIT(l))

active proctype borrower()
{
#ifdef KEEP_OLD
	byte kept;
#endif

end:	do
	:: puts < PUTS -> put()
	:: flushes < FLUSHES -> flush()
	:: state == present && HAS(copies, 0) && HAS(up, 0) -> get(0)
	:: state == present && HAS(copies, 1) && HAS(up, 1) -> get(1)
	:: state == present && !HAS(copies, 0) && HAS(up, 0) -> heal(0)
	:: state == present && !HAS(copies, 1) && HAS(up, 1) -> heal(1)
	:: !HAS(up, 0) && openings < RECONNECTS -> reconnect(0)
	:: !HAS(up, 1) && openings < RECONNECTS -> reconnect(1)
	od
}
