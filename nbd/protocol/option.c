/* SPDX-License-Identifier: BSD-2-Clause */
#include "option.h"

#include <stdio.h>
#include <string.h>

#include "admit.h"
#include "nbd.h"

#define MAX_BLOCK (32u << 20)

/* An option's reply: the header, and room for LEN bytes. */
uint8_t *option_reply(struct buf *out, uint32_t option, uint32_t type,
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

void option_ack(struct buf *out, uint32_t option)
{
	option_reply(out, option, NBD_REP_ACK, 0);
}

void option_refuse(struct buf *out, uint32_t option, uint32_t error,
                   const char *words)
{
	uint32_t len = (uint32_t)strlen(words);
	uint8_t *p = option_reply(out, option, error, len);

	if (p)
		memcpy(p, words, len);
}

bool text_is(const struct text *text, const char *what, size_t len)
{
	return text->len == len && (len == 0 || memcmp(text->data, what, len) == 0);
}

/* Take one off the front of what an option carries; false: it is cut short. */
bool text_take(const uint8_t **data, uint32_t *len, struct text *text)
{
	if (*len < 4 || load32(*data) > *len - 4)
		return false;
	text->len = load32(*data);
	text->data = *data + 4;
	*data += 4 + text->len;
	*len -= 4 + text->len;
	return true;
}

static uint16_t export_flags(const struct handshake *h)
{
	return (uint16_t)(NBD_HAS_FLAGS | NBD_SEND_FLUSH | NBD_SEND_FUA |
	                  NBD_SEND_TRIM | NBD_SEND_WRITE_ZEROES |
	                  NBD_CAN_MULTI_CONN | NBD_SEND_CACHE | NBD_SEND_FAST_ZERO |
	                  (h->terms.structured ? NBD_SEND_DF : 0) |
	                  (h->member->read_only ? NBD_READ_ONLY : 0));
}

/* Contexts were chosen for one name only. */
static uint32_t join(struct handshake *h, const struct text *name, const struct export *e,
                     struct pool *pool, char words[static WORDS_MAX])
{
	if (!text_is(name, (const char *)h->chosen.data, h->chosen.len))
		h->terms.contexts = 0;
	return admit_join(h, e, pool, words);
}

static void info_text(struct buf *out, uint32_t option, enum nbd_info type,
                      const char *text)
{
	uint32_t len = (uint32_t)strlen(text);
	uint8_t *p = option_reply(out, option, NBD_REP_INFO, 2 + len);

	if (!p)
		return;
	store16(p, (uint16_t)type);
	memcpy(p + 2, text, len);
}

/* The name under which a further connection joins what this one is part of. Not where it
 * could be overheard by somebody who could not have claimed himself. */
static void canonical_name(const struct handshake *h, const struct pool *pool,
                           char name[static MEMBER_NAME_MAX])
{
	const struct member *m = h->member;

	if (m->pool && m->owner && (h->secured || (h->tls != TLS_REQUIRE && !*pool->owner)))
		member_tell_name(m, name);
	else
		snprintf(name, MEMBER_NAME_MAX, "%s", pool->name);
}

static void send_infos(struct handshake *h, uint32_t option, struct pool *pool,
                       const uint8_t *wanted, uint16_t n, struct buf *out)
{
	char text[WORDS_MAX];
	uint8_t *p = option_reply(out, option, NBD_REP_INFO, 12);

	if (p) {
		store16(p, NBD_INFO_EXPORT);
		store64(p + 2, pool->size);
		store16(p + 10, export_flags(h));
	}
	p = option_reply(out, option, NBD_REP_INFO, 14);
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
		canonical_name(h, pool, text);
		info_text(out, option, NBD_INFO_NAME, text);
	}
	if (description) {
		pool_describe(pool, text);
		info_text(out, option, NBD_INFO_DESCRIPTION, text);
	}
}

static void structured_reply(struct handshake *h, uint32_t len, struct buf *out)
{
	if (len) {
		option_refuse(out, NBD_OPT_STRUCTURED_REPLY, NBD_REP_ERR_INVALID,
		       "STRUCTURED_REPLY carries no data");
		return;
	}
	h->terms.structured = true;
	option_ack(out, NBD_OPT_STRUCTURED_REPLY);
}

/* INFO tells about a pool, GO also opens it; only GO claims. */
static void info_or_go(struct handshake *h, uint32_t option,
                       const uint8_t *data, uint32_t len, struct buf *out)
{
	char words[WORDS_MAX];
	uint32_t error = 0;
	struct export e;
	struct pool *pool;
	struct text name;
	uint16_t n;

	if (!text_take(&data, &len, &name) || len < 2 ||
	    (n = load16(data), len - 2 != 2u * n)) {
		option_refuse(out, option, NBD_REP_ERR_INVALID,
		       "the option's lengths do not add up");
		return;
	}
	if (name.len > NBD_NAME_MAX) {
		option_refuse(out, option, NBD_REP_ERR_TOO_BIG, "the export name is too long");
		return;
	}
	if (export_parse(&e, (const char *)name.data, name.len) < 0) {
		option_refuse(out, option, NBD_REP_ERR_UNKNOWN,
		       "no such export name: it is POOL, POOL?claim=INSTANCE[&force] or "
		       "POOL@EPOCH.TICKET");
		return;
	}
	pthread_mutex_lock(&h->pools->lock);
	error = option == NBD_OPT_GO ? admit_to(h, &e, &pool, words)
	                             : admit_named(h, &e, &pool, words);
	if (!error)
		error = option == NBD_OPT_GO ? join(h, &name, &e, pool, words)
		                             : admit_would_join(h, &e, pool, words);
	if (!error) {
		h->terms.size = pool->size;
		send_infos(h, option, pool, data + 2, n, out);
		option_ack(out, option);
		if (option == NBD_OPT_GO)
			handshake_set_state(h, HANDSHAKE_DONE);
	}
	pthread_mutex_unlock(&h->pools->lock);
	if (error)
		option_refuse(out, option, error, words);
}

