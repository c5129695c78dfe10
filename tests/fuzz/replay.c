/* SPDX-License-Identifier: BSD-2-Clause */
/* Where there is no libFuzzer: the target, once for each file that is named. */
#include "fuzz.h"

static void replay(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = NULL;
	size_t len = 0, n;

	if (!f) {
		perror(path);
		exit(1);
	}
	do {
		data = realloc(data, len + 65536);
		must(data);
		n = fread(data + len, 1, 65536, f);
		len += n;
	} while (n);
	fclose(f);
	uint8_t *exact = copy_of(data, len);
	free(data);
	LLVMFuzzerTestOneInput(exact, len);
	free(exact);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	printf("%d inputs\n", argc - 1);
	return argc > 1 ? 0 : 1;
}
