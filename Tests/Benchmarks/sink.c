/*
 * A server that answers Nacos' naming calls as Tomcat does and does nothing else, to measure a client against.
 *
 *   sink --port 0 [--limit 100] [--period-ms 5000]
 *
 * Beats are told to come every --period-ms. Prints "listening PORT" once it is up and a JSON object of its counts when it is told to end (TERM or INT).
 * Answers, byte for byte but for the date, are those a Nacos 1.4.8 gave: chunked JSON for a beat, `ok` with a length
 * for the rest, no reason phrase. With --limit N each connection is closed with its Nth answer, as Tomcat does after
 * 100, and what was pipelined behind it is discarded unread. An instance without a service, an address or a port, or
 * with a cluster name that Nacos refuses, is refused: what no server takes must not be measured.
 *
 * It is also an independent judge of punctuality: it knows when each instance was last heard, so it can tell by how
 * much the time between two beats differs from the period, whatever the client says about itself.
 *
 *   GET  /sink/counts   the counts so far, as JSON
 *   POST /sink/period/500   tells beats this period from now on
 *   POST /sink/reset    forgets the punctuality figures, so that a measurement starts now
 *
 * One thread, one epoll set, loopback only.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "instance.h"
#include "punctuality.h"

enum {
    IN_CAPACITY = 64 * 1024,  /* a slot's worth of pipelined requests in one read */
    OUT_CAPACITY = 256 * 1024, /* the answers to one full input buffer: 290 bytes for the shortest request */
    MAX_EVENTS = 256,
    JSON_CAPACITY = 4096,
    BEAT_CAPACITY = 512,
};

typedef struct Connection {
    int fd;
    int answered;
    bool closing;
    size_t in_length, out_start, out_length;
    struct Connection *next_free;
    char in[IN_CAPACITY];
    char out[OUT_CAPACITY];
} Connection;

/* Those that were closed: with a limit there are thousands a second, and fresh pages cost more than the answers. */
static Connection *free_connections;

static struct {
    uint64_t beats, light, full, registers, deregisters, other, refused, connections, limited, discarded;
} counts;

static int limit_answers, period_ms = 5000;
static char date[64];
static time_t date_second;

static const char *date_text(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME_COARSE, &t);
    if (t.tv_sec != date_second) {
        struct tm parts;
        date_second = t.tv_sec;
        gmtime_r(&date_second, &parts);
        strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    }
    return date;
}

