/* SPDX-License-Identifier: BSD-2-Clause */
/* Metadata contexts: which there are, and which a client chose. */
#include "option.h"

static const struct {
	enum context context;
	const char *name;
} contexts[] = {
	{ CONTEXT_ALLOCATION, CONTEXT_ALLOCATION_NAME },
	{ CONTEXT_VACATE, CONTEXT_VACATE_NAME },
};
#define CONTEXTS (sizeof contexts / sizeof *contexts)

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
		if (!text_take(&data, &len, &query))
			return -1;
		for (unsigned i = 0; i < CONTEXTS; i++)
			if (asks_for(&query, contexts[i].name, listing))
				*wanted |= contexts[i].context;
	}
	return len ? -1 : 0;
}

/* In a list an id says nothing, and is 0. */
static void send_contexts(uint32_t option, unsigned wanted, bool listing, struct buf *out)
{
	for (unsigned i = 0; i < CONTEXTS; i++) {
		uint32_t len = (uint32_t)strlen(contexts[i].name);
		uint8_t *p = wanted & contexts[i].context
		                 ? option_reply(out, option, NBD_REP_META_CONTEXT, 4 + len) : NULL;

		if (!p)
			continue;
		store32(p, listing ? 0 : context_id(contexts[i].context));
		memcpy(p + 4, contexts[i].name, len);
	}
	option_ack(out, option);
}

/* LIST tells which contexts there are, SET chooses some, for the export of that
 * name only. */
void option_meta_context(struct handshake *h, uint32_t option, const uint8_t *data,
                         uint32_t len, struct buf *out)
{
	bool listing = option == NBD_OPT_LIST_META_CONTEXT;
	const struct backend_ops *ops = h->backend->ops;
	struct text name;
	unsigned wanted;
	uint32_t n;

	if (!listing)
		h->terms.contexts = 0;
	if (!h->terms.structured) {
		option_refuse(out, option, NBD_REP_ERR_INVALID, "ask for structured replies first");
		return;
	}
	if (!text_take(&data, &len, &name) || len < 4 ||
	    (n = load32(data), wanted_contexts(data + 4, len - 4, n, listing, &wanted) < 0)) {
		option_refuse(out, option, NBD_REP_ERR_INVALID,
		       "the option's lengths do not add up");
		return;
	}
	if (!ops->find(h->backend, h->client, (const char *)name.data, name.len)) {
		option_refuse(out, option, NBD_REP_ERR_UNKNOWN, "no such export");
		return;
	}
	if (listing && n == 0)
		wanted = ~0u;
	if (!ops->wanted)
		wanted &= ~(unsigned)CONTEXT_VACATE;
	if (!listing) {
		h->chosen.len = 0;
		buf_put(&h->chosen, name.data, name.len);
		h->terms.contexts = h->chosen.failed ? 0 : wanted;
	}
	send_contexts(option, wanted, listing, out);
}
