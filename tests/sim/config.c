/* SPDX-License-Identifier: BSD-2-Clause */
/* What kind of world it is. */
#include "sim.h"

struct config config;

static int64_t one_of(const int64_t *of, unsigned n)
{
	return of[dice(n)];
}

#define ONE_OF(...) one_of((const int64_t[]){ __VA_ARGS__ }, \
                           sizeof (int64_t[]){ __VA_ARGS__ } / sizeof(int64_t))

#define BIT(fault) (UINT64_C(1) << (fault))

/* Few kinds of faults at a time, so that each has room to do its worst; now and
 * then none at all. */
static uint64_t throw_faults(void)
{
	uint64_t faults = 0;
	unsigned n = chance(20) ? 0 : 1 + (unsigned)dice(6);

	while (n--)
		faults |= BIT(dice(FAULT_KINDS));
	if (faults && chance(8)) /* memory is lost while another stands still */
		faults = BIT(FAULT_KILLED) | BIT(FAULT_FROZEN);
	if (faults && chance(16))
		faults = BIT(FAULT_HOLE);
	return faults;
}

/* All are struck, and then one of them is to be replaced by another of them. */
static void all_suspect(void)
{
	config.faults = BIT(FAULT_ALL_LATE) | BIT(FAULT_HOLE);
	config.for_good = true;
	config.at_once = !chance(4);
	config.spill = false;
	config.copies = 2 + (unsigned)dice(COPIES_MAX - 1);
	config.lenders = config.copies + 1 + (unsigned)dice(LENDERS_MAX - config.copies);
	config.callers = 1 + (unsigned)dice(2);
	config.ops = 700;
	config.think = 2000;
	config.fault_gap = 5000;
}

void config_throw(enum mode mode)
{
	config = (struct config){
		.mode = mode,
		.seal = (enum seal_kind)ONE_OF(SEAL_ENCRYPT, SEAL_CHECK, SEAL_CHECK, SEAL_OFF,
		                               SEAL_OFF, SEAL_OFF),
		.lenders = 1 + (unsigned)dice(LENDERS_MAX),
		.callers = 1 + (unsigned)dice(CALLERS_MAX),
		.ops = 100 + (unsigned)dice(600),
		.spill = chance(2),
		.for_good = chance(4),
		.deadline = ONE_OF(300, 1000, 5000, 30000),
		.link_timeout = ONE_OF(100, 500, 2000, 10000),
		.heal_pages = (uint32_t)ONE_OF(200, 2000, 50000),
		.still = ONE_OF(0, CORE_STALL_MS),
		.delay = ONE_OF(0, 1, 3, 20),
		.think = ONE_OF(2, 20, 200, 2000),
		.fault_gap = ONE_OF(50, 500, 5000),
		.faults = throw_faults(),
	};
	config.copies = 1 + (unsigned)dice(COPIES_MAX);
	config.shared = mode == SAFETY && chance(8);
	config.same_lender = config.shared && chance(4);
	if (mode == LIVENESS) {
		if (chance(12))
			all_suspect();
		/* Where there is only one, it has to come back in time. */
		if (config.copies > config.lenders)
			config.lenders = config.copies;
		config.deadline = ONE_OF(3000, 10000, 30000);
		config.link_timeout = config.deadline / ONE_OF(4, 10, 30);
		config.still = CORE_STALL_MS;
		if (config.delay > config.link_timeout / 8) /* who is well is not late */
			config.delay = 3;
		config.think *= 8;
		config.fault_gap /= 10;
	}
}
