/* The firmware of the emulated Cortex-M3 board: starts everything, then hands the console to the probe. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "console.h"
#include "id2_config.h"
#include "id2_machine.h"
#include "mps2_an385.h"
#include "reset.h"
#ifdef ID2_PROBE_ENABLE
#include "id2_probe.h"
#endif

void *_sbrk(ptrdiff_t increment);

/* The C library asks for memory of its own only for formats that nobody here uses; it gets none. */
void *_sbrk(ptrdiff_t increment)
{
    (void)increment;
    errno = ENOMEM;
    return (void *)-1;
}

static int wait_for_byte(void)
{
    for (;;) {
        interrupts_off();
        int byte = console_next();
        if (byte < 0)
            wait_for_interrupt();
        interrupts_on();
        if (byte >= 0)
            return byte;
    }
}

int main(void)
{
    reset_look();
    clock_start();
    console_start();
    id2_firmware_start();
#ifdef ID2_PROBE_ENABLE
    uint32_t seed = 0;
    id2_machine_entropy((uint8_t *)&seed, sizeof seed);
    id2_probe_start(seed);
#endif
    for (;;) {
        int byte = wait_for_byte();
#ifdef ID2_PROBE_ENABLE
        id2_probe_feed((uint8_t)byte);
#else
        (void)byte;
#endif
    }
}
