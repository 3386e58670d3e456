/* The firmware of the emulated Cortex-M3 board: starts everything, then the system around the client. */
#include <errno.h>
#include <stddef.h>

#include "clock.h"
#include "console.h"
#include "platform/platform.h"
#include "reset.h"

void *_sbrk(ptrdiff_t increment);

/* The C library asks for memory of its own only for formats that nobody here uses; it gets none. */
void *_sbrk(ptrdiff_t increment)
{
    (void)increment;
    errno = ENOMEM;
    return (void *)-1;
}

int main(void)
{
    reset_look();
    clock_start();
    console_start();
    platform_run();
}
