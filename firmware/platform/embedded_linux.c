/* Embedded Linux with OP-TEE: U-Boot, kernel, login, shell. Source of the texts: consoles.md A4. */
#include <string.h>

#include "platform/platform.h"
#include "platform/platform_faults.h"
#include "platform/platform_machine.h"

static void say_kernel(const char *text)
{
    unsigned now = (unsigned)platform_ms();
    platform_say("[%5u.%06u] %s\n", now / 1000, now % 1000 * 1000, text);
}

static void log_line(const char *module, const char *text)
{
    unsigned now = (unsigned)platform_ms();
    platform_say("[%5u.%06u] %s: %s\n", now / 1000, now % 1000 * 1000, module, text);
}

static void reboot(int count, char *const *words)
{
    (void)count;
    (void)words;
    platform_say("The system is going down NOW!\nSent SIGTERM to all processes\nRequesting system reboot\n");
    say_kernel("reboot: Restarting system");
    platform_machine_restart(PLATFORM_BY_SOFTWARE);
}

static void echo(int count, char *const *words)
{
    for (int i = 1; i < count; i++)
        platform_say("%s%s", words[i], i + 1 < count ? " " : "");
    platform_say("\n");
}

static void uname(int count, char *const *words)
{
    (void)count;
    (void)words;
    platform_say("Linux board 6.1.55 #1 SMP PREEMPT " __DATE__ " aarch64 GNU/Linux\n");
}

static void uptime(int count, char *const *words)
{
    (void)count;
    (void)words;
    platform_say(" 00:%02u:%02u up %u min, load average: 0.08, 0.03, 0.01\n", (unsigned)platform_ms() / 60000 % 60,
                 (unsigned)platform_ms() / 1000 % 60, (unsigned)platform_ms() / 60000);
}

static void leave(int count, char *const *words)
{
    (void)count;
    (void)words;
}

static const struct platform_command COMMANDS[] = {
    {"echo", "", echo},     {"uname", "", uname}, {"uptime", "", uptime},
    {"reboot", "", reboot}, {"exit", "", leave},  {NULL, NULL, NULL},
};

static const struct platform_shell SHELL = {
    .prompt = "# ",
    .login = "board login: ",
    .unknown = "-sh: %s: not found\n",
    .before_help = "Built-in commands:\n------------------\n",
    .after_help = "",
    .help_line = "\t%s\t%s\n",
    .line_max = 1000,
    .words_max = 39,
    .cr_and_lf = 1,
    .separator = ';',
    .erases = 0x15,
    .commands = COMMANDS,
};

static int booting;

static void go_on(int count, char *const *words)
{
    (void)count;
    (void)words;
    booting = 1;
}

static void reset(int count, char *const *words)
{
    (void)count;
    (void)words;
    platform_say("resetting ...\n");
    platform_machine_restart(PLATFORM_BY_SOFTWARE);
}

static void version(int count, char *const *words)
{
    (void)count;
    (void)words;
    platform_say("U-Boot 2023.04 (" __DATE__ " - " __TIME__ " +0000)\n");
}

static const struct platform_command LOADER_COMMANDS[] = {
    {"boot", "boot default, i.e., run 'bootcmd'", go_on},
    {"reset", "Perform RESET of the CPU", reset},
    {"version", "print monitor, compiler and linker version", version},
    {NULL, NULL, NULL},
};

static const struct platform_shell LOADER = {
    .prompt = "=> ",
    .unknown = "Unknown command '%s' - try 'help'\n",
    .before_help = "",
    .after_help = "",
    .help_line = "%-9s - %s\n",
    .line_max = 512,
    .words_max = 16,
    .separator = ';',
    .alone = 1,
    .commands = LOADER_COMMANDS,
};

static const char *loader_cause(const char *cause)
{
    if (strcmp(cause, "watchdog") == 0)
        return "WDOG";
    return strcmp(cause, "power-on") == 0 ? "POR" : "SW";
}

/* Any key stops the countdown and leaves the user with the boot loader. */
static void count_down(void)
{
    int typed = 0;
    booting = 0;
    platform_say("Hit any key to stop autoboot:  2 ");
    for (int left = 1; left >= 0 && !typed; left--) {
        typed = platform_boot_step(150);
        platform_say("\b\b\b%2d ", left);
    }
    platform_say("\n");
    while (typed && !booting && platform_do_line(&LOADER, LOADER.prompt))
        continue;
}

static void start_kernel(void)
{
    platform_say("## Loading kernel from FIT Image at 40480000 ...\n   Verifying Hash Integrity ... OK\n\nStarting kernel ...\n\n");
    platform_boot_step(100);
    say_kernel("Booting Linux on physical CPU 0x0000000000 [0x410fd034]");
    say_kernel("Linux version 6.1.55 (build@host) (aarch64-linux-gcc 12.2.0) #1 SMP PREEMPT");
    say_kernel("Kernel command line: console=ttymxc1,115200 root=/dev/mmcblk0p2");
    platform_boot_step(200);
    say_kernel("optee: probing for conduit method.");
    say_kernel("optee: revision 4.1 (18b424c2)");
    say_kernel("optee: initialized driver");
    platform_boot_step(200);
    say_kernel("Run /sbin/init as init process");
}

static void start(const char *cause)
{
    platform_say("\nU-Boot SPL 2023.04 (" __DATE__ " - " __TIME__ " +0000)\nTrying to boot from MMC1\n"
                 "I/TC: OP-TEE version: 4.1.0 (gcc version 12.2.0) #1 aarch64\nI/TC: Primary CPU initializing\n"
                 "I/TC: Primary CPU switching to normal world boot\n");
    platform_boot_step(100);
    platform_say("\n\nU-Boot 2023.04 (" __DATE__ " - " __TIME__ " +0000)\n\nReset cause: %s\nDRAM:  512 MiB\n"
                 "MMC:   FSL_SDHC: 0\nIn:    serial\nOut:   serial\nErr:   serial\n",
                 loader_cause(cause));
    count_down();
    start_kernel();
    platform_say("Starting syslogd: OK\nStarting tee-supplicant: %s\n", platform_fault_supplicant("OK"));
    platform_boot_step(100);
}

static void crash(enum platform_crash kind, const char *detail)
{
    if (kind == PLATFORM_CRASH_WATCHDOG)
        return;
    say_kernel("Unable to handle kernel paging request at virtual address c0000000");
    log_line("Internal error", "Oops: 96000045 [#1] SMP");
    log_line("detail", detail);
    say_kernel("Call trace:");
    say_kernel(" id2_app+0x44/0x1f0");
    say_kernel("---[ end trace 0000000000000000 ]---");
    say_kernel("Kernel panic - not syncing: Oops: Fatal exception");
    say_kernel("Rebooting in 1 seconds..");
}

const struct platform platform_linux = {
    .line_end = "\r\n", .start = start, .log = log_line, .crash = crash, .end = PLATFORM_RESTARTS, .shell = &SHELL};
