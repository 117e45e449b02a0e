/*
 * The floor: the least that any server can do for an event stream. One thread, epoll, and for each
 * message one send of the same bytes to each client. One channel, no keep-alive; a client that does not
 * read is left out of account.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 65536, ROOM = 8192 };

static const char head[] =
	"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
	"Transfer-Encoding: chunked\r\n\r\n3\r\n:\n\n\r\n";
static const char posted[] = "HTTP/1.1 204 No Content\r\n\r\n";

static int epoll, clients[MOST], count;
static char *requests[MOST]; /* of a descriptor, what has come of its request */

static void fail(const char *what) {
	perror(what);
	exit(1);
}

static void leave(int fd) {
	for (int i = 0; i < count; i++)
		if (clients[i] == fd) clients[i--] = clients[--count];
	close(fd);
}

/* {"data":"…","channel":"…"}, and nothing in it is escaped. */
static void broadcast(const char *body) {
	const char *data = strstr(body, "\"data\":\"");
	const char *end = data == NULL ? NULL : strchr(data += 8, '"');
	if (end == NULL) return;
	int length = (int)(end - data);
	static char chunk[ROOM + 64];
	int size = sprintf(chunk, "%x\r\ndata:%.*s\n\n\r\n", length + 7, length, data);
	for (int i = 0; i < count; i++)
		if (send(clients[i], chunk, (size_t)size, MSG_DONTWAIT | MSG_NOSIGNAL) != size)
			fputs("floor: a client was too slow\n", stderr);
}

static void answer(int fd) {
	char *request = requests[fd];
	char *body = strstr(request, "\r\n\r\n");
	if (body == NULL) return;
	body += 4;
	if (request[0] == 'G') {
		clients[count++] = fd;
		send(fd, head, sizeof head - 1, MSG_NOSIGNAL);
	} else {
		char *length = strcasestr(request, "\r\ncontent-length:");
		if (length == NULL || strlen(body) < strtoul(length + 17, NULL, 10)) return;
		broadcast(body);
		send(fd, posted, sizeof posted - 1, MSG_NOSIGNAL);
	}
	request[0] = '\0';
}

static void receive(int fd) {
	if (requests[fd] == NULL) requests[fd] = calloc(1, ROOM);
	size_t before = strlen(requests[fd]);
	ssize_t length = recv(fd, requests[fd] + before, ROOM - 1 - before, 0);
	if (length <= 0) {
		requests[fd][0] = '\0';
		leave(fd);
		return;
	}
	requests[fd][before + (size_t)length] = '\0';
	answer(fd);
	/* A client sends nothing more. */
	if (requests[fd][0] != '\0') return;
	free(requests[fd]);
	requests[fd] = NULL;
}

int main(void) {
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
	if (bind(listener, (struct sockaddr *)&address, size) < 0) fail("bind");
	if (listen(listener, 511) < 0) fail("listen");
	getsockname(listener, (struct sockaddr *)&address, &size);
	printf("listening on http://127.0.0.1:%d\n", ntohs(address.sin_port));
	fflush(stdout);

	epoll = epoll_create1(0);
	struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
	for (;;) {
		struct epoll_event events[256];
		int ready = epoll_wait(epoll, events, 256, -1);
		for (int i = 0; i < ready; i++) {
			int fd = events[i].data.fd;
			if (fd != listener) {
				receive(fd);
				continue;
			}
			int client = accept(listener, NULL, NULL);
			if (client < 0 || client >= MOST) fail("accept");
			setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
			event = (struct epoll_event){.events = EPOLLIN, .data.fd = client};
			epoll_ctl(epoll, EPOLL_CTL_ADD, client, &event);
		}
	}
}
