/* How messages get in: by POST /publish at the server, or by PUBLISH at Redis. */
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

uint32_t asked;

static char *data; /* of one message, as a C string */

/* What the data goes into: a string, or the first field of an object. */
static const char *data_begin(void) { return settings.json ? "{\"data\":{\"m\":\"" : "{\"data\":\""; }

/* ── by HTTP: one request at a time, so that messages keep their order; the others wait */

static struct http http;
static uint64_t waiting[MESSAGE_RING]; /* times of the messages from `published` to `asked` */

static void post_next(void) {
	if (http.busy || published == asked) return;
	struct stamp stamp = message_next(data, waiting[(published + 1) % MESSAGE_RING]);
	char channel[16];
	int name = snprintf(channel, sizeof channel, "c%d", stamp.channel);
	const char *begin = settings.raw_body ? "" : data_begin();
	const char *middle = settings.raw_body ? "" : settings.json ? "\"},\"channel\":\"" : "\",\"channel\":\"";
	const char *end = settings.raw_body ? "" : "\"}";
	size_t length = strlen(begin) + (size_t)settings.data_bytes;
	if (!settings.raw_body) length += strlen(middle) + (size_t)name + strlen(end);
	text_format(&http.request,
		"POST /publish?channel=%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: %s\r\n"
		"Content-Length: %zu\r\n\r\n%s",
		channel, settings.port, settings.raw_body ? "text/plain" : "application/json", length, begin);
	text_add(&http.request, data, (size_t)settings.data_bytes);
	if (!settings.raw_body) text_format(&http.request, "%s%s%s", middle, channel, end);
	http_send(&http);
}

static void answered(int status) {
	if (status >= 300) die("POST /publish was answered with %d", status);
	post_next();
}

/* ── by Redis: all at once, as fast as it takes them */

static struct {
	struct source source;
	int fd;
	bool writable;
	struct text out;
	size_t sent;
} redis;

static void redis_flush(void) {
	if (!redis.writable) return;
	while (redis.sent < redis.out.length) {
		ssize_t sent = send(redis.fd, redis.out.bytes + redis.sent, redis.out.length - redis.sent,
			MSG_NOSIGNAL);
		if (sent < 0 && errno != EAGAIN) die("Redis: %s", strerror(errno));
		if (sent < 0) {
			redis.writable = false;
			rewatch(redis.fd, EPOLLIN | EPOLLOUT, &redis.source);
			return;
		}
		redis.sent += (size_t)sent;
	}
	redis.sent = redis.out.length = 0;
}

static void redis_ready(struct source *source, uint32_t events) {
	(void)source;
	if (events & EPOLLOUT) {
		redis.writable = true;
		rewatch(redis.fd, EPOLLIN, &redis.source);
		redis_flush();
	}
	if (!(events & EPOLLIN)) return;
	char bytes[1 << 16];
	ssize_t length = recv(redis.fd, bytes, sizeof bytes, 0);
	if (length < 0 && errno == EAGAIN) return;
	if (length <= 0) die("Redis closed the connection");
	/* Good answers are numbers: how many heard it. */
	const char *refusal = memchr(bytes, '-', (size_t)length);
	if (refusal != NULL) die("Redis: %.*s", (int)(bytes + length - refusal), refusal);
}

static void redis_publish(uint64_t time) {
	struct stamp stamp = message_next(data, time);
	char channel[16];
	int name = snprintf(channel, sizeof channel, "c%d", stamp.channel);
	const char *begin = data_begin(), *end = settings.json ? "\"}}" : "\"}";
	text_format(&redis.out, "*3\r\n$7\r\nPUBLISH\r\n$%d\r\n%s\r\n$%d\r\n%s", name, channel,
		settings.data_bytes + (int)(strlen(begin) + strlen(end)), begin);
	text_add(&redis.out, data, (size_t)settings.data_bytes);
	text_format(&redis.out, "%s\r\n", end);
}

/* ── either */

void publish_open(void) {
	data = calloc(1, (size_t)settings.data_bytes + 1);
	if (data == NULL) die("out of memory");
	if (settings.redis_port == 0) {
		http_open(&http, answered);
		return;
	}
	redis.source.ready = redis_ready;
	redis.fd = dial(settings.redis_port);
	watch(redis.fd, EPOLLOUT, &redis.source);
}

/* Publishes messages: the next so many, all of this time. */
void publish(uint32_t count, uint64_t time) {
	for (uint32_t i = 0; i < count; i++) {
		asked++;
		if (asked - completed >= MESSAGE_RING) die("%u messages wait", asked - completed);
		if (settings.redis_port == 0) waiting[asked % MESSAGE_RING] = time;
		else redis_publish(time);
	}
	if (settings.redis_port == 0) post_next();
	else redis_flush();
}
