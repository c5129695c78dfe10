/* SPDX-License-Identifier: BSD-2-Clause */
/* The handshake, and the session behind it if it comes to one. Input: a byte of
 * switches, the cuts, then what a client says. It is said at once and in pieces,
 * and the answers must be the same. */
#include "handshake.h"

#include <sys/random.h>

#include "door.h"
#include "fuzz.h"
#include "lend.h"
#include "member.h"
#include "nbd.h"
#include "session.h"

#define PAGES 16u
/* What chance comes to here, so that both runs are told the same; and a ticket of it. */
#define CHANCE 0x5a
#define TICKET "@8.5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"

/* Switches: what the lender has, and whether it has TLS, or wants it. TLS itself is
 * left out: what stands behind STARTTLS was said within it. */
enum { OWNED = 1, THIN = 2, NONE = 4, TLS = 8, TLS_WANTED = 16, KNOWN = 32 };

struct talk {
	struct pools pools;
	struct backend door;
	struct member me, owner, keeper; /* KEEPER owns "mine" */
	const char *identity; /* that TLS proves */
	struct handshake h;
	struct session s;
	struct buf out, said; /* not taken yet; all so far */
	uint8_t *kept;
	size_t kept_len;
};

ssize_t getrandom(void *p, size_t n, unsigned flags)
{
	(void)flags;
	memset(p, CHANCE, n);
	return (ssize_t)n;
}

static void fence(struct client *c, const char *why)
{
	(void)c, (void)why;
}

/* Nothing about it may differ from one run to the next. */
static void add_pool(struct pools *pools, const char *name, const char *owner, bool thin)
{
	struct pool_spec spec = { .size = PAGES * PAGE_BYTES, .thin = thin };
	char words[WORDS_MAX];
	struct pool *pool;

	strcpy(spec.name, name);
	strcpy(spec.owner, owner);
	must(pool_add(pools, &spec, words) == 0);
	pool = pool_find(pools, name);
	pool->epoch = pool->since = 7;
	strcpy(pool->incarnation, "0123456789abcdef0123456789abcdef");
}

static void take_out(struct talk *t)
{
	buf_put(&t->said, t->out.data, t->out.len);
	t->out.len = 0;
}

static enum tls_mode tls_mode(unsigned switches)
{
	return switches & TLS_WANTED ? TLS_REQUIRE : switches & TLS ? TLS_ALLOW : TLS_OFF;
}

static void own(struct member *m, struct pool *pool)
{
	char words[WORDS_MAX], name[MEMBER_NAME_MAX];

	must(member_claim(m, pool, "o", false, words) == 0);
	pool->owner_since = 0;
	member_tell_name(m, name);
	must(strcmp(name + strlen(pool->name), TICKET) == 0);
}

static struct client who(const char *peer)
{
	return (struct client){ .ops = door_to(NULL).ops, .peer = peer, .hang_up = fence };
}

static void talk_begin(struct talk *t, unsigned switches)
{
	*t = (struct talk){ .door = door_to(&t->pools), .me.client = who("me"),
	                    .owner.client = who("owner"), .keeper.client = who("owner") };
	t->identity = switches & KNOWN ? "me" : NULL;
	pools_init(&t->pools, 3 * PAGES * PAGE_BYTES);
	if (!(switches & NONE)) {
		add_pool(&t->pools, "p", "", false);
		add_pool(&t->pools, "q", "", switches & THIN);
		if (tls_mode(switches) != TLS_OFF)
			add_pool(&t->pools, "mine", "me", false);
	}
	if (switches & OWNED && !(switches & NONE)) {
		own(&t->owner, pool_find(&t->pools, "p"));
		if (tls_mode(switches) != TLS_OFF)
			own(&t->keeper, pool_find(&t->pools, "mine"));
	}
	handshake_start(&t->h, &t->door, &t->me.client, tls_mode(switches), &t->out);
	take_out(t);
}

static void talk_end(struct talk *t)
{
	member_leave(&t->me);
	member_leave(&t->owner);
	member_leave(&t->keeper);
	pools_free(&t->pools);
	session_free(&t->s);
	handshake_end(&t->h);
	buf_free(&t->out);
	buf_free(&t->said);
	free(t->kept);
}

static void take_replies(struct talk *t)
{
	static struct gather g;

	while (replies_owed(&t->s.replies)) {
		must(member_enter(&t->me) == 0);
		replies_gather(&t->s.replies, &t->me.client, &g);
		must(g.vectors && g.vectors <= GATHER_VECTORS && g.bytes);
		member_exit(&t->me);
		replies_sent(&t->s.replies, g.bytes);
	}
	must(t->s.replies.sent == 0);
}

