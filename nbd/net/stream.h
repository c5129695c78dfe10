/* SPDX-License-Identifier: BSD-2-Clause */
/* The bytes of one connection, as they are or within TLS. Never waits. */
#ifndef FARPAGE_STREAM_H
#define FARPAGE_STREAM_H

#include "tls.h"

/* What is encrypted at once: all that a peer that takes nothing costs. */
#define STREAM_ENCRYPT_BYTES (64u << 10)

/* Encrypted bytes on their way. One a loop; empty between two calls. */
struct stream_room {
	uint8_t *in;     /* STREAM_IN_BYTES; NULL as long as nobody needs it */
	struct buf out;
};

struct stream {
	int fd;
	struct tls_session *tls; /* NULL: plain */
	struct buf unsent;       /* encrypted, but the socket took no more */
};

/* From here on it is TLS. -1: no memory. */
int stream_secure(struct stream *, struct tls *, struct stream_room *);
/* At most MAX bytes (more than TLS_RECORD_BYTES); 0: nothing now; -1: it is over. */
ssize_t stream_recv(struct stream *, struct stream_room *, uint8_t *to, size_t max);
/* How many bytes of the vector are on their way; 0: it takes no more now; -1: it
 * is dead. */
ssize_t stream_send(struct stream *, struct stream_room *, const struct iovec *, size_t vectors);
/* Is something on its way that the socket has not taken? */
bool stream_owes(const struct stream *);
/* Try again to get rid of that. -1: it is dead. */
int stream_flush(struct stream *);
/* Say goodbye, if that can be done at once, and close. */
void stream_close(struct stream *, struct stream_room *);
void stream_room_free(struct stream_room *);

#endif