static int counts_json(char *to, size_t size) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double cpu = (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
                 (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    int n = snprintf(
        to, size,
        "{\"beats\":%llu,\"light\":%llu,\"full\":%llu,\"registers\":%llu,\"deregisters\":%llu,\"other\":%llu,"
        "\"refused\":%llu,\"connections\":%llu,\"closedAtLimit\":%llu,\"discardedBytes\":%llu,"
        "\"cpuSeconds\":%.6f,\"monotonic\":%.6f,",
        (unsigned long long)counts.beats, (unsigned long long)counts.light, (unsigned long long)counts.full,
        (unsigned long long)counts.registers, (unsigned long long)counts.deregisters,
        (unsigned long long)counts.other, (unsigned long long)counts.refused,
        (unsigned long long)counts.connections, (unsigned long long)counts.limited,
        (unsigned long long)counts.discarded, cpu, (double)monotonic_ns() / 1e9);
    n += punctuality_json(to + n, size - (size_t)n);
    return n + snprintf(to + n, size - (size_t)n, "}\n");
}

/* MARK: answers */

static void answer(Connection *c, const char *status, const char *type, bool chunked, const char *body, int length) {
    c->answered++;
    bool last = limit_answers > 0 && c->answered >= limit_answers;
    bool closes = last || status[0] == '4' || status[0] == '5';
    if (status[0] == '4' && status[2] == '4') closes = last; /* Tomcat keeps the connection open after a 404 */
    const char *connection = closes ? "Connection: close\r\n" : "";
    char *to = c->out + c->out_length;
    size_t room = OUT_CAPACITY - c->out_length;
    int n = snprintf(
        to, room,
        "HTTP/1.1 %s \r\nVary: Origin\r\nVary: Access-Control-Request-Method\r\n"
        "Vary: Access-Control-Request-Headers\r\nContent-Security-Policy: script-src 'self'\r\nContent-Type: %s\r\n",
        status, type);
    if (chunked) {
        n += snprintf(
            to + n, room - (size_t)n, "Transfer-Encoding: chunked\r\nDate: %s\r\n%s\r\n%x\r\n%.*s\r\n0\r\n\r\n",
            date_text(), connection, (unsigned)length, length, body);
    } else {
        n += snprintf(
            to + n, room - (size_t)n, "Content-Length: %d\r\nDate: %s\r\n%s\r\n%.*s", length, date_text(), connection,
            length, body);
    }
    c->out_length += (size_t)n;
    if (last) counts.limited++;
    if (closes) c->closing = true;
}

/* The answer to a beat is the same for a second: it must cost less than what is measured. */
static void answer_beat(Connection *c) {
    static char text[2][BEAT_CAPACITY];
    static int length[2];
    static time_t second;
    static int period;
    const char *today = date_text();
    if (second != date_second || period != period_ms) {
        second = date_second;
        period = period_ms;
        char body[128];
        int size = snprintf(
            body, sizeof body, "{\"clientBeatInterval\":%d,\"code\":10200,\"lightBeatEnabled\":true}", period_ms);
        for (int closes = 0; closes < 2; closes++)
            length[closes] = snprintf(
                text[closes], BEAT_CAPACITY,
                "HTTP/1.1 200 \r\nVary: Origin\r\nVary: Access-Control-Request-Method\r\n"
                "Vary: Access-Control-Request-Headers\r\nContent-Security-Policy: script-src 'self'\r\n"
                "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nDate: %s\r\n%s\r\n%x\r\n%s\r\n"
                "0\r\n\r\n",
                today, closes ? "Connection: close\r\n" : "", (unsigned)size, body);
    }
    c->answered++;
    bool last = limit_answers > 0 && c->answered >= limit_answers;
    memcpy(c->out + c->out_length, text[last], (size_t)length[last]);
    c->out_length += (size_t)length[last];
    if (last) counts.limited++, c->closing = true;
}

static bool starts(const char *target, const char *end, const char *path) {
    size_t length = strlen(path);
    return (size_t)(end - target) >= length && memcmp(target, path, length) == 0 &&
           (target + length == end || target[length] == '?');
}

static void refuse(Connection *c) {
    counts.refused++;
    answer(c, "400", "text/html;charset=utf-8", false, "bad request\n", 12);
}

static void serve(Connection *c, const char *head, const char *target, const char *target_end, size_t body_length) {
    static const char state[] =
        "{\"version\":\"1.4.8\",\"standalone_mode\":\"standalone\",\"function_mode\":null}";
    static const char metrics[] =
        "{\"serviceCount\":1,\"load\":0.1,\"mem\":0.1,\"responsibleServiceCount\":1,\"instanceCount\":1,"
        "\"cpu\":0.1,\"status\":\"UP\",\"responsibleInstanceCount\":1}";
    char json[JSON_CAPACITY];
    if (starts(target, target_end, "/nacos/v1/ns/instance/beat") && head[0] == 'P') {
        Instance instance = instance_in(target, target_end);
        if (!instance_is_valid(instance)) return refuse(c);
        counts.beats++;
        if (body_length > 0 || instance.has_beat) counts.full++;
        else counts.light++;
        punctuality_heard(instance.service, instance.ip, instance.port, monotonic_ns());
        answer_beat(c);
    } else if (starts(target, target_end, "/nacos/v1/ns/instance") && head[0] != 'G') {
        if (!instance_is_valid(instance_in(target, target_end))) return refuse(c);
        if (head[0] == 'D') counts.deregisters++;
        else counts.registers++;
        answer(c, "200", "text/plain;charset=UTF-8", false, "ok", 2);
    } else if (starts(target, target_end, "/nacos/v1/console/server/state")) {
        counts.other++;
        answer(c, "200", "application/json", true, state, sizeof state - 1);
    } else if (starts(target, target_end, "/nacos/v1/ns/operator/metrics")) {
        counts.other++;
        answer(c, "200", "application/json", true, metrics, sizeof metrics - 1);
    } else if (starts(target, target_end, "/nacos/v1/console/health/readiness")) {
        counts.other++;
        answer(c, "200", "text/plain;charset=UTF-8", false, "OK", 2);
    } else if (starts(target, target_end, "/sink/counts")) {
        answer(c, "200", "application/json", false, json, counts_json(json, sizeof json));
    } else if (target_end - target > 13 && memcmp(target, "/sink/period/", 13) == 0) {
        period_ms = atoi(target + 13);
        punctuality_period(period_ms * 1000000LL);
        answer(c, "200", "text/plain", false, "ok", 2);
    } else if (starts(target, target_end, "/sink/reset")) {
        punctuality_reset();
        answer(c, "200", "text/plain", false, "ok", 2);
    } else {
        counts.other++;
        answer(c, "404", "text/html;charset=UTF-8", false, "not here\n", 9);
    }
}

/* MARK: requests */

/* The length of the body that the head announces; -1 for what this server does not take (chunked requests). */
static long body_length(const char *head, const char *end) {
    for (const char *line = head; line < end;) {
        const char *next = memchr(line, '\n', (size_t)(end - line));
        if (next == NULL) break;
        if (strncasecmp(line, "content-length:", 15) == 0) return strtol(line + 15, NULL, 10);
        if (strncasecmp(line, "transfer-encoding:", 18) == 0) return -1;
        line = next + 1;
    }
    return 0;
}

/* Takes one request from `c->in + at`; returns its length, 0 when it is not whole yet, -1 when it cannot be read. */
static long take(Connection *c, size_t at) {
    char *head = c->in + at;
    size_t available = c->in_length - at;
    char *end = memmem(head, available, "\r\n\r\n", 4);
    if (end == NULL) return available == IN_CAPACITY ? -1 : 0;
    size_t head_length = (size_t)(end - head) + 4;
    char *target = memchr(head, ' ', head_length);
    if (target == NULL) return -1;
    char *target_end = memchr(target + 1, ' ', head_length - (size_t)(target + 1 - head));
    if (target_end == NULL) return -1;
    long length = body_length(target_end, end + 2);
    if (length < 0 || length > IN_CAPACITY / 2) return -1;
    if (available < head_length + (size_t)length) return 0;
    serve(c, head, target + 1, target_end, (size_t)length);
    return (long)head_length + length;
}

static void process(Connection *c) {
    size_t at = 0;
    while (!c->closing && at < c->in_length && OUT_CAPACITY - c->out_length > 4096) {
        long used = take(c, at);
        if (used == 0) break;
        if (used < 0) {
            refuse(c);
            break;
        }
        at += (size_t)used;
    }
    memmove(c->in, c->in + at, c->in_length - at);
    c->in_length -= at;
    if (c->closing) {
        counts.discarded += c->in_length;
        c->in_length = 0;
    }
}

/* Writes what is waiting; false when the connection is of no more use. */
static bool flush(Connection *c) {
    while (c->out_start < c->out_length) {
        ssize_t n = send(c->fd, c->out + c->out_start, c->out_length - c->out_start, MSG_NOSIGNAL);
        if (n < 0) return errno == EAGAIN || errno == EINTR;
        c->out_start += (size_t)n;
    }
    c->out_start = c->out_length = 0;
    return !c->closing;
}

static bool readable(Connection *c) {
    for (;;) {
        size_t room = IN_CAPACITY - c->in_length;
        if (room == 0) return true; /* the peer does not read its answers; EPOLLOUT goes on */
        ssize_t n = recv(c->fd, c->in + c->in_length, room, 0);
        if (n == 0) return false;
        if (n < 0) return errno == EAGAIN || errno == EINTR;
        c->in_length += (size_t)n;
        process(c);
        if (!flush(c)) return false;
        if ((size_t)n < room) return true;
    }
}

static void end_connection(Connection *c) {
    char rest[4096];
    shutdown(c->fd, SHUT_WR);
    /* Bytes left unread would turn the close into a reset, and the last answers would be lost with it. */
    for (ssize_t n; (n = recv(c->fd, rest, sizeof rest, 0)) > 0;) counts.discarded += (size_t)n;
    close(c->fd);
    c->next_free = free_connections;
    free_connections = c;
}

static void accept_all(int listener, int epoll) {
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        int one = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        Connection *c = free_connections;
        if (c != NULL) free_connections = c->next_free;
        else c = malloc(sizeof *c);
        if (c == NULL) {
            close(fd);
            continue;
        }
        c->fd = fd;
        c->answered = 0;
        c->closing = false;
        c->in_length = c->out_start = c->out_length = 0;
        struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
            close(fd);
            c->next_free = free_connections;
            free_connections = c;
            continue;
        }
        counts.connections++;
    }
}

