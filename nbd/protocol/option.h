/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of the handshake, and the answer to each. For handshake.c, which has checked
 * the bounds. */
#ifndef FARPAGE_OPTION_H
#define FARPAGE_OPTION_H

#include "handshake_state.h"
#include "nbd.h"

/* Answer OPTION, which carries LEN bytes. */
void option_answer(struct handshake *, uint32_t option, const uint8_t *data, uint32_t len,
                   struct buf *out);
/* Must OPTION, with its data, not be sent in plaintext? Then it was refused. */
bool option_needs_tls(struct handshake *, uint32_t option, const uint8_t *data, uint32_t len,
                      struct buf *out);
void option_refuse(struct buf *out, uint32_t option, uint32_t error, const char *words);

/* Parts of answers. */

/* Append the header of an option's reply. Returns room for LEN bytes behind it, or NULL. */
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

/* Take a string off the front of an option's data; false: it is cut short. */
bool text_take(const uint8_t **data, uint32_t *len, struct text *text);
bool text_is(const struct text *, const char *what, size_t len);

#endif
