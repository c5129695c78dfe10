/* SPDX-License-Identifier: BSD-2-Clause */
#include "handshake.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "nbd.h"

#define MAX_BLOCK (32u << 20)

static const struct {
	enum context context;
	uint32_t id;
	const char *name;
} contexts[] = {
	{ CONTEXT_ALLOCATION, 1, "base:allocation" },
	{ CONTEXT_VACATE, 2, "x-farpage:vacate" },
};
#define CONTEXTS (sizeof contexts / sizeof *contexts)

static void set_state(struct handshake *h, enum handshake_state state)
{
	h->state = state;
}

static void hang_up(struct handshake *h, const char *why)
{
	h->why = why;
	set_state(h, HANDSHAKE_CLOSE);
}

void handshake_start(struct handshake *h, struct pools *pools, struct member *member,
                     enum tls_mode tls, struct buf *out)
{
	uint8_t *p = buf_add(out, 18);

	*h = (struct handshake){ .pools = pools, .member = member, .tls = tls };
	set_state(h, HANDSHAKE_FLAGS);
	if (!p)
		return;
	store64(p, NBD_MAGIC);
	store64(p + 8, NBD_OPTION_MAGIC);
	store16(p + 16, NBD_FIXED_NEWSTYLE | NBD_NO_ZEROES);
}

void handshake_end(struct handshake *h)
{
	buf_free(&h->chosen);
}

void handshake_secured(struct handshake *h)
{
	h->secured = true;
	h->terms = (struct terms){0};
	buf_free(&h->chosen);
	h->member->read_only = false;
	set_state(h, HANDSHAKE_OPTION);
}

/* An option's reply: the header, and room for LEN bytes. */
static uint8_t *reply(struct buf *out, uint32_t option, uint32_t type,
                      uint32_t len)
{
	uint8_t *p = buf_add(out, 20 + len);

	if (!p)
		return NULL;
	store64(p, NBD_REPLY_MAGIC);
	store32(p + 8, option);
	store32(p + 12, type);
	store32(p + 16, len);
	return p + 20;
}

static void ack(struct buf *out, uint32_t option)
{
	reply(out, option, NBD_REP_ACK, 0);
}

static void refuse(struct buf *out, uint32_t option, uint32_t error,
                   const char *words)
{
	uint32_t len = (uint32_t)strlen(words);
	uint8_t *p = reply(out, option, error, len);

	if (p)
		memcpy(p, words, len);
}

static uint16_t export_flags(const struct handshake *h)
{
	return (uint16_t)(NBD_HAS_FLAGS | NBD_SEND_FLUSH | NBD_SEND_FUA |
	                  NBD_SEND_TRIM | NBD_SEND_WRITE_ZEROES |
	                  NBD_CAN_MULTI_CONN | NBD_SEND_CACHE | NBD_SEND_FAST_ZERO |
	                  (h->terms.structured ? NBD_SEND_DF : 0) |
	                  (h->member->read_only ? NBD_READ_ONLY : 0));
}

/* An option's string: its length (4 bytes), its bytes. */
struct text {
	const uint8_t *data;
	uint32_t len;
};

static bool text_is(const struct text *text, const char *what, size_t len)
{
	return text->len == len && (len == 0 || memcmp(text->data, what, len) == 0);
}

/* Become a member as the name says. 0, or an option's error with words. */
static uint32_t join(struct handshake *h, const struct text *name, const struct export *e,
                     struct pool *pool, char words[static POOL_WORDS_MAX])
{
	int r = -1;

	if (!text_is(name, (const char *)h->chosen.data, h->chosen.len))
		h->terms.contexts = 0;
	switch (e->how) {
	case EXPORT_PLAIN:
		r = member_join(h->member, pool);
		break;
	case EXPORT_EPOCH:
		r = member_join_epoch(h->member, pool, e->epoch, words);
		break;
	case EXPORT_CLAIM:
		r = member_claim(h->member, pool, e->instance, e->force, words);
		break;
	}
	return r < 0 ? NBD_REP_ERR_POLICY : 0;
}

static uint32_t find_pool(struct handshake *h, const struct export *e,
                          struct pool **pool, char words[static POOL_WORDS_MAX])
{
	*pool = pool_offered(h->pools, e->name, h->member->identity);
	if (*pool)
		return 0;
	if (*e->name)
		snprintf(words, POOL_WORDS_MAX, "no pool is called %s", e->name);
	else
		snprintf(words, POOL_WORDS_MAX, "no pool is lent here");
	return NBD_REP_ERR_UNKNOWN;
}

static void info_text(struct buf *out, uint32_t option, enum nbd_info type,
                      const char *text)
{
	uint32_t len = (uint32_t)strlen(text);
	uint8_t *p = reply(out, option, NBD_REP_INFO, 2 + len);

	if (!p)
		return;
	store16(p, (uint16_t)type);
	memcpy(p + 2, text, len);
}

