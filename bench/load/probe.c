/* A request of another kind, again and again beside the load: how long does anybody else wait? */
#include "load.h"

#include <string.h>

enum { PAUSE_NS = 5000000 };

struct histogram probe_times;

static struct http http;
static uint64_t sent;

static void answered(int status) {
	/* Whatever the answer is: that there is one shows that the server has got round to it. */
	(void)status;
	histogram_add(&probe_times, now_ns() - sent);
}

/* To be called every few milliseconds. */
void probe_tick(void) {
	if (settings.probe == NULL) return;
	if (http.answered == NULL) http_open(&http, answered);
	if (http.busy || now_ns() - sent < PAUSE_NS) return;
	text_format(&http.request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n", settings.probe,
		settings.port);
	sent = now_ns();
	http_send(&http);
}
