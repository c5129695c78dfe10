/* SPDX-License-Identifier: BSD-2-Clause */
/* A connection within TLS that ends without a goodbye, at whatever moment. */
#include "unit.h"

#define must(what) assert_true(what)
#include "tlsclient.h"

#include <sys/socket.h>

#include "stream.h"

#define TLS13 "NORMAL:-VERS-ALL:+VERS-TLS1.3:+ECDHE-PSK"

static uint8_t to[1000 + TLS_RECORD_BYTES];
static struct stream_room room;
static struct tls_client client;
static struct stream stream;
static struct tls *tls;
static int far;

static int setup(void **state)
{
	int fd[2];

	(void)state;
	tls = keyed_tls();
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	stream = (struct stream){ .fd = fd[0] };
	far = fd[1];
	client_begin(&client, "me", CLIENT_KEY, TLS13);
	return stream_secure(&stream, tls, &room);
}

static int teardown(void **state)
{
	(void)state;
	client_end(&client);
	stream_close(&stream, &room);
	stream_room_free(&room);
	room = (struct stream_room){0};
	tls_free(tls);
	return 0;
}

static ssize_t hear(void)
{
	return stream_recv(&stream, &room, to, sizeof to);
}

/* N bytes of what the client says come, and it hangs up. */
static void ends_after(size_t n, ssize_t heard)
{
	assert_int_equal(hear(), 0);
	assert_true(n <= client.out.len);
	assert_int_equal(write(far, client.out.data, n), n);
	close(far);
	if (n)
		assert_int_equal(hear(), heard);
	assert_int_equal(hear(), -1);
	assert_int_equal(hear(), -1);
}

static void shake(void)
{
	assert_int_equal(client_shake(&client, stream.tls), 0);
	assert_int_equal(gnutls_record_send(client.gnutls, to, 100), 100);
}

TEST(an_end_is_no_progress_before_the_handshake)
{
	ends_after(0, 0);
}

TEST(an_end_is_no_progress_in_the_handshake)
{
	gnutls_handshake(client.gnutls);
	ends_after(client.out.len / 2, 0);
}

TEST(an_end_is_no_progress_in_a_record)
{
	shake();
	ends_after(client.out.len - 1, 0);
}

TEST(an_end_is_no_progress_behind_a_record)
{
	shake();
	ends_after(client.out.len, 100);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(an_end_is_no_progress_before_the_handshake),
		T(an_end_is_no_progress_in_the_handshake),
		T(an_end_is_no_progress_in_a_record),
		T(an_end_is_no_progress_behind_a_record),
	};

	return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
