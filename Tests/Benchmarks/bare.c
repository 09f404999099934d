/*
 * The least a program can do to keep N instances beating: the figure that beatd's cost is compared with.
 *
 *   bare --port 8848 --count 20000 [--period-ms 5000] [--grid-ms 50] [--connections 8] [--depth 1] [--limit 100]
 *        [--warm 5] [--seconds 20]
 *
 * One timerfd with absolute times, phases spread over the period on a grid, a few kept-alive connections, every
 * request encoded once before it starts. With --depth 1 each beat is one write and one read; with --depth 4 an idle
 * connection takes up to four beats of a slot in one write, as beatd does. No retries, no replies parsed beyond their
 * end, no table, no log. A connection is left after --limit answers, as Tomcat would close it.
 *
 * Measures between --warm and --warm + --seconds and prints one JSON object.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CONNECTIONS = 64, MAX_DEPTH = 64, IN_CAPACITY = 64 * 1024, REQUEST_CAPACITY = 320, LATE_BUCKETS = 100000 };

typedef struct {
    int fd;
    int in_flight, written; /* beats unanswered; requests since it was opened */
    size_t in_length;
    char in[IN_CAPACITY];
} Connection;

typedef struct {
    int length;
    char bytes[REQUEST_CAPACITY];
} Request;

static int port, count = 20000, connections = 8, depth = 1, limit = 0, warm_s = 5, seconds = 20;
static int64_t period_ns = 5000 * 1000000LL, grid_ns = 50 * 1000000LL;
static Request *requests;
static Connection pool[MAX_CONNECTIONS];
static int epoll;

/* Due beats not yet written: a ring of indexes, with the time each was due. */
static int *due_index;
static int64_t *due_time;
static size_t due_head, due_tail;

static uint64_t sent, answered, reconnects, writes, reads, wakeups;
static uint32_t late[LATE_BUCKETS]; /* 10 microseconds each */
static uint64_t late_count;
static int64_t late_max;

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void die(const char *what) {
    perror(what);
    exit(70);
}

static void open_connection(Connection *c) {
    int one = 1;
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof address) < 0) die("bare: connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (fcntl(c->fd, F_SETFL, O_NONBLOCK) < 0) die("bare: fcntl");
    c->in_flight = c->written = 0;
    c->in_length = 0;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event) < 0) die("bare: epoll_ctl");
}

static void note_lateness(int64_t due, int64_t now) {
    int64_t by = now - due;
    if (by > late_max) late_max = by;
    int64_t bucket = by / 10000;
    late[bucket < 0 ? 0 : bucket < LATE_BUCKETS ? bucket : LATE_BUCKETS - 1]++;
    late_count++;
}

/* Fills idle connections with the beats that are due, one write each; how late they are is told by its own time. */
static void send_due(void) {
    for (int i = 0; i < connections && due_head != due_tail; i++) {
        Connection *c = &pool[i];
        if (c->in_flight > 0) continue;
        struct iovec parts[MAX_DEPTH];
        int n = 0;
        size_t total = 0;
        int64_t now = now_ns();
        while (n < depth && due_head != due_tail && (limit == 0 || c->written < limit)) {
            Request *request = &requests[due_index[due_head]];
            parts[n++] = (struct iovec){.iov_base = request->bytes, .iov_len = (size_t)request->length};
            total += (size_t)request->length;
            note_lateness(due_time[due_head], now);
            due_head = (due_head + 1) % (size_t)(count + 1);
            c->written++;
        }
        if (n == 0) continue;
        if (writev(c->fd, parts, n) != (ssize_t)total) die("bare: short write");
        writes++;
        c->in_flight = n;
        sent += (uint64_t)n;
    }
}

