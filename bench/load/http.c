/* A keep-alive connection to the server: one request, its answer, then the next. */
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Whether the answer is there to its last byte. */
bool http_is_whole(struct http *h) {
	text_add(&h->answer, "", 1); /* so that it ends as a C string does */
	h->answer.length--;
	char *end = strstr(h->answer.bytes, "\r\n\r\n");
	if (end == NULL) return false;
	char *length = strcasestr(h->answer.bytes, "\r\ncontent-length:");
	size_t body = h->answer.length - (size_t)(end + 4 - h->answer.bytes);
	if (length != NULL && length < end) return body >= strtoul(length + 17, NULL, 10);
	char *coding = strcasestr(h->answer.bytes, "\r\ntransfer-encoding: chunked");
	if (coding == NULL || coding > end) return true; /* 204: there is no body */
	return body >= 5 && memcmp(h->answer.bytes + h->answer.length - 5, "0\r\n\r\n", 5) == 0;
}

static void connect_again(struct http *h) {
	h->answer.length = 0;
	h->connected = false;
	h->fd = dial(settings.port);
	watch(h->fd, EPOLLOUT, &h->source);
}

static void transmit(struct http *h) {
	ssize_t sent = send(h->fd, h->request.bytes, h->request.length, MSG_NOSIGNAL);
	/* A connection that was closed while it was idle says so here, or with the next event. */
	if (sent != (ssize_t)h->request.length && errno != EPIPE && errno != ECONNRESET)
		die("a request could not be sent: %s", strerror(errno));
}

static void ready(struct source *source, uint32_t events) {
	struct http *h = (struct http *)source;
	if (!h->connected) {
		if (events & EPOLLERR) die("the server is gone");
		h->connected = true;
		rewatch(h->fd, EPOLLIN, source);
		if (h->busy) transmit(h);
		return;
	}
	char bytes[4096];
	ssize_t length = recv(h->fd, bytes, sizeof bytes, 0);
	if (length < 0 && errno == EAGAIN) return;
	if (length <= 0) {
		/* Servers close a connection that was idle for some seconds. */
		if (h->answer.length > 0) die("the server broke off in the middle of an answer");
		close(h->fd);
		connect_again(h);
		return;
	}
	/* Nothing was asked: a 408, with which some servers close a connection that was idle. */
	if (!h->busy) return;
	text_add(&h->answer, bytes, (size_t)length);
	if (!http_is_whole(h)) return;
	int status = h->answer.length > 12 ? atoi(h->answer.bytes + 9) : 0;
	if (status == 0) die("this is no HTTP answer: %.80s", h->answer.bytes);
	h->answer.length = h->request.length = 0;
	h->busy = false;
	h->answered(status);
}

/* `answered` is called with the status of each answer. */
void http_open(struct http *h, void (*answered)(int status)) {
	h->source.ready = ready;
	h->answered = answered;
	connect_again(h);
}

/* Sends what is in `request`, which stays there until it has been answered. */
void http_send(struct http *h) {
	h->busy = true;
	if (h->connected) transmit(h);
}