/* The old way in. It has no way to refuse but hanging up. */
static void export_name(struct handshake *h, const uint8_t *data, uint32_t len,
                        struct buf *out)
{
	char words[WORDS_MAX];
	struct text name = { data, len };
	struct export e;
	struct pool *pool;
	bool joined = false;
	uint16_t flags = 0;

	pthread_mutex_lock(&h->pools->lock);
	if (export_parse(&e, (const char *)data, len) == 0 &&
	    admit_to(h, &e, &pool, words) == 0 &&
	    join(h, &name, &e, pool, words) == 0) {
		joined = true;
		h->terms.size = pool->size;
		flags = export_flags(h);
	}
	pthread_mutex_unlock(&h->pools->lock);
	if (!joined) {
		handshake_hang_up(h, "EXPORT_NAME asked for an export that it cannot have");
		return;
	}
	uint8_t *p = buf_add(out, h->no_zeroes ? 10 : 134);
	if (p) {
		memset(p, 0, h->no_zeroes ? 10 : 134);
		store64(p, h->terms.size);
		store16(p + 8, flags);
	}
	handshake_set_state(h, HANDSHAKE_DONE);
}

static void list(struct handshake *h, uint32_t len, struct buf *out)
{
	struct pool *pool;

	if (len) {
		option_refuse(out, NBD_OPT_LIST, NBD_REP_ERR_INVALID, "LIST carries no data");
		return;
	}
	pthread_mutex_lock(&h->pools->lock);
	TAILQ_FOREACH(pool, &h->pools->list, link) {
		uint32_t n = (uint32_t)strlen(pool->name);
		uint8_t *p;

		if (!pool_admits(pool, h->member->identity, &h->member->origin))
			continue;
		p = option_reply(out, NBD_OPT_LIST, NBD_REP_SERVER, 4 + n);

		if (!p)
			break;
		store32(p, n);
		memcpy(p + 4, pool->name, n);
	}
	pthread_mutex_unlock(&h->pools->lock);
	option_ack(out, NBD_OPT_LIST);
}

static void start_tls(struct handshake *h, uint32_t len, struct buf *out)
{
	const char *why = h->tls == TLS_OFF ? "this lender has no TLS"
	                  : h->secured      ? "TLS has already begun"
	                  : len             ? "STARTTLS carries no data"
	                                    : NULL;

	if (why) {
		option_refuse(out, NBD_OPT_STARTTLS,
		       h->tls == TLS_OFF ? NBD_REP_ERR_UNSUP : NBD_REP_ERR_INVALID, why);
		return;
	}
	option_ack(out, NBD_OPT_STARTTLS);
	handshake_set_state(h, HANDSHAKE_TLS);
}

/* Does it open a pool by a ticket? That was told within TLS, so who has it in the open has
 * it from a holder of a key: a kernel's client, for one, which does not speak TLS. */
static bool has_ticket(struct handshake *h, uint32_t option, const uint8_t *data, uint32_t len)
{
	struct text name = { data, len };
	struct export e;

	if (option == NBD_OPT_GO ? !text_take(&data, &len, &name) : option != NBD_OPT_EXPORT_NAME)
		return false;
	if (export_parse(&e, (const char *)name.data, name.len) < 0)
		return false;
	pthread_mutex_lock(&h->pools->lock);
	bool invited = admit_by_ticket(h, &e) != NULL;
	pthread_mutex_unlock(&h->pools->lock);
	return invited;
}

/* Is OPTION one that must not be said in the open? Then it was refused. */
bool option_needs_tls(struct handshake *h, uint32_t option, const uint8_t *data, uint32_t len,
                      struct buf *out)
{
	if (h->tls != TLS_REQUIRE || h->secured || option == NBD_OPT_STARTTLS ||
	    option == NBD_OPT_ABORT || has_ticket(h, option, data, len))
		return false;
	if (option == NBD_OPT_EXPORT_NAME)
		handshake_hang_up(h, "EXPORT_NAME without TLS");
	else
		option_refuse(out, option, NBD_REP_ERR_TLS_REQD, "this lender requires TLS");
	return true;
}

void option_answer(struct handshake *h, uint32_t option,
                         const uint8_t *data, uint32_t len, struct buf *out)
{
	if (option_needs_tls(h, option, data, len, out))
		return;
	if (h->ending && option != NBD_OPT_ABORT) {
		if (option == NBD_OPT_EXPORT_NAME)
			handshake_hang_up(h, NULL);
		else
			option_refuse(out, option, NBD_REP_ERR_SHUTDOWN, "this lender is shutting down");
		return;
	}
	switch (option) {
	case NBD_OPT_EXPORT_NAME:
		export_name(h, data, len, out);
		break;
	case NBD_OPT_ABORT:
		option_ack(out, option);
		handshake_hang_up(h, NULL);
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
		option_meta_context(h, option, data, len, out);
		break;
	case NBD_OPT_INFO:
	case NBD_OPT_GO:
		info_or_go(h, option, data, len, out);
		break;
	default:
		option_refuse(out, option, NBD_REP_ERR_UNSUP, "not supported here");
	}
}
