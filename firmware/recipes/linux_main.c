/*
 * Linux: a program that speaks on its terminal, or on the serial port that it is given: `program /dev/ttyS1`.
 */
#define _POSIX_C_SOURCE 200809L

#include <fcntl.h>
#include <stdio.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "id2_probe.h"

static int input = STDIN_FILENO;
static int output = STDOUT_FILENO;

void id2_probe_port_write(const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t written = write(output, bytes, count);

        if (written <= 0) {
            return;
        }
        bytes += written;
        count -= (size_t)written;
    }
}

uint32_t id2_probe_port_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)((uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u);
}

/* Take bytes as they come: no echo, no editing of the line, nothing in place of CR and LF. */
static void make_raw(int terminal)
{
    struct termios settings;

    if (tcgetattr(terminal, &settings) == 0) {
        settings.c_iflag &= (tcflag_t) ~(tcflag_t)(ICRNL | INLCR | IGNCR | ISTRIP | IXON | IXOFF | BRKINT | PARMRK);
        settings.c_oflag &= (tcflag_t) ~(tcflag_t)OPOST;
        settings.c_lflag &= (tcflag_t) ~(tcflag_t)(ECHO | ECHONL | ICANON | IEXTEN);
        settings.c_cflag |= CREAD | CLOCAL;
        settings.c_cc[VMIN] = 1;
        settings.c_cc[VTIME] = 0;
        (void)tcsetattr(terminal, TCSANOW, &settings);
    }
}

int main(int count, char **arguments)
{
    uint8_t bytes[256];
    ssize_t got;

    if (count > 1) {
        input = open(arguments[1], O_RDWR | O_NOCTTY);
        if (input < 0) {
            perror(arguments[1]);
            return 1;
        }
        output = input;
    }
    make_raw(input);
    id2_probe_start((uint32_t)getpid() ^ (uint32_t)time(NULL));
    while ((got = read(input, bytes, sizeof bytes)) > 0) {
        ssize_t i;

        for (i = 0; i < got; ++i) {
            id2_probe_feed(bytes[i]);
        }
    }
    return 0;
}
