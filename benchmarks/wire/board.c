/* With the start-up, the console and the clock of firmware/board. */
#include <string.h>

#include "answer.h"
#include "clock.h"
#include "console.h"
#include "mps2_an385.h"
#include "platform/platform.h"
#include "startup.h"

/* There is no chip. */
void uart1_handler(void)
{
}

/* There is no system that could tell of a crash: the start-up's own line on the console must do. */
void platform_crashed(enum platform_crash kind, const char *detail)
{
    (void)kind;
    (void)detail;
}

int main(void)
{
    static char answer[ANSWER_MOST];
    memset(answer, 'x', sizeof answer);
    clock_start();
    console_start();
    for (;;) {
        interrupts_off();
        int byte = console_next();
        if (byte < 0)
            wait_for_interrupt();
        interrupts_on();
        if (byte >= 0)
            console_write(answer, answer_to(byte));
    }
}
