/* Zephyr with its shell. Source of the texts: consoles.md A3. */
#include <string.h>

#include "platform/platform.h"
#include "platform/platform_machine.h"

static void kernel(int count, char *const *words)
{
    if (count > 1 && strcmp(words[1], "version") == 0)
        platform_say("Zephyr version 3.7.0\n");
    else if (count > 1 && strcmp(words[1], "uptime") == 0)
        platform_say("Uptime: %u ms\n", (unsigned)platform_ms());
    else if (count > 2 && strcmp(words[1], "reboot") == 0)
        platform_machine_restart(PLATFORM_BY_SOFTWARE);
    else
        platform_say("kernel - Kernel commands\nSubcommands:\n  reboot   : cold, warm\n  uptime   :\n  version  :\n");
}

static const struct platform_command COMMANDS[] = {{"kernel", "Kernel commands", kernel}, {NULL, NULL, NULL}};

static const struct platform_shell SHELL = {
    .prompt = "uart:~$ ",
    .unknown = "%s: command not found\n",
    .too_long = "Command buffer overflow\n",
    .before_help = "Please press the <Tab> button to see all available commands.\nAvailable commands:\n",
    .after_help = "",
    .help_line = "  %-8s : %s\n",
    .line_max = 255,
    .words_max = 20,
    .erases = 0x15,
    .commands = COMMANDS,
};

static void start(const char *cause)
{
    (void)cause;
    platform_boot_step(500);
    platform_say("*** Booting Zephyr OS build v3.7.0 ***\n");
    platform_boot_step(500);
    platform_say("\n\n");
}

static void log_at(const char *level, const char *module, const char *text)
{
    unsigned now = (unsigned)platform_ms();
    platform_say("[%02u:%02u:%02u.%03u,000] <%s> %s: %s\n", now / 3600000, now / 60000 % 60, now / 1000 % 60, now % 1000,
                 level, module, text);
}

static void log_line(const char *module, const char *text)
{
    log_at("inf", module, text);
}

static void crash(enum platform_crash kind, const char *detail)
{
    if (kind == PLATFORM_CRASH_WATCHDOG)
        return;
    if (kind == PLATFORM_CRASH_ACCESS)
        log_at("err", "os", "***** BUS FAULT *****");
    log_at("err", "os", detail);
    log_at("err", "os", "r0/a1:  0x00000000  r1/a2:  0xc0000000  r2/a3:  0x00000001");
    log_at("err", "os", "Faulting instruction address (r15/pc): 0x00012f44");
    if (kind == PLATFORM_CRASH_STACK)
        log_at("err", "os", ">>> ZEPHYR FATAL ERROR 2: Stack overflow on CPU 0");
    else if (kind == PLATFORM_CRASH_ABORT)
        log_at("err", "os", ">>> ZEPHYR FATAL ERROR 4: Kernel panic on CPU 0");
    else
        log_at("err", "os", ">>> ZEPHYR FATAL ERROR 25: Unknown error on CPU 0");
    log_at("err", "os", "Current thread: 0x20000a58 (shell_uart)");
    log_at("err", "os", "Halting system");
}

const struct platform platform_zephyr = {
    .line_end = "\r\n", .start = start, .log = log_line, .crash = crash, .end = PLATFORM_HALTS, .shell = &SHELL};
