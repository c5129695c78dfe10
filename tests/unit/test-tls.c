/* SPDX-License-Identifier: BSD-2-Clause */
/* TLS as a filter: whatever way its bytes are cut, what was said comes out, or
 * nothing does. */
#include "unit.h"

#define must(what) assert_true(what)
#include "tlsclient.h"

#define TLS13 "NORMAL:-VERS-ALL:+VERS-TLS1.3:+ECDHE-PSK"
#define TLS12 "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+ECDHE-PSK"

static struct tls *tls;
static struct tls_client client;
static struct tls_session *session;

static int setup(void **state)
{
	(void)state;
	tls = keyed_tls();
	session = tls_open(tls);
	return session ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	client_end(&client);
	tls_close(session);
	tls_free(tls);
	return 0;
}

static void shaken(const char *priority)
{
	client_begin(&client, "me", CLIENT_KEY, priority);
	assert_null(tls_identity(session));
	assert_int_equal(client_shake(&client, session), 0);
	assert_string_equal(tls_identity(session), "me");
}

/* What CLIENT.out holds, in pieces of CUT bytes, is DATA in the end. */
static void comes_out(const uint8_t *data, size_t len, size_t cut)
{
	uint8_t *got = malloc(len + client.out.len + TLS_RECORD_BYTES);
	size_t at = 0, n = 0;

	while (at < client.out.len) {
		size_t some = client.out.len - at < cut ? client.out.len - at : cut;
		ssize_t r = tls_decrypt(session, client.out.data + at, some, got + n, &client.in);

		assert_true(r >= 0);
		n += (size_t)r;
		at += some;
	}
	client.out.len = 0;
	assert_int_equal(n, len);
	assert_memory_equal(got, data, len);
	free(got);
}

static void fill_with(uint8_t *data, size_t len, unsigned seed)
{
	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)((seed = seed * 1103515245 + 12345) >> 16);
}

static void there_and_back(const char *priority)
{
	static const size_t lengths[] = { 1, 28, 4096, 4124, 16384, 16385, 100000 };
	static const size_t cuts[] = { 1, 5, 4096, 100000000 };
	static uint8_t data[100000], back[100000];

	shaken(priority);
	for (size_t l = 0; l < COUNT(lengths); l++)
		for (size_t c = 0; c < COUNT(cuts); c++) {
			size_t len = lengths[l], n = 0;
			struct iovec vector[] = { { data, len / 3 }, { data + len / 3, 0 },
			                          { data + len / 3, len - len / 3 } };

			fill_with(data, len, (unsigned)(l * 7 + c));
			while (n < len)
				n += (size_t)gnutls_record_send(client.gnutls, data + n, len - n);
			comes_out(data, len, cuts[c]);
			assert_int_equal(tls_encrypt(session, vector, 3, len + 9, &client.in), len);
			for (n = 0; n < len; ) {
				ssize_t r = gnutls_record_recv(client.gnutls, back + n, len - n);

				assert_true(r > 0);
				n += (size_t)r;
			}
			assert_memory_equal(back, data, len);
		}
}

TEST(there_and_back_with_1_3)
{
	there_and_back(TLS13);
}

TEST(there_and_back_with_1_2)
{
	there_and_back(TLS12);
}

TEST(no_more_than_asked_for_is_encrypted)
{
	uint8_t data[40000] = {0};
	struct iovec vector = { data, sizeof data };

	shaken(TLS13);
	assert_int_equal(tls_encrypt(session, &vector, 1, 20000, &client.in), 20000);
}

/* TLS 1.3 allows it; it is answered, and the pages go on. */
TEST(new_keys_midway)
{
	static const uint8_t data[100] = "page";

	shaken(TLS13);
	assert_int_equal(gnutls_session_key_update(client.gnutls, GNUTLS_KU_PEER), 0);
	assert_int_equal(gnutls_record_send(client.gnutls, data, sizeof data), sizeof data);
	comes_out(data, sizeof data, 3);
	assert_int_equal(gnutls_record_recv(client.gnutls, (uint8_t[1]){0}, 1), GNUTLS_E_AGAIN);
	assert_int_equal(gnutls_record_send(client.gnutls, data, sizeof data), sizeof data);
	comes_out(data, sizeof data, 1000);
}

