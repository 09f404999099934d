/*
 * Puts an HTTP server under load over kept-alive connections.
 *
 *   load --port N --count 100000 [--first 0] [--services 100]   registers so many instances at beatd, each once
 *   load --port N --get /v1/beats/ID --seconds 5                asks the same again and again
 *        [--connections 64] [--depth 1]                         closed loop: so many in flight on each connection
 *        [--rate 1000]                                          open loop: latency counts from when a request was due
 *
 * Answers must have a Content-Length. What had no answer on a connection that was closed is sent again. Prints one
 * JSON object. One thread, loopback only.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum {
    MAX_CONNECTIONS = 256,
    MAX_DEPTH = 64,
    IN_CAPACITY = 256 * 1024,
    REQUEST_CAPACITY = 512,
    BUCKETS = 100000, /* 10 microseconds each: 1 s */
};

typedef struct {
    int64_t begin; /* sent, in the open loop due; ns */
    int index;
} Asked;

typedef struct {
    int fd;
    unsigned head, tail; /* of the ring: asked and not answered */
    size_t in_length;
    Asked ring[MAX_DEPTH];
    char in[IN_CAPACITY];
} Connection;

static int port, count = 0, first = 0, services = 100, connections = 64, depth = 1, rate = 0, seconds = 5;
static const char *target;
static Connection pool[MAX_CONNECTIONS];
static int epoll, *retry, retries, next_index;
static uint64_t answered, measured, errors, reconnects;
static int64_t measure_from, latency_max;
static uint32_t latency[BUCKETS];

static void die(const char *what) {
    perror(what);
    exit(70);
}

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void open_connection(Connection *c) {
    int one = 1;
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof address) < 0) die("load: connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    c->head = c->tail = 0;
    c->in_length = 0;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event) < 0) die("load: epoll_ctl");
}

/* Closes; what has no answer is asked again, if it was to be asked once. */
static void reopen(Connection *c) {
    for (; c->head != c->tail; c->head++)
        if (target == NULL) retry[retries++] = c->ring[c->head % MAX_DEPTH].index;
    close(c->fd);
    open_connection(c);
    reconnects++;
}

static int encode(char *to, int index) {
    if (target != NULL)
        return snprintf(
            to, REQUEST_CAPACITY, "GET %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", target);
    char body[160];
    int i = first + index;
    int length = snprintf(
        body, sizeof body, "{\"serviceName\":\"bench-%d\",\"port\":8080,\"ip\":\"10.%d.%d.%d\"}", i % services,
        (i >> 16) & 255, (i >> 8) & 255, i & 255);
    return snprintf(
        to, REQUEST_CAPACITY,
        "POST /v1/beats HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
        length, body);
}

static bool has_more(void) { return target != NULL || retries > 0 || next_index < count; }

/* Asks `n` more on this connection, in one write. */
static void ask(Connection *c, int n, int64_t begin) {
    char bytes[MAX_DEPTH * REQUEST_CAPACITY];
    size_t length = 0;
    for (; n > 0 && has_more(); n--) {
        int index = retries > 0 ? retry[--retries] : next_index++;
        length += (size_t)encode(bytes + length, index);
        c->ring[c->tail++ % MAX_DEPTH] = (Asked){.begin = begin, .index = index};
    }
    if (length > 0 && send(c->fd, bytes, length, MSG_NOSIGNAL) != (ssize_t)length && errno != EPIPE &&
        errno != ECONNRESET)
        die("load: send");
}

