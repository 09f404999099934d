#define _GNU_SOURCE
#include "punctuality.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    SEEN_SLOTS = 1 << 22,    /* open addressing for up to 2 million instances */
    JITTER_BUCKETS = 100000, /* 0.1 ms each: 10 s */
    TENTHS = 60,             /* of a second, from the first beat on: one period of 5 s and some more */
};

typedef struct {
    uint64_t key; /* 0: free */
    int64_t last; /* ns; 0: not since the registration */
} Seen;

static int64_t period_ns;
static Seen *seen;
static uint64_t instances, gaps, early, jitter_sum_us;
static int64_t jitter_max, gap_max, first;
static uint32_t jitter[JITTER_BUCKETS], tenths[TENTHS];

bool punctuality_begin(int64_t period) {
    period_ns = period;
    seen = calloc(SEEN_SLOTS, sizeof *seen);
    return seen != NULL;
}

void punctuality_period(int64_t period) { period_ns = period; }

int64_t monotonic_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000LL + t.tv_nsec;
}

static uint64_t hash_value(uint64_t hash, Text value) {
    for (size_t i = 0; i < value.length; i++) hash = (hash ^ (uint8_t)value.at[i]) * 0x100000001b3ULL;
    return hash * 0x100000001b3ULL;
}

void punctuality_heard(Text service, Text ip, Text port, int64_t now) {
    uint64_t key = hash_value(hash_value(hash_value(0xcbf29ce484222325ULL, service), ip), port) | 1;
    size_t slot = (key >> 20) & (SEEN_SLOTS - 1);
    while (seen[slot].key != 0 && seen[slot].key != key) slot = (slot + 1) & (SEEN_SLOTS - 1);
    if (seen[slot].key == 0) {
        if (instances > SEEN_SLOTS / 2) return;
        seen[slot].key = key;
        instances++;
    }
    if (seen[slot].last != 0) {
        int64_t gap = now - seen[slot].last;
        int64_t off = gap - period_ns;
        if (off < 0) {
            off = -off;
            early++;
        }
        if (off > jitter_max) jitter_max = off;
        if (gap > gap_max) gap_max = gap;
        int64_t bucket = off / 100000;
        jitter[bucket < JITTER_BUCKETS ? bucket : JITTER_BUCKETS - 1]++;
        jitter_sum_us += (uint64_t)off / 1000;
        gaps++;
    }
    seen[slot].last = now;
    if (first == 0) first = now;
    int64_t tenth = (now - first) / 100000000LL;
    if (tenth < TENTHS) tenths[tenth]++;
}

void punctuality_reset(void) {
    memset(jitter, 0, sizeof jitter);
    gaps = early = jitter_sum_us = 0;
    jitter_max = gap_max = first = 0;
    memset(tenths, 0, sizeof tenths);
}

static double jitter_ms(double fraction) {
    if (gaps == 0) return 0;
    uint64_t wanted = (uint64_t)((double)gaps * fraction), sum = 0;
    for (int i = 0; i < JITTER_BUCKETS; i++) {
        sum += jitter[i];
        if (sum > wanted) return (i + 1) * 0.1;
    }
    return JITTER_BUCKETS * 0.1;
}

int punctuality_json(char *to, size_t size) {
    int n = snprintf(
        to, size,
        "\"instances\":%llu,\"gaps\":%llu,\"earlyGaps\":%llu,\"gapMaxMs\":%.1f,\"jitterMs\":{\"mean\":%.3f,"
        "\"p50\":%.1f,\"p99\":%.1f,\"max\":%.1f},\"firstBeat\":%.6f,\"perTenth\":[",
        (unsigned long long)instances, (unsigned long long)gaps, (unsigned long long)early, (double)gap_max / 1e6,
        gaps ? (double)jitter_sum_us / (double)gaps / 1e3 : 0.0, jitter_ms(0.5), jitter_ms(0.99),
        (double)jitter_max / 1e6, (double)first / 1e9);
    for (int i = 0; i < TENTHS; i++) n += snprintf(to + n, size - (size_t)n, "%s%u", i ? "," : "", tenths[i]);
    return n + snprintf(to + n, size - (size_t)n, "]");
}
