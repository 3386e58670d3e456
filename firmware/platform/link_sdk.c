/* Consoles of firmwares on Alibaba's Link SDK, 2.3 and 3.x, and 4.x: they have no shell. */
#include "platform/platform.h"

static void say_exception(enum platform_crash kind, const char *detail)
{
    if (kind != PLATFORM_CRASH_WATCHDOG)
        platform_say("\n!!!!!!!!!! Exception  !!!!!!!!!!\n%s, restarting\n", detail);
}

static void log_line_2(const char *module, const char *text)
{
    platform_say("\033[1;36m[dbg] %s_task(88): %s\033[0m\n", module, text);
}

static void log_line_4(const char *module, const char *text)
{
    platform_say("[%u.%03u][LK-0309] %s: %s\n", (unsigned)(platform_ms() / 1000), (unsigned)(platform_ms() % 1000),
                 module, text);
}

const struct platform platform_link_sdk_2 = {
    .line_end = "\r\n", .log = log_line_2, .crash = say_exception, .end = PLATFORM_RESTARTS};

const struct platform platform_link_sdk_4 = {
    .line_end = "\r\n", .log = log_line_4, .crash = say_exception, .end = PLATFORM_RESTARTS};
