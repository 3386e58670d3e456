/* What every system does: its console, its start, and what becomes of a crash. */
#include "platform/platform.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "id2_config.h"
#include "id2_lock.h"
#include "id2_machine.h"
#include "platform/platform_faults.h"
#include "platform/platform_machine.h"
#ifdef ID2_PROBE_ENABLE
#include "id2_probe.h"
#endif

#ifndef ID2_PLATFORM
#define ID2_PLATFORM platform_bare
#endif
#ifndef ID2_BOOT_MS /* milliseconds from the reset to the client, about */
#define ID2_BOOT_MS 0
#endif
#ifndef ID2_CHATTER_MS /* milliseconds between lines that other tasks log; 0 for none */
#define ID2_CHATTER_MS 0
#endif

#define TEXT_MAX 512
#define PIECE 512

static const uint32_t CHATTER_MS = ID2_CHATTER_MS;

const struct platform *const platform = &ID2_PLATFORM;

static uint32_t crashes;
static int is_up; /* before that there is nobody but a boot loader, and the one task that starts */

/* What other tasks have to say, which comes between whatever the client prints. */
static void chatter(void)
{
    static uint32_t last;
    static unsigned turn;
    static int talking;
    if (CHATTER_MS == 0 || platform->log == NULL || talking || !is_up)
        return;
    uint32_t now = platform_machine_ms();
    if (now - last < CHATTER_MS)
        return;
    talking = 1;
    last = now;
    if (++turn % 3 == 0)
        platform->log("wifi", "beacon timeout, roaming to channel 6 (rssi -71)");
    else if (turn % 3 == 1)
        platform->log("sensor", "temperature 23.5 C, humidity 41 %");
    else
        platform->log("net", "rx 1514 tx 66 drop 0");
    talking = 0;
}

/* In one piece where it fits: others write too. */
void platform_write(const char *bytes, size_t count)
{
    char piece[PIECE];
    size_t used = 0;
    size_t end = strlen(platform->line_end);
    chatter();
    platform_fault_in_output(bytes, count);
    if (end == 1) {
        platform_fault_write(bytes, count);
        return;
    }
    for (size_t at = 0; at < count; at++) {
        if (used + end > PIECE) {
            platform_fault_write(piece, used);
            used = 0;
        }
        if (bytes[at] == '\n') {
            memcpy(piece + used, platform->line_end, end);
            used += end;
        } else {
            piece[used++] = bytes[at];
        }
    }
    platform_fault_write(piece, used);
}

void platform_say(const char *format, ...)
{
    char text[TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (size > 0)
        platform_write(text, size < TEXT_MAX ? (size_t)size : TEXT_MAX - 1);
}

int platform_read(uint32_t timeout_ms)
{
    uint32_t step = CHATTER_MS == 0 || CHATTER_MS > timeout_ms ? timeout_ms : CHATTER_MS;
    for (uint32_t start = platform_machine_ms();;) {
        int byte = platform_machine_read(step);
        if (byte != -1)
            return byte;
        chatter();
        if (platform_machine_ms() - start >= timeout_ms)
            return -1;
    }
}

int platform_boot_step(unsigned thousandths)
{
    uint32_t wait = (uint32_t)((uint64_t)ID2_BOOT_MS * thousandths / 1000u);
    int typed = 0;
    for (uint32_t start = platform_machine_ms();;) {
        uint32_t passed = platform_machine_ms() - start;
        int byte = platform_machine_read(passed < wait ? wait - passed : 0);
        typed |= byte >= 0;
        if (byte == -2 || (byte == -1 && platform_machine_ms() - start >= wait))
            return typed;
    }
}

uint32_t platform_ms(void)
{
    return platform_machine_ms();
}

uint32_t platform_crashes(void)
{
    return crashes;
}

void platform_crashed(enum platform_crash kind, const char *detail)
{
    platform_machine_keep(++crashes);
    platform->crash(kind, detail);
    if (kind == PLATFORM_CRASH_WATCHDOG)
        return;
    if (platform->end == PLATFORM_STAYS_IN_SHELL)
        platform_serve_shell(platform->shell, platform->shell->crash_prompt);
    while (platform->end == PLATFORM_HALTS && platform_machine_read(60000) != -2)
        continue;
}

/* A bare console hands each byte to the probe. */
static void serve_probe(void)
{
    for (;;) {
        int byte = platform_read(60000);
        if (byte == -2)
            return;
#ifdef ID2_PROBE_ENABLE
        if (byte >= 0) {
            id2_enter();
            id2_probe_feed((uint8_t)byte);
            id2_leave();
        }
#endif
    }
}

void platform_run(void)
{
    crashes = platform_machine_kept();
    platform_fault_before_start();
    if (platform->start != NULL)
        platform->start(platform_fault_cause(platform_machine_cause()));
    else
        platform_boot_step(1000);
    is_up = 1;
    if (platform->shell == NULL)
        id2_firmware_start();
    else
        id2_firmware_prepare();
    id2_firmware_connect();
#ifdef ID2_PROBE_ENABLE
    uint32_t seed = 0;
    id2_machine_entropy((uint8_t *)&seed, sizeof seed);
    id2_probe_start(seed);
#endif
    platform_fault_before_prompt();
    if (platform->shell == NULL)
        serve_probe();
    else
        platform_serve_shell(platform->shell, platform->shell->prompt);
}
