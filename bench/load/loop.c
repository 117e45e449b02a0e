/* The event loop, its clock, and the way out. */
#define _GNU_SOURCE
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int epoll = -1;

uint64_t now_ns(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void die(const char *format, ...) {
	va_list arguments;
	va_start(arguments, format);
	fputs("load: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	exit(1);
}

static void control(int operation, int fd, uint32_t events, struct source *source) {
	if (epoll < 0) epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = {.events = events, .data.ptr = source};
	if (epoll_ctl(epoll, operation, fd, &event) < 0) die("epoll_ctl: %s", strerror(errno));
}

void watch(int fd, uint32_t events, struct source *source) {
	control(EPOLL_CTL_ADD, fd, events, source);
}

void rewatch(int fd, uint32_t events, struct source *source) {
	control(EPOLL_CTL_MOD, fd, events, source);
}

/* Waits for something to happen, and lets everything that did be dealt with. */
void turn(uint64_t timeout_ns) {
	struct epoll_event events[512];
	struct timespec timeout = {(time_t)(timeout_ns / 1000000000), (long)(timeout_ns % 1000000000)};
	int count = epoll_pwait2(epoll, events, 512, &timeout, NULL);
	if (count < 0 && errno != EINTR) die("epoll_pwait2: %s", strerror(errno));
	for (int i = 0; i < count; i++) {
		struct source *source = events[i].data.ptr;
		source->ready(source, events[i].events);
	}
}

/* A non-blocking connection to this machine, under way. */
int dial(int port) {
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0) die("socket: %s (ulimit -n?)", strerror(errno));
	int on = 1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS)
		die("connect to port %d: %s", port, strerror(errno));
	return fd;
}
