/*
 * The least that takes registrations as beatd does, with libevent's own HTTP server and SQLite: the peer of durable POSTs.
 *
 *   storing FILE ANSWER PORT   stores the body of each POST in FILE, answers 201 and ANSWER when it is on the disk, and
 *                              registers an instance at 127.0.0.1:PORT; prints "listening PORT"
 *
 * What came in one pass of the loop is one transaction. A register has its connection to itself, as in beatd. Nothing is
 * parsed or checked, nothing is kept in memory, no beat is sent. One thread, loopback only; ends with TERM.
 */
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_BATCH = 256, MAX_CONNECTIONS = 256, BODY_CAPACITY = 4096, ANSWER_CAPACITY = 4096 };

static struct event_base *base;
static struct event *commit_event;
static sqlite3 *database;
static sqlite3_stmt *begin, *insert, *commit;
static struct evhttp_request *batch[MAX_BATCH];
static int batched, connections, registered;
static const char *answer;
static int idle[MAX_CONNECTIONS], idle_count;
static struct sockaddr_in nacos;

static void die(const char *what) {
    fprintf(stderr, "storing: %s\n", what);
    exit(69);
}

static void step(sqlite3_stmt *statement) {
    int result = sqlite3_step(statement);
    if (result != SQLITE_DONE) die(sqlite3_errmsg(database));
    sqlite3_reset(statement);
}

/* The answer to a register has come: the connection takes another one. */
static void on_registered(evutil_socket_t fd, short what, void *context) {
    (void)what, (void)context;
    char bytes[ANSWER_CAPACITY];
    if (recv(fd, bytes, sizeof bytes, 0) <= 0) die("the server closed");
    idle[idle_count++] = fd;
}

static int connect_nacos(void) {
    if (connections == MAX_CONNECTIONS) die("registers are not answered");
    connections++;
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    if (fd < 0 || connect(fd, (struct sockaddr *)&nacos, sizeof nacos) != 0) die("cannot connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    evutil_make_socket_nonblocking(fd);
    event_add(event_new(base, fd, EV_READ | EV_PERSIST, on_registered, NULL), NULL);
    return fd;
}

static void send_register(void) {
    char bytes[512];
    int n = registered++;
    int length = snprintf(
        bytes, sizeof bytes,
        "POST /nacos/v1/ns/instance?serviceName=DEFAULT_GROUP%%40%%40storing&clusterName=DEFAULT&ip=10.2%02d.2%02d.2%02d"
        "&port=8080&ephemeral=true&weight=1.0&enabled=true HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
        n / 2500 % 50, n / 50 % 50, n % 50);
    int fd = idle_count > 0 ? idle[--idle_count] : connect_nacos();
    if (send(fd, bytes, (size_t)length, MSG_NOSIGNAL) != length) die("short write");
}

/* Behind the requests of the pass. */
static void on_commit(evutil_socket_t fd, short what, void *context) {
    (void)fd, (void)what, (void)context;
    char body[BODY_CAPACITY];
    step(begin);
    for (int i = 0; i < batched; i++) {
        ev_ssize_t length = evbuffer_copyout(evhttp_request_get_input_buffer(batch[i]), body, sizeof body);
        sqlite3_bind_blob(insert, 1, body, (int)length, SQLITE_STATIC);
        step(insert);
    }
    step(commit);
    for (int i = 0; i < batched; i++) {
        evbuffer_add(evhttp_request_get_output_buffer(batch[i]), answer, strlen(answer));
        evhttp_add_header(evhttp_request_get_output_headers(batch[i]), "Content-Type", "application/json");
        evhttp_send_reply(batch[i], 201, "Created", NULL);
        send_register();
    }
    batched = 0;
}

static void on_request(struct evhttp_request *request, void *context) {
    (void)context;
    if (batched == MAX_BATCH) die("more requests than connections");
    if (batched == 0) event_active(commit_event, EV_TIMEOUT, 0);
    batch[batched++] = request;
}

static void on_term(evutil_socket_t fd, short what, void *context) {
    (void)fd, (void)what, (void)context;
    event_base_loopbreak(base);
}

static void open_database(const char *path) {
    if (sqlite3_open(path, &database) != SQLITE_OK ||
        sqlite3_exec(
            database, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
            "CREATE TABLE registrations (serial INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT", NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(database, "BEGIN", -1, &begin, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(database, "INSERT INTO registrations (body) VALUES (?)", -1, &insert, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(database, "COMMIT", -1, &commit, NULL) != SQLITE_OK)
        die(sqlite3_errmsg(database));
}

int main(int argc, char **argv) {
    if (argc != 4) {
        fprintf(stderr, "usage: storing FILE ANSWER PORT\n");
        return 64;
    }
    open_database(argv[1]);
    answer = argv[2];
    nacos = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[3])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    base = event_base_new();
    commit_event = event_new(base, -1, 0, on_commit, NULL);
    struct evhttp *http = evhttp_new(base);
    struct evhttp_bound_socket *bound = evhttp_bind_socket_with_handle(http, "127.0.0.1", 0);
    if (bound == NULL) die("cannot listen");
    evhttp_set_gencb(http, on_request, NULL);
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&address, &length);
    printf("listening %d\n", ntohs(address.sin_port));
    fflush(stdout);
    event_add(evsignal_new(base, SIGTERM, on_term, NULL), NULL);
    event_base_dispatch(base);
    sqlite3_close(database);
    return 0;
}
