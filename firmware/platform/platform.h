/*
 * The system around the client, as its console shows it: start, shell, log, crash. One table a system; what all of them
 * do is in platform.c (console, start, crash) and shell.c (lines, words, commands).
 *
 * -DID2_PLATFORM=platform_<name> chooses the table; without it the console is bare, as the client alone prints it.
 */
#ifndef ID2_PLATFORM_H
#define ID2_PLATFORM_H

#include <stddef.h>
#include <stdint.h>

enum platform_crash { PLATFORM_CRASH_ACCESS, PLATFORM_CRASH_STACK, PLATFORM_CRASH_ABORT, PLATFORM_CRASH_WATCHDOG };

/* What a system does once it has printed its crash. */
enum platform_end { PLATFORM_RESTARTS, PLATFORM_HALTS, PLATFORM_STAYS_IN_SHELL };

struct platform_command {
    const char *name;
    const char *help;
    void (*run)(int count, char *const *words);
};

struct platform_shell {
    const char *prompt;
    const char *crash_prompt;    /* of the shell that a crash leaves; NULL for none */
    const char *login;           /* what asks for the user; NULL when nobody is asked */
    const char *unknown;         /* format for the name of a command that is not there */
    const char *too_long;        /* what is said of a line that is too long; NULL: nothing, it is dropped */
    const char *before_help;     /* what help prints around the commands */
    const char *after_help;
    const char *help_line;       /* format of a command: its name, what it does */
    uint16_t line_max;           /* characters of the longest line, what ends it counted out */
    uint8_t words_max;
    uint8_t alone;               /* it has its own commands and none of the client's, as a boot loader */
    uint8_t cr_and_lf;           /* CR and LF both end a line: CR LF gives a second prompt */
    char separator;              /* what stands between commands on a line; 0 for nothing */
    char erases;                 /* what makes it forget the line, beside backspace; 0 for nothing */
    const struct platform_command *commands; /* of its own; the last has no name */
};

struct platform {
    const char *line_end;        /* what goes over the wire for LF */
    void (*start)(const char *cause);
    void (*log)(const char *module, const char *text);
    void (*crash)(enum platform_crash kind, const char *detail);
    enum platform_end end;
    const struct platform_shell *shell; /* NULL: lines go to the probe as they are */
};

extern const struct platform platform_bare, platform_freertos, platform_alios_1, platform_alios_3, platform_rt_thread,
    platform_zephyr, platform_esp_idf, platform_linux, platform_link_sdk_2, platform_link_sdk_4;

/* The table of this build. */
extern const struct platform *const platform;

/* Start the system and the client, then serve the console until nobody is there any more. */
void platform_run(void);

/* Print as the console of the system does; what the client and the probe print goes here too. */
void platform_write(const char *bytes, size_t count);
__attribute__((format(printf, 1, 2))) void platform_say(const char *format, ...);

/* Wait for a byte, at most so many milliseconds; meanwhile other tasks may log. Return it, or -1 for none. */
int platform_read(uint32_t timeout_ms);

/* Let so many thousandths of the time that a start takes (ID2_BOOT_MS) go by. Return whether something was typed
 * meanwhile; it is lost. */
int platform_boot_step(unsigned thousandths);

/* Milliseconds since the start. */
uint32_t platform_ms(void);

/* The crash of this start: print it, and do what the system does then. Returns when the machine is to restart. */
void platform_crashed(enum platform_crash kind, const char *detail);

/* How many crashes there were since the power came. */
uint32_t platform_crashes(void);

/* Serve the shell. Returns when the console is gone. */
void platform_serve_shell(const struct platform_shell *shell, const char *prompt);

/* Read a line without its end into `line`, echoed unless it is secret. Return its length, -1 when the console is gone. */
int platform_read_line(const struct platform_shell *shell, char *line, size_t room, int secret);

/* For whoever runs another shell in between: read a line and carry out its commands. Return 0 when the console is gone. */
int platform_do_line(const struct platform_shell *shell, const char *prompt);

#endif
