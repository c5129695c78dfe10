/* SPDX-License-Identifier: BSD-2-Clause */
/* What net.c and answer.c, which are one network, know of each other. */
#ifndef FARPAGE_SIM_NET_H
#define FARPAGE_SIM_NET_H

#include "sim.h"

/* A connection's number, for event_at(). */
unsigned net_number(const struct conn *);
struct conn *net_numbered(unsigned);
struct message *net_message(enum message_kind, struct ask *);
/* On its way to the lender from now on. */
void net_push(struct conn *, struct message *);
void net_is_up(unsigned link_no);
/* We hear that it ended. */
void net_went_down(struct conn *);

#endif
