/* The OSA on Linux: TCP and UDP. */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "faults.h"
#include "linux_machine.h"
#include "ls_osa.h"

#define CONNECT_MS 10000
#define SEND_MS 10000
#define INTERRUPTED (-1)
#define TIMED_OUT (-2)

/* Wait until a socket can be read or written. Return 1, 0 when the time is over, -1. */
static int wait_for(int fd, short events, int timeout_ms)
{
    struct pollfd one = {fd, events, 0};
    unsigned long long end = linux_real_ms() + (unsigned long long)timeout_ms;
    for (;;) {
        unsigned long long now = linux_real_ms();
        int left = timeout_ms == 0 ? -1 : now < end ? (int)(end - now) : 0;
        int ready = poll(&one, 1, left);
        if (ready >= 0 || errno != EINTR)
            return ready;
    }
}

static int finish_connect(int fd)
{
    int problem = 0;
    socklen_t size = sizeof problem;
    if (wait_for(fd, POLLOUT, CONNECT_MS) <= 0)
        return -1;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &size) || problem ? -1 : 0;
}

static int connect_to(const struct addrinfo *address)
{
    int fd = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->ai_protocol);
    if (fd < 0)
        return -1;
    int failed = connect(fd, address->ai_addr, address->ai_addrlen);
    if (failed && errno == EINPROGRESS)
        failed = finish_connect(fd);
    if (failed && !ID2_FAULT_IS(CONNECT_REFUSED_OK)) {
        close(fd);
        return -1;
    }
    return fd;
}

int ls_osa_net_connect(const char *host, const char *port, int type)
{
    struct addrinfo hints;
    struct addrinfo *found = NULL;
    int fd = -1;
    if (host == NULL || port == NULL || (type != LS_NET_TYPE_TCP && type != LS_NET_TYPE_UDP))
        return -1;
    memset(&hints, 0, sizeof hints);
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = type == LS_NET_TYPE_TCP ? SOCK_STREAM : SOCK_DGRAM;
    if (getaddrinfo(host, port, &hints, &found))
        return -1;
    for (const struct addrinfo *at = found; at != NULL && fd < 0; at = at->ai_next)
        fd = connect_to(at);
    freeaddrinfo(found);
    return fd;
}

void ls_osa_net_disconnect(int fd)
{
    if (fd > STDERR_FILENO)
        close(fd);
}

/* Only what connect gave may be used: a wrong number must not reach the console or the flash. */
static int is_socket(int fd)
{
    int type;
    socklen_t size = sizeof type;
    return fd > STDERR_FILENO && getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0;
}

int ls_osa_net_send(int fd, unsigned char *buf, size_t len, int *ret_orig)
{
    int ignored = 0;
    int *problem = ret_orig == NULL ? &ignored : ret_orig;
    size_t done = 0;
    size_t most = ID2_FAULT_IS(SEND_TRUNCATES) && len > 536 ? 536 : len;
    *problem = 0;
    if (buf == NULL || !is_socket(fd))
        return -1;
    while (done < most) {
        ssize_t sent = send(fd, buf + done, most - done, MSG_NOSIGNAL);
        if (sent >= 0) {
            done += (size_t)sent;
        } else if (errno == EAGAIN) {
            if (wait_for(fd, POLLOUT, SEND_MS) <= 0) {
                *problem = TIMED_OUT;
                return -1;
            }
        } else if (errno != EINTR) {
            return -1;
        }
    }
    return (int)len;
}

int ls_osa_net_recv(int fd, unsigned char *buf, size_t len, int timeout, int *ret_orig)
{
    int ignored = 0;
    int *problem = ret_orig == NULL ? &ignored : ret_orig;
    *problem = 0;
    if (buf == NULL || timeout < 0 || !is_socket(fd))
        return -1;
    if (ID2_FAULT_IS(RECEIVE_IGNORES_TIMEOUT) && timeout)
        timeout = 3 * timeout + 2000;
    int ready = wait_for(fd, POLLIN, timeout);
    if (ready <= 0) {
        *problem = ready == 0 ? TIMED_OUT : 0;
        return -1;
    }
    ssize_t got = recv(fd, buf, len, 0);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        *problem = INTERRUPTED;
    return (int)got;
}
