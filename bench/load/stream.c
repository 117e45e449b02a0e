/* From the bytes of an HTTP/1.1 answer to the lines of the event stream in it. */
#define _GNU_SOURCE
#include "load.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void keep_rest(struct client *c, const char *bytes, size_t length) {
	if (c->rest_length + length > c->rest_room) {
		c->rest_room = (c->rest_length + length) * 2;
		c->rest = realloc(c->rest, c->rest_room);
		if (c->rest == NULL) die("out of memory");
	}
	memcpy(c->rest + c->rest_length, bytes, length);
	c->rest_length += length;
}

/* Lines end with LF or CRLF; a line that is not complete waits for its end. */
void body_bytes(struct client *c, const char *bytes, size_t length) {
	const char *end = bytes + length;
	while (bytes < end) {
		const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
		if (newline == NULL) {
			keep_rest(c, bytes, (size_t)(end - bytes));
			return;
		}
		const char *line = bytes;
		size_t line_length = (size_t)(newline - bytes);
		if (c->rest_length > 0) {
			keep_rest(c, bytes, line_length);
			line = c->rest;
			line_length = c->rest_length;
			c->rest_length = 0;
		}
		if (line_length > 0 && line[line_length - 1] == '\r') line_length--;
		event_line(c, line, line_length);
		bytes = newline + 1;
	}
}

static void coded_bytes(struct client *c, const char *bytes, size_t length) {
	if (c->inflater == NULL) body_bytes(c, bytes, length);
	else gzip_bytes(c, bytes, length);
}

/* Takes what belongs to the chunk's framing or its data; returns how much that was. */
static size_t chunk_bytes(struct client *c, const char *bytes, size_t length) {
	if (c->framing == CHUNK_DATA) {
		size_t part = length < c->chunk_left ? length : c->chunk_left;
		coded_bytes(c, bytes, part);
		c->chunk_left -= part;
		if (c->chunk_left == 0) c->framing = CHUNK_END;
		return part;
	}
	char byte = bytes[0];
	if (c->framing == CHUNK_END) {
		if (byte == '\n') c->framing = CHUNK_SIZE;
	} else if (byte == '\n') {
		if (c->chunk_left == 0) c->state = ENDED;
		else c->framing = CHUNK_DATA;
	} else if (byte != '\r') {
		int digit = byte <= '9' ? byte - '0' : (byte | 32) - 'a' + 10;
		if (digit < 0 || digit > 15) die("client %d: %d is no digit of a chunk's size", c->number, byte);
		c->chunk_left = c->chunk_left * 16 + (size_t)digit;
	}
	return 1;
}

static bool head_says(const char *head, const char *name, const char *value) {
	const char *field = strcasestr(head, name);
	if (field == NULL) return false;
	const char *found = strcasestr(field, value);
	return found != NULL && found < strstr(field + 2, "\r\n");
}

/* Waits for the whole head; returns how many of these bytes belonged to it. */
static size_t head_bytes(struct client *c, const char *bytes, size_t length) {
	size_t before = c->rest_length;
	keep_rest(c, bytes, length);
	char *end = memmem(c->rest, c->rest_length, "\r\n\r\n", 4);
	if (end == NULL) return length;
	size_t taken = (size_t)(end - c->rest) + 4 - before;
	end[2] = '\0';
	bool stream = strncmp(c->rest, "HTTP/1.1 200", 12) == 0 &&
		head_says(c->rest, "\r\ncontent-type:", "text/event-stream");
	bool chunked = head_says(c->rest, "\r\ntransfer-encoding:", "chunked");
	c->state = stream ? BODY : OVER;
	c->framing = chunked ? CHUNK_SIZE : IDENTITY;
	if (stream) {
		if (head_says(c->rest, "\r\ncontent-encoding:", "gzip")) gzip_begin(c);
		c->rest_length = 0;
		client_opened(c);
	}
	return taken;
}

void stream_bytes(struct client *c, const char *bytes, size_t length) {
	while (length > 0 && c->state < ENDED) {
		size_t taken = length;
		if (c->state == HEAD) taken = head_bytes(c, bytes, length);
		else if (c->framing == IDENTITY) coded_bytes(c, bytes, length);
		else taken = chunk_bytes(c, bytes, length);
		bytes += taken;
		length -= taken;
	}
}
