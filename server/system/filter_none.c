/* SPDX-License-Identifier: BSD-2-Clause */
/* Built without libseccomp; or with sanitizers, which in the end look for leaks
 * from a process of their own that traces ours. */
#include "filter.h"


bool filter_built(void)
{
	return false;
}

int filter_install(char words[static WORDS_MAX])
{
	words_print(words, "this farpaged was built without libseccomp");
	return -1;
}
