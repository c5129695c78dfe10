/* SPDX-License-Identifier: BSD-2-Clause */
#include "words.h"

#include <stdio.h>
#include <string.h>

static const char mark[] = "...";

static void __attribute__((format(printf, 3, 0)))
print_at(char words[static WORDS_MAX], size_t at, const char *format, va_list ap)
{
	int n = vsnprintf(words + at, WORDS_MAX - at, format, ap);

	if (n < 0)
		words[at] = '\0';
	else if ((size_t)n >= WORDS_MAX - at)
		memcpy(words + WORDS_MAX - sizeof mark, mark, sizeof mark);
}

void words_vprint(char words[static WORDS_MAX], const char *format, va_list ap)
{
	print_at(words, 0, format, ap);
}

bool words_print(char words[static WORDS_MAX], const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	print_at(words, 0, format, ap);
	va_end(ap);
	return true;
}

void words_vadd(char words[static WORDS_MAX], const char *format, va_list ap)
{
	print_at(words, strlen(words), format, ap);
}

void words_add(char words[static WORDS_MAX], const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	print_at(words, strlen(words), format, ap);
	va_end(ap);
}
