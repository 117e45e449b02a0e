/* Clients whose streams end come back: each after the time that it was told, or a random one. */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_MS = 60000, STEP_MS = 100 };

static struct {
	bool on;
	uint64_t began;      /* when the first stream ended */
	uint32_t least, most; /* ms, for who is told none */
	int waiting;         /* have dialled, and are not answered */
	int longest;
	uint32_t first_dial, last_dial; /* ms */
	int refused; /* connections that the server reset */
	int back;
	struct client *due[MOST_MS]; /* by ms since `began` */
	uint32_t checked;            /* up to this ms they have dialled */
	uint32_t dialled[MOST_MS / STEP_MS];
} it;

static uint32_t *back_at; /* ms, in the order of their coming */

static uint32_t since_ms(void) { return (uint32_t)((now_ns() - it.began) / 1000000); }

bool comeback_ended(struct client *c) {
	if (!it.on) return false;
	if (it.began == 0) it.began = now_ns();
	uint32_t spread = it.most - it.least;
	uint32_t wait = c->retry > 0 ? c->retry : it.least + (spread > 0 ? (uint32_t)rand() % spread : 0);
	uint32_t at = since_ms() + wait;
	/* A ms that is over already has the next one's turn. */
	if (at <= it.checked) at = it.checked + 1;
	if (at >= MOST_MS) die("a client would come back after %u ms", at);
	c->next = it.due[at];
	it.due[at] = c;
	return true;
}

bool comeback_opened(void) {
	if (!it.on) return false;
	it.waiting--;
	back_at[it.back++] = since_ms();
	return true;
}

bool comeback_refused(struct client *c) {
	if (!it.on) return false;
	it.waiting--;
	it.refused++;
	return comeback_ended(c);
}

static void dial_due(void) {
	if (it.began == 0) return;
	uint32_t now = since_ms();
	for (; it.checked < now && it.checked < MOST_MS - 1; it.checked++) {
		for (struct client *c = it.due[it.checked], *next; c != NULL; c = next) {
			next = c->next;
			it.dialled[it.checked / STEP_MS]++;
			it.last_dial = since_ms();
			if (it.first_dial == 0) it.first_dial = it.last_dial;
			if (++it.waiting > it.longest) it.longest = it.waiting;
			redial_client(c);
		}
	}
}

/* All clients lose their streams; answers when all are back at this port, or the time is over. */
void comeback(int port, uint32_t least, uint32_t most, double seconds) {
	double cpu = load_seconds();
	uint64_t stop = now_ns() + (uint64_t)(seconds * 1e9);
	settings.port = port;
	int all = clients_open - clients_over;
	back_at = calloc((size_t)all, sizeof *back_at);
	if (back_at == NULL) die("out of memory");
	memset(&it, 0, sizeof it);
	it.on = true;
	it.least = least;
	it.most = most;
	while (it.back < all && now_ns() < stop) {
		turn(1000000);
		dial_due();
	}
	uint32_t peak = 0;
	for (int i = 0; i < MOST_MS / STEP_MS; i++)
		if (it.dialled[i] > peak) peak = it.dialled[i];
	int half = it.back / 2, most_of = it.back * 99 / 100;
	printf("{\"seconds\":%.3f,\"loadCpuSeconds\":%.3f,\"failed\":%d,\"back\":%d,\"p50\":%u,\"p99\":%u,\"last\":%u,"
		"\"peakPerSecond\":%u,\"longestQueue\":%d,\"refused\":%d,\"arrivalMs\":%u}\n",
		(double)(now_ns() - it.began) / 1e9, load_seconds() - cpu, clients_failed, it.back,
		it.back > 0 ? back_at[half] : 0, it.back > 0 ? back_at[most_of] : 0, it.back > 0 ? back_at[it.back - 1] : 0,
		peak * (1000 / STEP_MS), it.longest, it.refused,
		it.last_dial - it.first_dial);
	fflush(stdout);
	free(back_at);
}