TEST(keys_that_are_renewed_for_ever)
{
	uint8_t to[1000 + TLS_RECORD_BYTES];
	ssize_t n = 0;

	shaken(TLS13);
	for (int i = 0; i < 100 && n >= 0; i++) {
		assert_int_equal(gnutls_session_key_update(client.gnutls, GNUTLS_KU_PEER), 0);
		assert_true(client.out.len < 1000);
		n = tls_decrypt(session, client.out.data, client.out.len, to, &client.in);
		client.out.len = 0;
	}
	assert_int_equal(n, -1);
	assert_non_null(tls_why(session));
}

TEST(no_new_handshake)
{
	uint8_t to[4000 + TLS_RECORD_BYTES];

	shaken(TLS12);
	gnutls_handshake(client.gnutls);
	assert_in_range(client.out.len, 1, 4000);
	assert_int_equal(tls_decrypt(session, client.out.data, client.out.len, to, &client.in), -1);
}

TEST(a_wrong_key)
{
	client_begin(&client, "me", "ff112233445566778899aabbccddeeff", TLS13);
	assert_int_equal(client_shake(&client, session), -1);
	assert_null(tls_identity(session));
}

TEST(an_unknown_name)
{
	client_begin(&client, "you", CLIENT_KEY, TLS12);
	assert_int_equal(client_shake(&client, session), -1);
	assert_null(tls_identity(session));
}

TEST(nothing_older_than_1_2)
{
	client_begin(&client, "me", CLIENT_KEY, "NORMAL:-VERS-ALL:+VERS-TLS1.1:+ECDHE-PSK");
	assert_int_equal(client_shake(&client, session), -1);
	assert_null(tls_identity(session));
}

/* Any bit of any byte. */
TEST(what_was_altered_does_not_come_out)
{
	uint8_t data[300], to[1000 + TLS_RECORD_BYTES];

	fill_with(data, sizeof data, 1);
	client_begin(&client, "me", CLIENT_KEY, TLS13);
	for (size_t at = 0; at < 322; at += at < 8 ? 1 : 7) {
		struct tls_session *s = tls_open(tls);
		ssize_t n;

		client_end(&client);
		client_begin(&client, "me", CLIENT_KEY, TLS13);
		assert_int_equal(client_shake(&client, s), 0);
		assert_true(gnutls_record_send(client.gnutls, data, sizeof data) > 0);
		assert_int_equal(client.out.len, 322);
		client.out.data[at] ^= (uint8_t)(1 << at % 8);
		n = tls_decrypt(s, client.out.data, client.out.len, to, &client.in);
		/* Type and version in a record's header mean nothing in 1.3. */
		if (n > 0 && (at > 2 || memcmp(to, data, sizeof data) != 0))
			fail_msg("byte %zu was altered, and %zd came out", at, n);
		tls_close(s);
	}
}

TEST(a_goodbye_ends_it)
{
	uint8_t to[1000 + TLS_RECORD_BYTES];

	shaken(TLS13);
	assert_int_equal(gnutls_record_send(client.gnutls, "x", 1), 1);
	gnutls_bye(client.gnutls, GNUTLS_SHUT_WR);
	assert_int_equal(tls_decrypt(session, client.out.data, client.out.len, to, &client.in), 1);
	assert_int_equal(tls_decrypt(session, to, 0, to, &client.in), -1);
	tls_bye(session, &client.in);
	assert_int_equal(gnutls_record_recv(client.gnutls, to, 1), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(there_and_back_with_1_3),
		T(there_and_back_with_1_2),
		T(no_more_than_asked_for_is_encrypted),
		T(new_keys_midway),
		T(keys_that_are_renewed_for_ever),
		T(no_new_handshake),
		T(a_wrong_key),
		T(an_unknown_name),
		T(nothing_older_than_1_2),
		T(what_was_altered_does_not_come_out),
		T(a_goodbye_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
