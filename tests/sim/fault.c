/* SPDX-License-Identifier: BSD-2-Clause */
/* What goes wrong, and for how long. In safety anything may, at any time, all at once.
 * In liveness as many lenders are in trouble as there are copies to spare, and what is
 * missing is made up for before the next trouble comes. */
#include "sim.h"

#include <string.h>

#include "arith.h"
#include "suspect.h"
#include "fault.h"

#define TROUBLES_MAX   16u
#define QUIET_MS       100
#define LOOK_MS        200
#define REPLACED_MS    (CORE_MOVE_MS + 500)
#define FOUND_OUT_MS   60000
#define HEALED_BY_MS   200000 /* liveness: so long after a fault all is as it was */
#define STRIKES        15     /* and so often healing may wait for who does not answer */
#define MOVED_MS       5000   /* liveness: so long, and so many link timeouts, after a lender was left out */
#define MOVED_ASKS     3      /* its copies are others' */

/* A fault that goes on. */
static struct trouble {
	enum fault kind;
	unsigned link_no;           /* a lender; LENDERS_MAX: it is not about one */
	int64_t until;
	bool active;
} trouble[TROUBLES_MAX];

static bool over;
static unsigned seen, victims;
static int64_t healed_by, healed_at, quiet_at, moved_at;

bool faults_seen(void)
{
	return seen || jumped();
}

bool fault_active(enum fault kind, unsigned link_no)
{
	for (unsigned i = 0; i < TROUBLES_MAX; i++)
		if (trouble[i].active && trouble[i].kind == kind && trouble[i].link_no == link_no)
			return true;
	return false;
}

bool fault_hides(unsigned link_no)
{
	for (enum fault kind = 0; kind < FAULT_KINDS; kind++)
		if (fault_kind(kind)->needs & HIDES_DATA && fault_active(kind, link_no))
			return true;
	return false;
}

bool faults_no_chunks(void)
{
	return fault_active(FAULT_NO_CHUNKS, LENDERS_MAX);
}

static void mend(struct trouble *t)
{
	const struct fault_kind *f = fault_kind(t->kind);

	t->active = false;
	quiet_at = now + config.link_timeout + QUIET_MS; /* a reply that is owed still is */
	TRACE("mended: %s, lender %u", fault_words(t->kind), t->link_no);
	if (f->mend)
		f->mend(t->link_no);
}

static void mend_due(unsigned i)
{
	if (trouble[i].active && now >= trouble[i].until)
		mend(&trouble[i]);
}

/* A lender that is dead so long that its copies are made elsewhere, if there is room. */
static bool replaced(unsigned link_no)
{
	const struct peer *p = &core.peer[link_no];

	if (lender[link_no].hole && config.for_good && now > lender[link_no].hole_since + FOUND_OUT_MS)
		return true;
	return lender[link_no].left || (lender[link_no].state != RUNS && p->state != PEER_UP &&
	                           now > p->down_since + REPLACED_MS);
}

/* Lenders that serve us, or will again soon. */
static unsigned lenders_left(void)
{
	unsigned n = config.lenders;

	for (unsigned link_no = 0; link_no < config.lenders; link_no++)
		n -= lender[link_no].gone || lender[link_no].usurped || lender[link_no].leaving || lender[link_no].left ||
		     lender[link_no].hole || lender[link_no].state != RUNS;
	return n;
}

/* Who of several is in trouble at the same time must be able to bear it. */
static bool bearable(const struct fault_kind *f)
{
	bool spare = config.copies > 1;

	if (config.mode == SAFETY)
		return true;
	if (f->needs & SAFETY_ONLY)
		return false;
	if (f->needs & ANOTHER && lenders_left() <= config.copies)
		return false;
	/* At worst each waits for all others, and for healing, which reads and writes. Whoever does
	 * well then is for a while the only one that pages are put to. */
	if (f->needs & SLOWLY && (config.callers + 2 > config.deadline / config.link_timeout ||
	                          lenders_left() < config.lenders))
		return false;
	return spare || !(f->needs & SPARE);
}

static bool possible(const struct fault_kind *f, enum fault kind, unsigned link_no)
{
	if (!(config.faults & UINT64_C(1) << kind) || !bearable(f))
		return false;
	if (f->needs & HIDES_DATA && config.seal == SEAL_OFF)
		return false;
	if (f->needs & THE_SPILL && !config.spill)
		return false;
	if (link_no < LENDERS_MAX && (lender[link_no].state != RUNS || lender[link_no].others || lender[link_no].gone ||
	                         lender[link_no].left))
		return false;
	return !fault_active(kind, link_no);
}

static int64_t duration(const struct fault_kind *f)
{
	/* Some come back at once, as who is started again by systemd does. */
	int64_t ms = chance(3) ? time_between(1, 200) : time_between(20, 60000);

	if (f->needs & SLOWLY)
		return 2 * ms;
	if (config.for_good && f->needs & LASTS)
		ms = 2 * HEALED_BY_MS;
	/* There is nobody else: it must come back before the deadline. */
	if (config.mode == LIVENESS && (config.copies == 1 || f->needs & EVERYBODY) &&
	    ms > config.deadline / 3)
		ms = config.deadline / 3;
	return ms;
}

static void begin(enum fault kind, unsigned link_no)
{
	const struct fault_kind *f = fault_kind(kind);
	unsigned i = 0;

	while (i < TROUBLES_MAX && trouble[i].active)
		i++;
	if (i == TROUBLES_MAX)
		return;
	trouble[i] = (struct trouble){ .kind = kind, .link_no = link_no, .until = now + duration(f),
	                               .active = true };
	TRACE("fault: %s, lender %u, for %lld ms", fault_words(kind), link_no,
	      (long long)(trouble[i].until - now));
	stats.count[kind]++;
	seen++;
	if (f->needs & HIDES_DATA)
		lender[link_no].liar = true;
	f->begin(link_no, trouble[i].until);
	event_at(trouble[i].until, mend_due, i);
}

