#ifndef BEATD_CPROCESS_H
#define BEATD_CPROCESS_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/* posix_spawn(3) cannot set the parent-death signal, and Swift may not call fork(2): between fork and exec only
   functions that are safe in a signal handler may run. */

/* What the child is from fork to exec; never returns. */
static inline void beatd_become(char *const argv[], char *const envp[], pid_t parent, int report) {
    sigset_t none;
    sigemptyset(&none);
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
    /* The parent may have died before the line above. */
    if (getppid() != parent) _exit(127);
    extern char **environ;
    environ = (char **)envp;
    execvp(argv[0], argv);
    int reason = errno;
    ssize_t written = write(report, &reason, sizeof reason);
    _exit(written == sizeof reason ? 127 : 126);
}

/* Starts argv[0], looked up in PATH, with default signal actions, an empty mask, and SIGTERM when the calling thread
   dies. Gives its pid; or -1 with errno of what failed, exec in the child included. */
static inline pid_t beatd_start(char *const argv[], char *const envp[]) {
    int report[2];
    if (pipe(report) != 0) return -1;
    fcntl(report[0], F_SETFD, FD_CLOEXEC);
    fcntl(report[1], F_SETFD, FD_CLOEXEC);
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0) beatd_become(argv, envp, parent, report[1]);
    int failure = child < 0 ? errno : 0;
    close(report[1]);
    if (child > 0) {
        ssize_t count;
        do count = read(report[0], &failure, sizeof failure); while (count < 0 && errno == EINTR);
        if (count <= 0) failure = 0;
        else while (waitpid(child, NULL, 0) < 0 && errno == EINTR) { }
    }
    close(report[0]);
    if (failure != 0) { errno = failure; return -1; }
    return child;
}

#endif
