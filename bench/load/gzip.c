/* Streams that come compressed: to the bytes in them. A stream has no end, so each chunk must be whole by itself. */
#include "load.h"

#include <stdlib.h>
#include <zlib.h>

void gzip_begin(struct client *c) {
	z_stream *inflater = calloc(1, sizeof *inflater);
	if (inflater == NULL || inflateInit2(inflater, 16 + MAX_WBITS) != Z_OK) die("out of memory");
	c->inflater = inflater;
}

void gzip_bytes(struct client *c, const char *bytes, size_t length) {
	static char plain[1 << 16];
	z_stream *inflater = c->inflater;
	inflater->next_in = (Bytef *)bytes;
	inflater->avail_in = (uInt)length;
	do {
		inflater->next_out = (Bytef *)plain;
		inflater->avail_out = sizeof plain;
		int state = inflate(inflater, Z_SYNC_FLUSH);
		if (state != Z_OK && state != Z_BUF_ERROR)
			die("client %d: this is no gzip stream: %s", c->number, inflater->msg ? inflater->msg : "");
		body_bytes(c, plain, sizeof plain - inflater->avail_out);
	} while (inflater->avail_out == 0);
}
