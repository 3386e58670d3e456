/* What the system around the client needs of the board. */
#include "clock.h"
#include "console.h"
#include "mps2_an385.h"
#include "platform/platform_machine.h"
#include "reset.h"

#define HANG_MS 1000u

void platform_machine_write(const char *bytes, size_t count)
{
    console_write(bytes, count);
}

int platform_machine_read(uint32_t timeout_ms)
{
    uint64_t end = clock_ticks() + (uint64_t)timeout_ms * CLOCK_PER_MS;
    for (;;) {
        interrupts_off();
        int byte = console_next();
        if (byte < 0 && !in_exception()) /* in a crash nothing would wake it */
            clock_doze_until(end);
        interrupts_on();
        if (byte >= 0)
            return byte;
        if (clock_ticks() >= end)
            return -1;
    }
}

uint32_t platform_machine_ms(void)
{
    return clock_ms();
}

const char *platform_machine_cause(void)
{
    static const char *const NAMES[] = {"power-on", "pin", "software", "watchdog", "other"};
    return NAMES[reset_cause()];
}

void platform_machine_restart(enum platform_restart how)
{
    if (how == PLATFORM_BY_WATCHDOG)
        reset_by_watchdog(HANG_MS);
    reset_by_software(how == PLATFORM_BY_CRASH ? CAUSE_OTHER : CAUSE_SOFTWARE);
}

void platform_machine_hang(void)
{
    reset_by_watchdog(HANG_MS);
}

uint32_t platform_machine_kept(void)
{
    return reset_kept();
}

void platform_machine_keep(uint32_t word)
{
    reset_keep(word);
}
