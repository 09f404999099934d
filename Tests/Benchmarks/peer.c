/*
 * The least that answers a GET with libevent's own HTTP server: the peer of beatd's control API.
 *
 *   peer BODY       answers every request with 200, application/json and BODY; prints "listening PORT"
 *
 * One thread, loopback only; ends with TERM.
 */
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static struct event_base *base;

static void on_request(struct evhttp_request *request, void *body) {
    struct evbuffer *out = evhttp_request_get_output_buffer(request);
    evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type", "application/json");
    evbuffer_add(out, body, strlen(body));
    evhttp_send_reply(request, 200, "OK", NULL);
}

static void on_term(evutil_socket_t fd, short what, void *context) {
    (void)fd, (void)what, (void)context;
    event_base_loopbreak(base);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: peer BODY\n");
        return 64;
    }
    base = event_base_new();
    struct evhttp *http = evhttp_new(base);
    struct evhttp_bound_socket *bound = evhttp_bind_socket_with_handle(http, "127.0.0.1", 0);
    if (bound == NULL) {
        perror("peer: listen");
        return 69;
    }
    evhttp_set_gencb(http, on_request, argv[1]);
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&address, &length);
    printf("listening %d\n", ntohs(address.sin_port));
    fflush(stdout);
    struct event *term = evsignal_new(base, SIGTERM, on_term, NULL);
    event_add(term, NULL);
    event_base_dispatch(base);
    event_free(term);
    evhttp_free(http);
    event_base_free(base);
    return 0;
}
