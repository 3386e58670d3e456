#include "link_log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ls_osa.h"
#include "platform/platform.h"

#define LINE 320u
#define ROW 16u
#define ROWS_MAX 4u

int link_sdk(void)
{
    if (platform == &platform_link_sdk_2)
        return 2;
    return platform == &platform_link_sdk_4 ? 4 : 0;
}

/* Seconds and milliseconds since the first line. */
static void uptime(unsigned long *seconds, unsigned *milliseconds)
{
    static long long start;
    long long now = ls_osa_get_time_ms();
    if (start == 0)
        start = now - 1;
    long long passed = now > start ? now - start : 0;
    *seconds = (unsigned long)(passed / 1000);
    *milliseconds = (unsigned)(passed % 1000);
}

void link_print(enum link_level level, const char *function, int line, unsigned code, const char *format, ...)
{
    static const char *const NAMES[] = {"err", "wrn", "inf", "dbg"};
    static const char *const COLOURS[] = {"1;31", "1;35", "1;33", "1;36"};
    char text[LINE];
    unsigned long seconds;
    unsigned milliseconds;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (link_sdk() == 2) {
        ls_osa_print("\033[%sm[%s] %s(%d): %s\033[0m\n", COLOURS[level], NAMES[level], function, line, text);
    } else if (link_sdk() == 4) {
        uptime(&seconds, &milliseconds);
        ls_osa_print("[%lu.%03u][LK-%04X] %s\n", seconds, milliseconds, code, text);
    } else {
        ls_osa_print(LS_LOG_TAG "%s %d: %s%s\n", function, line, level == LINK_ERROR ? "ERROR: " : "", text);
    }
}

void link_print_port(const char *function, int line, const char *format, ...)
{
    char text[LINE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (link_sdk() == 2)
        ls_osa_print("[prt] %s\n", text);
    else if (link_sdk() == 4)
        ls_osa_print("%s\n", text);
    else
        ls_osa_print(LS_LOG_TAG "%s %d: %s\n", function, line, text);
}

void link_print_bytes(char direction, const uint8_t *data, uint32_t size)
{
    if (link_sdk() != 4)
        return;
    for (uint32_t at = 0; at < size && at < ROW * ROWS_MAX; at += ROW) {
        char hex[3 * ROW + 1] = "";
        char text[ROW + 1] = "";
        for (size_t i = 0; i < ROW; i++) {
            if (at + i < size) {
                uint8_t byte = data[at + i];
                ls_osa_snprintf(hex + 3 * i, 4, "%02X ", byte);
                text[i] = (char)(byte >= 0x20 && byte < 0x7f ? byte : '.');
            } else {
                memcpy(hex + 3 * i, "   ", 4);
            }
        }
        ls_osa_print("[LK-030A] %c %s | %s\n", direction, hex, text);
    }
}
