/* Stand-in: the few declarations of AliOS Things that the recipe needs, so that CI compiles it. Ours; not the system's header. */
#ifndef STAND_IN_AOS_CLI_H
#define STAND_IN_AOS_CLI_H

struct cli_command {
    const char *name;
    const char *help;
    void (*function)(char *output, int size, int argc, char **argv);
};

int aos_cli_register_command(const struct cli_command *command);

#endif