/* Counts the answers that have come; every one ends with the last chunk. */
static void receive(Connection *c) {
    ssize_t n = recv(c->fd, c->in + c->in_length, IN_CAPACITY - c->in_length, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {
        if (c->in_flight > 0) die("bare: the server closed a connection with beats in flight (--limit?)");
        close(c->fd);
        open_connection(c);
        reconnects++;
        return;
    }
    reads++;
    c->in_length += (size_t)n;
    char *at = c->in, *end = c->in + c->in_length, *found;
    while ((found = memmem(at, (size_t)(end - at), "\r\n0\r\n\r\n", 7)) != NULL) {
        at = found + 7;
        c->in_flight--;
        answered++;
    }
    c->in_length = (size_t)(end - at);
    memmove(c->in, at, c->in_length);
    if (c->in_flight == 0 && limit > 0 && c->written >= limit) {
        close(c->fd);
        open_connection(c);
        reconnects++;
    }
}

static double late_ms(double fraction) {
    uint64_t wanted = (uint64_t)((double)late_count * fraction), sum = 0;
    for (int i = 0; i < LATE_BUCKETS; i++) {
        sum += late[i];
        if (sum > wanted) return (i + 1) * 0.01;
    }
    return LATE_BUCKETS * 0.01;
}

static void encode_requests(void) {
    requests = calloc((size_t)count, sizeof *requests);
    due_index = calloc((size_t)count + 1, sizeof *due_index);
    due_time = calloc((size_t)count + 1, sizeof *due_time);
    if (requests == NULL || due_index == NULL || due_time == NULL) die("bare: calloc");
    for (int i = 0; i < count; i++) {
        requests[i].length = snprintf(
            requests[i].bytes, REQUEST_CAPACITY,
            "PUT /nacos/v1/ns/instance/beat?namespaceId=public&serviceName=DEFAULT_GROUP%%40%%40bench-%d"
            "&clusterName=DEFAULT&ip=10.%d.%d.%d&port=8080 HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
            "User-Agent: bare/1\r\nContent-Length: 0\r\n\r\n",
            i % 100, (i >> 16) & 255, (i >> 8) & 255, i & 255, port);
    }
}

static double cpu_seconds(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void read_arguments(int argc, char **argv) {
    for (int i = 1; i < argc; i += 2) {
        int value = i + 1 < argc ? atoi(argv[i + 1]) : -1;
        if (value < 0) goto usage;
        if (strcmp(argv[i], "--port") == 0) port = value;
        else if (strcmp(argv[i], "--count") == 0) count = value;
        else if (strcmp(argv[i], "--period-ms") == 0) period_ns = value * 1000000LL;
        else if (strcmp(argv[i], "--grid-ms") == 0) grid_ns = value * 1000000LL;
        else if (strcmp(argv[i], "--connections") == 0) connections = value;
        else if (strcmp(argv[i], "--depth") == 0) depth = value;
        else if (strcmp(argv[i], "--limit") == 0) limit = value;
        else if (strcmp(argv[i], "--warm") == 0) warm_s = value;
        else if (strcmp(argv[i], "--seconds") == 0) seconds = value;
        else goto usage;
    }
    if (port > 0 && count > 0 && connections > 0 && connections <= MAX_CONNECTIONS && depth > 0 &&
        depth <= MAX_DEPTH && grid_ns > 0 && period_ns >= grid_ns && seconds > 0)
        return;
usage:
    fprintf(stderr, "usage: bare --port N --count N [--period-ms --grid-ms --connections --depth --limit --warm --seconds]\n");
    exit(64);
}

/* Queues the beats of one slot: registration i has the phase (i mod slots). */
static void queue_slot(int64_t slot, int64_t slots, int64_t due) {
    for (int64_t i = slot % slots; i < count; i += slots) {
        due_index[due_tail] = (int)i;
        due_time[due_tail] = due;
        due_tail = (due_tail + 1) % (size_t)(count + 1);
        if (due_tail == due_head) {
            fprintf(stderr, "bare: more than a period behind\n");
            exit(70);
        }
    }
}

int main(int argc, char **argv) {
    read_arguments(argc, argv);
    encode_requests();
    epoll = epoll_create1(EPOLL_CLOEXEC);
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    struct epoll_event on_timer = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};
    if (epoll < 0 || timer < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &on_timer) < 0) die("bare: timer");
    for (int i = 0; i < connections; i++) open_connection(&pool[i]);

    int64_t slots = period_ns / grid_ns, slot = 0;
    int64_t start = now_ns() + grid_ns;
    int64_t measure_from = start + warm_s * 1000000000LL, measure_to = measure_from + seconds * 1000000000LL;
    bool measuring = false;
    double cpu_from = 0;
    uint64_t sent_from = 0, writes_from = 0, reads_from = 0, wakeups_from = 0;
    for (;;) {
        int64_t next = start + slot * grid_ns, now = now_ns();
        while (next <= now) {
            queue_slot(slot, slots, next);
            slot++;
            next = start + slot * grid_ns;
        }
        send_due();
        if (!measuring && now >= measure_from) {
            measuring = true;
            cpu_from = cpu_seconds();
            sent_from = sent, writes_from = writes, reads_from = reads, wakeups_from = wakeups;
            memset(late, 0, sizeof late);
            late_count = 0, late_max = 0;
        }
        if (now >= measure_to) break;
        struct itimerspec at = {.it_value = {.tv_sec = next / 1000000000LL, .tv_nsec = next % 1000000000LL}};
        timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL);
        struct epoll_event events[MAX_CONNECTIONS + 1];
        int n = epoll_wait(epoll, events, MAX_CONNECTIONS + 1, -1);
        wakeups++;
        for (int i = 0; i < n; i++)
            if (events[i].data.ptr != NULL) receive(events[i].data.ptr);
    }
    double cpu = cpu_seconds() - cpu_from;
    uint64_t beats = sent - sent_from;
    printf(
        "{\"beats\":%llu,\"answered\":%llu,\"cpuSeconds\":%.6f,\"cpuPerBeatUs\":%.3f,\"latenessMs\":{\"p50\":%.2f,"
        "\"p99\":%.2f,\"max\":%.2f},\"writes\":%llu,\"reads\":%llu,\"wakeups\":%llu,\"reconnects\":%llu}\n",
        (unsigned long long)beats, (unsigned long long)answered, cpu, beats ? cpu / (double)beats * 1e6 : 0.0,
        late_ms(0.5), late_ms(0.99), (double)late_max / 1e6, (unsigned long long)(writes - writes_from),
        (unsigned long long)(reads - reads_from), (unsigned long long)(wakeups - wakeups_from),
        (unsigned long long)reconnects);
    return 0;
}
