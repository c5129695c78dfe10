/* SPDX-License-Identifier: BSD-2-Clause */
/* What passes, taken apart into messages: the fixed newstyle handshake, requests, simple
 * replies. The borrower is refused structured ones. What is not understood (TLS, nonsense)
 * is passed on as it is. */
#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "nbd.h"

#define MESSAGE_MAX (64u << 20)

static void become(struct pair *p, enum phase phase)
{
	p->phase = phase;
}

static struct asked **find(struct pair *p, uint64_t cookie)
{
	struct asked **a = &p->asked;

	while (*a && (*a)->cookie != cookie)
		a = &(*a)->next;
	return a;
}

/* How long the message is that IN begins with: 0 if that is not yet known. */
static size_t to_lender_len(struct pair *p, const uint8_t *in, size_t len)
{
	switch (p->phase) {
	case PHASE_GREETING:
	case PHASE_EXPORT_NAME:
		return 0;
	case PHASE_FLAGS:
		return 4;
	case PHASE_OPTIONS:
		if (len < NBD_OPTION_BYTES)
			return 0;
		if (load64(in) == NBD_OPTION_MAGIC && load32(in + 12) < MESSAGE_MAX)
			return NBD_OPTION_BYTES + load32(in + 12);
		break;
	case PHASE_REQUESTS:
		if (len < NBD_REQUEST_BYTES)
			return 0;
		if (load32(in) != NBD_REQUEST_MAGIC)
			break;
		if (load16(in + 6) != NBD_CMD_WRITE)
			return NBD_REQUEST_BYTES;
		if (load32(in + 24) < MESSAGE_MAX)
			return NBD_REQUEST_BYTES + load32(in + 24);
		break;
	case PHASE_OPAQUE:
		return len;
	}
	become(p, PHASE_OPAQUE);
	return len;
}

static size_t to_borrower_len(struct pair *p, const uint8_t *in, size_t len)
{
	struct asked *a;

	switch (p->phase) {
	case PHASE_GREETING:
		return 18;
	case PHASE_FLAGS:
		return 0;
	case PHASE_OPTIONS:
		if (len < 20)
			return 0;
		if (load64(in) == NBD_REPLY_MAGIC && load32(in + 16) < MESSAGE_MAX)
			return 20 + load32(in + 16);
		break;
	case PHASE_EXPORT_NAME:
		return p->no_zeroes ? 10 : 134;
	case PHASE_REQUESTS:
		if (len < NBD_SIMPLE_BYTES)
			return 0;
		a = *find(p, load64(in + 8));
		if (load32(in) == NBD_SIMPLE_MAGIC && a)
			return NBD_SIMPLE_BYTES +
			       (a->type == NBD_CMD_READ && !load32(in + 4) ? a->length : 0);
		break;
	case PHASE_OPAQUE:
		return len;
	}
	become(p, PHASE_OPAQUE);
	return len;
}

static void say_error(struct pair *p, uint64_t cookie, uint32_t error)
{
	uint8_t reply[NBD_SIMPLE_BYTES];

	store32(reply, NBD_SIMPLE_MAGIC);
	store32(reply + 4, error);
	store64(reply + 8, cookie);
	pair_say(p, TO_BORROWER, reply, sizeof reply, NULL);
}

/* The rules have their say, and what they leave is passed on. */
static void pass(struct pair *p, struct message *m)
{
	rules_apply(m);
	if (m->stray)
		say_error(p, UINT64_MAX, NBD_EIO);
	for (unsigned i = 0; i < m->times; i++)
		pair_say(p, m->side, m->data, m->len, m);
}

static struct message message(enum side side, enum kind kind, uint8_t *data, size_t len)
{
	return (struct message){ .side = side, .kind = kind, .data = data, .len = len,
	                         .head = len, .times = 1, .cut = SIZE_MAX };
}

static void option(struct pair *p, uint8_t *in, size_t len)
{
	struct message m = message(TO_LENDER, KIND_OPTION, in, len);
	uint8_t no[20];

	p->option = load32(in + 8);
	if (p->option == NBD_OPT_STRUCTURED_REPLY) {
		store64(no, NBD_REPLY_MAGIC);
		store32(no + 8, p->option);
		store32(no + 12, NBD_REP_ERR_UNSUP);
		store32(no + 16, 0);
		pair_say(p, TO_BORROWER, no, sizeof no, NULL);
		return;
	}
	if (p->option == NBD_OPT_EXPORT_NAME)
		become(p, PHASE_EXPORT_NAME);
	pass(p, &m);
}