/* What conn.c does with a session; replies are looked at in transmission.c. */
static size_t feed_session(struct talk *t, const uint8_t *in, size_t len)
{
	uint64_t turn = 5;
	size_t used = 0;

	if (t->s.state == SESSION_ERASE) {
		must(session_erase(&t->s, &turn) == 0);
	} else {
		must(member_enter(&t->me) == 0);
		used = session_feed(&t->s, in, len);
		member_exit(&t->me);
	}
	if (session_full(&t->s))
		take_replies(t);
	return used;
}

static bool ended(const struct talk *t)
{
	return t->h.state == HANDSHAKE_CLOSE ||
	       t->s.state == SESSION_ENDING || t->s.state == SESSION_BROKEN;
}

static size_t feed_once(struct talk *t, const uint8_t *in, size_t len)
{
	if (t->h.state == HANDSHAKE_DONE)
		return feed_session(t, in, len);
	size_t used = handshake_feed(&t->h, in, len, &t->out);
	must(used <= len && !t->out.failed);
	must((t->h.state == HANDSHAKE_DONE) == (t->me.pool != NULL));
	take_out(t);
	if (t->h.state == HANDSHAKE_TLS) {
		t->me.client.identity = t->identity;
		handshake_secured(&t->h);
	}
	/* Who owns it in the open, or without being known, came by a ticket. */
	must(t->h.tls != TLS_REQUIRE || t->h.secured || !t->me.pool ||
	     (t->me.owner && (t->owner.pool || t->keeper.pool)));
	if (t->h.state == HANDSHAKE_DONE) {
		must(strcmp(t->me.pool->name, "mine") != 0 || (t->h.secured && t->identity) ||
		     (t->me.owner && t->keeper.pool));
		must(t->h.terms.size == t->me.pool->size);
		must(t->h.terms.structured || !t->h.terms.contexts);
		session_start(&t->s, &t->me.client, &t->h.terms);
	}
	return used;
}

/* LEN bytes arrive behind those that were kept. */
static void arrive(struct talk *t, const uint8_t *data, size_t len)
{
	bool more;

	t->kept = realloc(t->kept, t->kept_len + len + 1);
	must(t->kept);
	memcpy(t->kept + t->kept_len, data, len);
	t->kept_len += len;
	do {
		bool erasing = t->s.state == SESSION_ERASE;
		uint8_t *block = copy_of(t->kept, t->kept_len);
		size_t used = feed_once(t, block, t->kept_len);

		free(block);
		must(used <= t->kept_len);
		t->kept_len -= used;
		memmove(t->kept, t->kept + used, t->kept_len);
		more = used || erasing || t->s.state == SESSION_ERASE;
	} while (more && !ended(t));
	if (!ended(t))
		must(t->kept_len < (t->me.pool ? REQUEST_KEEP_BYTES : HANDSHAKE_KEEP_BYTES + 1));
}

/* A string with its length before it comes off the front, if there is one. */
static bool pass_text(struct input *in)
{
	uint64_t n = in->len < 4 ? UINT64_MAX : take(in, 4);

	if (n > in->len)
		return false;
	in->data += n;
	in->len -= n;
	return true;
}

static bool adds_up(uint32_t option, struct input in)
{
	uint64_t n;

	if (!pass_text(&in))
		return false;
	if (option == NBD_OPT_INFO || option == NBD_OPT_GO)
		return in.len >= 2 && (n = take(&in, 2), in.len == 2 * n);
	if (in.len < 4)
		return false;
	for (n = take(&in, 4); n && pass_text(&in); n--)
		;
	return n == 0 && in.len == 0;
}

/* Does GO name a pool by the ticket that its owner was told? */
static bool by_ticket(const struct talk *t, uint32_t option, struct input in)
{
	const char *name = (const char *)in.data + 4;
	struct input text = in;

	if (option != NBD_OPT_GO || !t->keeper.pool || !pass_text(&text))
		return false;
	size_t len = (size_t)(text.data - in.data) - 4, n = len < strlen(TICKET) ? 0 : len - strlen(TICKET);
	return len > n && memcmp(name + n, TICKET, len - n) == 0 &&
	       ((n == 1 && *name == 'p') || (n == 4 && memcmp(name, "mine", 4) == 0));
}

