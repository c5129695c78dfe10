/* SPDX-License-Identifier: BSD-2-Clause */
/* The label on a pool's memory: whose pages these are, and what was promised
 * about them, for the process that finds it. It lies in that memory, and outlives a
 * process that is killed at any moment: there are two slots, and one word says which
 * counts.
 *
 * The caller holds the lock of the pool's fields. */
#ifndef FARPAGE_LABEL_H
#define FARPAGE_LABEL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "tls.h"
#include "words.h"

#define POOL_NAME_MAX     64
#define POOL_INSTANCE_MAX 64
#define POOL_PEER_MAX     80

/* Changing it, or what follows it, or the flat store's layout, makes the pools
 * of running daemons useless to the new one: raise LABEL_VERSION then. */
#define LABEL_VERSION 1

struct label {
	uint64_t inode, born_ns;              /* of its file, so that a copy is not taken for the pool */
	uint64_t pages;
	uint64_t thin;                        /* 0 or 1 */
	uint64_t epoch, since;
	int64_t owner_since;
	char name[POOL_NAME_MAX + 1];
	char incarnation[33];
	char instance[POOL_INSTANCE_MAX + 1];
	char owner_peer[POOL_PEER_MAX];
	char owner[TLS_IDENTITY_MAX + 1];
};

struct label_slot {
	uint64_t sequence;
	struct label label;
	uint64_t checksum;                    /* of all before it */
};

/* What lies at the beginning of a pool's memory; zeros are no label. */
struct label_head {
	uint64_t magic;
	uint32_t version, page_bytes;
	_Atomic uint64_t committed;           /* the sequence that counts */
	_Atomic uint64_t foreign;             /* 1: a plain member wrote since the last claim */
	struct label_slot slot[2];            /* sequence N in slot N % 2 */
};

/* Write a new label; then every change. The previous one counts until the last
 * store. */
void label_commit(struct label_head *, const struct label *);
/* -1 with WORDS that say what it is instead. */
int label_read(const struct label_head *, struct label *, char words[static WORDS_MAX]);
/* What no other file has: its inode and time of birth. */
int label_identify(struct label *, int fd);

#endif
