#include "clock.h"

#include "mps2_an385.h"
#include "startup.h"

#define FULL 0xFFFFFFFFu
#define LONGEST 0x40000000u /* ticks of one doze, 43 s */

static volatile uint32_t rounds; /* how often TIMER0 has come to 0 */

void timer0_handler(void)
{
    TIMER0->interrupt = 1;
    rounds++;
}

/* It only wakes who dozes. */
void timer1_handler(void)
{
    TIMER1->control = 0;
    TIMER1->interrupt = 1;
}

void clock_start(void)
{
    rounds = 0;
    TIMER0->reload = FULL;
    TIMER0->value = FULL;
    TIMER0->control = TIMER_ENABLE | TIMER_INTERRUPT_ENABLE;
    NVIC_ENABLE0 = 1u << IRQ_TIMER0 | 1u << IRQ_TIMER1;
}

uint64_t clock_ticks(void)
{
    for (;;) {
        uint32_t before = rounds;
        uint32_t passed = FULL - TIMER0->value;
        uint32_t round_ended = TIMER0->interrupt;
        if (round_ended) /* and is not counted yet, perhaps because interrupts are off */
            passed = FULL - TIMER0->value;
        if (before == rounds)
            return (uint64_t)(before + round_ended) << 32 | passed;
    }
}

uint32_t clock_ms(void)
{
    return (uint32_t)(clock_ticks() / CLOCK_PER_MS);
}

void clock_doze_until(uint64_t ticks)
{
    uint64_t now = clock_ticks();
    if (now >= ticks)
        return;
    uint64_t left = ticks - now;
    TIMER1->control = 0;
    TIMER1->interrupt = 1;
    TIMER1->reload = FULL;
    TIMER1->value = left < LONGEST ? (uint32_t)left : LONGEST;
    TIMER1->control = TIMER_ENABLE | TIMER_INTERRUPT_ENABLE;
    wait_for_interrupt();
    TIMER1->control = 0;
}

void clock_wait_until(uint64_t ticks)
{
    while (clock_ticks() < ticks)
        clock_doze_until(ticks);
}
