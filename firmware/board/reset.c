#include "reset.h"

#include "memory_map.h"
#include "mps2_an385.h"
#include "platform/platform.h"
#include "startup.h"

/* Memory that just got power holds no such word. A reset that nobody in here asked for came from the pin. */
#define KEPT 0x1D2B0A4Du
#define ASKED 0x5EC0DE00u

static RETAINED volatile uint32_t kept;
static RETAINED volatile uint32_t asked; /* ASKED and the cause */
static RETAINED volatile uint32_t word;

static enum cause found;

void reset_look(void)
{
    if (kept != KEPT)
        found = CAUSE_POWER_ON;
    else
        found = (asked & ~0xFFu) == ASKED ? (enum cause)(asked & 0xFFu) : CAUSE_PIN;
    if (kept != KEPT)
        word = 0;
    kept = KEPT;
    asked = 0;
}

uint32_t reset_kept(void)
{
    return word;
}

void reset_keep(uint32_t value)
{
    word = value;
}

enum cause reset_cause(void)
{
    return found;
}

void reset_by_software(enum cause cause)
{
    asked = ASKED | (uint32_t)cause;
    __asm volatile("dsb" ::: "memory");
    SCB_AIRCR = AIRCR_RESET;
    for (;;)
        continue;
}

/* The watchdog warns by an NMI, and bites when its time is over once more. */
void watchdog_handler(void)
{
    asked = ASKED | (uint32_t)CAUSE_WATCHDOG;
    platform_crashed(PLATFORM_CRASH_WATCHDOG, "watchdog");
    for (;;)
        continue;
}

void reset_by_watchdog(uint32_t milliseconds)
{
    WATCHDOG_LOCK = WATCHDOG_UNLOCKED;
    WATCHDOG->load = milliseconds * CLOCK_PER_MS;
    WATCHDOG->control = WATCHDOG_INTERRUPT_ENABLE | WATCHDOG_RESET_ENABLE;
    interrupts_off();
    for (;;)
        continue;
}
