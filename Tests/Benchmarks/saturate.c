/*
 * A bare `bufferevent` client that keeps a server saturated with beats: the ceiling that beatd is compared with.
 *
 *   saturate --port 8848 [--connections 8] [--depth 16] [--limit 100] [--count 20000] [--warm 1] [--seconds 5]
 *
 * Each connection has --depth requests in flight; what has been answered is replaced in one write. Replies are only
 * searched for their end. A connection is left after --limit answers and a new one opened. Prints one JSON object.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { MAX_CONNECTIONS = 64, MAX_DEPTH = 64, REQUEST_CAPACITY = 320 };

typedef struct {
    struct bufferevent *stream;
    int in_flight, written;
} Connection;

typedef struct {
    int length;
    char bytes[REQUEST_CAPACITY];
} Request;

static int port, connections = 8, depth = 16, limit = 0, count = 20000, warm_s = 1, seconds = 5;
static Request *requests;
static int next_request;
static Connection pool[MAX_CONNECTIONS];
static struct event_base *base;
static uint64_t answered, answered_from, reconnects;
static double cpu_from, time_from;

static void open_connection(Connection *c);

static void die(const char *what) {
    perror(what);
    exit(70);
}

static double cpu_seconds(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static double now_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void fill(Connection *c) {
    char bytes[MAX_DEPTH * REQUEST_CAPACITY];
    size_t length = 0;
    while (c->in_flight < depth && (limit == 0 || c->written < limit)) {
        Request *request = &requests[next_request];
        next_request = next_request + 1 < count ? next_request + 1 : 0;
        memcpy(bytes + length, request->bytes, (size_t)request->length);
        length += (size_t)request->length;
        c->in_flight++;
        c->written++;
    }
    if (length > 0) bufferevent_write(c->stream, bytes, length);
}

static void reopen(Connection *c) {
    bufferevent_free(c->stream);
    reconnects++;
    open_connection(c);
}

static void on_read(struct bufferevent *stream, void *context) {
    Connection *c = context;
    struct evbuffer *input = bufferevent_get_input(stream);
    size_t length = evbuffer_get_length(input);
    char *start = (char *)evbuffer_pullup(input, -1), *at = start, *found;
    while ((found = memmem(at, length - (size_t)(at - start), "\r\n0\r\n\r\n", 7)) != NULL) {
        at = found + 7;
        c->in_flight--;
        answered++;
    }
    evbuffer_drain(input, (size_t)(at - start));
    if (c->in_flight == 0 && limit > 0 && c->written >= limit) reopen(c);
    else fill(c);
}

static void on_event(struct bufferevent *stream, short what, void *context) {
    Connection *c = context;
    (void)stream;
    if (what & BEV_EVENT_CONNECTED) return;
    if (c->in_flight > 0) die("saturate: the server closed a connection with beats in flight (--limit?)");
    reopen(c);
}

static void open_connection(Connection *c) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    c->in_flight = c->written = 0;
    c->stream = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
    if (c->stream == NULL) die("saturate: bufferevent");
    bufferevent_setcb(c->stream, on_read, NULL, on_event, c);
    bufferevent_enable(c->stream, EV_READ | EV_WRITE);
    if (bufferevent_socket_connect(c->stream, (struct sockaddr *)&address, sizeof address) < 0) die("connect");
    int one = 1;
    setsockopt(bufferevent_getfd(c->stream), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fill(c);
}

static void on_warm(evutil_socket_t fd, short what, void *context) {
    (void)fd, (void)what, (void)context;
    answered_from = answered, cpu_from = cpu_seconds(), time_from = now_seconds();
}

static void on_end(evutil_socket_t fd, short what, void *context) {
    (void)fd, (void)what, (void)context;
    double beats = (double)(answered - answered_from), took = now_seconds() - time_from;
    double cpu = cpu_seconds() - cpu_from;
    printf(
        "{\"beats\":%.0f,\"perSecond\":%.0f,\"cpuPerBeatUs\":%.3f,\"core\":%.3f,\"reconnects\":%llu}\n", beats,
        beats / took, cpu / beats * 1e6, cpu / took, (unsigned long long)reconnects);
    event_base_loopbreak(base);
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i += 2) {
        int value = i + 1 < argc ? atoi(argv[i + 1]) : -1;
        if (value >= 0 && strcmp(argv[i], "--port") == 0) port = value;
        else if (value > 0 && value <= MAX_CONNECTIONS && strcmp(argv[i], "--connections") == 0) connections = value;
        else if (value > 0 && value <= MAX_DEPTH && strcmp(argv[i], "--depth") == 0) depth = value;
        else if (value >= 0 && strcmp(argv[i], "--limit") == 0) limit = value;
        else if (value > 0 && strcmp(argv[i], "--count") == 0) count = value;
        else if (value > 0 && strcmp(argv[i], "--warm") == 0) warm_s = value;
        else if (value > 0 && strcmp(argv[i], "--seconds") == 0) seconds = value;
        else {
            fprintf(stderr, "usage: saturate --port N [--connections --depth --limit --count --warm --seconds N]\n");
            return 64;
        }
    }
    requests = calloc((size_t)count, sizeof *requests);
    base = event_base_new();
    if (requests == NULL || base == NULL) die("saturate: memory");
    for (int i = 0; i < count; i++)
        requests[i].length = snprintf(
            requests[i].bytes, REQUEST_CAPACITY,
            "PUT /nacos/v1/ns/instance/beat?namespaceId=public&serviceName=DEFAULT_GROUP%%40%%40bench-%d"
            "&clusterName=DEFAULT&ip=10.%d.%d.%d&port=8080 HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
            "User-Agent: bare/1\r\nContent-Length: 0\r\n\r\n",
            i % 100, (i >> 16) & 255, (i >> 8) & 255, i & 255, port);
    for (int i = 0; i < connections; i++) open_connection(&pool[i]);
    struct timeval warm = {.tv_sec = warm_s}, end = {.tv_sec = warm_s + seconds};
    event_base_once(base, -1, EV_TIMEOUT, on_warm, NULL, &warm);
    event_base_once(base, -1, EV_TIMEOUT, on_end, NULL, &end);
    event_base_dispatch(base);
    return 0;
}
