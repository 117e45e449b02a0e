/* Durations in buckets: 64 for each doubling, so a quantile is right within 1.6 %. */
#include "load.h"

#include <string.h>

void histogram_clear(struct histogram *h) { memset(h, 0, sizeof *h); }

void histogram_add(struct histogram *h, uint64_t ns) {
	uint64_t us = ns / 1000;
	int shift = us < 128 ? 0 : 57 - __builtin_clzll(us); /* leaves 64 … 127 */
	size_t bucket = us < 128 ? us : (size_t)shift * 64 + (us >> shift);
	size_t most = sizeof h->buckets / sizeof *h->buckets - 1;
	h->buckets[bucket < most ? bucket : most]++;
	h->count++;
	if (ns > h->max) h->max = ns;
}

/* The duration that this share of all stays under, in µs; 0 when there was none. */
double histogram_us(const struct histogram *h, double quantile) {
	uint64_t rank = (uint64_t)(quantile * (double)h->count), before = 0;
	for (size_t bucket = 0; bucket < sizeof h->buckets / sizeof *h->buckets; bucket++) {
		before += h->buckets[bucket];
		if (before <= rank) continue;
		if (bucket < 128) return (double)bucket + 0.5;
		size_t shift = bucket / 64 - 1;
		return ((double)(bucket - shift * 64) + 0.5) * (double)(1ull << shift);
	}
	return (double)h->max / 1000;
}
