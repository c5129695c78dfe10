/* SPDX-License-Identifier: BSD-2-Clause */
/* The bytes of one connection, in plaintext or within TLS. Never waits. */
#ifndef FARPAGE_STREAM_H
#define FARPAGE_STREAM_H

#include "tls.h"

/* How much is encrypted at once; a peer that takes nothing costs no more. */
#define STREAM_ENCRYPT_BYTES (64u << 10)

/* Encrypted bytes on their way. One for each loop; empty between two calls. */
struct stream_room {
	uint8_t *in;     /* STREAM_IN_BYTES; NULL until it is needed */
	struct buf out;
};

struct stream {
	int fd;
	struct tls_session *tls; /* NULL: plain */
	struct buf unsent;       /* encrypted, but the socket took no more */
};

/* From now on it is TLS. -1: no memory. */
int stream_secure(struct stream *, struct tls *, struct stream_room *);
/* Receive at most MAX bytes (more than TLS_RECORD_BYTES); 0: nothing now; -1: it is over. */
ssize_t stream_recv(struct stream *, struct stream_room *, uint8_t *to, size_t max);
/* Send the vector. Returns how many bytes are on their way; 0: it takes no more now; -1: it
 * is dead. */
ssize_t stream_send(struct stream *, struct stream_room *, const struct iovec *, size_t vectors);
/* Is something on its way that the socket has not taken? */
bool stream_owes(const struct stream *);
/* Try again to send that. -1: it is dead. */
int stream_flush(struct stream *);
/* End TLS, if that is possible at once, and close. */
void stream_close(struct stream *, struct stream_room *);
void stream_room_free(struct stream_room *);

#endif
