/* Consoles without a shell: our client alone, and on FreeRTOS, which prints nothing by itself. */
#include "platform/platform.h"

/* What a fault handler of a small board says before it starts again. */
static void say_exception(enum platform_crash kind, const char *detail)
{
    if (kind != PLATFORM_CRASH_WATCHDOG)
        platform_say("\r\n!!!!!!!!!! Exception  !!!!!!!!!!\r\n%s, restarting\r\n", detail);
}

const struct platform platform_bare = {.line_end = "\n", .crash = say_exception, .end = PLATFORM_RESTARTS};

static void log_line(const char *module, const char *text)
{
    platform_say("%u %s: %s\n", (unsigned)platform_ms(), module, text);
}

/* The hooks of its application spin without a word. */
static void spin(enum platform_crash kind, const char *detail)
{
    (void)kind;
    (void)detail;
}

const struct platform platform_freertos = {
    .line_end = "\r\n", .log = log_line, .crash = spin, .end = PLATFORM_HALTS};
