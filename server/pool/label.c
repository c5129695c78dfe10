/* SPDX-License-Identifier: BSD-2-Clause */
#include "label.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "store.h"

#define MAGIC UINT64_C(0x6c6f6f7065676170) /* "pagepool" */

_Static_assert(sizeof(struct label_head) == 800 && LABEL_VERSION == 1, "another version");
_Static_assert(sizeof(struct label_head) <= STORE_HEAD_BYTES, "a label has its page");

/* FNV-1a: no single byte can change without changing it. */
static uint64_t checksum(const struct label_slot *slot)
{
	const uint8_t *at = (const uint8_t *)slot, *end = (const uint8_t *)&slot->checksum;
	uint64_t sum = UINT64_C(0xcbf29ce484222325);

	while (at < end)
		sum = (sum ^ *at++) * UINT64_C(0x100000001b3);
	return sum;
}

/* A process that is killed stops between two of its stores. That the compiler
 * keeps their order is all it takes. */
void label_commit(struct label_head *head, const struct label *label)
{
	uint64_t sequence = atomic_load(&head->committed) + 1;
	struct label_slot *slot = &head->slot[sequence % 2];

	*slot = (struct label_slot){ .sequence = sequence, .label = *label };
	slot->checksum = checksum(slot);
	head->version = LABEL_VERSION;
	head->page_bytes = PAGE_BYTES;
	head->magic = MAGIC;
	atomic_store(&head->committed, sequence);
}

static bool is_text(const char *text, size_t room)
{
	return memchr(text, '\0', room) != NULL;
}

int label_read(const struct label_head *head, struct label *label,
               char words[static WORDS_MAX])
{
	uint64_t sequence = atomic_load(&head->committed), foreign = atomic_load(&head->foreign);
	const struct label_slot *slot = &head->slot[sequence % 2];

	if (head->magic != MAGIC) {
		words_print(words, "it is not a pool of farpaged");
		return -1;
	}
	if (head->version != LABEL_VERSION) {
		words_print(words, "it is of version %" PRIu32 ", this farpaged's is %u",
		            head->version, LABEL_VERSION);
		return -1;
	}
	if (head->page_bytes != PAGE_BYTES) {
		words_print(words, "its pages are of %" PRIu32 " bytes, ours of %u",
		            head->page_bytes, PAGE_BYTES);
		return -1;
	}
	*label = slot->label;
	if (slot->sequence != sequence || slot->checksum != checksum(slot) || foreign > 1 ||
	    label->thin > 1 || !is_text(label->name, sizeof label->name) ||
	    !is_text(label->incarnation, sizeof label->incarnation) ||
	    !is_text(label->instance, sizeof label->instance) ||
	    !is_text(label->owner_peer, sizeof label->owner_peer) ||
	    !is_text(label->owner, sizeof label->owner)) {
		words_print(words, "its label is damaged");
		return -1;
	}
	return 0;
}

int label_identify(struct label *label, int fd)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &st) < 0)
		return -1;
	label->inode = st.stx_ino;
	label->born_ns = !(st.stx_mask & STATX_BTIME) ? 0
	    : (uint64_t)st.stx_btime.tv_sec * 1000000000 + st.stx_btime.tv_nsec;
	return 0;
}
