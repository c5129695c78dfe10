/* SPDX-License-Identifier: BSD-2-Clause */
#include "handshake.h"

#include "nbd.h"
#include "option.h"

void handshake_start(struct handshake *h, const struct backend *backend, struct client *client,
                     enum tls_mode tls, struct buf *out)
{
	uint8_t *p = buf_add(out, 18);

	*h = (struct handshake){ .backend = backend, .client = client, .tls = tls,
	                         .room = HANDSHAKE_OUT_MAX };
	handshake_set_state(h, HANDSHAKE_FLAGS);
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
	handshake_set_state(h, HANDSHAKE_OPTION);
}

static size_t feed_flags(struct handshake *h, const uint8_t *in, size_t len)
{
	uint32_t flags;

	if (len < 4)
		return 0;
	flags = load32(in);
	h->no_zeroes = flags & NBD_NO_ZEROES;
	if (flags & ~(uint32_t)(NBD_FIXED_NEWSTYLE | NBD_NO_ZEROES))
		handshake_hang_up(h, "unknown client flags");
	else if (!(flags & NBD_FIXED_NEWSTYLE))
		handshake_hang_up(h, "the client does not speak fixed newstyle");
	else
		handshake_set_state(h, HANDSHAKE_OPTION);
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
		handshake_hang_up(h, "an option without its magic number");
		return len;
	}
	if (n > HANDSHAKE_OPTION_MAX) {
		h->option = option;
		h->skip = n;
		if (option == NBD_OPT_ABORT && n > HANDSHAKE_SKIP_MAX)
			option_answer(h, option, NULL, 0, out); /* whatever it carries */
		else if (n > HANDSHAKE_SKIP_MAX || option == NBD_OPT_EXPORT_NAME)
			handshake_hang_up(h, "an option far too long");
		else
			handshake_set_state(h, HANDSHAKE_SKIP);
		return NBD_OPTION_BYTES;
	}
	if (len - NBD_OPTION_BYTES < n)
		return 0;
	if (++h->options > HANDSHAKE_OPTIONS)
		handshake_hang_up(h, "too many options");
	else
		option_answer(h, option, in + NBD_OPTION_BYTES, n, out);
	return NBD_OPTION_BYTES + n;
}

static size_t feed_skip(struct handshake *h, size_t len, struct buf *out)
{
	size_t n = len < h->skip ? len : h->skip;

	h->skip -= (uint32_t)n;
	if (h->skip)
		return n;
	handshake_set_state(h, HANDSHAKE_OPTION);
	if (++h->options > HANDSHAKE_OPTIONS)
		handshake_hang_up(h, "too many options");
	else if (h->option == NBD_OPT_ABORT)
		option_answer(h, h->option, NULL, 0, out); /* whatever it carried */
	else if (!option_needs_tls(h, h->option, NULL, 0, out))
		option_refuse(out, h->option, NBD_REP_ERR_TOO_BIG, "the option is too long");
	return n;
}

bool handshake_full(const struct handshake *h, const struct buf *out)
{
	return out->len >= HANDSHAKE_OUT_MAX || (out->len && out->len >= h->room);
}

size_t handshake_feed(struct handshake *h, const uint8_t *in, size_t len,
                      struct buf *out)
{
	size_t used = 0;

	while (h->state < HANDSHAKE_TLS && used < len && !handshake_full(h, out)) {
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
		handshake_hang_up(h, "no memory");
	return used;
}
