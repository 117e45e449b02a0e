/* Messages: what is in them, which are under way, and which are everywhere. */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS = 1 + 8 + 8 + 8 + 16 };

uint32_t published, completed;

/* Of each message under way, by its number: how many clients it has still to reach. */
static uint32_t missing[MESSAGE_RING];
static uint32_t *sequences;

static uint32_t *readers; /* of each channel, those that have opened and are waited for */

uint32_t subscribers(int channel) { return readers == NULL ? 0 : readers[channel]; }

void subscriber_add(int channel) {
	if (readers == NULL) readers = calloc((size_t)settings.channels, sizeof *readers);
	if (readers == NULL) die("out of memory");
	readers[channel]++;
}

uint32_t sequence_of(int channel) { return sequences == NULL ? 0 : sequences[channel]; }

/* A number that looks like any other, and is the same for the same message. */
static unsigned scattered(uint32_t number, uint32_t which) {
	uint32_t value = number * 2654435761u + which * 40503u;
	value = (value ^ value >> 15) * 2246822519u;
	return value ^ value >> 13;
}

/*
 * The rest of an object whose first field has begun: of a price list, with numbers and ids that differ from message to
 * message, and a note to the end.
 */
static void fields_write(char *data, size_t size, uint32_t number) {
	static const char *symbols[] = {"AAPL", "MSFT", "GOOG", "AMZN", "TSLA", "NVDA", "META", "ORCL"};
	static const char note[] = ",\"note\":\"";
	char row[160];
	size_t end = 0;
	for (uint32_t which = 0;; which++) {
		unsigned value = scattered(number, which);
		int length = snprintf(row, sizeof row, "%s\"id\":\"%08x\",\"symbol\":\"%s\",\"price\":%u.%02u,\"volume\":%u",
			which == 0 ? "\"," : "},{", value, symbols[value % 8], 100 + value % 400, value / 7 % 100, value / 3 % 90000);
		if (which == 0) length += snprintf(row + length, sizeof row - (size_t)length, ",\"rows\":[{\"open\":true");
		/* The brackets that are open, the note and its last character. */
		if (end + (size_t)length + 2 + sizeof note > size) break;
		memcpy(data + end, row, (size_t)length);
		end += (size_t)length;
	}
	memcpy(data + end, "}]", 2);
	memcpy(data + end + 2, note, sizeof note - 1);
	for (end += 2 + sizeof note - 1; end < size; end++) data[end] = "all is well with this order "[end % 28];
}

/* The data: `settings.data_bytes` of it, `~` at both ends, nothing that JSON would escape, or fields of an object. */
static void stamp_write(char *data, const struct stamp *stamp) {
	size_t size = (size_t)settings.data_bytes;
	memset(data, 'x', size);
	if (settings.json) fields_write(data + FIELDS, size - FIELDS, stamp->number);
	char fields[FIELDS + 1];
	snprintf(fields, sizeof fields, "~%08x%08x%08x%016llx", (unsigned)stamp->channel,
		stamp->sequence, stamp->number, (unsigned long long)stamp->time);
	memcpy(data, fields, FIELDS);
	data[size - 1] = '~';
}

static uint64_t hexadecimal(const char *digits, int count) {
	uint64_t value = 0;
	for (int i = 0; i < count; i++)
		value = value << 4 | (uint64_t)(digits[i] <= '9' ? digits[i] - '0' : digits[i] - 'a' + 10);
	return value;
}

/* Finds the data in a line, whatever is around it. False: it is not there, or not whole. */
bool stamp_read(const char *line, size_t length, struct stamp *stamp) {
	const char *data = memchr(line, '~', length);
	size_t size = (size_t)settings.data_bytes;
	if (data == NULL || (size_t)(line + length - data) < size || data[size - 1] != '~') return false;
	stamp->channel = (int)hexadecimal(data + 1, 8);
	stamp->sequence = (uint32_t)hexadecimal(data + 9, 8);
	stamp->number = (uint32_t)hexadecimal(data + 17, 8);
	stamp->time = hexadecimal(data + 25, 16);
	return true;
}

/* The next message, channel after channel, and from now on waited for. */
struct stamp message_next(char *data, uint64_t time) {
	if (sequences == NULL) sequences = calloc((size_t)settings.channels, sizeof *sequences);
	if (sequences == NULL) die("out of memory");
	uint32_t number = ++published;
	int channel = (int)(number % (uint32_t)settings.channels);
	missing[number % MESSAGE_RING] = subscribers(channel);
	struct stamp stamp = {channel, ++sequences[channel], number, time};
	stamp_write(data, &stamp);
	return stamp;
}

void delivered(uint32_t number) {
	if (missing[number % MESSAGE_RING] > 0 && --missing[number % MESSAGE_RING] == 0) completed++;
}
