/* What a client reads: every message once, in its channel's order, whole, and how old it is. */
#include "load.h"

#include <stdlib.h>
#include <string.h>

struct seen seen;
int clients_open;
uint64_t read_at;

/* Ids that the server gave, for clients that come back; as one client, the first, saw them. */
static char cursors[MESSAGE_RING][64];
static char id[64];
static uint32_t id_number;

static int channel_at(const struct client *c, int index) {
	return (c->number * settings.per_client + index) % settings.channels;
}

void client_opened(struct client *c) {
	if (comeback_opened()) return;
	clients_open++;
	/* How long they take who come back, `returned` tells; the latency is the others'. */
	if (c->returning) return;
	histogram_add(&seen.latency, read_at - c->dialled);
	for (int i = 0; i < settings.per_client; i++) {
		subscriber_add(channel_at(c, i));
		c->last[i] = sequence_of(channel_at(c, i));
	}
}

static void data(struct client *c, const char *line, size_t length) {
	struct stamp stamp;
	if (!stamp_read(line, length, &stamp)) {
		seen.corrupt++;
		return;
	}
	int index = 0;
	while (index < settings.per_client && channel_at(c, index) != stamp.channel) index++;
	if (index == settings.per_client) {
		seen.corrupt++; /* of a channel that this client did not ask for */
		return;
	}
	if (stamp.sequence != c->last[index] + 1) seen.disorder++;
	c->last[index] = stamp.sequence;
	if (c->returning) {
		if (c->missed > 0 && --c->missed == 0) seen.returned++;
		return;
	}
	seen.deliveries++;
	histogram_add(&seen.latency, read_at - stamp.time);
	delivered(stamp.number);
	if (c->number == 0) id_number = stamp.number;
}

static bool begins(const char *line, size_t length, const char *with) {
	size_t size = strlen(with);
	return length >= size && memcmp(line, with, size) == 0;
}

static uint32_t number_at(const char *digit, const char *end) {
	uint32_t value = 0;
	for (; digit < end && *digit >= '0' && *digit <= '9'; digit++) value = value * 10 + (uint32_t)(*digit - '0');
	return value;
}

void event_line(struct client *c, const char *line, size_t length) {
	if (begins(line, length, "data:")) data(c, line, length);
	else if (begins(line, length, "retry:")) c->retry = number_at(line + 6, line + length);
	else if (begins(line, length, "event:sse.gap")) seen.gaps++;
	else if (c->number != 0) return;
	else if (begins(line, length, "id:")) {
		size_t start = length > 3 && line[3] == ' ' ? 4 : 3;
		size_t size = length - start < sizeof id - 1 ? length - start : sizeof id - 1;
		memcpy(id, line + start, size);
		id[size] = '\0';
	} else if (length == 0 && id[0] != '\0') {
		/* The blank line dispatches: an id may stand before or after its data. */
		memcpy(cursors[id_number % MESSAGE_RING], id, sizeof id);
		id[0] = '\0';
	}
}

const char *cursor_of(uint32_t number) { return cursors[number % MESSAGE_RING]; }
