/* SPDX-License-Identifier: BSD-2-Clause */
#include "stream.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define IN_BYTES (256u << 10)

/* What a call that must not wait came to: 0 when it would have to. */
static ssize_t unblocked(ssize_t n)
{
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : n;
}

int stream_secure(struct stream *s, struct tls *tls, struct stream_room *room)
{
	if (!room->in)
		room->in = malloc(IN_BYTES);
	if (room->in)
		s->tls = tls_open(tls);
	return s->tls ? 0 : -1;
}

/* Send DATA; what the socket does not take is kept. */
static int put_out(struct stream *s, const struct buf *data)
{
	ssize_t n = 0;

	if (!s->unsent.len && data->len)
		n = unblocked(send(s->fd, data->data, data->len, MSG_NOSIGNAL));
	if (n < 0 || data->failed)
		return -1;
	buf_put(&s->unsent, data->data + n, data->len - (size_t)n);
	return s->unsent.failed ? -1 : 0;
}

static ssize_t recv_tls(struct stream *s, struct stream_room *room, uint8_t *to, size_t max)
{
	size_t most = max - TLS_RECORD_BYTES < IN_BYTES ? max - TLS_RECORD_BYTES : IN_BYTES;
	ssize_t n = recv(s->fd, room->in, most, 0);

	if (n == 0)
		return -1;
	if (n < 0)
		return unblocked(n);
	n = tls_decrypt(s->tls, room->in, (size_t)n, to, &room->out);
	if (put_out(s, &room->out) < 0)
		n = -1;
	room->out.len = 0;
	return n;
}

ssize_t stream_recv(struct stream *s, struct stream_room *room, uint8_t *to, size_t max)
{
	ssize_t n;

	if (s->tls)
		return recv_tls(s, room, to, max);
	n = recv(s->fd, to, max, 0);
	return n == 0 ? -1 : unblocked(n);
}

static ssize_t send_tls(struct stream *s, struct stream_room *room, const struct iovec *vector,
                        size_t vectors)
{
	ssize_t n;

	if (stream_flush(s) < 0)
		return -1;
	if (s->unsent.len)
		return 0;
	n = tls_encrypt(s->tls, vector, vectors, STREAM_ENCRYPT_BYTES, &room->out);
	if (put_out(s, &room->out) < 0)
		n = -1;
	room->out.len = 0;
	return n;
}

ssize_t stream_send(struct stream *s, struct stream_room *room, const struct iovec *vector,
                    size_t vectors)
{
	if (s->tls)
		return send_tls(s, room, vector, vectors);
	return unblocked(sendmsg(s->fd,
	                         &(struct msghdr){ .msg_iov = (struct iovec *)vector,
	                                           .msg_iovlen = vectors }, MSG_NOSIGNAL));
}

bool stream_owes(const struct stream *s)
{
	return s->unsent.len > 0;
}

int stream_flush(struct stream *s)
{
	ssize_t n;

	if (!s->unsent.len)
		return 0;
	n = unblocked(send(s->fd, s->unsent.data, s->unsent.len, MSG_NOSIGNAL));
	if (n < 0)
		return -1;
	buf_take(&s->unsent, (size_t)n);
	if (!s->unsent.len)
		buf_free(&s->unsent);
	return 0;
}

void stream_close(struct stream *s, struct stream_room *room)
{
	if (s->tls && !s->unsent.len) {
		tls_bye(s->tls, &room->out);
		put_out(s, &room->out);
		room->out.len = 0;
	}
	tls_close(s->tls);
	buf_free(&s->unsent);
	close(s->fd);
}

void stream_room_free(struct stream_room *room)
{
	free(room->in);
	buf_free(&room->out);
}