/* The name under which further connections join what this one is part of. */
static void canonical_name(const struct export *e, const struct pool *pool,
                           const struct member *m, char name[static 128])
{
	if (e->how == EXPORT_PLAIN || !m->pool)
		snprintf(name, 128, "%s", pool->name);
	else
		snprintf(name, 128, "%s@%llu", pool->name,
		         (unsigned long long)m->epoch);
}

static void send_infos(struct handshake *h, uint32_t option,
                       const struct export *e, struct pool *pool,
                       const uint8_t *wanted, uint16_t n, struct buf *out)
{
	char text[POOL_WORDS_MAX];
	uint8_t *p = reply(out, option, NBD_REP_INFO, 12);

	if (p) {
		store16(p, NBD_INFO_EXPORT);
		store64(p + 2, pool->size);
		store16(p + 10, export_flags(h));
	}
	p = reply(out, option, NBD_REP_INFO, 14);
	if (p) {
		store16(p, NBD_INFO_BLOCK_SIZE);
		store32(p + 2, 1);
		store32(p + 6, PAGE_SIZE);
		store32(p + 10, MAX_BLOCK);
	}
	/* Each at most once, however often it was asked for. */
	bool name = false, description = false;
	for (unsigned i = 0; i < n; i++) {
		name |= load16(wanted + 2 * i) == NBD_INFO_NAME;
		description |= load16(wanted + 2 * i) == NBD_INFO_DESCRIPTION;
	}
	if (name) {
		canonical_name(e, pool, h->member, text);
		info_text(out, option, NBD_INFO_NAME, text);
	}
	if (description) {
		pool_describe(pool, text);
		info_text(out, option, NBD_INFO_DESCRIPTION, text);
	}
}

/* Take one off the front of what an option carries; false: it is cut short. */
static bool take_text(const uint8_t **data, uint32_t *len, struct text *text)
{
	if (*len < 4 || load32(*data) > *len - 4)
		return false;
	text->len = load32(*data);
	text->data = *data + 4;
	*data += 4 + text->len;
	*len -= 4 + text->len;
	return true;
}

/* Does QUERY ask for the context NAME? A list also takes "base:", for all of them. */
static bool asks_for(const struct text *query, const char *name, bool listing)
{
	return text_is(query, name, strlen(name)) ||
	       (listing && text_is(query, name, strcspn(name, ":") + 1));
}

/* The contexts that N queries ask for; -1: their lengths do not add up. */
static int wanted_contexts(const uint8_t *data, uint32_t len, uint32_t n, bool listing,
                           unsigned *wanted)
{
	struct text query;

	for (*wanted = 0; n; n--) {
		if (!take_text(&data, &len, &query))
			return -1;
		for (unsigned i = 0; i < CONTEXTS; i++)
			if (asks_for(&query, contexts[i].name, listing))
				*wanted |= contexts[i].context;
	}
	return len ? -1 : 0;
}

static void send_contexts(uint32_t option, unsigned wanted, struct buf *out)
{
	for (unsigned i = 0; i < CONTEXTS; i++) {
		uint32_t len = (uint32_t)strlen(contexts[i].name);
		uint8_t *p = wanted & contexts[i].context
		                 ? reply(out, option, NBD_REP_META_CONTEXT, 4 + len) : NULL;

		if (!p)
			continue;
		store32(p, contexts[i].id);
		memcpy(p + 4, contexts[i].name, len);
	}
	ack(out, option);
}

/* LIST tells which contexts there are, SET chooses some, for the export of that
 * name only. */
static void meta_context(struct handshake *h, uint32_t option, const uint8_t *data,
                         uint32_t len, struct buf *out)
{
	bool listing = option == NBD_OPT_LIST_META_CONTEXT;
	char words[POOL_WORDS_MAX];
	struct pool *pool;
	struct export e;
	struct text name;
	unsigned wanted;
	uint32_t n;

	if (!listing)
		h->terms.contexts = 0;
	if (!h->terms.structured) {
		refuse(out, option, NBD_REP_ERR_INVALID, "ask for structured replies first");
		return;
	}
	if (!take_text(&data, &len, &name) || len < 4 ||
	    (n = load32(data), wanted_contexts(data + 4, len - 4, n, listing, &wanted) < 0)) {
		refuse(out, option, NBD_REP_ERR_INVALID,
		       "the option's lengths do not add up");
		return;
	}
	pthread_mutex_lock(&h->pools->lock);
	bool known = export_parse(&e, (const char *)name.data, name.len) == 0 &&
	             find_pool(h, &e, &pool, words) == 0;
	pthread_mutex_unlock(&h->pools->lock);
	if (!known) {
		refuse(out, option, NBD_REP_ERR_UNKNOWN, "no such export");
		return;
	}
	if (listing && n == 0)
		wanted = ~0u;
	if (!listing) {
		h->chosen.len = 0;
		buf_put(&h->chosen, name.data, name.len);
		h->terms.contexts = h->chosen.failed ? 0 : wanted;
	}
	send_contexts(option, wanted, out);
}

