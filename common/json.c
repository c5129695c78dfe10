/* SPDX-License-Identifier: BSD-2-Clause */
#include "json.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

void json_start(struct json *j, char *buf, size_t room)
{
	*j = (struct json){ .buf = buf, .room = room };
}

static void __attribute__((format(printf, 2, 3))) put(struct json *j, const char *format, ...)
{
	size_t left = j->room - j->len;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(j->buf + j->len, left, format, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= left)
		j->full = true;
	else
		j->len += (size_t)n;
}

static void put_string(struct json *j, const char *text)
{
	put(j, "\"");
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			put(j, "\\%c", c);
		else if (c < ' ' || c > '~')
			put(j, "\\u%04x", c);
		else
			put(j, "%c", c);
	}
	put(j, "\"");
}

static void next(struct json *j, const char *key)
{
	if (j->comma)
		put(j, ",");
	j->comma = true;
	if (!key)
		return;
	put_string(j, key);
	put(j, ":");
}

static void json_begin(struct json *j, const char *key, char bracket)
{
	next(j, key);
	put(j, "%c", bracket);
	j->comma = false;
}

static void end(struct json *j, char bracket)
{
	put(j, "%c", bracket);
	j->comma = true;
}

void json_object(struct json *j, const char *key)
{
	json_begin(j, key, '{');
}

void json_object_end(struct json *j)
{
	end(j, '}');
}

void json_array(struct json *j, const char *key)
{
	json_begin(j, key, '[');
}

void json_array_end(struct json *j)
{
	end(j, ']');
}

void json_number(struct json *j, const char *key, uint64_t n)
{
	next(j, key);
	put(j, "%" PRIu64, n);
}

/* Without a floating point, and so without a locale's comma. */
void json_seconds(struct json *j, const char *key, uint64_t ms)
{
	next(j, key);
	put(j, "%" PRIu64 ".%03" PRIu64, ms / 1000, ms % 1000);
}

void json_bool(struct json *j, const char *key, bool yes)
{
	next(j, key);
	put(j, yes ? "true" : "false");
}

void json_text(struct json *j, const char *key, const char *text)
{
	next(j, key);
	put_string(j, text);
}

size_t json_finish(struct json *j)
{
	put(j, "\n");
	return j->full ? 0 : j->len;
}
