#ifndef BEATD_CLIBEVENT_SHIM_H
#define BEATD_CLIBEVENT_SHIM_H

/* First: libevent's event-config.h defines _GNU_SOURCE, which would change fd_set after Glibc's module has seen it. */
#include <sys/select.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <event2/event.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <event2/util.h>

#endif
