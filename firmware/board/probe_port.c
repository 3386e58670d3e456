/* What the probe needs of the board. */
#include "id2_config.h"

#ifdef ID2_PROBE_ENABLE

#include "clock.h"
#include "id2_probe.h"
#include "platform/platform.h"
#include "platform/platform_machine.h"
#include "reset.h"

#define BITE_MS 100u
#define NOTHING_THERE ((volatile uint32_t *)0xC0000000u)

void id2_probe_port_write(const char *bytes, size_t count)
{
    platform_write(bytes, count);
}

uint32_t id2_probe_port_ms(void)
{
    return clock_ms();
}

void id2_probe_port_reset(int kind)
{
    if (kind == 1)
        reset_by_watchdog(BITE_MS);
    reset_by_software(CAUSE_SOFTWARE);
}

/* Take more and more of the stack; what it gives back keeps the compiler from making a loop of it. */
__attribute__((noinline)) static uint32_t overflow(uint32_t depth)
{
    volatile uint32_t room[64];
    room[depth % 64] = depth;
    return depth == 0 ? 0 : overflow(depth - 1) + room[depth % 64];
}

void id2_probe_port_crash(int kind)
{
    if (kind == 0)
        *NOTHING_THERE = 1;
    else if (kind == 1)
        overflow(100000u);
    else
        platform_machine_hang();
}

const char *id2_probe_port_reset_cause(void)
{
    return platform_machine_cause();
}

#endif
