/* AliOS Things: 1.x and 2.x, and 3.x. Source of the texts: consoles.md A1. */
#include <stdlib.h>
#include <string.h>

#include "id2_machine.h"
#include "ls_hal_sst.h"
#include "platform/platform.h"

static void sysver(int count, char *const *words)
{
    (void)count;
    (void)words;
    platform_say("kernel version :%s\r\n", platform == &platform_alios_3 ? "12000" : "AOS-R-1.3.2");
}

static void uptime(int count, char *const *words)
{
    (void)count;
    (void)words;
    platform_say("UP time %u ms\r\n", (unsigned)platform_ms());
}

static void devname(int count, char *const *words)
{
    (void)count;
    (void)words;
    platform_say("device name: id2-board\r\n");
}

static void tasklist(int count, char *const *words)
{
    (void)count;
    (void)words;
    platform_say("------------------------------------------------------------\r\n"
                 "Name               State    Prio       StackSize   MinFreesize\r\n"
                 "------------------------------------------------------------\r\n"
                 "app_task           RDY      32         8192        5524\r\n"
                 "idle_task          RDY      61         512         376\r\n"
                 "cli                PEND     60         8192        6012\r\n");
}

/* kv set KEY VALUE, kv get KEY, kv del KEY: the store of the HAL. */
static void kv(int count, char *const *words)
{
    char value[128];
    uint32_t size = sizeof value - 1;
    if (count == 4 && strcmp(words[1], "set") == 0) {
        if (ls_hal_kv_set(words[2], words[3], (uint32_t)strlen(words[3])))
            platform_say("cli: kv set failed\r\n");
    } else if (count == 3 && strcmp(words[1], "get") == 0) {
        if (ls_hal_kv_get(words[2], value, &size) || size >= sizeof value)
            platform_say("cli: no paired kv\r\n");
        else
            platform_say("value is %.*s\r\n", (int)size, value);
    } else if (count == 3 && strcmp(words[1], "del") == 0) {
        if (ls_hal_kv_del(words[2]))
            platform_say("cli: no paired kv\r\n");
    } else {
        platform_say("syntax error\r\n");
    }
}

static const struct platform_command COMMANDS[] = {
    {"sysver", "system version", sysver},
    {"time", "system time", uptime},
    {"devname", "print device name", devname},
    {"tasklist", "list all thread info", tasklist},
    {"kv", "kv set/get/del", kv},
    {NULL, NULL, NULL},
};

static const struct platform_shell SHELL_1 = {
    .prompt = "# ",
    .unknown = "command '%s' not found\r\n",
    .too_long = "\r\nError: input buffer overflow\r\n",
    .before_help = "====AliOS Things Command List====\r\n",
    .after_help = "====Command end====\r\n",
    .help_line = "%-16s: %s\r\n",
    .line_max = 255,
    .words_max = 16,
    .cr_and_lf = 1,
    .separator = ';',
    .commands = COMMANDS,
};

static const struct platform_shell SHELL_3 = {
    .prompt = "(ash)# ",
    .crash_prompt = "(panic)# ",
    .unknown = "command '%s' not found\r\n",
    .too_long = "\r\nError: input buffer overflow\r\n",
    .before_help = "AliOS Things Command List\r\n",
    .after_help = "Command end\r\n",
    .help_line = "%-16s: %s\r\n",
    .line_max = 255,
    .words_max = 16,
    .cr_and_lf = 1,
    .separator = ';',
    .commands = COMMANDS,
};

static void log_1(const char *module, const char *text)
{
    platform_say("[%06u]<I> %s %s\r\n", (unsigned)platform_ms(), module, text);
}

static void log_3(const char *module, const char *text)
{
    unsigned now = (unsigned)platform_ms();
    platform_say("[%4u.%03u]<I>%s task.c[112]: %s\r\n", now / 1000, now % 1000, module, text);
}

static void start_1(const char *cause)
{
    (void)cause;
    platform_boot_step(600);
    platform_say("\r\n                      Welcome to AliOS Things\r\n");
    platform_boot_step(400);
    platform->log("yts", "nano entry here!");
}

/* What it remembers of the time before. */
static unsigned reason(const char *cause)
{
    static const struct {
        const char *cause;
        unsigned reason;
    } REASONS[] = {{"watchdog", 1}, {"other", 2}, {"power-on", 3}, {"software", 5}};
    for (size_t i = 0; i < sizeof REASONS / sizeof *REASONS; i++)
        if (strcmp(REASONS[i].cause, cause) == 0)
            return REASONS[i].reason;
    return 6;
}

static void start_3(const char *cause)
{
    platform_boot_step(500);
    platform_say("\r\n   Welcome to AliOS Things\r\n");
    platform_say("panic header reboot reason %u\r\n", reason(cause));
    if (platform_crashes())
        platform_say("panic header panic  count %u\r\n", (unsigned)platform_crashes());
    platform_boot_step(500);
    platform_say("nano entry here!\r\n");
}

static void crash(enum platform_crash kind, const char *detail)
{
    if (kind == PLATFORM_CRASH_WATCHDOG)
        return;
    if (kind == PLATFORM_CRASH_STACK || kind == PLATFORM_CRASH_ABORT)
        platform_say("\r\n!!!!!!!!!! Fatal Error !!!!!!!!!!\r\n%s",
                     kind == PLATFORM_CRASH_STACK ? "Task : app_task  Stack Overflow!\r\n" : "");
    else
        platform_say("\r\n!!!!!!!!!! Exception  !!!!!!!!!!\r\n");
    platform_say("========== Regs info  ==========\r\n%s\r\n"
                 "R0       0x00000000\r\nR1       0xC0000000\r\nLR       0x08012F31\r\nPC       0x08012F44\r\n"
                 "========== Call stack ==========\r\nbacktrace : 0x08012F44\r\nbacktrace : 0x08012E10\r\n"
                 "========== Task Info  ==========\r\n",
                 detail);
    tasklist(0, NULL);
    platform_say("!!!!!!!!!! dump end   !!!!!!!!!!\r\n");
}

const struct platform platform_alios_1 = {
    .line_end = "\n", .start = start_1, .log = log_1, .crash = crash, .end = PLATFORM_HALTS, .shell = &SHELL_1};

/* It puts a CR in front of each LF although its texts hold both: CR CR LF on the wire. */
const struct platform platform_alios_3 = {.line_end = "\r\n",
                                          .start = start_3,
                                          .log = log_3,
                                          .crash = crash,
                                          .end = PLATFORM_STAYS_IN_SHELL,
                                          .shell = &SHELL_3};
