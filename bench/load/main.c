/*
 * Event stream clients by the thousand, and the publisher that feeds them: one process on one core.
 *
 * It obeys lines on its standard input and answers each with a line of JSON:
 *
 *     open <clients> <at once>                      opens streams, and waits until all are open
 *     window <at once> <least> <most> <seconds>     closed loop: the next goes in when one is everywhere;
 *                                                   longer, if that is needed for so many messages at least
 *     steady <per second> <seconds>                 open loop
 *     idle <seconds>                                only reads
 *     comeback <port> <least> <most> <seconds>      clients whose streams end come back at this port: after the time
 *                                                   that they were told, or a random one, in ms
 *     storm <clients> <back> <per second> <seconds> steady, while clients come back with a cursor
 *
 * The end of the input ends it, so does the end of whoever started it, and so does its lifetime.
 */
#include "load.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

struct settings settings = {.channels = 1, .per_client = 1, .data_bytes = 200};

static const uint64_t second = 1000000000, tick = 5000000, patience = 15ull * 1000000000;

double load_seconds(void) {
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/*
 * The share of its core that this program keeps to in a closed loop: a server must never wait for it, or it would be
 * measured instead of the server. At 55 % it publishes less; the answer tells how long it did so.
 */
static const double most_cpu = 0.55;

static struct {
	uint64_t time, held;
	double cpu;
	uint32_t published;
	int over;
} began;

static void begin(void) {
	memset(&seen, 0, sizeof seen);
	began.time = now_ns();
	began.cpu = load_seconds();
	began.held = 0;
	began.published = published;
	began.over = clients_over;
}

/* Every message has one delivery for each of its readers: what is not there by now is lost. */
static void report(uint64_t ended, uint64_t returned) {
	const struct histogram *probes = probe_end();
	uint64_t expected = 0;
	for (uint32_t number = began.published + 1; number <= published; number++)
		expected += subscribers((int)(number % (uint32_t)settings.channels));
	double seconds = (double)(ended - began.time) / 1e9;
	printf("{\"seconds\":%.6f,\"loadCpuSeconds\":%.6f,\"heldSeconds\":%.6f,\"open\":%d,\"failed\":%d,\"closed\":%d,"
		"\"messages\":%u,\"deliveries\":%llu,\"lost\":%lld,\"disorder\":%llu,\"corrupt\":%llu,"
		"\"gaps\":%llu,\"reads\":%llu,\"bytes\":%llu,\"returned\":%llu,\"returnedSeconds\":%.6f,",
		seconds, load_seconds() - began.cpu, (double)began.held / 1e9, clients_open - clients_over, clients_failed,
		clients_over - began.over, published - began.published, (unsigned long long)seen.deliveries,
		(long long)(expected - seen.deliveries), (unsigned long long)seen.disorder,
		(unsigned long long)seen.corrupt, (unsigned long long)seen.gaps,
		(unsigned long long)seen.reads, (unsigned long long)seen.bytes,
		(unsigned long long)seen.returned,
		returned == 0 ? 0 : (double)(returned - began.time) / 1e9);
	printf("\"p50\":%.1f,\"p99\":%.1f,\"max\":%.1f,\"probes\":%llu,\"probeP99\":%.1f,\"probeMax\":%.1f}\n",
		histogram_us(&seen.latency, 0.5), histogram_us(&seen.latency, 0.99),
		(double)seen.latency.max / 1000, (unsigned long long)probes->count,
		histogram_us(probes, 0.99), (double)probes->max / 1000);
	fflush(stdout);
}

/* Until everything that was published is everywhere, or nothing has come for long. */
static uint64_t drain(void) {
	uint64_t last = now_ns(), deliveries = seen.deliveries;
	while (completed != asked && now_ns() - last < patience) {
		turn(tick);
		if (seen.deliveries != deliveries) last = now_ns();
		deliveries = seen.deliveries;
	}
	uint64_t ended = now_ns();
	completed = asked; /* what is lost now must not be waited for again */
	return ended;
}

static void open_clients(int count, int at_once) {
	begin();
	int until = clients_dialled + count, first_failed = clients_failed;
	uint64_t give_up = now_ns() + 60 * second;
	while (clients_open + clients_failed < until && now_ns() < give_up) {
		while (clients_dialled < until && clients_dialled - clients_open - clients_failed < at_once)
			dial_client(NULL, 0);
		turn(tick);
		if (clients_failed - first_failed > 100) break;
	}
	report(now_ns(), 0);
}

static void window(uint32_t at_once, uint32_t least, uint32_t most, double seconds) {
	begin();
	probe_begin();
	uint64_t stop = began.time + (uint64_t)(seconds * 1e9), give_up = stop + 4 * patience, time;
	uint32_t first = asked;
	while (asked - first < most) {
		time = now_ns();
		if (time >= (completed - first < least ? give_up : stop)) break;
		uint32_t room = at_once - (asked - completed), left = most - (asked - first);
		bool tired = load_seconds() - began.cpu > most_cpu * (double)(time - began.time) / 1e9 + 0.02;
		if (room > 0 && !tired) publish(room < left ? room : left, time);
		turn(tired ? 200000 : tick);
		if (room > 0 && tired) began.held += now_ns() - time;
	}
	report(drain(), 0);
}

static void steady(double rate, double seconds, int returning, int back) {
	begin();
	probe_begin();
	uint64_t stop = began.time + (uint64_t)(seconds * 1e9);
	uint64_t interval = (uint64_t)(1e9 / rate), next = began.time + interval, time, returned = 0;
	int until = clients_dialled + returning;
	while ((time = now_ns()) < stop) {
		for (; next <= time; next += interval) publish(1, next);
		while (clients_dialled < until && clients_dialled - clients_open - clients_failed < 200)
			dial_client(cursor_of(published - (uint32_t)back), back);
		uint64_t pause = next > time ? next - time : 0;
		turn(pause < tick ? pause : tick);
		if (returned == 0 && seen.returned == (uint64_t)returning) returned = now_ns();
	}
	report(drain(), returned);
}

static void idle(double seconds) {
	begin();
	uint64_t stop = began.time + (uint64_t)(seconds * 1e9), time;
	while ((time = now_ns()) < stop) turn(stop - time < second ? stop - time : second);
	report(now_ns(), 0);
}

static void obey(const char *line) {
	int clients, at_once, back;
	unsigned messages, least, most;
	int port;
	double rate, seconds;
	if (sscanf(line, "open %d %d", &clients, &at_once) == 2) open_clients(clients, at_once);
	else if (sscanf(line, "window %u %u %u %lf", &messages, &least, &most, &seconds) == 4)
		window(messages, least, most, seconds);
	else if (sscanf(line, "steady %lf %lf", &rate, &seconds) == 2) steady(rate, seconds, 0, 0);
	else if (sscanf(line, "storm %d %d %lf %lf", &clients, &back, &rate, &seconds) == 4)
		steady(rate, seconds, clients, back);
	else if (sscanf(line, "comeback %d %u %u %lf", &port, &least, &most, &seconds) == 4)
		comeback(port, least, most, seconds);
	else if (sscanf(line, "idle %lf", &seconds) == 1) idle(seconds);
	else die("what is this? %s", line);
}

int main(int count, char **arguments) {
	int option, lifetime = 300;
	while ((option = getopt(count, arguments, "p:v:r:wjzc:s:b:q:t:")) != -1) {
		if (option == 'p') settings.port = atoi(optarg);
		else if (option == 'v') {
			if (settings.reader_ports == MOST_READER_PORTS) die("-v at most %d times", MOST_READER_PORTS);
			settings.readers[settings.reader_ports++] = atoi(optarg);
		}
		else if (option == 'r') settings.redis_port = atoi(optarg);
		else if (option == 'w') settings.raw_body = true;
		else if (option == 'j') settings.json = true;
		else if (option == 'z') settings.gzip = true;
		else if (option == 'c') settings.channels = atoi(optarg);
		else if (option == 's') settings.per_client = atoi(optarg);
		else if (option == 'b') settings.data_bytes = atoi(optarg);
		else if (option == 'q') settings.probe = optarg;
		else if (option == 't') lifetime = atoi(optarg);
		else return 2;
	}
	if (settings.port == 0 || settings.per_client > MOST_PER_CLIENT || settings.data_bytes < 64)
		die("-p <port>; -s at most %d; -b at least 64", MOST_PER_CLIENT);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm((unsigned)lifetime);
	publish_open();
	char line[256];
	while (fgets(line, sizeof line, stdin) != NULL) obey(line);
	return 0;
}
