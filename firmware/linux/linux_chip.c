/* The stream to the chip on Linux: a Unix socket, or a descriptor that was handed over open. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "id2_machine.h"
#include "linux_machine.h"

#define WRITE_MS 3000

static const char *chip_path;
static int inherited = -1;
static int chip = -1;

void linux_chip_at(const char *path, int descriptor)
{
    chip_path = path;
    inherited = descriptor;
}

static int connect_to(const char *path)
{
    struct sockaddr_un address;
    memset(&address, 0, sizeof address);
    address.sun_family = AF_UNIX;
    if (strlen(path) >= sizeof address.sun_path)
        return -1;
    memcpy(address.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address)) {
        close(fd);
        return -1;
    }
    return fd;
}

int id2_machine_chip_open(void)
{
    if (inherited >= 0)
        chip = inherited;
    else
        chip = chip_path == NULL ? -1 : connect_to(chip_path);
    return chip < 0 ? -1 : 0;
}

void id2_machine_chip_close(void)
{
    if (chip >= 0 && chip != inherited)
        close(chip);
    chip = -1;
}

static int wait_for(short events, int timeout_ms)
{
    struct pollfd one = {chip, events, 0};
    int ready;
    do {
        ready = poll(&one, 1, timeout_ms);
    } while (ready < 0 && errno == EINTR);
    return ready;
}

int id2_machine_chip_write(const uint8_t *data, uint32_t size)
{
    if (chip < 0)
        return -1;
    while (size) {
        ssize_t sent = wait_for(POLLOUT, WRITE_MS) > 0 ? write(chip, data, size) : -1;
        if (sent <= 0)
            return -1;
        data += sent;
        size -= (uint32_t)sent;
    }
    return 0;
}

int id2_machine_chip_read(uint8_t *byte, uint32_t timeout_ms)
{
    if (chip < 0)
        return -1;
    int ready = wait_for(POLLIN, (int)timeout_ms);
    if (ready <= 0)
        return ready;
    return read(chip, byte, 1) == 1 ? 1 : -1;
}
