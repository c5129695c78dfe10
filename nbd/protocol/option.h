/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of the handshake: what each is answered. For handshake.c, which has
 * looked at its bounds. */
#ifndef FARPAGE_OPTION_H
#define FARPAGE_OPTION_H

#include "handshake_state.h"
#include "nbd.h"

/* Answer OPTION, which carries LEN bytes. */
void option_answer(struct handshake *, uint32_t option, const uint8_t *data, uint32_t len,
                   struct buf *out);
/* Is OPTION, with what it carries, one that must not be said in the open? Then it was refused. */
bool option_needs_tls(struct handshake *, uint32_t option, const uint8_t *data, uint32_t len,
                      struct buf *out);
void option_refuse(struct buf *out, uint32_t option, uint32_t error, const char *words);

/* What the answers are made of. */

/* The header of an option's reply, and room for LEN bytes: those; or NULL. */
uint8_t *option_reply(struct buf *out, uint32_t option, uint32_t type, uint32_t len);
void option_ack(struct buf *out, uint32_t option);
/* LIST_META_CONTEXT and SET_META_CONTEXT. */
void option_meta_context(struct handshake *, uint32_t option, const uint8_t *data,
                         uint32_t len, struct buf *out);

/* An option's string: its length (4 bytes), its bytes. */
struct text {
	const uint8_t *data;
	uint32_t len;
};

/* Take one off the front of what an option carries; false: it is cut short. */
bool text_take(const uint8_t **data, uint32_t *len, struct text *text);
bool text_is(const struct text *, const char *what, size_t len);

#endif
