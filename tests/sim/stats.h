/* SPDX-License-Identifier: BSD-2-Clause */
/* What has happened, counted over all seeds: a simulation in which a fault or a way
 * through the core never came to pass proves nothing about it. */
#ifndef FARPAGE_SIM_STATS_H
#define FARPAGE_SIM_STATS_H

#include <stdint.h>

/* name, words, in which modes it must happen: S, L or both */
#define IN_S 1u
#define IN_L 2u
#define IN_B (IN_S | IN_L)

#define FAULTS(X) \
	X(KILLED, "lender killed, starts empty", IN_B) \
	X(RESTARTED, "lender restarted with its pages", IN_B) \
	X(VANISHED_HOST, "lender's host vanished", IN_B) \
	X(HALF_OPEN, "half-open", IN_B) \
	X(PARTITION, "partition, both ways", IN_B) \
	X(PARTITION_TO, "partition, to the lender", IN_B) \
	X(PARTITION_FROM, "partition, from the lender", IN_B) \
	X(FROZEN, "lender frozen", IN_B) \
	X(SLOW, "lender slow", IN_B) \
	X(FLAPPING, "link flaps", IN_B) \
	X(CUT, "connection cut", IN_B) \
	X(MOVED, "address leads to another lender", IN_B) \
	X(LATE, "written late, on an old connection", IN_B) \
	X(FLIP_IN, "bit flips on the way in", IN_B) \
	X(FLIP_OUT, "bit flips on the way out", IN_B) \
	X(FLIP_RAM, "bit flips in a lender's RAM", IN_B) \
	X(SWAPPED, "lender swaps pages", IN_B) \
	X(REPLAYED, "lender replays older pages", IN_B) \
	X(ZEROED, "lender zeroes pages", IN_B) \
	X(FORGETS, "lender says that it wrote and did not", IN_B) \
	X(DENIES, "lender lost its memory and denies it", IN_B) \
	X(RESIZED, "lender killed, starts empty with another size", IN_B) \
	X(SIZE, "lender lies about its size", IN_S) \
	X(ERRORS, "lender says errors", IN_B) \
	X(MUTE, "lender leaves out replies", IN_B) \
	X(HOLE, "lender greets, and is deaf to some requests", IN_B) \
	X(FULL, "lender full", IN_B) \
	X(ALL_FULL, "all lenders full", IN_B) \
	X(WANTS, "lender wants pages back", IN_B) \
	X(DROPS, "lender drops what it wanted back", IN_S) \
	X(DRAINED, "lender drained, another in its stead", IN_B) \
	X(USURPED, "another borrower claims the pool", IN_B) \
	X(ALL_GONE, "all lenders gone, then back", IN_B) \
	X(ALL_LATE, "all lenders almost too late", IN_B) \
	X(SUSPEND, "the clock jumps", IN_S) \
	X(STILL, "we stand still, for a while", IN_B) \
	X(SPILL_FULL, "spill full", IN_B) \
	X(SPILL_ERRORS, "spill says errors, tears pages", IN_B) \
	X(SPILL_SLOW, "spill slow", IN_B) \
	X(SPILL_STUCK, "spill stuck", IN_S) \
	X(SPILL_DOWN, "spill closes", IN_S) \
	X(NO_CHUNKS, "no memory for records", IN_S) \
	X(NO_BUFFERS, "few buffers", IN_B)

#define PATHS(X) \
	X(PUT, "puts that succeeded", IN_B) \
	X(PUT_EIO, "puts that failed", IN_S) \
	X(FILL, "fills and flushes", IN_B) \
	X(FILL_EIO, "fills that failed", 0) \
	X(GET, "gets that succeeded", IN_B) \
	X(GET_EIO, "gets that failed", IN_S) \
	X(GOT_SEALED, "sealed pages got", IN_B) \
	X(GOT_FILL, "same-filled pages got", IN_B) \
	X(GOT_ABSENT, "absent pages got", IN_B) \
	X(GOT_OLDER, "gets beside a put that never had its turn", IN_S) \
	X(QUEUED, "operations that waited for others' pages", IN_B) \
	X(CHECK, "checks", IN_B) \
	X(CHECK_BAD, "checks that found bad pages", IN_B) \
	X(CHECK_LONG, "checks that took long", IN_S) \
	X(CHECK_HEAL, "checks for healing", IN_B) \
	X(CONNECT, "links opened", IN_B) \
	X(CLOSE, "links closed by the core", IN_B) \
	X(WENT_DOWN, "links that ended", IN_B) \
	X(CLAIM_REFUSED, "claims refused", IN_B) \
	X(ASK_PUT, "pages asked to be put", IN_B) \
	X(ASK_GET, "pages asked for", IN_B) \
	X(ASK_DISCARD, "asks to flush", IN_B) \
	X(SPILL_PUT, "asks to put to the spill", IN_B) \
	X(SPILL_GET, "asks to get from the spill", IN_B) \
	X(SPILL_FLUSH, "asks to flush on the spill", IN_B) \
	X(LANDED_LATE, "landed on a connection that we had left", IN_B) \
	X(REORDERED, "asks done in another order", IN_B) \
	X(FENCED, "refused: a newer claim is there", IN_B) \
	X(TORN_PUT, "puts cut in the middle", IN_B) \
	X(REPLY_LOST, "replies to a connection that we had left", IN_B) \
	X(NEVER_SENT, "asks that never left the buffer", IN_B) \
	X(REPLY_AT_ONCE, "replies before send returned", IN_B) \
	X(HEDGED, "hedges", IN_B) \
	X(HEALED, "pages healed", IN_B) \
	X(SPILLED, "pages spilled", IN_B) \
	X(BAD, "bad pages of copies", IN_B) \
	X(MEMORY_LOST, "lost memories noticed", IN_B) \
	X(GONE, "links given up for ever", IN_B) \
	X(TWIN, "links into a pool that another has", IN_B) \
	X(TWIN_CLAIMED, "pools claimed that another link had by then", IN_S) \
	X(SIBLING, "links to a lender of whom another has a pool", IN_S) \
	X(SIBLING_CLAIMED, "pools claimed of a lender that another link had by then", 0) \
	X(LEFT, "lenders that left empty", IN_B) \
	X(PUT_UNSEALED, "puts of what could not be sealed", IN_S) \
	X(NO_ROOM, "worlds whose pools have too little room", IN_S) \
	X(HEALTHY, "worlds healed at the end", IN_B) \
	X(UNHEALED, "worlds in which something could not be healed", IN_S) \
	X(AUDITED, "copies audited", IN_B) \
	X(MINUTES, "minutes simulated", IN_B)

#define STATS_FAULT(name, words, modes) FAULT_##name,
#define STATS_PATH(name, words, modes) PATH_##name,
enum fault { FAULTS(STATS_FAULT) FAULT_KINDS };
enum path { PATH_BEFORE = FAULT_KINDS - 1, PATHS(STATS_PATH) STATS };

struct stats {
	uint64_t seeds, operations;
	uint64_t count[STATS];
	int64_t longest;       /* that a caller waited, ms */
};

extern struct stats stats;
#define HAPPENED(name) (stats.count[PATH_##name]++)

void stats_add(struct stats *sum, const struct stats *);
void stats_print(const struct stats *);
/* Which must happen in the modes of MODES and did not; how many. */
unsigned stats_missing(const struct stats *, unsigned modes);
const char *fault_words(enum fault);

#endif
