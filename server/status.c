/* SPDX-License-Identifier: BSD-2-Clause */
/* What is in use, for the service manager. */
#include <inttypes.h>
#include <stdio.h>

#include "daemon.h"

/* Under pools.lock. */
static void describe(struct pools *pools, char words[static SERVICE_STATUS_MAX])
{
	uint64_t used = 0;
	unsigned n = 0;
	struct pool *pool;

	TAILQ_FOREACH(pool, &pools->list, link) {
		used += atomic_load(&pool->used_pages);
		n++;
	}
	snprintf(words, SERVICE_STATUS_MAX,
	         "%u pool%s, %" PRIu64 " of %" PRIu64 " MiB lent, %" PRIu64 " MiB in use", n,
	         n == 1 ? "" : "s", atomic_load(&pools->granted_pages) >> (20 - PAGE_SHIFT),
	         pools->lend_pages >> (20 - PAGE_SHIFT), used >> (20 - PAGE_SHIFT));
}

bool daemon_status(void *data, bool wait, char words[static SERVICE_STATUS_MAX])
{
	struct pools *pools = data;

	if (wait)
		pthread_mutex_lock(&pools->lock);
	else if (pthread_mutex_trylock(&pools->lock) != 0)
		return false;
	describe(pools, words);
	pthread_mutex_unlock(&pools->lock);
	return true;
}
