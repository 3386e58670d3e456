/* RT-Thread with FinSH in its msh mode. Source of the texts: consoles.md A3. */
#include "platform/platform.h"

static void version(int count, char *const *words)
{
    (void)count;
    (void)words;
    platform_say("\n \\ | /\n- RT -     Thread Operating System\n / | \\     4.1.1 build " __DATE__ " " __TIME__
                 "\n 2006 - 2022 Copyright by RT-Thread team\n");
}

static void ps(int count, char *const *words)
{
    (void)count;
    (void)words;
    platform_say("thread   pri  status      sp     stack size max used left tick  error\n"
                 "-------- ---  ------- ---------- ----------  ------  ---------- ---\n"
                 "tshell    20  running 0x000000d8 0x00002000    21%%   0x00000008 OK\n"
                 "tidle0    31  ready   0x00000058 0x00000100    34%%   0x00000010 OK\n"
                 "main      10  suspend 0x000000a8 0x00001000    17%%   0x00000014 EINTRPT\n");
}

static void free_memory(int count, char *const *words)
{
    (void)count;
    (void)words;
    platform_say("total    : 262144\nused     : 18240\nmaximum  : 20416\navailable: 243904\n");
}

static const struct platform_command COMMANDS[] = {
    {"version", "show RT-Thread version information", version},
    {"ps", "List threads in the system", ps},
    {"free", "Show the memory usage in the system", free_memory},
    {0, 0, 0},
};

static const struct platform_shell SHELL = {
    .prompt = "msh >",
    .unknown = "%s: command not found.\n",
    .before_help = "RT-Thread shell commands:\n",
    .after_help = "\n",
    .help_line = "%-17s - %s\n",
    .line_max = 79,
    .words_max = 10,
    .commands = COMMANDS,
};

static void start(const char *cause)
{
    (void)cause;
    platform_boot_step(700);
    version(0, NULL);
    platform_boot_step(300);
}

static void log_line(const char *module, const char *text)
{
    platform_say("[I/%s] %s\n", module, text);
}

static void crash(enum platform_crash kind, const char *detail)
{
    if (kind == PLATFORM_CRASH_WATCHDOG)
        return;
    if (kind == PLATFORM_CRASH_STACK)
        platform_say("thread:tshell stack overflow\n");
    platform_say("psr: 0x61000000\nr00: 0x00000000\nr01: 0xc0000000\nr12: 0x00000001\n lr: 0x08012f31\n pc: 0x08012f44\n"
                 "hard fault on thread: tshell\n\n");
    if (kind == PLATFORM_CRASH_ACCESS)
        platform_say("bus fault: \nSCB_CFSR_BFSR:0x82 PRECISERR %s\n", detail);
}

const struct platform platform_rt_thread = {
    .line_end = "\n", .start = start, .log = log_line, .crash = crash, .end = PLATFORM_HALTS, .shell = &SHELL};