/* How an option must be answered in the end; 0: otherwise than as malformed. */
static uint32_t judge(const struct talk *t, uint32_t option, struct input in, bool secured,
                      bool structured)
{
	enum tls_mode tls = t->h.tls;

	if (tls == TLS_REQUIRE && !secured && option != NBD_OPT_STARTTLS &&
	    option != NBD_OPT_ABORT && !by_ticket(t, option, in))
		return NBD_REP_ERR_TLS_REQD;
	if (in.len > HANDSHAKE_OPTION_MAX)
		return NBD_REP_ERR_TOO_BIG;
	switch (option) {
	case NBD_OPT_ABORT:
		return NBD_REP_ACK;
	case NBD_OPT_STARTTLS:
		return tls == TLS_OFF        ? NBD_REP_ERR_UNSUP
		       : secured || in.len ? NBD_REP_ERR_INVALID : NBD_REP_ACK;
	case NBD_OPT_LIST:
	case NBD_OPT_STRUCTURED_REPLY:
		return in.len ? NBD_REP_ERR_INVALID : NBD_REP_ACK;
	case NBD_OPT_INFO:
	case NBD_OPT_GO:
		return !adds_up(option, in)            ? NBD_REP_ERR_INVALID
		       : take(&in, 4) > NBD_NAME_MAX ? NBD_REP_ERR_TOO_BIG : 0;
	case NBD_OPT_LIST_META_CONTEXT:
	case NBD_OPT_SET_META_CONTEXT:
		return structured && adds_up(option, in) ? 0 : NBD_REP_ERR_INVALID;
	}
	return 0;
}

/* The replies to OPTION come off the front of SAID: the last one's type. */
static uint32_t pass_replies(struct input *said, uint32_t option)
{
	uint32_t type;

	do {
		must(take(said, 8) == NBD_REPLY_MAGIC && take(said, 4) == option);
		type = (uint32_t)take(said, 4);
		must(pass_text(said));
	} while (type != NBD_REP_ACK && type < NBD_REP_ERR_UNSUP);
	return type;
}

/* Every option that came whole is answered as it must be, and nothing else is. */
static void check_replies(const struct talk *t, struct input in)
{
	struct input said = { t->said.data + 18, t->said.len - 18 };
	uint32_t option, len, want, got;
	bool structured = false, secured = false;

	must(t->said.len >= 18);
	for (take(&in, 4); said.len; in.data += len, in.len -= len) {
		must(take(&in, 8) == NBD_OPTION_MAGIC);
		option = (uint32_t)take(&in, 4);
		len = (uint32_t)take(&in, 4);
		if (option == NBD_OPT_ABORT && len > HANDSHAKE_SKIP_MAX) {
			must(pass_replies(&said, option) == NBD_REP_ACK && said.len == 0);
			return; /* answered before its data, which nobody waits for */
		}
		must(len <= in.len);
		if (option == NBD_OPT_EXPORT_NAME) {
			must(t->me.pool && said.len == (t->h.no_zeroes ? 10 : 134));
			return;
		}
		want = judge(t, option, (struct input){ in.data, len }, secured, structured);
		got = pass_replies(&said, option);
		must(want ? got == want
		          : got != NBD_REP_ERR_INVALID && got != NBD_REP_ERR_TOO_BIG);
		structured |= option == NBD_OPT_STRUCTURED_REPLY && got == NBD_REP_ACK;
		if (option == NBD_OPT_STARTTLS && got == NBD_REP_ACK) {
			secured = true;
			structured = false;
		}
	}
	must(secured == t->h.secured);
	/* None is left over. */
	if (!ended(t) && !t->me.pool && in.len >= 16)
		must(load32(in.data + 12) > in.len - 16);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = { data, len }, all;
	unsigned switches = (unsigned)take(&in, 1);
	struct cuts cuts = take_cuts(&in);
	struct talk whole, cut;

	all = in;
	talk_begin(&whole, switches);
	talk_begin(&cut, switches);
	if (in.len)
		arrive(&whole, in.data, in.len);
	for (size_t n; in.len && !ended(&cut); in.data += n, in.len -= n) {
		n = next_cut(&cuts, in.len);
		arrive(&cut, in.data, n);
	}
	check_replies(&whole, all);
	must(whole.h.state == cut.h.state && whole.s.state == cut.s.state);
	must(whole.s.at == cut.s.at && whole.s.left == cut.s.left);
	must(whole.said.len == cut.said.len);
	must(memcmp(whole.said.data, cut.said.data, cut.said.len) == 0);
	take_replies(&whole);
	take_replies(&cut);
	talk_end(&whole);
	talk_end(&cut);
	return 0;
}
