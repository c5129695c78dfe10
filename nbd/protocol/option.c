/* SPDX-License-Identifier: BSD-2-Clause */
#include "option.h"

#include <string.h>

#include "nbd.h"
#include "page.h"


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

static uint16_t export_flags(const struct handshake *h, bool read_only)
{
	return (uint16_t)(NBD_HAS_FLAGS | NBD_SEND_FLUSH | NBD_SEND_FUA |
	                  NBD_SEND_TRIM | NBD_SEND_WRITE_ZEROES |
	                  NBD_CAN_MULTI_CONN | NBD_SEND_CACHE | NBD_SEND_FAST_ZERO |
	                  (h->terms.structured ? NBD_SEND_DF : 0) |
	                  (read_only ? NBD_READ_ONLY : 0));
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

static void send_infos(struct handshake *h, uint32_t option, const struct backend_ask *ask,
                       const struct backend_answer *answer, struct buf *out)
{
	uint8_t *p = option_reply(out, option, NBD_REP_INFO, 12);

	if (p) {
		store16(p, NBD_INFO_EXPORT);
		store64(p + 2, answer->size);
		store16(p + 10, export_flags(h, answer->read_only));
	}
	p = option_reply(out, option, NBD_REP_INFO, 14);
	if (p) {
		store16(p, NBD_INFO_BLOCK_SIZE);
		store32(p + 2, 1);
		store32(p + 6, PAGE_BYTES);
		store32(p + 10, TERMS_REQUEST_BYTES);
	}
	if (ask->wants_name)
		info_text(out, option, NBD_INFO_NAME, answer->name);
	if (ask->wants_description)
		info_text(out, option, NBD_INFO_DESCRIPTION, answer->description);
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

/* What NAME is asked for by. */
static struct backend_ask ask_for(const struct handshake *h, const struct text *name)
{
	return (struct backend_ask){ .name = (const char *)name->data, .len = name->len,
	                             .secured = h->secured, .tls_required = h->tls == TLS_REQUIRE };
}

/* Contexts were chosen for one name only; one that is no export's changes nothing. */
static uint32_t join(struct handshake *h, const struct backend_ask *ask, struct backend_answer *answer)
{
	const struct text name = { (const uint8_t *)ask->name, (uint32_t)ask->len };
	uint32_t error = h->backend->ops->join(h->backend, h->client, ask, answer);

	if (error != NBD_REP_ERR_UNKNOWN && !text_is(&name, (const char *)h->chosen.data, h->chosen.len))
		h->terms.contexts = 0;
	if (!error)
		h->terms.size = answer->size;
	return error;
}

/* Each at most once, however often it was asked for. */
static void take_wanted(struct backend_ask *ask, const uint8_t *wanted, uint16_t n)
{
	for (unsigned i = 0; i < n; i++) {
		ask->wants_name |= load16(wanted + 2 * i) == NBD_INFO_NAME;
		ask->wants_description |= load16(wanted + 2 * i) == NBD_INFO_DESCRIPTION;
	}
}

/* INFO tells about an export, GO also joins it. */
static void info_or_go(struct handshake *h, uint32_t option,
                       const uint8_t *data, uint32_t len, struct buf *out)
{
	struct backend_answer answer;
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
	struct backend_ask ask = ask_for(h, &name);
	take_wanted(&ask, data + 2, n);
	uint32_t error = option == NBD_OPT_GO
	                     ? join(h, &ask, &answer)
	                     : h->backend->ops->info(h->backend, h->client, &ask, &answer);
	if (error) {
		option_refuse(out, option, error, answer.words);
		return;
	}
	send_infos(h, option, &ask, &answer, out);
	option_ack(out, option);
	if (option == NBD_OPT_GO)
		handshake_set_state(h, HANDSHAKE_DONE);
}

/* The old way in. It has no way to refuse but hanging up. */
static void export_name(struct handshake *h, const uint8_t *data, uint32_t len,
                        struct buf *out)
{
	const struct text name = { data, len };
	const struct backend_ask ask = ask_for(h, &name);
	struct backend_answer answer;

	if (join(h, &ask, &answer)) {
		handshake_hang_up(h, "EXPORT_NAME asked for an export that it cannot have");
		return;
	}
	uint8_t *p = buf_add(out, h->no_zeroes ? 10 : 134);
	if (p) {
		memset(p, 0, h->no_zeroes ? 10 : 134);
		store64(p, h->terms.size);
		store16(p + 8, export_flags(h, answer.read_only));
	}
	handshake_set_state(h, HANDSHAKE_DONE);
}

static void list_one(void *out, const char *name)
{
	uint32_t n = (uint32_t)strlen(name);
	uint8_t *p = option_reply(out, NBD_OPT_LIST, NBD_REP_SERVER, 4 + n);

	if (!p)
		return;
	store32(p, n);
	memcpy(p + 4, name, n);
}

static void list(struct handshake *h, uint32_t len, struct buf *out)
{
	if (len) {
		option_refuse(out, NBD_OPT_LIST, NBD_REP_ERR_INVALID, "LIST carries no data");
		return;
	}
	h->backend->ops->list(h->backend, h->client, list_one, out);
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

/* Does it join by a name that is enough where TLS is required? */
static bool is_invited(struct handshake *h, uint32_t option, const uint8_t *data, uint32_t len)
{
	const struct backend_ops *ops = h->backend->ops;
	struct text name = { data, len };

	if (option == NBD_OPT_GO ? !text_take(&data, &len, &name) : option != NBD_OPT_EXPORT_NAME)
		return false;
	return ops->invites && ops->invites(h->backend, h->client, (const char *)name.data, name.len);
}

/* Is OPTION one that must not be said in the open? Then it was refused. */
bool option_needs_tls(struct handshake *h, uint32_t option, const uint8_t *data, uint32_t len,
                      struct buf *out)
{
	if (h->tls != TLS_REQUIRE || h->secured || option == NBD_OPT_STARTTLS ||
	    option == NBD_OPT_ABORT || is_invited(h, option, data, len))
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