/* MARK: main */

static int listen_on(int port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int one = 1;
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) < 0 || listen(fd, 1024) < 0) {
        perror("sink: listen");
        exit(69);
    }
    getsockname(fd, (struct sockaddr *)&address, &length);
    printf("listening %d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

int main(int argc, char **argv) {
    int port = 0;
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 < argc && strcmp(argv[i], "--port") == 0) port = atoi(argv[i + 1]);
        else if (i + 1 < argc && strcmp(argv[i], "--limit") == 0) limit_answers = atoi(argv[i + 1]);
        else if (i + 1 < argc && strcmp(argv[i], "--period-ms") == 0) period_ms = atoi(argv[i + 1]);
        else {
            fprintf(stderr, "usage: sink [--port N] [--limit N] [--period-ms N]\n");
            return 64;
        }
    }
    if (!punctuality_begin(period_ms * 1000000LL)) return 70;

    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    int signals = signalfd(-1, &ends, SFD_CLOEXEC);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    int listener = listen_on(port);
    static int listener_mark, signal_mark;
    struct epoll_event on_listener = {.events = EPOLLIN, .data.ptr = &listener_mark};
    struct epoll_event on_signal = {.events = EPOLLIN, .data.ptr = &signal_mark};
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &on_listener);
    epoll_ctl(epoll, EPOLL_CTL_ADD, signals, &on_signal);

    struct epoll_event events[MAX_EVENTS];
    for (;;) {
        int n = epoll_wait(epoll, events, MAX_EVENTS, -1);
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr == &listener_mark) {
                accept_all(listener, epoll);
            } else if (events[i].data.ptr == &signal_mark) {
                char json[JSON_CAPACITY];
                counts_json(json, sizeof json);
                fputs(json, stdout);
                return 0;
            } else {
                Connection *c = events[i].data.ptr;
                bool open = flush(c);
                if (open && c->in_length > 0) {
                    process(c);
                    open = flush(c);
                }
                if (open && (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))) open = readable(c);
                if (!open) end_connection(c);
            }
        }
    }
}
