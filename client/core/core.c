/* SPDX-License-Identifier: BSD-2-Clause */
#include "core_parts.h"

int core_open(struct core *c, const struct core_options *o, struct map *map,
              struct buffers *buffers)
{
	int spill = o->spill ? (int)o->links - 1 : -1;

	*c = (struct core){ .o = *o, .map = map, .buffers = buffers };
	if (layout_open(&c->layout, map, o->links, spill, o->seed) < 0)
		return -1;
	TAILQ_INIT(&c->queued);
	TAILQ_INIT(&c->active);
	TAILQ_INIT(&c->came);
	TAILQ_INIT(&c->check);
	TAILQ_INIT(&c->ended);
	asks_open(c);
	for (unsigned on = 0; on < LINKS_MAX; on++)
		peer_open(&c->peer[on]);
	return 0;
}

void core_close(struct core *c)
{
	asks_close(c);
	if (c->heal.busy && c->heal.op.buffer)
		buffers_drop(c->buffers, c->heal.op.buffer);
	layout_close(&c->layout);
}

void core_give(struct core *c, void *chunk, int64_t now)
{
	if (chunk)
		map_give(c->map, chunk);
	else
		c->map->dry = true;
	still_enter(c, now);
	ops_admit(c, now);
}

void core_tick(struct core *c, int64_t now)
{
	still_excuse(c, now);
	peers_tick(c, now);
	ops_expire(c, now);
	heal_tick(c, now);
}

static struct ask *next_to_send(struct core *c)
{
	for (unsigned on = 0; on < c->o.links; on++)
		if (!TAILQ_EMPTY(&c->peer[on].ready))
			return TAILQ_FIRST(&c->peer[on].ready);
	return NULL;
}

static int next_to_close(struct core *c)
{
	for (unsigned on = 0; on < c->o.links; on++)
		if (c->peer[on].close)
			return (int)on;
	return -1;
}

bool core_next(struct core *c, struct command *command, int64_t now)
{
	int on;

	*command = (struct command){0};
	if ((on = next_to_close(c)) >= 0) {
		c->peer[on].close = false;
		command->kind = COMMAND_CLOSE;
		command->on = (unsigned)on;
	} else if ((command->op = TAILQ_FIRST(&c->came))) {
		op_move(c, command->op, OP_CHECK);
		command->kind = COMMAND_CHECK;
	} else if ((command->op = TAILQ_FIRST(&c->ended))) {
		op_move(c, command->op, OP_DONE);
		command->kind = COMMAND_DONE;
		if (command->op == &c->heal.op) {
			heal_ended(c, now);
			return core_next(c, command, now);
		}
	} else if ((command->ask = next_to_send(c))) {
		struct peer *p = &c->peer[command->ask->on];

		TAILQ_REMOVE(&p->ready, command->ask, link);
		TAILQ_INSERT_TAIL(&p->sent, command->ask, link);
		command->ask->sent = true;
		command->ask->sent_at = now;
		command->kind = COMMAND_SEND;
		command->on = command->ask->on;
	} else if ((on = peers_connect(c, now)) >= 0) {
		command->kind = COMMAND_CONNECT;
		command->on = (unsigned)on;
	} else {
		return false;
	}
	return true;
}

int64_t core_wake_at(const struct core *c, bool background)
{
	int64_t at = peers_wake_at(c, background);
	const struct op *op;

	TAILQ_FOREACH(op, &c->queued, link)
		at = sooner(at, op->deadline);
	TAILQ_FOREACH(op, &c->active, link)
		at = sooner(at, sooner(op->deadline, op->hedge_at));
	return background ? sooner(at, heal_wake_at(c)) : at;
}
