/* Stand-in: the few declarations of Zephyr that the recipe needs, so that CI compiles it. Ours; not the system's header. */
#ifndef STAND_IN_ZEPHYR_SHELL_H
#define STAND_IN_ZEPHYR_SHELL_H

#include <stddef.h>

struct shell;

#define SHELL_CMD_REGISTER(name, subcommands, help, handler) \
    int (*const name##_is_a_command)(const struct shell *, size_t, char **) = handler

#endif
