/* Bytes that are put together piece by piece. */
#include "load.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_add(struct text *text, const char *bytes, size_t length) {
	if (text->length + length > text->room) {
		text->room = (text->length + length) * 2;
		text->bytes = realloc(text->bytes, text->room);
		if (text->bytes == NULL) die("out of memory");
	}
	memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
}

void text_format(struct text *text, const char *format, ...) {
	char line[512];
	va_list arguments;
	va_start(arguments, format);
	int length = vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	if (length < 0 || (size_t)length >= sizeof line) die("a line is too long");
	text_add(text, line, (size_t)length);
}
