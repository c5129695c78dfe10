/* SPDX-License-Identifier: BSD-2-Clause */
/* TLS: bytes of anybody before the handshake; or, behind a true one, records that are
 * cut anywhere and altered anywhere. What comes out is what was said, or its beginning. */
#include "fuzz.h"
#include "tlsclient.h"

#define SAID_MAX 100000u

enum { RAW = 1, TLS_1_2 = 2, ALTERED = 4 }; /* switches */

static void put_in_pieces(struct tls_session *s, struct input *in, struct cuts *cuts,
                          struct buf *got)
{
	struct buf out = {0};

	while (in->len) {
		size_t n = next_cut(cuts, in->len);
		uint8_t *block = copy_of(in->data, n), *to = malloc(n + TLS_RECORD_BYTES);
		ssize_t r = tls_decrypt(s, block, n, to, &out);

		if (r > 0)
			buf_put(got, to, (size_t)r);
		free(block);
		free(to);
		in->data += n;
		in->len -= n;
		must(out.len < 65536);
		out.len = 0;
		if (r < 0) {
			must(tls_why(s));
			break;
		}
	}
	buf_free(&out);
}

static void anybody(struct tls *tls, struct input *in, struct cuts *cuts)
{
	struct tls_session *s = tls_open(tls);
	struct buf got = {0};

	must(s);
	put_in_pieces(s, in, cuts, &got);
	must(got.len == 0 && !tls_identity(s));
	tls_close(s);
}

/* As many bytes as the input's numbers say, each its own place's. */
static void say_something(struct tls_client *c, struct input *in, struct buf *said)
{
	for (unsigned turns = 0; in->len >= 2 && turns < 20; turns++) {
		size_t n = take(in, 2) + 1u, done = 0;
		uint8_t *p = said->len + n > SAID_MAX ? NULL : buf_add(said, n);

		if (!p)
			return;
		for (size_t i = 0; i < n; i++)
			p[i] = (uint8_t)((said->len - n + i) * 31 >> 3);
		while (done < n) {
			ssize_t r = gnutls_record_send(c->gnutls, p + done, n - done);

			must(r > 0);
			done += (size_t)r;
		}
	}
}

static void friend(struct tls *tls, unsigned switches, struct input *in, struct cuts *cuts)
{
	static const char *const priority[] = {
		"NORMAL:-VERS-ALL:+VERS-TLS1.3:+ECDHE-PSK",
		"NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+ECDHE-PSK" };
	struct tls_session *s = tls_open(tls);
	struct tls_client c;
	struct buf said = {0}, got = {0};
	uint64_t at = switches & ALTERED ? take(in, 3) : 0;
	unsigned bit = switches & ALTERED ? take(in, 1) & 7 : 0;

	must(s);
	client_begin(&c, "me", CLIENT_KEY, priority[switches & TLS_1_2 ? 1 : 0]);
	must(client_shake(&c, s) == 0 && strcmp(tls_identity(s), "me") == 0);
	say_something(&c, in, &said);
	if (switches & ALTERED && c.out.len)
		c.out.data[at % c.out.len] ^= (uint8_t)(1u << bit);
	put_in_pieces(s, &(struct input){ c.out.data, c.out.len }, cuts, &got);
	must(got.len <= said.len && (!got.len || memcmp(got.data, said.data, got.len) == 0));
	must(switches & ALTERED || got.len == said.len);
	client_end(&c);
	tls_close(s);
	buf_free(&said);
	buf_free(&got);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct tls *tls;
	struct input in = { data, len };
	unsigned switches = (unsigned)take(&in, 1);
	struct cuts cuts = take_cuts(&in);

	if (!tls)
		tls = keyed_tls();
	if (switches & RAW)
		anybody(tls, &in, &cuts);
	else
		friend(tls, switches, &in, &cuts);
	return 0;
}
