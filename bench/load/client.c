/* The clients: each a socket that asks for /stream and reads it for good. */
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

int clients_dialled, clients_failed, clients_over;

static char buffer[1 << 17];

static void over(struct client *c, const char *why) {
	if (c->state == BODY) {
		clients_over++;
	} else if (comeback_refused(c)) {
		/* It tries again. */
	} else if (clients_failed++ == 0) {
		/* Once: a thousand clients fail for one reason. */
		fprintf(stderr, "load: client %d got no stream: %s\n", c->number, why);
		fprintf(stderr, "%.*s\n", (int)(c->rest_length < 300 ? c->rest_length : 300), c->rest);
	}
	c->state = OVER;
	close(c->fd);
}

static void ended(struct client *c, const char *why) {
	bool had_stream = c->state == BODY || c->state == ENDED;
	if (had_stream) c->state = BODY;
	over(c, why);
	if (had_stream) comeback_ended(c);
}

static void readable(struct client *c) {
	ssize_t length = recv(c->fd, buffer, sizeof buffer, 0);
	if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
	if (length <= 0) {
		ended(c, length == 0 ? "the server closed" : strerror(errno));
		return;
	}
	read_at = now_ns();
	seen.reads++;
	seen.bytes += (uint64_t)length;
	stream_bytes(c, buffer, (size_t)length);
	if (c->state == OVER) over(c, "the answer is no event stream");
	if (c->state == ENDED) ended(c, "its stream ended");
}

static void ask(struct client *c, const char *cursor) {
	char request[1024];
	int length = snprintf(request, sizeof request, "GET /stream?");
	int first = c->number * settings.per_client;
	for (int i = 0; i < settings.per_client; i++)
		length += snprintf(request + length, sizeof request - (size_t)length, "%schannel=c%d",
			i == 0 ? "" : "&", (first + i) % settings.channels);
	length += snprintf(request + length, sizeof request - (size_t)length,
		" HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: text/event-stream\r\n%s%s%s%s\r\n", settings.port,
		settings.gzip ? "Accept-Encoding: gzip\r\n" : "",
		cursor ? "Last-Event-ID: " : "", cursor ? cursor : "", cursor ? "\r\n" : "");
	if (send(c->fd, request, (size_t)length, MSG_NOSIGNAL) != length) over(c, strerror(errno));
}

static void ready(struct source *source, uint32_t events) {
	struct client *c = (struct client *)source;
	if (c->state == DIALLING) {
		if (events & EPOLLERR) {
			over(c, "the connection was refused");
			return;
		}
		c->state = HEAD;
		ask(c, c->rest_length > 0 ? c->rest : NULL);
		c->rest_length = 0;
		if (c->state != OVER) rewatch(c->fd, EPOLLIN, source);
	} else if (c->state != OVER) {
		readable(c);
	}
}

static int port_of(const struct client *c) {
	int count = settings.reader_ports;
	return count == 0 ? settings.port : settings.readers[c->number % count];
}

/* Its stream is over: it asks for another one. */
void redial_client(struct client *c) {
	c->dialled = now_ns();
	c->fd = dial(port_of(c));
	c->state = DIALLING;
	c->chunk_left = c->rest_length = 0;
	c->retry = 0;
	watch(c->fd, EPOLLOUT, &c->source);
}

/* One more client. With a cursor it comes back to where `back` messages of each channel are missing. */
void dial_client(const char *cursor, int back) {
	struct client *c = calloc(1, sizeof *c);
	if (c == NULL) die("out of memory");
	c->source.ready = ready;
	c->number = clients_dialled++;
	c->dialled = now_ns();
	c->fd = dial(port_of(c));
	c->state = DIALLING;
	if (cursor != NULL) {
		c->returning = true;
		for (int i = 0; i < settings.per_client; i++) {
			uint32_t upto = sequence_of((c->number * settings.per_client + i) % settings.channels);
			c->last[i] = upto - (uint32_t)back;
			c->missed += (uint32_t)back;
		}
		keep_rest(c, cursor, strlen(cursor) + 1);
	}
	watch(c->fd, EPOLLOUT, &c->source);
}
