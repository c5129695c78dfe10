/* SPDX-License-Identifier: BSD-2-Clause */
#include "model.h"

enum { EPERM = 1, EINVAL = 22, ENOSPC = 28, EOVERFLOW = 75, ENOTSUP = 95 };
enum { SIMPLE = 0x67446698, CHUNK = 0x668e33ef };
enum { DATA = 1, HOLE = 2, EXTENTS = 5, ERROR = 0x8001 };

static bool writes(uint16_t type)
{
	return type == WRITE || type == TRIM || type == ZEROES;
}

uint32_t model_judge(const struct model *m, const struct ask *a)
{
	static const uint16_t flags[] = { FUA | DF, FUA, FUA, FUA, FUA, FUA,
	                                  FUA | NO_HOLE | FAST_ZERO, FUA | REQ_ONE };

	if (a->type > STATUS || a->type == DISC || a->flags & ~flags[a->type])
		return EINVAL;
	if ((a->flags & DF && !m->structured) || (a->type == STATUS && !m->contexts))
		return EINVAL;
	if (a->type == FLUSH)
		return a->offset || a->length ? EINVAL : 0;
	if (a->type <= WRITE && a->length > 32u << 20)
		return a->flags & DF ? EOVERFLOW : EINVAL;
	if (m->read_only && writes(a->type))
		return EPERM;
	if (!a->length)
		return EINVAL;
	if ((unsigned __int128)a->offset + a->length > MODEL_BYTES)
		return a->type == WRITE || a->type == ZEROES ? ENOSPC : EINVAL;
	return a->flags & FAST_ZERO && a->flags & NO_HOLE ? ENOTSUP : 0;
}

void model_owe(struct model *m, const struct ask *a, uint32_t error)
{
	if (m->owed_len == m->owed_size) {
		m->owed_size = m->owed_size * 2 + 16;
		m->owed = realloc(m->owed, m->owed_size * sizeof *m->owed);
		must(m->owed);
	}
	m->owed[m->owed_len++] = (struct owed){ *a, error, m->present };
}

void model_fail(struct model *m, uint32_t error)
{
	m->owed[m->owed_len - 1].error = error;
}

static const uint8_t zeros[MODEL_PAGE];

uint32_t model_put(struct model *m, uint64_t offset, size_t len, const uint8_t *data)
{
	uint32_t error = 0;

	for (size_t n; len; offset += n, data = data ? data + n : NULL, len -= n) {
		uint64_t bit = UINT64_C(1) << offset / MODEL_PAGE;

		n = MODEL_PAGE - offset % MODEL_PAGE;
		n = n < len ? n : len;
		if (!(m->present & bit) && data && !memcmp(data, zeros, n))
			continue;
		if (!(m->present & bit) &&
		    (unsigned)__builtin_popcountll(m->present) >= m->lent) {
			error = ENOSPC;
			continue;
		}
		m->present |= bit;
		memcpy(m->byte + offset, data ? data : zeros, n);
	}
	return error;
}

void model_settle(struct model *m, uint64_t offset, uint64_t end)
{
	for (uint64_t page = offset / MODEL_PAGE; page * MODEL_PAGE < end; page++)
		if (!memcmp(m->byte + page * MODEL_PAGE, zeros, MODEL_PAGE))
			m->present &= ~(UINT64_C(1) << page);
}

void model_erase(struct model *m, uint64_t offset, uint64_t end)
{
	memset(m->byte + offset, 0, end - offset);
	for (uint64_t page = (offset + MODEL_PAGE - 1) / MODEL_PAGE;
	     (page + 1) * MODEL_PAGE <= end; page++)
		m->present &= ~(UINT64_C(1) << page);
}

static uint64_t number(const uint8_t *p, size_t bytes)
{
	uint64_t value = 0;

	while (bytes--)
		value = value << 8 | *p++;
	return value;
}

static bool was_present(const struct owed *o, uint64_t offset)
{
	return o->present >> offset / MODEL_PAGE & 1;
}

/* All pages from OFFSET up to END were there, or none was. */
static void check_run(const struct owed *o, uint64_t offset, uint64_t end, bool present)
{
	for (; offset < end; offset += MODEL_PAGE - offset % MODEL_PAGE)
		must(was_present(o, offset) == present);
}

