/* SPDX-License-Identifier: BSD-2-Clause */
/* Export names: whatever is taken for one says what to open. */
#include "export.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = copy_of(data, len);
	struct export e;

	if (export_parse(&e, text, len) == 0) {
		must(memchr(e.name, 0, sizeof e.name) && memchr(e.instance, 0, sizeof e.instance));
		must(!*e.name || pool_name_valid(e.name));
		must((e.how == EXPORT_CLAIM) == pool_name_valid(e.instance));
		must(e.how == EXPORT_CLAIM || !e.force);
		must(e.how == EXPORT_EPOCH || e.how == EXPORT_TICKET || e.epoch == 0);
	}
	free(text);
	return 0;
}
