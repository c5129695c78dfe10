/* SPDX-License-Identifier: BSD-2-Clause */
#include "handshake_state.h"

void handshake_set_state(struct handshake *h, enum handshake_state state)
{
	h->state = state;
}

void handshake_hang_up(struct handshake *h, const char *why)
{
	h->why = why;
	handshake_set_state(h, HANDSHAKE_CLOSE);
}
