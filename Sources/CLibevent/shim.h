#ifndef BEATD_CLIBEVENT_SHIM_H
#define BEATD_CLIBEVENT_SHIM_H

/* First: libevent's event-config.h defines _GNU_SOURCE, which would change fd_set after Glibc's module has seen it. */
#include <sys/select.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <event2/event.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/util.h>

/* Swift's Glibc module is built without _GNU_SOURCE and so lacks accept4; the prototype is the one of accept4(2). */
extern int accept4(int listener, struct sockaddr *address, socklen_t *length, int flags);

/* Variadic C functions cannot be called from Swift. A thread's name is at most 15 bytes long (prctl(2)). */
static inline int beatd_name_this_thread(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }

/* Before glibc 2.36 there is no function for pidfd_open(2). */
static inline int beatd_pidfd_open(int pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

#endif