static void option_reply(struct pair *p, uint8_t *in, size_t len)
{
	uint32_t type = load32(in + 12);
	uint8_t *data = in;

	if (type == NBD_REP_ACK && p->option == NBD_OPT_GO)
		become(p, PHASE_REQUESTS);
	if (type == NBD_REP_ACK && p->option == NBD_OPT_STARTTLS)
		become(p, PHASE_OPAQUE);
	if (type == NBD_REP_INFO && len >= 22)
		weather_announce(&data, &len);
	struct message m = message(TO_BORROWER, KIND_OPTION, data, len);
	pass(p, &m);
	if (data != in)
		free(data);
}

static enum kind kind_of(uint16_t type)
{
	return type == NBD_CMD_READ    ? KIND_READ
	       : type == NBD_CMD_WRITE ? KIND_WRITE
	       : type == NBD_CMD_TRIM  ? KIND_TRIM
	                               : KIND_OTHER;
}

static bool is_stuck(const struct way *w)
{
	for (const struct chunk *c = w->first; c; c = c->next)
		if (c->held)
			return true;
	return false;
}

static int request(struct pair *p, uint8_t *in, size_t len)
{
	struct asked *a = calloc(1, sizeof *a);
	struct message m;

	if (!a)
		return -1;
	a->type = load16(in + 6);
	a->cookie = load64(in + 8);
	a->offset = load64(in + 16);
	a->length = load32(in + 24);
	m = message(TO_LENDER, kind_of(a->type), in, len);
	m.head = NBD_REQUEST_BYTES;
	m.offset = a->offset;
	rules_apply(&m);
	if (a->type == NBD_CMD_WRITE && m.times && !m.error && m.cut >= len)
		memory_put(a->offset, in + m.head, len - m.head);
	if (a->type == NBD_CMD_DISC || m.error || !m.times) {
		if (m.error)
			say_error(p, a->cookie, m.error);
		free(a);
	} else {
		a->stuck = (m.stuck || is_stuck(&p->way[TO_LENDER])) &&
		           BIT(m.kind) & (BIT(KIND_WRITE) | BIT(KIND_TRIM));
		a->next = p->asked;
		p->asked = a;
	}
	for (unsigned i = 0; i < m.times && !m.error; i++)
		pair_say(p, TO_LENDER, m.data, m.len, &m);
	return 0;
}

static void reply(struct pair *p, uint8_t *in, size_t len)
{
	struct asked **at = find(p, load64(in + 8)), *a = *at;
	struct message m = message(TO_BORROWER, kind_of(a->type), in, len);

	m.head = NBD_SIMPLE_BYTES;
	m.offset = a->offset;
	if (a->late)
		*(load32(in + 4) ? &refused : &landed) += 1;
	*at = a->next;
	free(a);
	pass(p, &m);
}

static int take_one(struct pair *p, enum side side, uint8_t *in, size_t len)
{
	struct message plain = message(side, KIND_OPTION, in, len);

	if (p->phase == PHASE_REQUESTS && side == TO_LENDER)
		return request(p, in, len);
	if (p->phase == PHASE_REQUESTS)
		reply(p, in, len);
	else if (p->phase == PHASE_OPTIONS && side == TO_LENDER)
		option(p, in, len);
	else if (p->phase == PHASE_OPTIONS)
		option_reply(p, in, len);
	else if (p->phase == PHASE_OPAQUE)
		pair_say(p, side, in, len, NULL);
	else {
		if (p->phase == PHASE_FLAGS)
			p->no_zeroes = load32(in) & NBD_NO_ZEROES;
		become(p, p->phase == PHASE_GREETING ? PHASE_FLAGS
		          : p->phase == PHASE_FLAGS  ? PHASE_OPTIONS
		                                     : PHASE_REQUESTS);
		pass(p, &plain);
	}
	return 0;
}

int wire_take(struct pair *p, enum side side)
{
	struct way *w = &p->way[side];
	size_t used = 0, n;

	while (used < w->in_len) {
		uint8_t *in = w->in + used;
		size_t len = w->in_len - used;

		n = side == TO_LENDER ? to_lender_len(p, in, len) : to_borrower_len(p, in, len);
		if (!n || n > len)
			break;
		if (take_one(p, side, in, n) < 0)
			return -1;
		used += n;
	}
	w->in_len -= used;
	if (used)
		memmove(w->in, w->in + used, w->in_len);
	return 0;
}