static void note(int64_t begin, int64_t now) {
    answered++;
    if (begin < measure_from) return;
    measured++;
    int64_t took = now - begin, bucket = took / 10000;
    if (took > latency_max) latency_max = took;
    latency[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
}

/* Reads what has come; asks on in the closed loop. */
static void receive(Connection *c) {
    ssize_t n = recv(c->fd, c->in + c->in_length, IN_CAPACITY - 1 - c->in_length, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    bool closes = n <= 0;
    if (n > 0) c->in_length += (size_t)n;
    c->in[c->in_length] = 0;
    int64_t now = now_ns();
    char *at = c->in, *end = c->in + c->in_length, *body;
    int replies = 0;
    while (!closes && c->head != c->tail && (body = memmem(at, (size_t)(end - at), "\r\n\r\n", 4)) != NULL) {
        *body = 0;
        body += 4;
        char *field = strcasestr(at, "\r\ncontent-length:");
        if (field == NULL) die("load: an answer without Content-Length");
        long length = strtol(field + 17, NULL, 10);
        if (end - body < length) {
            body[-4] = '\r';
            break;
        }
        if (at[9] != '2') {
            if (errors++ == 0) fprintf(stderr, "load: %.*s\n%.*s\n", 40, at, (int)length, body);
        }
        closes = strcasestr(at, "\r\nconnection: close") != NULL;
        note(c->ring[c->head++ % MAX_DEPTH].begin, now);
        replies++;
        at = body + length;
    }
    c->in_length = (size_t)(end - at);
    memmove(c->in, at, c->in_length);
    if (closes) {
        reopen(c);
        if (rate == 0) ask(c, depth, now_ns());
    } else if (rate == 0 && replies > 0) {
        ask(c, replies, now_ns());
    }
}

/* The open loop: what is due goes out, wherever least is waited for. */
static void ask_due(int64_t start, int64_t *asked, int64_t now) {
    for (; start + *asked * 1000000000LL / rate <= now; (*asked)++) {
        Connection *best = &pool[0];
        for (int i = 1; i < connections; i++)
            if (pool[i].tail - pool[i].head < best->tail - best->head) best = &pool[i];
        if (best->tail - best->head >= MAX_DEPTH) return;
        ask(best, 1, start + *asked * 1000000000LL / rate);
    }
}

static double latency_ms(double fraction) {
    uint64_t wanted = (uint64_t)((double)measured * fraction), sum = 0;
    for (int i = 0; i < BUCKETS; i++) {
        sum += latency[i];
        if (sum > wanted) return (i + 1) * 0.01;
    }
    return BUCKETS * 0.01;
}

static void read_arguments(int argc, char **argv) {
    for (int i = 1; i < argc; i += 2) {
        int value = i + 1 < argc ? atoi(argv[i + 1]) : -1;
        if (i + 1 < argc && strcmp(argv[i], "--get") == 0) target = argv[i + 1];
        else if (strcmp(argv[i], "--port") == 0) port = value;
        else if (strcmp(argv[i], "--count") == 0) count = value;
        else if (strcmp(argv[i], "--first") == 0) first = value;
        else if (strcmp(argv[i], "--services") == 0) services = value;
        else if (strcmp(argv[i], "--connections") == 0) connections = value;
        else if (strcmp(argv[i], "--depth") == 0) depth = value;
        else if (strcmp(argv[i], "--rate") == 0) rate = value;
        else if (strcmp(argv[i], "--seconds") == 0) seconds = value;
        else port = -1;
    }
    if (port > 0 && connections > 0 && connections <= MAX_CONNECTIONS && depth > 0 && depth <= MAX_DEPTH &&
        services > 0 && seconds > 0 && rate >= 0 && (target != NULL || count > 0))
        return;
    fprintf(
        stderr, "usage: load --port N (--count N [--first N --services N] | --get TARGET --seconds N)"
                " [--connections N] [--depth N] [--rate N]\n");
    exit(64);
}

int main(int argc, char **argv) {
    read_arguments(argc, argv);
    retry = calloc((size_t)(connections * MAX_DEPTH), sizeof *retry);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    struct epoll_event on_timer = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};
    if (retry == NULL || epoll < 0 || timer < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &on_timer) < 0)
        die("load: epoll");
    for (int i = 0; i < connections; i++) open_connection(&pool[i]);
    int64_t start = now_ns(), end = target != NULL ? start + (seconds + 1) * 1000000000LL : INT64_MAX, asked = 0;
    measure_from = target != NULL ? start + 1000000000LL : start; /* the first second warms up */
    long tick = rate > 0 ? 1000000000L / rate : 100000000L;
    struct itimerspec every = {.it_interval = {.tv_nsec = tick}, .it_value = {.tv_nsec = tick}};
    if (tick >= 1000000000L) every.it_interval = every.it_value = (struct timespec){.tv_sec = 1};
    timerfd_settime(timer, 0, &every, NULL);
    for (int i = 0; i < connections && rate == 0; i++) ask(&pool[i], depth, now_ns());
    int64_t now = start;
    while (now < end && (target != NULL || answered < (uint64_t)count)) {
        struct epoll_event events[MAX_CONNECTIONS + 1];
        int n = epoll_wait(epoll, events, MAX_CONNECTIONS + 1, -1);
        for (int i = 0; i < n; i++)
            if (events[i].data.ptr != NULL) receive(events[i].data.ptr);
        uint64_t ticks; /* a timer with an interval goes on when it is read */
        if (read(timer, &ticks, sizeof ticks) < 0 && errno != EAGAIN) die("load: timer");
        now = now_ns();
        if (rate > 0) ask_due(start, &asked, now);
    }
    double took = (double)(now - measure_from) / 1e9;
    printf(
        "{\"requests\":%llu,\"seconds\":%.3f,\"perSecond\":%.0f,\"errors\":%llu,\"reconnects\":%llu,"
        "\"latencyMs\":{\"p50\":%.2f,\"p99\":%.2f,\"max\":%.2f}}\n",
        (unsigned long long)measured, took, (double)measured / took, (unsigned long long)errors,
        (unsigned long long)reconnects, latency_ms(0.5), latency_ms(0.99), (double)latency_max / 1e6);
    return errors > 0 ? 1 : 0;
}