static void structured_reply(struct handshake *h, uint32_t len, struct buf *out)
{
	if (len) {
		refuse(out, NBD_OPT_STRUCTURED_REPLY, NBD_REP_ERR_INVALID,
		       "STRUCTURED_REPLY carries no data");
		return;
	}
	h->terms.structured = true;
	ack(out, NBD_OPT_STRUCTURED_REPLY);
}

/* INFO tells about a pool, GO also opens it; only GO claims. */
static void info_or_go(struct handshake *h, uint32_t option,
                       const uint8_t *data, uint32_t len, struct buf *out)
{
	char words[POOL_WORDS_MAX];
	uint32_t error = 0;
	struct export e;
	struct pool *pool;
	struct text name;
	uint16_t n;

	if (!take_text(&data, &len, &name) || len < 2 ||
	    (n = load16(data), len - 2 != 2u * n)) {
		refuse(out, option, NBD_REP_ERR_INVALID,
		       "the option's lengths do not add up");
		return;
	}
	if (name.len > NBD_NAME_MAX) {
		refuse(out, option, NBD_REP_ERR_TOO_BIG, "the export name is too long");
		return;
	}
	if (export_parse(&e, (const char *)name.data, name.len) < 0) {
		refuse(out, option, NBD_REP_ERR_UNKNOWN,
		       "no such export name: it is POOL, POOL@EPOCH or "
		       "POOL?claim=INSTANCE[&force]");
		return;
	}
	pthread_mutex_lock(&h->pools->lock);
	error = find_pool(h, &e, &pool, words);
	if (!error && option == NBD_OPT_GO)
		error = join(h, &name, &e, pool, words);
	else if (!error) /* as GO would */
		h->member->read_only = e.how == EXPORT_PLAIN && pool_owned(pool);
	if (!error) {
		h->terms.size = pool->size;
		send_infos(h, option, &e, pool, data + 2, n, out);
		ack(out, option);
		if (option == NBD_OPT_GO)
			set_state(h, HANDSHAKE_DONE);
	}
	pthread_mutex_unlock(&h->pools->lock);
	if (error)
		refuse(out, option, error, words);
}

/* The old way in. It has no way to refuse but hanging up. */
static void export_name(struct handshake *h, const uint8_t *data, uint32_t len,
                        struct buf *out)
{
	char words[POOL_WORDS_MAX];
	struct text name = { data, len };
	struct export e;
	struct pool *pool;
	bool joined = false;
	uint16_t flags = 0;

	pthread_mutex_lock(&h->pools->lock);
	if (export_parse(&e, (const char *)data, len) == 0 &&
	    find_pool(h, &e, &pool, words) == 0 &&
	    join(h, &name, &e, pool, words) == 0) {
		joined = true;
		h->terms.size = pool->size;
		flags = export_flags(h);
	}
	pthread_mutex_unlock(&h->pools->lock);
	if (!joined) {
		hang_up(h, "EXPORT_NAME asked for what it cannot have");
		return;
	}
	uint8_t *p = buf_add(out, h->no_zeroes ? 10 : 134);
	if (p) {
		memset(p, 0, h->no_zeroes ? 10 : 134);
		store64(p, h->terms.size);
		store16(p + 8, flags);
	}
	set_state(h, HANDSHAKE_DONE);
}

static void list(struct handshake *h, uint32_t len, struct buf *out)
{
	struct pool *pool;

	if (len) {
		refuse(out, NBD_OPT_LIST, NBD_REP_ERR_INVALID, "LIST carries no data");
		return;
	}
	pthread_mutex_lock(&h->pools->lock);
	TAILQ_FOREACH(pool, &h->pools->list, link) {
		uint32_t n = (uint32_t)strlen(pool->name);
		uint8_t *p;

		if (!pool_admits(pool, h->member->identity))
			continue;
		p = reply(out, NBD_OPT_LIST, NBD_REP_SERVER, 4 + n);

		if (!p)
			break;
		store32(p, n);
		memcpy(p + 4, pool->name, n);
	}
	pthread_mutex_unlock(&h->pools->lock);
	ack(out, NBD_OPT_LIST);
}

static void start_tls(struct handshake *h, uint32_t len, struct buf *out)
{
	const char *why = h->tls == TLS_OFF ? "this lender has no TLS"
	                  : h->secured      ? "TLS has begun already"
	                  : len             ? "STARTTLS carries no data"
	                                    : NULL;

	if (why) {
		refuse(out, NBD_OPT_STARTTLS,
		       h->tls == TLS_OFF ? NBD_REP_ERR_UNSUP : NBD_REP_ERR_INVALID, why);
		return;
	}
	ack(out, NBD_OPT_STARTTLS);
	set_state(h, HANDSHAKE_TLS);
}