static void throw_one(unsigned link_no)
{
	enum fault kinds[FAULT_KINDS];
	unsigned n = 0;

	for (enum fault kind = 0; kind < FAULT_KINDS; kind++) {
		const struct fault_kind *f = fault_kind(kind);
		bool of_lender = !(f->needs & (THE_SPILL | EVERYBODY));

		if (of_lender == (link_no < LENDERS_MAX) && possible(f, kind, link_no))
			kinds[n++] = kind;
	}
	if (n)
		begin(kinds[dice(n)], link_no);
}

/* ---- liveness: one trouble after the other */

static bool in_trouble(void)
{
	for (unsigned i = 0; i < TROUBLES_MAX; i++)
		if (trouble[i].active && !(trouble[i].link_no < LENDERS_MAX && replaced(trouble[i].link_no) &&
		                           lenders_left() >= config.copies))
			return true;
	return false;
}

bool faults_healed(void)
{
	for (unsigned link_no = 0; link_no < config.lenders; link_no++)
		if (!lender[link_no].gone && !replaced(link_no) && !net_up(link_no))
			return false;
	if (config.spill && !disk.up)
		return false;
	return core_unhealed(&core) == 0;
}

/* Until it is not, puts go without it, and with fewer copies. */
static bool someone_is_suspect(void)
{
	for (unsigned link_no = 0; link_no < config.lenders; link_no++)
		if (peer_suspect(&core, link_no, now))
			return true;
	return false;
}

/* Lenders that do well while all others are known not to do so, and nothing else is wrong: 0 if
 * that is not so. */
static uint32_t only_these(void)
{
	uint32_t link_mask = 0;

	for (unsigned i = 0; i < TROUBLES_MAX; i++)
		if (trouble[i].active && trouble[i].kind != FAULT_HOLE)
			return 0;
	for (unsigned link_no = 0; link_no < config.lenders; link_no++) {
		bool suspect = peer_suspect(&core, link_no, now);

		if (lender[link_no].hole ? !suspect || !core_left_out(&core, link_no, now)
		                         : suspect || !net_up(link_no))
			return 0;
		link_mask |= lender[link_no].hole ? 0 : 1u << link_no;
	}
	return now > quiet_at && how_many(link_mask) >= config.copies ? link_mask : 0;
}

/* Who is left out keeps no copies that another could have. */
static void copies_are_moved(void)
{
	uint32_t link_mask = config.mode == LIVENESS && config.for_good ? only_these() : 0;

	if (!link_mask || !audit_lacks(link_mask))
		moved_at = now;
	else if (now > moved_at + MOVED_MS + MOVED_ASKS * config.link_timeout)
		fail("pages lack copies, and lenders that do well are not given any");
}

static unsigned some_lenders(void)
{
	unsigned mask = 0, n = config.copies > 1 ? 1 + (unsigned)dice(config.copies - 1) : 1;

	while (n--)
		mask |= 1u << dice(config.lenders);
	return mask;
}

static bool ready_for_more(void)
{
	if (config.mode == SAFETY)
		return true;
	if (in_trouble()) {
		healed_at = CORE_NEVER;
		healed_by = now + HEALED_BY_MS + STRIKES * config.link_timeout;
		return false;
	}
	if (now < quiet_at || !faults_healed() || (someone_is_suspect() && !config.at_once))
		healed_at = CORE_NEVER;
	else if (healed_at == CORE_NEVER)
		healed_at = now;
	/* What was put while copies were missing may still be under way. */
	if (healed_at < now && !callers_since_before(healed_at))
		return true;
	if (now > healed_by)
		fail("%llu pages are not healed, long after the last fault",
		     (unsigned long long)core_unhealed(&core));
	return false;
}

static bool may_hide_data(void)
{
	for (enum fault kind = 0; kind < FAULT_KINDS; kind++)
		if (config.faults & UINT64_C(1) << kind && fault_kind(kind)->needs & HIDES_DATA)
			return true;
	return false;
}

static void throw_more(unsigned unused)
{
	unsigned mask = config.mode == SAFETY ? 1u << dice(config.lenders)
	                : may_hide_data() ? victims : some_lenders();

	(void)unused;
	if (over)
		return;
	copies_are_moved();
	if (!ready_for_more()) {
		event_at(now + LOOK_MS, throw_more, 0);
		return;
	}
	healed_by = now + HEALED_BY_MS + STRIKES * config.link_timeout;
	if (chance(4))
		throw_one(LENDERS_MAX);
	else
		for (unsigned link_no = 0; link_no < config.lenders; link_no++)
			if (mask & 1u << link_no)
				throw_one(link_no);
	event_at(now + time_between(1, config.fault_gap), throw_more, 0);
}

void faults_begin(void)
{
	memset(trouble, 0, sizeof trouble);
	healed_by = now + HEALED_BY_MS + STRIKES * config.link_timeout;
	quiet_at = 0;
	healed_at = CORE_NEVER;
	moved_at = now;
	over = false;
	seen = 0;
	victims = some_lenders();
	here_reset();
	/* Two links come to one pool at the same time. */
	if (possible(fault_kind(FAULT_MOVED), FAULT_MOVED, 0) && config.mode == SAFETY)
		begin(FAULT_MOVED, 0);
	event_at(now + (int64_t)dice((uint64_t)config.fault_gap), throw_more, 0);
}

void faults_end(void)
{
	over = true;
	for (unsigned i = 0; i < TROUBLES_MAX; i++)
		if (trouble[i].active)
			mend(&trouble[i]);
	fault_kinds_end();
}
