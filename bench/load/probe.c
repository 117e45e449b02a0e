/*
 * A request of another kind, again and again beside the load: how long does anybody else wait? It has a thread of its
 * own, for the streams' one may have a whole burst to read before it would look at the answer.
 */
#include "load.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PAUSE_US = 5000, PATIENCE_MS = 30000 };

static struct histogram times;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool wanted;
static bool impossible;

static void await_event(int fd, short events) {
	struct pollfd one = {.fd = fd, .events = events};
	if (poll(&one, 1, PATIENCE_MS) != 1) die("nobody answered %s", settings.probe);
}

static void ask(struct http *h) {
	if (h->fd < 0) {
		h->fd = dial(settings.port);
		await_event(h->fd, POLLOUT);
	}
	uint64_t sent = now_ns();
	if (send(h->fd, h->request.bytes, h->request.length, MSG_NOSIGNAL) < 0 && errno != EPIPE && errno != ECONNRESET)
		die("the probe could not be sent: %s", strerror(errno));
	h->answer.length = 0;
	do {
		char bytes[4096];
		await_event(h->fd, POLLIN);
		ssize_t length = recv(h->fd, bytes, sizeof bytes, 0);
		if (length <= 0) {
			/* Servers close a connection that was idle for some seconds. */
			close(h->fd);
			h->fd = -1;
			return;
		}
		text_add(&h->answer, bytes, (size_t)length);
		text_add(&h->answer, "", 1); /* so that it ends as a C string does */
		h->answer.length--;
		/* The least server streams whatever is asked for: there is no other request to it. */
		if (strstr(h->answer.bytes, "text/event-stream") != NULL) {
			close(h->fd);
			impossible = true;
			return;
		}
	} while (!http_is_whole(h));
	/* Whatever the answer is: that there is one shows that the server has got round to it. */
	histogram_add(&times, now_ns() - sent);
}

static void *run(void *nothing) {
	struct http http = {.fd = -1};
	text_format(&http.request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n", settings.probe, settings.port);
	for (;;) {
		pthread_mutex_lock(&mutex);
		if (wanted && !impossible) ask(&http);
		pthread_mutex_unlock(&mutex);
		usleep(PAUSE_US);
	}
	return nothing;
}

void probe_begin(void) {
	static pthread_t thread;
	if (settings.probe == NULL) return;
	if (thread == 0 && pthread_create(&thread, NULL, run, NULL) != 0) die("no thread for the probe");
	pthread_mutex_lock(&mutex);
	histogram_clear(&times);
	wanted = true;
	pthread_mutex_unlock(&mutex);
}

/* Returns how long requests have waited since the beginning, the one included that is under way. */
const struct histogram *probe_end(void) {
	wanted = false;
	pthread_mutex_lock(&mutex);
	pthread_mutex_unlock(&mutex);
	return &times;
}