/* Is OPTION one that must not be said in the open? Then it was refused. */
static bool needs_tls(struct handshake *h, uint32_t option, struct buf *out)
{
	if (h->tls != TLS_REQUIRE || h->secured || option == NBD_OPT_STARTTLS ||
	    option == NBD_OPT_ABORT)
		return false;
	if (option == NBD_OPT_EXPORT_NAME)
		hang_up(h, "EXPORT_NAME without TLS");
	else
		refuse(out, option, NBD_REP_ERR_TLS_REQD, "this lender wants TLS");
	return true;
}

static void option_whole(struct handshake *h, uint32_t option,
                         const uint8_t *data, uint32_t len, struct buf *out)
{
	if (needs_tls(h, option, out))
		return;
	switch (option) {
	case NBD_OPT_EXPORT_NAME:
		export_name(h, data, len, out);
		break;
	case NBD_OPT_ABORT:
		ack(out, option);
		hang_up(h, NULL);
		break;
	case NBD_OPT_LIST:
		list(h, len, out);
		break;
	case NBD_OPT_STARTTLS:
		start_tls(h, len, out);
		break;
	case NBD_OPT_STRUCTURED_REPLY:
		structured_reply(h, len, out);
		break;
	case NBD_OPT_LIST_META_CONTEXT:
	case NBD_OPT_SET_META_CONTEXT:
		meta_context(h, option, data, len, out);
		break;
	case NBD_OPT_INFO:
	case NBD_OPT_GO:
		info_or_go(h, option, data, len, out);
		break;
	default:
		refuse(out, option, NBD_REP_ERR_UNSUP, "not supported here");
	}
}

static size_t feed_flags(struct handshake *h, const uint8_t *in, size_t len)
{
	uint32_t flags;

	if (len < 4)
		return 0;
	flags = load32(in);
	h->no_zeroes = flags & NBD_NO_ZEROES;
	if (flags & ~(uint32_t)(NBD_FIXED_NEWSTYLE | NBD_NO_ZEROES))
		hang_up(h, "unknown client flags");
	else if (!(flags & NBD_FIXED_NEWSTYLE))
		hang_up(h, "the client does not speak fixed newstyle");
	else
		set_state(h, HANDSHAKE_OPTION);
	return 4;
}

static size_t feed_option(struct handshake *h, const uint8_t *in, size_t len,
                          struct buf *out)
{
	uint32_t option, n;

	if (len < NBD_OPTION_BYTES)
		return 0;
	option = load32(in + 8);
	n = load32(in + 12);
	if (load64(in) != NBD_OPTION_MAGIC) {
		hang_up(h, "an option without its magic number");
		return len;
	}
	if (n > HANDSHAKE_OPTION_MAX) {
		h->option = option;
		h->skip = n;
		if (n > HANDSHAKE_SKIP_MAX || option == NBD_OPT_EXPORT_NAME)
			hang_up(h, "an option far too long");
		else
			set_state(h, HANDSHAKE_SKIP);
		return NBD_OPTION_BYTES;
	}
	if (len - NBD_OPTION_BYTES < n)
		return 0;
	if (++h->options > HANDSHAKE_OPTIONS)
		hang_up(h, "too many options");
	else
		option_whole(h, option, in + NBD_OPTION_BYTES, n, out);
	return NBD_OPTION_BYTES + n;
}

static size_t feed_skip(struct handshake *h, size_t len, struct buf *out)
{
	size_t n = len < h->skip ? len : h->skip;

	h->skip -= (uint32_t)n;
	if (h->skip)
		return n;
	if (++h->options > HANDSHAKE_OPTIONS)
		hang_up(h, "too many options");
	else {
		if (!needs_tls(h, h->option, out))
			refuse(out, h->option, NBD_REP_ERR_TOO_BIG, "the option is too long");
		set_state(h, HANDSHAKE_OPTION);
	}
	return n;
}

size_t handshake_feed(struct handshake *h, const uint8_t *in, size_t len,
                      struct buf *out)
{
	size_t used = 0;

	while (h->state < HANDSHAKE_TLS && used < len && out->len < HANDSHAKE_OUT_MAX) {
		size_t n = h->state == HANDSHAKE_FLAGS
		               ? feed_flags(h, in + used, len - used)
		           : h->state == HANDSHAKE_OPTION
		               ? feed_option(h, in + used, len - used, out)
		               : feed_skip(h, len - used, out);
		if (n == 0)
			break;
		used += n;
	}
	if (out->failed)
		hang_up(h, "no memory");
	return used;
}
