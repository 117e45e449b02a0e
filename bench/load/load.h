/* What the load generator's files share. One epoll, one thread but for the probe's, everything on 127.0.0.1. */
#ifndef LOAD_H
#define LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MOST_PER_CLIENT = 8, MOST_READER_PORTS = 8, MESSAGE_RING = 1 << 16 };

/* What the program was told on its command line. */
struct settings {
	int port;         /* of the server */
	int readers[MOST_READER_PORTS]; /* ports that clients read from, in turn; none: `port` */
	int reader_ports;
	int redis_port;   /* messages go in by PUBLISH there; 0: by POST /publish at the server */
	bool raw_body;    /* the POST's body is the data itself, not {"data": …, "channel": …} */
	int channels;     /* how many there are: c0, c1, … */
	int per_client;   /* how many of them each client reads */
	int data_bytes;   /* of a message's data */
	bool json;        /* the data is an object with fields like those of real ones; else one character, repeated */
	bool gzip;        /* clients take gzip */
	const char *probe; /* path that is asked for all the while; NULL: none is */
};
extern struct settings settings;

/* Whatever epoll wakes us for begins with this. */
struct source {
	void (*ready)(struct source *, uint32_t events);
};

/* ── clock, loop (loop.c) */
uint64_t now_ns(void);
double load_seconds(void);
void watch(int fd, uint32_t events, struct source *source);
void rewatch(int fd, uint32_t events, struct source *source);
void turn(uint64_t timeout_ns);
int dial(int port);
__attribute__((noreturn, format(printf, 1, 2))) void die(const char *format, ...);

/* ── histogram of durations (histogram.c): 1.6 % wide buckets over µs */
struct histogram {
	uint64_t count, max;
	uint32_t buckets[64 * 40];
};
void histogram_clear(struct histogram *);
void histogram_add(struct histogram *, uint64_t ns);
double histogram_us(const struct histogram *, double quantile);

/* ── event stream clients (client.c, stream.c, gzip.c, event.c) */
struct client {
	struct source source;
	int fd;
	int number;
	uint64_t dialled;
	bool returning;      /* came back with a cursor: not waited for by the live run */
	uint32_t missed;     /* of a returning client: messages still to come before it is up to date */
	enum { DIALLING, HEAD, BODY, ENDED, OVER } state; /* ENDED: by its last chunk */
	uint32_t retry;      /* ms after which it may come back, as it was told; 0: it was not */
	struct client *next; /* comes back in the same ms */
	enum { IDENTITY, CHUNK_SIZE, CHUNK_DATA, CHUNK_END } framing;
	size_t chunk_left;
	void *inflater;      /* of a stream that comes compressed */
	char *rest;          /* an unfinished head or line */
	size_t rest_length, rest_room;
	uint32_t last[MOST_PER_CLIENT]; /* the last sequence number of each of its channels */
};
extern int clients_dialled, clients_failed, clients_over;
void dial_client(const char *cursor, int back);
void redial_client(struct client *);
void stream_bytes(struct client *, const char *bytes, size_t length);
void body_bytes(struct client *, const char *bytes, size_t length);
void gzip_begin(struct client *);
void gzip_bytes(struct client *, const char *bytes, size_t length);
void keep_rest(struct client *, const char *bytes, size_t length);
void event_line(struct client *, const char *line, size_t length);
void client_opened(struct client *);

/* ── clients that come back (comeback.c); false: none are to */
bool comeback_ended(struct client *);
bool comeback_opened(void);
bool comeback_refused(struct client *);
void comeback(int port, uint32_t least, uint32_t most, double seconds);

/* ── what the clients saw (event.c) */
struct seen {
	uint64_t deliveries, disorder, corrupt, gaps, reads, bytes, returned;
	struct histogram latency; /* of deliveries; while streams are opened, of the opening */
};
extern struct seen seen;
extern int clients_open;
extern uint64_t read_at; /* the clock when the bytes at hand were read */
const char *cursor_of(uint32_t number);

/* ── messages (message.c) */
struct stamp {
	int channel;
	uint32_t sequence; /* in its channel, from 1 */
	uint32_t number;   /* of all messages, from 1 */
	uint64_t time;     /* when it was, or should have been, published; ns of the monotonic clock */
};
extern uint32_t published, completed; /* messages in all, and how many of them are everywhere */
uint32_t sequence_of(int channel);
struct stamp message_next(char *data, uint64_t time);
bool stamp_read(const char *line, size_t length, struct stamp *stamp);
void delivered(uint32_t number);
uint32_t subscribers(int channel);
void subscriber_add(int channel);

/* ── text that grows (text.c) */
struct text {
	char *bytes;
	size_t length, room;
};
void text_add(struct text *, const char *bytes, size_t length);
void text_format(struct text *, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ── publishing (publish.c) */
extern uint32_t asked; /* as published, but those included that wait for the connection */
void publish_open(void);
void publish(uint32_t count, uint64_t time);

/* ── a keep-alive HTTP connection with one request under way (http.c) */
struct http {
	struct source source;
	int fd;
	bool connected, busy;
	struct text request, answer;
	void (*answered)(int status);
};
void http_open(struct http *, void (*answered)(int status));
void http_send(struct http *);
bool http_is_whole(struct http *);

/* ── another request, all the while (probe.c) */
void probe_begin(void);
const struct histogram *probe_end(void);

#endif