static void check_extents(const struct owed *o, const uint8_t *data, uint32_t len)
{
	uint64_t at = o->ask.offset, end = at + o->ask.length;

	must(len >= 12 && (len - 4) % 8 == 0 && number(data, 4) == 1);
	must(len == 12 || !(o->ask.flags & REQ_ONE));
	for (const uint8_t *e = data + 4; e < data + len; e += 8) {
		uint64_t n = number(e, 4), state = number(e + 4, 4);

		must(n && n <= end - at && (state == 0 || state == 3));
		check_run(o, at, at + n, state == 0);
		at += n;
	}
	must(at == end || o->ask.flags & REQ_ONE);
}

static void paid(struct model *m)
{
	m->owed_first++;
	m->begun = false;
}

/* Data are sent from the pages, so they are what the pages hold now. */
static size_t hear_data(struct model *m, const uint8_t *data, size_t len)
{
	size_t n = m->to - m->at < len ? (size_t)(m->to - m->at) : len;

	must(memcmp(m->byte + m->at, data, n) == 0);
	m->at += n;
	if (m->at == m->to && m->last)
		paid(m);
	return n;
}

static void expect_data(struct model *m, uint64_t n, bool last)
{
	const struct ask *a = &m->owed[m->owed_first].ask;

	must(n && n <= a->offset + a->length - m->at);
	m->to = m->at + n;
	m->last = last;
	must(last == (m->to == a->offset + a->length));
}

/* 0: there is no whole message yet. */
static size_t hear_simple(struct model *m, const struct owed *o, const uint8_t *p, size_t len)
{
	if (len < 16)
		return 0;
	must(!m->structured || (o->ask.type != READ && o->ask.type != STATUS));
	must(number(p + 4, 4) == o->error && number(p + 8, 8) == o->ask.cookie);
	if (o->ask.type == READ && !o->error)
		expect_data(m, o->ask.length, true);
	else
		paid(m);
	return 16;
}

static void hear_hole(struct model *m, const struct owed *o, uint64_t n, bool last)
{
	must(n && n <= o->ask.offset + o->ask.length - m->at && !(o->ask.flags & DF));
	check_run(o, m->at, m->at + n, false);
	m->at = m->to = m->at + n;
	must(last == (m->at == o->ask.offset + o->ask.length));
	if (last)
		paid(m);
}

static size_t hear_chunk(struct model *m, const struct owed *o, const uint8_t *p, size_t len)
{
	if (len < 20)
		return 0;
	uint32_t flags = (uint32_t)number(p + 4, 2), type = (uint32_t)number(p + 6, 2);
	uint32_t n = (uint32_t)number(p + 16, 4);
	size_t whole = 20 + (type == DATA ? 8 : n);

	must(m->structured && flags <= 1 && number(p + 8, 8) == o->ask.cookie);
	must(whole <= 1024 && (type == ERROR) == (o->error != 0));
	must(o->ask.type == STATUS ? type == EXTENTS || type == ERROR
	                           : o->ask.type == READ && type != EXTENTS);
	if (len < whole)
		return 0;
	if (type == DATA || type == HOLE) {
		must((type == DATA ? n > 8 : n == 12) && number(p + 20, 8) == m->at);
		if (type == DATA)
			expect_data(m, n - 8, flags);
		else
			hear_hole(m, o, number(p + 28, 4), flags);
		return whole;
	}
	must(flags);
	if (type == EXTENTS)
		check_extents(o, p + 20, n);
	else
		must(type == ERROR && n == 6 && number(p + 20, 4) == o->error &&
		     number(p + 24, 2) == 0);
	paid(m);
	return whole;
}

static size_t hear_message(struct model *m, const uint8_t *p, size_t len)
{
	const struct owed *o = &m->owed[m->owed_first];

	if (m->begun && m->at < m->to)
		return hear_data(m, p, len);
	must(m->owed_first < m->owed_len);
	if (len < 4)
		return 0;
	if (!m->begun) {
		m->begun = true;
		m->at = m->to = o->ask.offset;
	}
	if (number(p, 4) == SIMPLE)
		return hear_simple(m, o, p, len);
	must(number(p, 4) == CHUNK);
	return hear_chunk(m, o, p, len);
}

void model_hear(struct model *m, const uint8_t *data, size_t len)
{
	static uint8_t buf[2 * MODEL_BYTES];
	uint8_t *p = buf;

	must(len <= sizeof buf - m->heard);
	memcpy(buf + m->heard, data, len);
	m->heard += len;
	for (size_t n; m->heard; p += n, m->heard -= n) {
		n = hear_message(m, p, m->heard);
		if (!n)
			break;
	}
	memmove(buf, p, m->heard);
}

void model_free(struct model *m)
{
	free(m->owed);
}
