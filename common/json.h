/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes one JSON object into a buffer of a fixed size; allocates nothing. */
#ifndef FARPAGE_JSON_H
#define FARPAGE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json {
	char *buf;
	size_t room, len;
	bool full;   /* something did not fit */
	bool comma;  /* before what comes next */
};

/* KEY is NULL for a member of an array. */
void json_start(struct json *, char *buf, size_t room);
void json_object(struct json *, const char *key);
void json_object_end(struct json *);
void json_array(struct json *, const char *key);
void json_array_end(struct json *);
void json_number(struct json *, const char *key, uint64_t);
void json_seconds(struct json *, const char *key, uint64_t ms);
void json_bool(struct json *, const char *key, bool);
/* Bytes that are not ASCII text are escaped, each as ISO 8859-1. */
void json_text(struct json *, const char *key, const char *text);
/* Ends the object with a line break. Returns the length, or 0 if not all of it fits. */
size_t json_finish(struct json *);

#endif
