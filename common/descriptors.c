/* SPDX-License-Identifier: BSD-2-Clause */
#include "descriptors.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

void descriptors_raise(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

const char *descriptors_words(int error, char words[static WORDS_MAX])
{
	struct rlimit limit = {0};

	getrlimit(RLIMIT_NOFILE, &limit);
	if (error == EMFILE)
		words_print(words, "this process may have only %llu descriptors, and "
		            "each pool and connection takes one; raise ulimit -n, or LimitNOFILE= of the "
		            "unit", (unsigned long long)limit.rlim_cur);
	else if (error == ENFILE)
		words_print(words, "this host has no descriptors left; raise "
		            "fs.file-max");
	else
		words_print(words, "%s", strerror(error));
	return words;
}
