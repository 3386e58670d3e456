/*
 * The firmware as a process of Linux, with its console on stdin and stdout or on a tty:
 *
 *     firmware [--flash FILE] [--chip SOCKET] [--tty DEVICE]
 *
 * From the environment, for whoever starts it with open descriptors: ID2_FLASH is the flash's file, ID2_SE_DESCRIPTOR
 * the number of a descriptor that leads to the chip, ID2_RESET_CAUSE why the board starts.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "linux_machine.h"
#include "platform/platform.h"

#define USAGE "usage: firmware [--flash FILE] [--chip SOCKET] [--tty DEVICE]\n"

struct options {
    const char *flash;
    const char *chip;
    const char *tty;
};

static int read_options(int count, char **words, struct options *options)
{
    for (int i = 1; i + 1 < count; i += 2) {
        if (strcmp(words[i], "--flash") == 0)
            options->flash = words[i + 1];
        else if (strcmp(words[i], "--chip") == 0)
            options->chip = words[i + 1];
        else if (strcmp(words[i], "--tty") == 0)
            options->tty = words[i + 1];
        else
            return -1;
    }
    return count % 2 ? 0 : -1;
}

/* Put the console on a terminal, which then hands every byte on as it is. */
static int use_tty(const char *path)
{
    int fd = open(path, O_RDWR | O_NOCTTY);
    if (fd < 0 || dup2(fd, STDIN_FILENO) < 0 || dup2(fd, STDOUT_FILENO) < 0)
        return -1;
    if (fd > STDERR_FILENO)
        close(fd);
    return 0;
}

static void make_raw(int fd)
{
    struct termios settings;
    if (tcgetattr(fd, &settings))
        return;
    cfmakeraw(&settings);
    tcsetattr(fd, TCSANOW, &settings);
}

int main(int count, char **words)
{
    struct options options = {getenv("ID2_FLASH"), NULL, NULL};
    const char *descriptor = getenv("ID2_SE_DESCRIPTOR");
    if (read_options(count, words, &options)) {
        fputs(USAGE, stderr);
        return 2;
    }
    linux_board_start(words);
    if (options.tty != NULL && use_tty(options.tty)) {
        perror(options.tty);
        return 2;
    }
    if (isatty(STDIN_FILENO))
        make_raw(STDIN_FILENO);
    if (linux_flash_open(options.flash == NULL ? "id2-flash.bin" : options.flash)) {
        perror(options.flash == NULL ? "id2-flash.bin" : options.flash);
        return 2;
    }
    linux_chip_at(options.chip, descriptor == NULL ? -1 : (int)strtol(descriptor, NULL, 10));
    platform_run();
    return 0;
}
